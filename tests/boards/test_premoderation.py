"""Boards whose team reads what members say before others do: it waits, and is told of once it is let through."""

import pytest
import sqlalchemy as sa

from ideas.boards import boardkeeping, commenting, listing, moderating, posting, queries, queues, reading
from ideas.boards.errors import EditingClosed
from ideas.boards.models import Board, Comment, Premoderation
from ideas.boards.models_moderating import Hiding
from ideas.boards.screening import Signal
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.outbox import OutboxEntry
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", answer_within_days=14, premoderation=Premoderation.EVERYTHING)


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def ole(app):
    return UserFactory(name="Ole")


def post(author, title="A tap by the far beds", **words):
    with unit_of_work():
        where = queries.get_board(author, "garden")
        return posting.submit(author, where, **{"title": title, "body": "", **words}).id


def say(author, idea_id, body="We have one to give away.", **more):
    with unit_of_work():
        return commenting.add(author, queries.get_idea(author, idea_id), body=body, **more).id


def decide(petra, **refused):
    """The team lets the oldest that waits through, or refuses it."""
    db.session.rollback()
    with unit_of_work():
        row = queries.get_hiding(petra, queues.waiting(queries.list_boards(petra)).held[0].id)
        (moderating.refuse if refused else moderating.let_through)(petra, row, **refused)


def sees(person, idea_id):
    db.session.rollback()
    try:
        return queries.get_idea(person, idea_id).idea.id == idea_id
    except NotFound:
        return False


def reads(person, idea_id):
    db.session.rollback()
    on = queries.get_idea(person, idea_id)
    return [each.comment.body for each in reading.discussion(on).rows if reading.is_readable(on, each.comment)]


def listed(person):
    where = queries.get_board(person, "garden")
    return [card.idea.id for card in listing.ideas_on(person, [where], listing.Wanted(), limit=9).rows]


def told():
    return list(db.session.scalars(sa.select(OutboxEntry.kind).order_by(OutboxEntry.id)))


def test_an_idea_waits_until_the_team_lets_it_through_and_then_people_hear(board, petra, ole):
    idea_id = post(ole)
    assert [sees(person, idea_id) for person in (ole, petra, UserFactory(), None)] == [True, True, False, False]
    assert (listed(None), told(), queues.count_for(petra)) == ([], [], 1)

    decide(petra)

    assert sees(None, idea_id)
    assert (listed(None), told(), queues.count_for(petra)) == ([idea_id], ["idea_received"], 0)


def test_its_author_reads_why_it_waits_and_by_when(app, board, ole):
    page = browser_of(app, ole).get(f"/ideas/{post(ole)}", follow_redirects=True).text

    assert "Here the team reads every idea before others see it. It reads this by" in seen(page)
    assert "Here the team reads every idea before others see it." in seen(
        browser_of(app, ole).get("/boards/garden/new").text
    )


def test_what_is_refused_has_a_reason_and_an_appeal(board, petra, ole):
    idea_id = post(ole)

    decide(petra, reason="This is about another product.")
    with unit_of_work():
        hiding = db.session.scalars(sa.select(Hiding)).one()
        moderating.appeal(ole, queries.get_hiding(ole, hiding.id), words="It is about this one, read again.")

    assert not sees(None, idea_id)
    assert told() == ["hidden", "appealed"]
    assert len(queues.waiting(queries.list_boards(petra)).appeals) == 1


def test_comments_wait_as_well_where_everything_does(board, petra, ole):
    idea = IdeaFactory(board=board)

    say(ole, idea.id)
    assert (reads(ole, idea.id), reads(None, idea.id), told()) == (["We have one to give away."], [], [])
    decide(petra)

    assert (reads(None, idea.id), told()) == (["We have one to give away."], ["commented"])


def test_the_team_never_waits_and_comments_do_not_where_ideas_alone_do(app, ole):
    board = BoardFactory(slug="garden", premoderation=Premoderation.IDEAS)
    petra = team_member(board)

    idea_id = post(petra)
    say(ole, idea_id)

    assert sees(None, idea_id)
    assert reads(None, idea_id) == ["We have one to give away."]


def test_new_words_wait_again_and_nobody_is_told_twice(board, petra, ole):
    idea_id = post(ole)
    decide(petra)
    comment_id = say(ole, idea_id)
    decide(petra)
    before = told()

    with unit_of_work():
        commenting.edit(ole, queries.get_comment(ole, comment_id), body="Buy cheap pills.")
    assert reads(None, idea_id) == []
    with unit_of_work():
        posting.revise(ole, queries.get_idea(ole, idea_id), {"title": "Cheap pills"})
    assert not sees(None, idea_id)
    with pytest.raises(EditingClosed), unit_of_work():
        posting.revise(ole, queries.get_idea(ole, idea_id), {"title": "Cheaper pills"})
    assert [each.signals for each in queues.waiting(queries.list_boards(petra)).held] == [[Signal.CHANGED]] * 2
    decide(petra)
    decide(petra)

    assert reads(None, idea_id) == ["Buy cheap pills."]
    assert told() == before
    assert not db.session.scalars(sa.select(Comment.is_held)).one()


def test_administrators_say_what_waits(app, ole):
    BoardFactory(slug="garden", name="Garden")
    ada = UserFactory(admin=True)
    words = {"name": "Garden", "slug": "garden", "visibility": "public"}

    browser_of(app, ada).post("/manage/boards/garden", data={**words, "premoderation": "ideas"})

    db.session.rollback()
    board = db.session.scalars(sa.select(Board)).one()
    assert (board.reads_ideas_first, board.reads_comments_first) == (True, False)
    with unit_of_work():
        boardkeeping.edit(ada, board, {"premoderation": Premoderation.NONE})
    assert sees(None, post(ole))
