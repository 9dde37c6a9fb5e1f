"""What became of it: each contribution of a person, where it stands, how it was used, how they were told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.boards import answering, commenting, moderating, queries, receipts, schemas
from ideas.boards.models import Comment, Membership
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger.models import Mute
from tests.boards.arranging import announce, statements
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

MARCH = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
WHY = "We will build this in spring, because so many of you asked for it."


def mine(person, *, limit=50, cursor=None):
    return receipts.receipts_of(person, limit=limit, cursor=cursor)


def kinds(person):
    return [receipt.contribution.kind for receipt in mine(person).rows]


def answer(mia, idea_id, **more):
    words = schemas.NewAnswer().load({"status": "planned", "reason": "committed", "text": WHY, **more})
    with unit_of_work():
        return answering.answer(mia, queries.get_idea(mia, idea_id), words).id


def correct(mia, answer_id, **more):
    words = schemas.AnswerWords().load({"reason": "committed", "text": WHY, **more})
    with unit_of_work():
        answering.correct(mia, queries.get_answer(mia, answer_id), words)


@pytest.fixture
def board():
    return BoardFactory()


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia")


@pytest.fixture
def kim():
    return UserFactory(name="Kim")


@pytest.fixture
def idea(board, kim):
    """An idea that Kim wrote, commented twice and voted for."""
    idea = IdeaFactory(board=board, author=kim, title="A roof", created_at=MARCH)
    CommentFactory(idea=idea, author=kim, body="The north side.", created_at=MARCH + timedelta(days=1))
    CommentFactory(idea=idea, author=kim, body="The south side.", created_at=MARCH + timedelta(days=2))
    VoteFactory(idea=idea, user=kim, cast_at=MARCH + timedelta(days=3))
    return idea


# --- Which ---


def test_every_contribution_has_its_receipt_newest_first(kim, idea):
    assert [(one.contribution.kind, one.contribution.quote) for one in mine(kim).rows] == [
        ("vote", ""),
        ("comment", "The south side."),
        ("comment", "The north side."),
        ("idea", "A roof"),
    ]
    assert {one.idea.id for one in mine(kim).rows} == {idea.id}


def test_nobody_has_receipts_of_others(idea):
    CommentFactory(idea=idea)
    VoteFactory(idea=idea)

    assert kinds(charlie()) == []


def test_following_is_no_contribution(idea):
    follower = UserFactory()
    IdeaFollowFactory(idea=idea, user=follower)

    assert kinds(follower) == []


def test_what_was_taken_back_has_no_receipt(kim, idea):
    comment = db.session.scalars(sa.select(Comment).order_by(Comment.id)).first()
    with unit_of_work():
        commenting.delete(kim, queries.get_comment(kim, comment.id))

    assert kinds(kim) == ["vote", "comment", "idea"]


def test_a_note_of_the_team_is_no_contribution(mia, idea):
    CommentFactory(idea=idea, author=mia, internal=True)

    assert kinds(mia) == []


def test_what_was_withdrawn_or_hidden_keeps_the_receipts_of_its_author(board, kim):
    IdeaFactory(board=board, author=kim, withdrawn=True)
    IdeaFactory(board=board, author=kim, hidden=True)

    assert kinds(kim) == ["idea", "idea"]


def test_of_a_hidden_idea_others_have_no_receipt(kim, mia, idea):
    voter = UserFactory()
    VoteFactory(idea=idea, user=voter)

    with unit_of_work():
        moderating.hide_idea(mia, queries.get_idea(mia, idea.id), reason="It is an advertisement.")

    assert kinds(voter) == []
    assert len(kinds(kim)) == 4


def test_whoever_left_a_private_board_has_no_receipts_there(kim):
    board = BoardFactory(private=True)
    MembershipFactory(board=board, user=kim)
    idea = IdeaFactory(board=board, author=kim)
    VoteFactory(idea=idea, user=kim)
    assert kinds(kim) == ["vote", "idea"]

    db.session.execute(sa.delete(Membership))
    db.session.commit()

    assert kinds(kim) == []


# --- Where it stands, and how it was used ---


def test_a_receipt_says_where_the_idea_stands(kim, mia, idea):
    [before, *_] = mine(kim).rows
    assert (before.idea.status.name, before.answer, before.uses, before.told) == ("Open", None, [], [])

    answer(mia, idea.id)

    [after, *_] = mine(kim).rows
    assert (after.idea.status.name, after.answer.answer.text, after.answer.answer.by.name) == ("Planned", WHY, "Mia")


def test_each_contribution_says_how_it_was_used_and_not_how_another_was(kim, mia, idea):
    [north, south] = db.session.scalars(sa.select(Comment.id).order_by(Comment.id)).all()
    answer(
        mia,
        idea.id,
        credits=[
            {"kind": "author", "how": "Your sketch is on our wall."},
            {"kind": "comment", "id": south, "how": "We begin in the south."},
            {"kind": "votes", "how": "So many votes moved it up."},
        ],
    )

    uses = {
        (one.contribution.kind, one.contribution.id): [(use.quote, use.how) for use in one.uses]
        for one in mine(kim).rows
    }

    assert uses == {
        ("idea", idea.id): [("A roof", "Your sketch is on our wall.")],
        ("comment", south): [("The south side.", "We begin in the south.")],
        ("comment", north): [],
        ("vote", mine(kim).rows[0].contribution.id): [("", "So many votes moved it up.")],
    }


def test_a_voter_is_not_credited_for_what_others_did(kim, mia, idea):
    voter = UserFactory()
    VoteFactory(idea=idea, user=voter)

    answer(mia, idea.id, credits=[{"kind": "author", "how": "Your sketch is on our wall."}])

    assert [one.uses for one in mine(voter).rows] == [[]]


def test_the_answer_that_stands_is_told_of(kim, mia, idea):
    first = answer(mia, idea.id)
    with unit_of_work():
        answering.undo(mia, queries.get_answer(mia, first))

    assert [one.answer for one in mine(kim).rows] == [None] * 4

    second = answer(mia, idea.id)
    assert {one.answer.answer.id for one in mine(kim).rows} == {second}


# --- When and how they were told ---


def told(person):
    return {(one.channel, one.state, one.reason) for one in mine(person).rows[0].told}


def test_before_it_is_announced_nobody_was_told(kim, mia, idea):
    answer(mia, idea.id)

    assert told(kim) == set()


def test_a_receipt_says_by_which_ways_one_was_told(kim, mia, idea):
    answer(mia, idea.id)
    announce()

    assert told(kim) == {("email", "pending", None), ("inbox", "sent", None)}
    assert {one.done_at is not None for one in mine(kim).rows[0].told if one.channel == "inbox"} == {True}


def test_a_receipt_says_why_one_was_not_told(kim, mia, idea):
    db.session.add(Mute(user_id=kim.id, subject=idea.subject, muted_at=utcnow()))
    db.session.commit()
    answer(mia, idea.id)
    announce()

    assert told(kim) == {("email", "suppressed", "muted"), ("inbox", "suppressed", "muted")}


def test_corrections_are_told_of_beside_their_answer(kim, mia, idea):
    given = answer(mia, idea.id)
    announce()
    correct(mia, given, date="2031-05-01")
    announce()

    assert [one.channel for one in mine(kim).rows[0].told] == ["email", "inbox", "email", "inbox"]


def test_what_others_were_told_is_theirs(kim, mia, idea):
    voter = UserFactory()
    VoteFactory(idea=idea, user=voter)
    answer(mia, idea.id)
    announce()

    assert len(mine(voter).rows[0].told) == len(mine(kim).rows[0].told) == 2


# --- Pages and cost ---


def test_pages_one_after_another_are_all_receipts(kim, board):
    for number in range(3):
        # a comment and a vote of the same moment as the idea: their kind and number decide
        idea = IdeaFactory(board=board, author=kim, created_at=MARCH + timedelta(days=number // 2))
        CommentFactory(idea=idea, author=kim, created_at=idea.created_at)
        VoteFactory(idea=idea, user=kim, cast_at=idea.created_at)
    whole = [(one.contribution.kind, one.contribution.id) for one in mine(kim).rows]

    for limit in (1, 2, 4, 9):
        found, cursor = [], None
        while True:
            page = mine(kim, limit=limit, cursor=cursor)
            found += [(one.contribution.kind, one.contribution.id) for one in page.rows]
            cursor = page.next
            if cursor is None:
                break
        assert found == whole

    assert len(set(whole)) == 9


def test_what_comes_meanwhile_moves_no_page(kim, board, idea):
    first = mine(kim, limit=2)
    VoteFactory(idea=IdeaFactory(board=board), user=kim)

    second = mine(kim, limit=2, cursor=first.next)

    assert [one.contribution.kind for one in second.rows] == ["comment", "idea"]


@pytest.mark.parametrize("cursor", ["x", "💥"])
def test_a_forged_cursor_is_refused_by_name(kim, cursor):
    with pytest.raises(ValidationError) as refused:
        mine(kim, cursor=cursor)

    assert list(refused.value.messages_dict) == ["cursor"]


def test_twenty_receipts_cost_as_many_queries_as_three(kim, mia, board):
    def add(number):
        for _ in range(number):
            idea = IdeaFactory(board=board, author=kim)
            CommentFactory(idea=idea, author=kim)
            VoteFactory(idea=idea, user=kim)
            answer(mia, idea.id, credits=[{"kind": "author", "how": "Your sketch is on our wall."}])

    def cost():
        db.session.refresh(kim)
        with statements() as asked:
            rows = mine(kim, limit=50).rows
        return len(asked), len(rows)

    add(1)
    few = cost()
    add(6)
    many = cost()

    assert (few, many) == ((8, 3), (8, 21))


def test_a_vote_that_came_after_people_were_told_moved_nothing(board, mia, kim):
    idea = IdeaFactory(board=board, author=UserFactory())
    VoteFactory(idea=idea, user=kim)
    answer(mia, idea.id, credits=[{"kind": "votes", "how": "So many votes moved it up."}])
    announce()
    late = UserFactory()
    VoteFactory(idea=idea, user=late)

    assert [use.how for use in mine(kim).rows[0].uses] == ["So many votes moved it up."]
    assert mine(late).rows[0].uses == []


def test_a_receipt_knows_that_the_team_spoke_before_it_decided(board, mia, kim):
    idea = IdeaFactory(board=board, author=kim)
    with unit_of_work():
        commenting.add(mia, queries.get_idea(mia, idea.id), body="We are asking around.", official=True)

    assert mine(kim).rows[0].idea.rank.answered_at is not None
