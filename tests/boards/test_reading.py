"""What stands beside an idea or a board: answers, timeline, backers, the promise and its record, the queue."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import SiteRole, User
from ideas.boards import (
    answering,
    histories,
    moderating,
    posting,
    queries,
    reading,
    schemas,
)
from ideas.boards.models import Answer, BoardRole, Comment, Idea, IdeaRank
from ideas.db import db, unit_of_work, utcnow
from ideas.outbox import OutboxEntry
from tests.boards.arranging import statements
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

WHY = "We will build this in spring, because so many of you asked for it."
NOW = utcnow()


def days_ago(days):
    return utcnow() - timedelta(days=days)


def on(reader, idea):
    return queries.get_idea(reader, idea.id)


def give(mia, idea, **more):
    words = schemas.NewAnswer().load({"status": "planned", "reason": "committed", "text": WHY, **more})
    with unit_of_work():
        return answering.answer(mia, on(mia, idea), words).id


def announced(answer_id):
    """As if the worker had told people."""
    entry_id = db.session.get_one(Answer, answer_id).entry_id
    db.session.get_one(OutboxEntry, entry_id).fanned_out_at = utcnow()
    db.session.commit()


def undo(mia, answer_id):
    with unit_of_work():
        answering.undo(mia, queries.get_answer(mia, answer_id))


def correct(mia, answer_id, text):
    words = schemas.AnswerWords().load({"reason": "committed", "text": text})
    with unit_of_work():
        answering.correct(mia, queries.get_answer(mia, answer_id), words)


def answered_at(idea, when):
    """The idea has its last official word since then."""
    CommentFactory(idea=idea, official=True, created_at=when)


@pytest.fixture
def board():
    return BoardFactory(answer_within_days=14)


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board)


# --- Answers and their versions ---


def test_the_answer_that_stands_comes_first_and_those_undone_last(mia, idea):
    first = give(mia, idea)
    undo(mia, first)
    second = give(mia, idea)
    announced(second)
    third = give(mia, idea, status="shipped", reason="shipped")

    assert [line.answer.id for line in reading.answers(on(mia, idea))] == [third, second, first]
    assert [line.answer.id for line in reading.answers(on(None, idea))] == [third, second]


def test_answers_come_with_their_credits(mia, idea):
    comment = CommentFactory(idea=idea)
    give(mia, idea, credits=[{"kind": "comment", "id": comment.id, "how": "It became the plan."}])

    [line] = reading.answers(on(None, idea))

    assert [(credit.user.id, credit.how) for credit in line.credits] == [(comment.author_id, "It became the plan.")]


def test_every_version_of_an_answer_stays_readable(mia, idea):
    given = give(mia, idea)
    correct(mia, given, WHY + " In May.")

    versions = reading.versions_of(queries.get_answer(None, given).answer)

    assert [(version.number, version.text, version.by.name) for version in versions] == [
        (2, WHY + " In May.", "Mia"),
        (1, WHY, "Mia"),
    ]


# --- Timeline ---


def timeline(reader, idea):
    row = on(reader, idea)
    return [moment.what for moment in reading.timeline(row, reading.answers(row))]


def test_the_timeline_tells_what_happened_when(mia, idea, clock):
    author = db.session.get_one(User, idea.author_id)
    clock.shift(timedelta(days=1))
    with unit_of_work():
        posting.revise(author, on(author, idea), {"title": "Another"})
    clock.shift(timedelta(days=1))
    CommentFactory(idea=idea, official=True)
    CommentFactory(idea=idea)
    clock.shift(timedelta(days=1))
    undone = give(mia, idea)
    clock.shift(timedelta(days=1))
    undo(mia, undone)
    clock.shift(timedelta(days=1))
    given = give(mia, idea)
    clock.shift(timedelta(days=1))
    correct(mia, given, WHY + " In May.")
    clock.shift(timedelta(days=1))
    with unit_of_work():
        moderating.hide_idea(mia, on(mia, idea), reason="It is an advertisement.")
    clock.shift(timedelta(days=1))
    with unit_of_work():
        moderating.restore_idea(mia, on(mia, idea))

    assert timeline(None, idea) == ["posted", "edited", "official", "answered", "corrected"]
    assert timeline(mia, idea) == [
        *("posted", "edited", "official", "answered", "undone", "answered", "corrected", "hidden", "restored")
    ]


def test_a_withdrawn_idea_says_when(idea, clock):
    author = db.session.get_one(User, idea.author_id)
    clock.shift(timedelta(days=1))
    with unit_of_work():
        posting.withdraw(author, on(author, idea))

    assert timeline(None, idea) == ["posted", "withdrawn"]


@pytest.mark.parametrize("gone", [{"deleted_at": NOW}, {"hidden_at": NOW}])
def test_an_official_word_that_is_gone_is_not_in_the_timeline(idea, gone):
    comment = CommentFactory(idea=idea, official=True)
    db.session.execute(sa.update(Comment).where(Comment.id == comment.id).values(**gone))
    db.session.commit()

    assert timeline(None, idea) == ["posted"]


# --- Backers ---


def test_only_those_who_chose_to_be_seen_are_named(mia, idea):
    for name, seen in (("Ada", True), ("Bo", False), ("Cy", True)):
        VoteFactory(idea=idea, user=UserFactory(name=name, shown_as_backer=seen))

    assert [person.name for person in reading.backers(on(None, idea))] == ["Cy", "Ada"]
    assert [person.name for person in reading.backers(on(charlie(), idea))] == ["Cy", "Ada"]
    assert [person.name for person in reading.backers(on(mia, idea))] == ["Cy", "Bo", "Ada"]


# --- The promise and its record ---


def record(board):
    found = reading.record_of(queries.get_board(None, board.slug))
    return found.kept, found.due, found.percent


def test_a_board_that_promises_no_time_has_no_record():
    board = BoardFactory(answer_within_days=None)

    assert reading.record_of(queries.get_board(None, board.slug)) is None


def test_the_record_counts_first_words_that_came_in_time(board):
    for first_word in (3, 13, 20, None):
        idea = IdeaFactory(board=board, created_at=days_ago(30))
        if first_word is not None:
            answered_at(idea, days_ago(30 - first_word))
    IdeaFactory(board=board, created_at=days_ago(5))

    assert record(board) == (2, 4, 50)


def test_an_answer_is_a_word_too_unless_it_was_undone(board, mia):
    kept, undone = IdeaFactory(board=board, created_at=days_ago(13)), IdeaFactory(board=board, created_at=days_ago(13))
    given = [give(mia, idea) for idea in (kept, undone)]
    undo(mia, given[1])
    db.session.execute(sa.update(IdeaRank).values(created_at=days_ago(14)))
    db.session.commit()

    assert record(board) == (1, 2, 50)


@pytest.mark.parametrize("gone", [{"deleted_at": NOW}, {"hidden_at": NOW}])
def test_a_word_that_is_gone_kept_no_promise(board, gone):
    idea = IdeaFactory(board=board, created_at=days_ago(30))
    answered_at(idea, days_ago(29))
    db.session.execute(sa.update(Comment).values(**gone))
    db.session.commit()

    assert record(board) == (0, 1, 0)


def test_what_nobody_sees_is_not_in_the_record(board):
    for state in ({"hidden": True}, {"withdrawn": True}):
        IdeaFactory(board=board, created_at=days_ago(30), **state)

    assert record(board) == (0, 0, None)


def test_the_record_says_since_when_the_longest_waits(board):
    longest, answered = (
        IdeaFactory(board=board, created_at=days_ago(9)),
        IdeaFactory(board=board, created_at=days_ago(20)),
    )
    IdeaFactory(board=board, created_at=days_ago(2))
    answered_at(answered, days_ago(19))

    assert reading.record_of(queries.get_board(None, board.slug)).oldest == longest.created_at


# --- The team's queue ---


def queue(person, *, limit=50, cursor=None):
    return reading.needs_an_answer(queries.list_boards(person), limit=limit, cursor=cursor)


def waiting(person):
    return [row.idea.id for row in queue(person).rows]


def test_the_queue_begins_with_the_longest_wait(board, mia):
    new, old, older = (IdeaFactory(board=board, created_at=days_ago(days)).id for days in (1, 20, 30))

    assert waiting(mia) == [older, old, new]
    assert [(row.days, row.late) for row in queue(mia).rows] == [(30, True), (20, True), (1, False)]


@pytest.mark.parametrize(("days", "late"), [(13, False), (14, True)])
def test_an_idea_is_late_once_the_promise_has_passed(board, mia, days, late):
    IdeaFactory(board=board, created_at=days_ago(days))

    assert [row.late for row in queue(mia).rows] == [late]


def test_without_a_promise_nothing_is_late():
    board = BoardFactory(answer_within_days=None)
    IdeaFactory(board=board, created_at=days_ago(400))

    assert [row.late for row in queue(team_member(board)).rows] == [False]


def test_what_has_a_word_or_is_out_of_sight_waits_for_none(board, mia):
    answered, spoken = IdeaFactory(board=board), IdeaFactory(board=board)
    give(mia, answered)
    CommentFactory(idea=spoken, official=True)
    for state in ({"hidden": True}, {"withdrawn": True}):
        IdeaFactory(board=board, **state)
    noted = IdeaFactory(board=board)
    CommentFactory(idea=noted, internal=True)
    CommentFactory(idea=noted, author=mia)

    assert waiting(mia) == [noted.id]


def test_an_idea_whose_only_answer_was_undone_waits_again(idea, mia):
    given = give(mia, idea)
    assert waiting(mia) == []

    undo(mia, given)

    assert waiting(mia) == [idea.id]


def test_everybody_sees_the_queues_of_their_own_teams_alone(board, idea, mia):
    other = BoardFactory()
    elsewhere = IdeaFactory(board=other)
    MembershipFactory(board=board, user=(member := UserFactory()), role=BoardRole.MEMBER)

    assert waiting(mia) == [idea.id]
    assert sorted(waiting(UserFactory(admin=True))) == [idea.id, elsewhere.id]
    assert waiting(member) == waiting(charlie()) == waiting(None) == []
    assert waiting(team_member(board, suspended=True)) == []


def test_the_queue_has_pages_that_neither_repeat_nor_lose(board, mia):
    when = days_ago(3)
    made = [IdeaFactory(board=board, created_at=when).id for _ in range(5)]
    found, cursor = [], None
    for _ in range(3):
        page = queue(mia, limit=2, cursor=cursor)
        found += [row.idea.id for row in page.rows]
        cursor = page.next

    assert (found, cursor) == (made, None)


def test_a_forged_place_in_the_queue_is_refused(mia, idea):
    with pytest.raises(ValidationError):
        queue(mia, cursor="x")


def test_the_queue_costs_one_query_for_any_length(board, mia):
    boards = queries.list_boards(mia)

    def cost():
        with statements() as asked:
            rows = reading.needs_an_answer(boards, limit=50).rows
            assert all(row.idea.author.name and row.idea.board.name and row.idea.status.name for row in rows)
        return len(asked), len(rows)

    IdeaFactory(board=board)
    boards = queries.list_boards(mia)
    one = cost()
    for _ in range(4):
        IdeaFactory(board=board)
    boards = queries.list_boards(mia)

    assert (one, cost()) == ((1, 1), (1, 5))


# --- Who answers, what may be credited ---


def test_the_team_of_a_board_is_named_in_order(board, mia):
    UserFactory(name="Ada", admin=True)
    UserFactory(name="Site", site_role=SiteRole.TEAM)
    team_member(board, name="Gone", suspended=True)
    team_member(BoardFactory(), name="Elsewhere")
    MembershipFactory(board=board, role=BoardRole.MEMBER)

    for row in (queries.get_board(None, board.slug), queries.get_idea(None, IdeaFactory(board=board).id)):
        assert [person.name for person in reading.team_of(row)] == ["Ada", "Mia", "Site"]


def test_what_everybody_may_read_may_be_credited(mia, idea):
    fine = CommentFactory(idea=idea).id
    CommentFactory(idea=idea, internal=True)
    CommentFactory(idea=idea, hidden_at=NOW)
    CommentFactory(idea=idea, deleted_at=NOW)
    CommentFactory()

    assert [comment.id for comment in reading.creditable(on(mia, idea))] == [fine]


def test_every_version_of_an_idea_stays_readable(idea):
    author = db.session.get_one(User, idea.author_id)
    with unit_of_work():
        posting.revise(author, on(author, idea), {"title": "Another"})

    versions = histories.of_idea(on(None, idea)).rows

    assert [version.number for version in versions] == [2, 1]
    assert versions[0].title == db.session.get_one(Idea, idea.id).title == "Another"
