"""Who sees what: seven kinds of reader, each board, each state. What one may not see is missing, in the same words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import answering, commenting, following, listing, notices, queries, reading, schemas, voting
from ideas.boards.models import BoardRole, Stage, Visibility
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import NotFound
from tests.boards.arranging import READERS, reader_of
from tests.factories import (
    BoardFactory,
    BoardFollowFactory,
    CommentFactory,
    IdeaFactory,
    IdeaFollowFactory,
    MembershipFactory,
    StatusFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

pytestmark = pytest.mark.usefixtures("app")

EVERYBODY = set(READERS)
INSIDE = {"invited", "author", "team", "admin"}
TEAM = {"team", "admin"}

STATES = {
    "open": {},
    "withdrawn": {"withdrawn": True},
    "shipped": {"stage": Stage.SHIPPED},
    "declined": {"stage": Stage.DECLINED},
    "hidden": {"hidden": True},
    "hidden and withdrawn": {"hidden": True, "withdrawn": True},
}


def asked(door, number):
    """What the door says: None when it opens."""
    try:
        door(number)
    except NotFound as missing:
        return missing.message
    return None


def sees(door, number, *, tombstone=None):
    """Whether the door opens; if not, it says the same as for what is missing, or that it was hidden."""
    said = asked(door, number)
    assert said in (None, tombstone, asked(door, "no-such-board" if isinstance(number, str) else 4711))
    return said is None


def sees_idea(reader, idea_id):
    return sees(lambda number: queries.get_idea(reader, number), idea_id)


def may_see(visibility, state):
    readers = INSIDE if visibility == Visibility.PRIVATE else EVERYBODY
    return readers & {"author", *TEAM} if "hidden" in state else readers


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visibility", Visibility)
def test_who_sees_an_idea(visibility, state):
    board = BoardFactory(visibility=visibility)
    people = {kind: reader_of(kind, board) for kind in READERS}
    idea = IdeaFactory(board=board, author=people["author"], **STATES[state])

    assert {kind for kind, reader in people.items() if sees_idea(reader, idea.id)} == may_see(visibility, state)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("visibility", Visibility)
def test_who_finds_an_idea_in_the_list(visibility, state):
    board = BoardFactory(visibility=visibility)
    people = {kind: reader_of(kind, board) for kind in READERS}
    IdeaFactory(board=board, author=people["author"], **STATES[state])

    def finds(reader):
        try:
            row = queries.get_board(reader, board.slug)
        except NotFound:
            return False
        return bool(listing.ideas_on(reader, [row], listing.Wanted(), limit=10).rows)

    if "withdrawn" in state:
        expected = set()
    elif "hidden" in state:
        expected = TEAM
    else:
        expected = INSIDE if visibility == Visibility.PRIVATE else EVERYBODY
    assert {kind for kind, reader in people.items() if finds(reader)} == expected


def test_an_author_who_left_a_private_board_sees_it_no_more():
    board = BoardFactory(private=True)
    idea = IdeaFactory(board=board, author=charlie())

    assert not sees_idea(db.session.get_one(User, idea.author_id), idea.id)


def test_a_suspended_person_reads_as_before_and_is_of_no_team():
    board = BoardFactory(private=True)
    suspended = UserFactory(suspended=True)
    MembershipFactory(board=board, user=suspended, role=BoardRole.TEAM)
    shown, hidden = IdeaFactory(board=board), IdeaFactory(board=board, hidden=True)

    assert sees_idea(suspended, shown.id)
    assert not sees_idea(suspended, hidden.id)


def test_a_suspended_administrator_sees_what_members_see():
    suspended = UserFactory(admin=True, suspended=True)

    assert not sees_idea(suspended, IdeaFactory(hidden=True).id)


def test_the_team_of_one_board_is_nobody_on_another():
    elsewhere = team_member(BoardFactory())

    assert not sees_idea(elsewhere, IdeaFactory(hidden=True).id)
    assert not sees_idea(elsewhere, IdeaFactory(board=BoardFactory(private=True)).id)
    assert not queries.get_idea(elsewhere, IdeaFactory().id).standing.is_team


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**63, 10**30])
def test_numbers_that_no_idea_has_are_missing_too(number):
    for door in (queries.get_idea, queries.get_comment, queries.get_answer):
        with pytest.raises(NotFound):
            door(None, number)


# --- Boards ---


@pytest.mark.parametrize("visibility", Visibility)
def test_who_opens_a_board(visibility):
    board = BoardFactory(visibility=visibility)

    def opens(reader):
        return sees(lambda slug: queries.get_board(reader, slug), board.slug)

    expected = INSIDE if visibility == Visibility.PRIVATE else EVERYBODY
    assert {kind for kind in READERS if opens(reader_of(kind, board))} == expected


@pytest.mark.parametrize("visibility", Visibility)
def test_who_finds_a_board_among_the_boards(visibility):
    board = BoardFactory(visibility=visibility)

    found = {kind for kind in READERS if queries.list_boards(reader_of(kind, board))}

    expected = {
        Visibility.PUBLIC: EVERYBODY,
        Visibility.UNLISTED: {"invited", "team", "admin"},
        Visibility.PRIVATE: INSIDE,
    }
    assert found == expected[visibility]


def test_boards_are_listed_by_name():
    for name in ("Roof", "Garden", "Kitchen"):
        BoardFactory(name=name)

    assert [row.board.name for row in queries.list_boards(None)] == ["Garden", "Kitchen", "Roof"]


def test_a_board_shows_its_statuses_and_tags_in_its_order():
    board, other = BoardFactory(), BoardFactory()
    StatusFactory(board=board, slug="first", name="First", stage=Stage.OPEN, position=-1)
    TagFactory(board=other)
    for slug in ("roof", "garden"):
        TagFactory(board=board, slug=slug)

    assert [status.slug for status in queries.statuses_of(board)] == ["first", *Stage]
    assert [tag.slug for tag in queries.tags_of(board)] == ["garden", "roof"]


# --- What is said on ideas ---


COMMENTS = {
    "plain": ({}, EVERYBODY),
    "official": ({"official": True}, EVERYBODY),
    "deleted": ({"deleted_at": utcnow(), "body": ""}, EVERYBODY),
    "hidden": ({"hidden_at": utcnow()}, {"author", *TEAM}),
    "internal": ({"internal": True}, TEAM),
}


@pytest.mark.parametrize("kind_of_comment", COMMENTS)
@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.PRIVATE])
def test_who_sees_a_comment(visibility, kind_of_comment):
    board = BoardFactory(visibility=visibility)
    people = {kind: reader_of(kind, board) for kind in READERS}
    values, readers = COMMENTS[kind_of_comment]
    comment = CommentFactory(idea=IdeaFactory(board=board), author=people["author"], **values)

    def sees_it(reader):
        hidden = "This comment was hidden by the team." if kind_of_comment == "hidden" else None
        return sees(lambda number: queries.get_comment(reader, number), comment.id, tombstone=hidden)

    expected = readers & INSIDE if visibility == Visibility.PRIVATE else readers
    assert {kind for kind, reader in people.items() if sees_it(reader)} == expected


def test_a_comment_on_a_hidden_idea_is_hidden_with_it():
    comment = CommentFactory(idea=IdeaFactory(hidden=True))
    commenter = db.session.get_one(User, comment.author_id)

    for reader in (None, charlie(), commenter):
        with pytest.raises(NotFound, match="comment"):
            queries.get_comment(reader, comment.id)


@pytest.mark.parametrize("kind_of_comment", COMMENTS)
def test_who_reads_the_words_of_a_comment_in_the_discussion(kind_of_comment):
    board = BoardFactory()
    people = {kind: reader_of(kind, board) for kind in READERS}
    values, readers = COMMENTS[kind_of_comment]
    idea = IdeaFactory(board=board)
    CommentFactory(idea=idea, author=people["author"], **values)

    def reads(reader):
        on = queries.get_idea(reader, idea.id)
        return any(reading.is_readable(on, thread.comment) for thread in reading.discussion(on).rows)

    expected = set() if kind_of_comment == "deleted" else readers
    assert {kind for kind, reader in people.items() if reads(reader)} == expected


def answered(idea, mia, *, undone):
    words = {"status": "planned", "reason": "committed", "text": "We will build this in spring."}
    with unit_of_work():
        given = answering.answer(mia, queries.get_idea(mia, idea.id), schemas.NewAnswer().load(words)).id
    if undone:
        with unit_of_work():
            answering.undo(mia, queries.get_answer(mia, given))
    return given


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("visibility", [Visibility.PUBLIC, Visibility.PRIVATE])
def test_who_sees_an_answer(visibility, undone):
    board = BoardFactory(visibility=visibility)
    people = {kind: reader_of(kind, board) for kind in READERS}
    idea = IdeaFactory(board=board, author=people["author"])
    given = answered(idea, people["team"], undone=undone)

    def sees_it(reader):
        return sees(lambda number: queries.get_answer(reader, number), given)

    readers = TEAM if undone else EVERYBODY
    expected = readers & INSIDE if visibility == Visibility.PRIVATE else readers
    assert {kind for kind, reader in people.items() if sees_it(reader)} == expected


def test_an_undone_answer_does_not_stand():
    idea = IdeaFactory()
    mia = team_member(queries.get_idea(None, idea.id).idea.board)

    answered(idea, mia, undone=True)
    assert not queries.get_idea(None, idea.id).answered

    answered(idea, mia, undone=False)
    assert queries.get_idea(None, idea.id).answered


# --- What is the reader's own ---


def test_a_reader_sees_their_own_vote_and_follow_and_nobody_elses():
    vote = VoteFactory()
    voter, follower = db.session.get_one(User, vote.user_id), UserFactory()
    idea = queries.get_idea(None, vote.idea_id).idea
    IdeaFollowFactory(idea=idea, user=follower)

    def own(reader):
        row = queries.get_idea(reader, vote.idea_id)
        return row.voted, row.follows

    assert [own(reader) for reader in (voter, follower, charlie(), None)] == [
        (True, False),
        (False, True),
        (False, False),
        (False, False),
    ]


def test_a_reader_sees_which_boards_they_follow():
    follower = UserFactory()
    followed, other = BoardFactory(name="A"), BoardFactory(name="B")
    BoardFollowFactory(board=followed, user=follower)

    assert [row.follows for row in queries.list_boards(follower)] == [True, False]
    assert not queries.get_board(follower, other.slug).follows
    assert [row.follows for row in queries.list_boards(None)] == [False, False]


def test_acts_take_the_row_that_a_door_gives():
    idea, person = IdeaFactory(), UserFactory()

    with unit_of_work():
        row = queries.get_idea(person, idea.id)
        voting.cast(person, row.idea)
        following.follow_idea(person, row.idea)
        commenting.add(person, row, body="I would use it daily.")

    row = queries.get_idea(person, idea.id)
    assert (row.voted, row.follows, row.idea.rank.vote_count, row.idea.rank.comment_count) == (True, True, 1, 1)


# --- The same conditions in a statement about many people, as the ledger asks them ---


def who_sees(idea, people):
    asked = sa.select(User.id).where(User.id.in_([person.id for person in people])).subquery()
    seen = sa.select(asked.c.id).where(notices.sees_idea(idea.subject, asked.c.id))
    return set(db.session.scalars(seen))


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("visibility", Visibility)
def test_asked_of_many_people_at_once_each_is_answered_alone(visibility, hidden):
    board = BoardFactory(visibility=visibility)
    people = {kind: reader_of(kind, board) for kind in READERS if kind != "visitor"}
    idea = IdeaFactory(board=board, author=people["author"], hidden=hidden)

    seen = who_sees(idea, people.values())

    expected = may_see(visibility, "hidden" if hidden else "open")
    assert {kind for kind, person in people.items() if person.id in seen} == expected - {"visitor"}


def test_one_board_and_person_at_a_time_in_a_statement_about_people():
    board = BoardFactory(private=True)
    mia, outsider = team_member(board), charlie()
    idea = IdeaFactory(board=board)

    seen = sa.select(User.id).where(notices.sees_idea(idea.subject, User.id))

    assert set(db.session.scalars(seen)) == {mia.id}
    assert outsider.id not in who_sees(idea, [mia, outsider])
