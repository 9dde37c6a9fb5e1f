"""What waits for a word and is likely the same as another, noted for the team's list."""

from datetime import timedelta
from typing import Any

from ideas.backlog import desk, doubles
from ideas.backlog.asking import Asked
from ideas.backlog.models import BacklogDouble
from ideas.boards import posting, queries
from ideas.db import db, unit_of_work, utcnow
from tests.boards.pages import answered, browser_of
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member


def walk():
    db.session.commit()
    turns, has_more = 0, True
    while has_more:
        with unit_of_work():
            has_more = doubles.look()
        turns += 1
    return turns


def found():
    db.session.rollback()
    return {row.idea_id: row.other_id for row in db.session.query(BacklogDouble)}


def listed(person, **asked):
    return [(line.id, line.double) for line in desk.lines(desk.open_for(person), Asked(**asked), limit=50).rows]


def test_what_is_likely_the_same_is_found_listed_and_led_to(app):
    board = BoardFactory()
    petra, ole = team_member(board), UserFactory()
    shed = IdeaFactory(board=board, title="A shed for bicycles", created_at=utcnow() - timedelta(days=9))
    answered(petra, shed)
    again = IdeaFactory(board=board, title="Sheds for bicycles", author=ole)
    other = IdeaFactory(board=board, title="A tower")
    IdeaFactory(title="A shed for bicycles")  # on another board
    walk()

    assert {again.id: shed.id, other.id: None}.items() <= found().items()
    assert shed.id not in found()
    assert listed(petra, doubled=True) == [(again.id, shed.id)]
    assert [idea for idea, _double in listed(petra, doubled=False)] == [other.id, shed.id]
    page = browser_of(app, petra).get("/team/backlog?doubled=1&column=double").text
    assert f"/ideas/{again.id}/merge?into={shed.id}" in page

    with unit_of_work():
        posting.revise(ole, queries.get_idea(ole, again.id), {"title": "A pond with frogs"})
    walk()
    assert found()[again.id] is None
    answered(petra, other)
    walk()
    assert other.id not in found()


def test_one_turn_compares_a_bounded_number_of_ideas(monkeypatch, app):
    monkeypatch.setattr(doubles, "COMPARED", 2)
    board = BoardFactory()
    for number in range(5):
        IdeaFactory(board=board, title=f"Wish number {number}")

    assert walk() == 3
    assert len(found()) == 5
    assert walk() == 1


def test_what_went_out_of_sight_is_no_double_any_more(app):
    board = BoardFactory()
    petra = team_member(board)
    shed = IdeaFactory(board=board, title="A shed for bicycles")
    mia: Any = UserFactory()
    again = IdeaFactory(board=board, title="Sheds for bicycles", author=mia)
    walk()
    assert found() == {shed.id: again.id, again.id: shed.id}

    with unit_of_work():
        posting.withdraw(mia, queries.get_idea(mia, again.id))

    assert listed(petra, doubled=True) == []
