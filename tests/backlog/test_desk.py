"""The team's list: whose ideas are in it, in which order, narrowed by anything, a page at a time."""

from datetime import timedelta

import pytest
from marshmallow import ValidationError

from ideas.backlog import asking, desk
from ideas.backlog.asking import Asked, Order, Weights
from ideas.boards import ranking
from ideas.boards.models import CreditKind, IdeaTag, Stage
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotFound
from tests.backlog.arranging import back, company, estimate, people, walk
from tests.boards.pages import answered, credit
from tests.factories import BoardFactory, IdeaFactory, TagFactory, UserFactory, charlie, status_of, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def listed(reader, limit=50, cursor=None, **asked):
    db.session.commit()
    return desk.lines(desk.open_for(reader), Asked(**asked), limit=limit, cursor=cursor)


def titles(reader, **asked):
    return [line.title for line in listed(reader, **asked).rows]


@pytest.fixture
def three(board, petra, clock):
    """many: 30 votes of one company that pays. broad: 10 of ten that pay nothing. old: two votes, long silent."""
    old = IdeaFactory(board=board, title="old", created_at=utcnow() - timedelta(days=200))
    back(old, people(2), at=utcnow() - timedelta(days=190))
    many, broad = IdeaFactory(board=board, title="many"), IdeaFactory(board=board, title="broad")
    back(many, people(30, company("enterprise", 500_000)))
    back(broad, [each for _ in range(10) for each in people(1, company("free"))])
    estimate(petra, broad)
    walk()
    return {"old": old, "many": many, "broad": broad}


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.VOTES, ["many", "broad", "old"]),
        (Order.TRENDING, ["many", "broad", "old"]),
        (Order.BREADTH, ["broad", "old", "many"]),
        (Order.VALUE, ["many", "broad", "old"]),
        (Order.PRIORITY, ["broad", "many", "old"]),
        (Order.SILENCE, ["old", "many", "broad"]),
        (Order.LATELY, ["many", "broad", "old"]),
        (Order.SINCE, ["many", "broad", "old"]),
        (Order.NEW, ["broad", "many", "old"]),
    ],
)
def test_each_order_is_that_of_its_score_and_can_be_turned_round(three, petra, order, expected):
    assert titles(petra, order=order) == expected
    assert titles(petra, order=order, backwards=True) == expected[::-1]


def test_a_views_weights_make_points(three, petra):
    weights = Weights(votes=1, breadth=2, value=0.01)

    found = listed(petra, order=Order.POINTS, weights=weights).rows

    # 30 + 2 × 1 + 0.01 × 5; 10 + 2 × 10; 2 + 2 × 2
    assert [(line.title, line.points) for line in found] == [("many", 32.05), ("broad", 30), ("old", 6)]
    assert [line.votes for line in found] == [30, 10, 2]


def test_without_weights_there_are_no_points_to_go_by(app):
    assert asking.asked({"order": Order.POINTS}).order is Order.VOTES


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"plan": "enterprise"}, {"many"}),
        ({"plan": "free"}, {"broad"}),
        ({"young": 30}, {"many", "broad"}),
        ({"old": 30}, {"old"}),
        ({"silent": 90}, {"old"}),
        ({"since": 5}, {"many", "broad"}),
        ({"lately": 20}, {"many"}),
        ({"stage": Stage.OPEN}, {"many", "broad", "old"}),
        ({"stage": Stage.PLANNED}, set()),
        ({"owner": "nobody"}, {"many", "broad", "old"}),
        ({"owner": "me"}, set()),
        ({"board": "garden"}, {"many", "broad", "old"}),
        ({"credited": False}, {"many", "broad", "old"}),
        ({"young": 30, "plan": "free", "owner": "nobody"}, {"broad"}),
    ],
)
def test_filters_narrow_each_order_alike(three, petra, asked, expected, monkeypatch):
    for order in (Order.VOTES, Order.BREADTH, Order.POINTS):
        assert set(titles(petra, order=order, weights=Weights(votes=1), **asked)) == expected
    # the same where the list is long and the index of its order is walked
    monkeypatch.setattr(desk, "NARROW_MOST", -1)
    for order in (Order.VOTES, Order.BREADTH, Order.POINTS):
        assert set(titles(petra, order=order, weights=Weights(votes=1), **asked)) == expected


@pytest.mark.parametrize("is_long", [False, True])
def test_status_tag_owner_company_and_credits_narrow_it_too(board, petra, monkeypatch, is_long):
    firm = company()
    (ours,) = people(1, firm)
    tagged, owned, backed, planned = (
        IdeaFactory(board=board, title=title) for title in ("tagged", "owned", "backed", "planned")
    )
    db.session.add(IdeaTag(idea_id=tagged.id, tag_id=TagFactory(board=board, slug="seed").id))
    owned.owner_id = petra.id
    back(backed, [ours])
    answered(petra, planned, credits=[credit(CreditKind.AUTHOR, "Your plan became the page.")])
    walk()
    if is_long:
        monkeypatch.setattr(desk, "NARROW_MOST", -1)

    for order in (Order.VOTES, Order.SILENCE):
        assert titles(petra, order=order, tag="seed") == ["tagged"]
        assert titles(petra, order=order, owner="me") == ["owned"]
        assert titles(petra, order=order, owner=str(petra.id)) == ["owned"]
        assert titles(petra, order=order, company=firm.id) == ["backed"]
        assert titles(petra, order=order, credited=True) == ["planned"]
        assert titles(petra, order=order, status="planned") == ["planned"]
        assert titles(petra, order=order, status="no-such") == titles(petra, order=order, tag="no-such") == []


def test_words_narrow_it_and_the_order_stays(board, petra):
    less, more = IdeaFactory(board=board, title="A shed for rain"), IdeaFactory(board=board, title="Rain barrels")
    IdeaFactory(board=board, title="A bench")
    back(more, people(2))
    back(less, people(1))

    assert titles(petra, question="rain") == ["Rain barrels", "A shed for rain"]


def test_what_is_merged_or_withdrawn_is_not_in_it_and_what_is_hidden_is(board, petra):
    IdeaFactory(board=board, title="withdrawn", withdrawn=True)
    IdeaFactory(board=board, title="hidden", hidden=True)

    assert titles(petra) == ["hidden"]


def test_ideas_are_of_the_boards_one_answers_on_alone(board, petra):
    other = BoardFactory(slug="other")
    IdeaFactory(board=board, title="ours")
    IdeaFactory(board=other, title="theirs")

    assert titles(petra) == ["ours"]
    with pytest.raises(NotFound):
        listed(petra, board="other")
    with pytest.raises(NotFound):
        listed(charlie())


@pytest.mark.parametrize("order", [*Order])
def test_pages_follow_each_other_without_a_gap(board, petra, order):
    firm = company(revenue=100)
    for number in range(7):
        idea = IdeaFactory(board=board, created_at=utcnow() - timedelta(days=number % 3))
        back(idea, people(number % 3, firm))
        ranking.set_due(idea.id, utcnow().date() + timedelta(days=number % 3))
    walk()
    weights = Weights(votes=1, value=3)
    for backwards in (False, True):
        asked = {"order": order, "backwards": backwards, "weights": weights}
        whole = [line.id for line in listed(petra, **asked).rows]

        found, cursor = [], None
        while True:
            page = listed(petra, limit=2, cursor=cursor, **asked)
            found += [line.id for line in page.rows]
            if not (cursor := page.next):
                break

        assert found == whole
        assert len(whole) == 7


def test_the_place_in_one_order_is_none_in_another(board, petra):
    for _ in range(3):
        IdeaFactory(board=board)
    cursor = listed(petra, limit=1).next

    with pytest.raises(ValidationError):
        listed(petra, cursor=cursor, order=Order.NEW)


def test_an_idea_that_was_not_counted_yet_stands_in_the_list_all_the_same(board, petra):
    IdeaFactory(board=board, title="new")

    (line,) = listed(petra, order=Order.NEW).rows

    assert (line.title, line.votes, line.breadth) == ("new", 0, None)


def test_an_answer_shows_at_once(board, petra):
    idea = IdeaFactory(board=board, title="idea")
    walk()
    answered(petra, idea)

    assert titles(petra, stage=Stage.OPEN) == []
    assert titles(petra, stage=Stage.PLANNED) == ["idea"]


def test_what_can_be_chosen_is_of_the_boards_one_answers_on(board, petra):
    other = BoardFactory(slug="other")
    TagFactory(board=board, slug="ours")
    TagFactory(board=other, slug="theirs")
    company("pro")
    with unit_of_work():
        opened = desk.open_for(petra)

    assert [tag.slug for tag in opened.tags] == ["ours"]
    assert opened.ids("status", "planned") == [status_of(board, "planned").id]
    assert (opened.plans, [person.name for person in opened.team]) == (["pro"], ["Petra"])
    assert len(desk.open_for(UserFactory(admin=True)).boards) == 2
