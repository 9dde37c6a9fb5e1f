"""Lists of ideas: five orders, what narrows them, pages that neither repeat nor lose, the same cost at any length."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import User
from ideas.boards import answering, listing, posting, queries, ranking, schemas, schemas_out
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import Idea, IdeaRank, IdeaTag, Stage, Status
from ideas.db import db, unit_of_work, utcnow
from tests.boards.arranging import statements
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    StatusFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    status_of,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

NOW = utcnow()
SAME = NOW - timedelta(days=1)
ORDERS = [sort for sort in Sort if sort is not Sort.RELEVANCE]  # that one is of a search, see test_searching.py


def page(reader=None, wanted=None, *, boards=None, limit=100, cursor=None, **narrowed):
    rows = boards if boards is not None else queries.list_boards(reader)
    return listing.ideas_on(reader, rows, wanted or Wanted(**narrowed), limit=limit, cursor=cursor)


def ids(found):
    return [card.idea.id for card in found.rows]


def listed(reader=None, **narrowed):
    return ids(page(reader, **narrowed))


def pages(wanted, *, limit, between=lambda number: None):
    """Every page until the last; `between` happens after each."""
    found, cursor = [], None
    while True:
        one = page(wanted=wanted, limit=limit, cursor=cursor)
        found.append(ids(one))
        if one.next is None:
            return found
        cursor = one.next
        between(len(found))


def ranked(board, **place):
    """An idea that stands there in lists."""
    idea = IdeaFactory(board=board)
    db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id == idea.id).values(**place))
    db.session.commit()
    return idea


def places():
    """For each order, places from the first to the last; the second and third share theirs."""
    return {
        Sort.TRENDING: [{"hot": hot} for hot in (120.5, 120.25, 120.25, 0.1)],
        Sort.TOP: [{"vote_count": votes} for votes in (31_000, 7, 7, 0)],
        Sort.NEW: [{"created_at": NOW - timedelta(days=days)} for days in (0, 1, 1, 400)],
        Sort.DISCUSSED: [{"comment_count": comments} for comments in (12, 3, 3, 0)],
        Sort.ANSWERED: [{"answered_at": NOW - timedelta(days=days)} for days in (0, 1, 1, 400)],
    }


@pytest.fixture
def board():
    return BoardFactory()


# --- Five orders ---


@pytest.mark.parametrize("sort", ORDERS)
def test_each_order_begins_with_the_most_and_ends_ties_with_the_latest(board, sort):
    made = [ranked(board, **place).id for place in reversed(places()[sort])]

    last, tied, later_tied, first = made
    assert listed(sort=sort) == [first, later_tied, tied, last]


def test_what_was_never_answered_is_not_among_the_answered(board):
    answered, _never = ranked(board, answered_at=NOW), IdeaFactory(board=board)

    assert listed(sort=Sort.ANSWERED) == [answered.id]


@pytest.mark.parametrize("sort", ORDERS)
def test_an_order_over_several_boards_is_one_order(sort):
    boards = [BoardFactory(), BoardFactory()]
    made = [ranked(boards[number % 2], **place).id for number, place in enumerate(reversed(places()[sort]))]

    assert listed(sort=sort) == [made[3], made[2], made[1], made[0]]


def test_no_boards_have_no_ideas(board):
    IdeaFactory(board=board)

    assert page(boards=[]).rows == []


# --- What narrows ---


def test_a_list_is_narrowed_by_stage(board):
    planned = IdeaFactory(board=board, stage=Stage.PLANNED)
    IdeaFactory(board=board)

    assert listed(stage=Stage.PLANNED) == [planned.id]


def test_a_list_is_narrowed_by_status(board):
    StatusFactory(board=board, slug="soon", name="Soon", stage=Stage.PLANNED)
    soon = db.session.scalars(sa.select(Status).where(Status.slug == "soon")).one()
    idea = IdeaFactory(board=board)
    IdeaFactory(board=board, status_id=status_of(board, Stage.STARTED).id)
    db.session.execute(sa.update(Idea).where(Idea.id == idea.id).values(status_id=soon.id))
    db.session.commit()

    assert listed(status="soon") == [idea.id]
    assert listed(status="nowhere") == []


def test_a_list_is_narrowed_by_tag(board):
    tag = TagFactory(board=board, slug="roof")
    idea, _other = IdeaFactory(board=board), IdeaFactory(board=board)
    db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
    db.session.commit()

    assert listed(tag="roof") == [idea.id]
    assert listed(tag="garden") == []


def test_a_list_is_narrowed_to_mine_and_to_what_i_voted_for(board):
    me = UserFactory()
    mine, voted, _other = IdeaFactory(board=board, author=me), IdeaFactory(board=board), IdeaFactory(board=board)
    VoteFactory(idea=voted, user=me)

    assert listed(me, mine=True) == [mine.id]
    assert listed(me, voted=True) == [voted.id]
    assert listed(me, mine=True, voted=True) == []


def test_a_visitor_has_nothing_of_their_own(board):
    VoteFactory(idea=IdeaFactory(board=board))

    assert listed(None, mine=True) == listed(None, voted=True) == []


def test_all_that_narrows_holds_at_once(board):
    me, tag = UserFactory(), TagFactory(board=board, slug="roof")
    wanted = {"stage": Stage.PLANNED, "status": "planned", "tag": "roof", "mine": True, "voted": True}
    fitting = IdeaFactory(board=board, author=me, stage=Stage.PLANNED, title="A roof")
    IdeaFactory(board=board, author=me, stage=Stage.PLANNED)
    for idea in (fitting, IdeaFactory(board=board)):
        VoteFactory(idea=idea, user=me)
        db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
    db.session.commit()
    with unit_of_work():
        posting.searching.index(db.session.get_one(Idea, fitting.id))

    for sort in (Sort.TRENDING, Sort.TOP, Sort.NEW, Sort.DISCUSSED):
        assert listed(me, sort=sort, question="roof", **wanted) == [fitting.id]


def test_my_votes_are_marked(board):
    me = UserFactory()
    first, second = IdeaFactory(board=board), IdeaFactory(board=board)
    VoteFactory(idea=first, user=me)
    VoteFactory(idea=second)

    assert {card.idea.id: card.voted for card in page(me).rows} == {first.id: True, second.id: False}
    assert [card.voted for card in page(None).rows] == [False, False]


def test_hidden_ideas_are_in_the_lists_of_that_board_s_team_alone(board):
    other = BoardFactory()
    hidden, elsewhere = IdeaFactory(board=board, hidden=True), IdeaFactory(board=other, hidden=True)
    author = db.session.get_one(User, hidden.author_id)

    assert listed(team_member(board)) == [hidden.id]
    assert sorted(listed(UserFactory(admin=True))) == [hidden.id, elsewhere.id]
    for reader in (None, charlie(), author, team_member(board, suspended=True)):
        assert listed(reader) == []


def test_a_withdrawn_idea_is_in_no_list(board):
    IdeaFactory(board=board, withdrawn=True)

    assert listed(team_member(board)) == listed(None) == []


def test_a_card_says_all_that_a_list_shows(board):
    mia, tag = team_member(board, name="Mia"), TagFactory(board=board, slug="roof")
    comment = CommentFactory(idea=IdeaFactory(board=board, author=UserFactory(name="Ole")))
    idea = queries.get_idea(mia, comment.idea_id).idea
    db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
    db.session.commit()
    words = {
        "status": "planned",
        "reason": "committed",
        "text": "We will build this in spring.",
        "credits": [
            {"kind": "comment", "id": comment.id, "how": "It became the plan."},
            {"kind": "votes", "id": None, "how": "It was decided by them."},
        ],
    }
    with unit_of_work():
        answering.answer(mia, queries.get_idea(mia, idea.id), schemas.NewAnswer().load(words))

    card = page().rows[0]

    assert (card.idea.author.name, card.idea.status.slug, card.idea.board.id) == ("Ole", "planned", board.id)
    assert (card.idea.rank.comment_count, [tag.slug for tag in card.tags]) == (1, ["roof"])
    assert card.answer.answer.by.name == "Mia"
    assert (card.answer.credits[0].how, card.answer.credits[0].named_id) == ("It became the plan.", comment.id)
    assert schemas_out.answer(card.answer) == schemas_out.answer(listing.answers_on([idea.id])[idea.id])
    assert len(schemas_out.answer(card.answer)["credits"]) == 2


# --- Pages ---


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("sort", ORDERS)
def test_pages_one_after_another_are_the_whole_list(board, sort, limit):
    for place in places()[sort]:
        ranked(board, **place)

    found = pages(Wanted(sort=sort), limit=limit)

    assert [idea for one in found for idea in one] == listed(sort=sort)
    assert all(len(one) == limit for one in found[:-1])


@pytest.mark.parametrize("sort", [Sort.NEW, Sort.TOP])
def test_ideas_of_the_same_place_are_neither_lost_nor_repeated(board, sort):
    made = {ranked(board, created_at=SAME, vote_count=3).id for _ in range(7)}

    found = [idea for one in pages(Wanted(sort=sort), limit=3) for idea in one]

    assert (len(found), set(found)) == (7, made)


def test_what_comes_meanwhile_moves_no_page(board):
    made = [ranked(board, created_at=NOW - timedelta(days=days)).id for days in range(6)]

    found = pages(Wanted(sort=Sort.NEW), limit=2, between=lambda _number: ranked(board, created_at=utcnow()))

    assert [idea for one in found for idea in one] == made


def test_what_goes_meanwhile_takes_nothing_else_along(board):
    made = [ranked(board, created_at=NOW - timedelta(days=days)).id for days in range(6)]

    def withdraw_the_first_two(number):
        for idea_id in made[:2] if number == 1 else []:
            idea = db.session.get_one(Idea, idea_id)
            idea.withdrawn_at = utcnow()
            db.session.flush()
            ranking.show_or_hide(idea)
            db.session.commit()

    found = pages(Wanted(sort=Sort.NEW), limit=2, between=withdraw_the_first_two)

    assert [idea for one in found for idea in one] == made


def test_an_idea_that_rises_past_a_reader_is_not_repeated(board):
    made = [ranked(board, vote_count=votes) for votes in (9, 8, 7, 6)]

    def raise_the_first(_number):
        db.session.execute(sa.update(IdeaRank).where(IdeaRank.idea_id == made[0].id).values(vote_count=50))
        db.session.commit()

    found = pages(Wanted(sort=Sort.TOP), limit=1, between=raise_the_first)

    assert [idea for one in found for idea in one] == [idea.id for idea in made]


@pytest.mark.parametrize("cursor", ["x", "WzEsMl0.forged", "💥"])
def test_a_forged_cursor_is_refused_by_name(board, cursor):
    with pytest.raises(ValidationError) as refused:
        page(cursor=cursor)

    assert list(refused.value.messages_dict) == ["cursor"]


@pytest.mark.parametrize("sort", ORDERS)
def test_the_cursor_of_one_order_is_refused_in_every_other(board, sort):
    for place in places()[sort]:
        ranked(board, **place)
    cursor = page(sort=sort, limit=1).next

    for other in set(ORDERS) - {sort}:
        with pytest.raises(ValidationError):
            page(sort=other, cursor=cursor)


# --- Cost ---


def answered_idea(board, mia, tag):
    """An idea with all that a list may show of one."""
    idea = IdeaFactory(board=board)
    db.session.add(IdeaTag(idea_id=idea.id, tag_id=tag.id))
    db.session.commit()
    words = {
        "status": "planned",
        "reason": "committed",
        "text": "We will build this in spring.",
        "credits": [{"kind": "author", "how": "It became the plan."}],
    }
    with unit_of_work():
        answering.answer(mia, queries.get_idea(mia, idea.id), schemas.NewAnswer().load(words))


def test_twenty_ideas_cost_as_many_queries_as_one(board):
    mia, tag = team_member(board), TagFactory(board=board)

    def costs():
        boards, found = queries.list_boards(None), []
        for sort in Sort:
            with statements() as asked:
                cards = page(sort=sort, boards=boards).rows
            found.append((len(asked), len(cards)))
        return found

    answered_idea(board, mia, tag)
    one = costs()
    for _ in range(19):
        answered_idea(board, mia, tag)
    twenty = costs()

    assert one == [(3, 1)] * len(Sort)
    assert twenty == [(3, 20)] * len(Sort)
