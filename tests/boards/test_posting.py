"""Ideas are posted, edited until they are answered, withdrawn, sorted and owned; each version is kept."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts.models import AuditEntry
from ideas.boards import (
    answering,
    histories,
    listing,
    posting,
    queries,
    schemas,
)
from ideas.boards.errors import EditingClosed, Suspended, VotingClosed
from ideas.boards.models import Idea, IdeaRank, IdeaTag, Revision, Stage
from ideas.boards.voting import cast
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed
from ideas.outbox import OutboxEntry
from tests.boards.arranging import count
from tests.factories import BoardFactory, IdeaFactory, StatusFactory, TagFactory, UserFactory, charlie, team_member
from tests.test_db import at_once

pytestmark = pytest.mark.usefixtures("app")


def post(author, board, *, title="A roof for bicycles", body="So that they stay **dry**.", **more):
    with unit_of_work():
        return posting.submit(author, queries.get_board(author, board.slug), title=title, body=body, **more).id


def revise(author, idea, **changes):
    with unit_of_work():
        return posting.revise(author, queries.get_idea(author, idea.id), changes)


def withdraw(author, idea):
    with unit_of_work():
        posting.withdraw(author, queries.get_idea(author, idea.id))


def answer(mia, idea):
    words = {"status": "planned", "reason": "committed", "text": "We will build this in spring."}
    with unit_of_work():
        return answering.answer(mia, queries.get_idea(mia, idea.id), schemas.NewAnswer().load(words)).id


def versions(idea):
    rows = db.session.execute(
        sa.select(Revision.number, Revision.title).where(Revision.idea_id == idea.id).order_by(Revision.number)
    )
    return [tuple(row) for row in rows]


def tags(idea):
    return [tag.slug for tag in listing.tags_on([idea.id]).get(idea.id, [])]


@pytest.fixture
def board():
    return BoardFactory()


@pytest.fixture
def author():
    return UserFactory(name="Ole")


@pytest.fixture
def idea(board, author):
    return IdeaFactory(board=board, author=author, title="A roof")


@pytest.fixture
def mia(board):
    return team_member(board, name="Mia")


# --- Posting ---


def test_an_idea_is_posted_where_ideas_begin(board, author):
    StatusFactory(board=board, slug="fresh", name="Fresh", stage=Stage.OPEN, position=-1)

    idea = queries.get_idea(None, post(author, board)).idea

    assert (idea.title, idea.status.slug, idea.author.name) == ("A roof for bicycles", "fresh", "Ole")
    assert idea.body_html == "<p>So that they stay <strong>dry</strong>.</p>\n"
    assert idea.excerpt == "So that they stay dry."
    assert idea.rank.stage == Stage.OPEN


def test_a_new_idea_has_its_first_version_and_its_place(board, author):
    idea = queries.get_idea(None, post(author, board)).idea

    assert versions(idea) == [(1, "A roof for bicycles")]
    found = listing.ideas_on(None, queries.list_boards(None), listing.Wanted(question="bicycles"), limit=5)
    assert [card.idea.id for card in found.rows] == [idea.id]


def test_posting_is_told_once_and_to_the_author_as_well(board, author):
    post(author, board)

    entry = db.session.scalars(sa.select(OutboxEntry)).one()
    assert (entry.kind, entry.actor_id) == ("idea_received", None)


def test_an_idea_carries_tags_of_its_board(board, author):
    for slug in ("roof", "garden"):
        TagFactory(board=board, slug=slug)

    idea = queries.get_idea(None, post(author, board, tags=["roof", "garden", "roof"])).idea

    assert tags(idea) == ["garden", "roof"]


def test_a_tag_of_another_board_is_unknown_and_nothing_is_posted(board, author):
    TagFactory(slug="elsewhere")

    with pytest.raises(ValidationError, match="elsewhere") as refused:
        post(author, board, tags=["elsewhere"])

    assert list(refused.value.messages_dict) == ["tags"]
    assert (count(Idea), count(OutboxEntry), count(IdeaRank)) == (0, 0, 0)


def test_a_suspended_person_posts_nothing(board):
    with pytest.raises(Suspended):
        post(UserFactory(suspended=True), board)

    assert count(Idea) == 0


# --- Editing ---


def test_an_edit_keeps_each_version(author, idea):
    assert revise(author, idea, title="A green roof")
    assert revise(author, idea, body="With *moss*.")

    now = queries.get_idea(None, idea.id).idea
    assert versions(now) == [(1, "A roof"), (2, "A green roof"), (3, "A green roof")]
    assert (now.title, now.body_html, now.excerpt) == ("A green roof", "<p>With <em>moss</em>.</p>\n", "With moss.")
    assert now.edited_at is not None
    latest = histories.of_idea(queries.get_idea(None, idea.id)).rows[0]
    assert (latest.number, latest.title, latest.body, latest.author.name) == (3, now.title, now.body, "Ole")


def test_an_edited_idea_is_found_by_its_new_words_alone(author, idea):
    revise(author, idea, title="A pergola", body="")

    def found(question):
        return listing.ideas_on(None, queries.list_boards(None), listing.Wanted(question=question), limit=5).rows

    assert found("pergola")
    assert not found("roof")


def test_saving_without_a_change_is_no_version(author, idea):
    assert not revise(author, idea, title=idea.title, body=idea.body, tags=[])

    assert len(versions(idea)) == 1
    assert queries.get_idea(None, idea.id).idea.edited_at is None


def test_other_tags_alone_are_a_change_and_no_version(board, author, idea):
    TagFactory(board=board, slug="roof")

    assert revise(author, idea, tags=["roof"])
    assert not revise(author, idea, tags=["roof"])

    assert tags(idea) == ["roof"]
    assert len(versions(idea)) == 1


def test_what_an_edit_leaves_out_stays(board, author, idea):
    TagFactory(board=board, slug="roof")
    revise(author, idea, tags=["roof"])

    revise(author, idea, title="A green roof")

    assert tags(idea) == ["roof"]
    assert queries.get_idea(None, idea.id).idea.body == "So that bicycles stay dry."


def test_editing_tells_nobody(author, idea):
    revise(author, idea, title="A green roof")

    assert count(OutboxEntry) == 0


def test_nobody_else_edits_not_even_the_team(mia, idea):
    for person in (mia, charlie(), UserFactory(admin=True)):
        with pytest.raises(NotAllowed):
            revise(person, idea, title="Mine")

    assert versions(idea) == [(1, "A roof")]


def test_a_suspended_author_edits_nothing(board):
    suspended = UserFactory(suspended=True)

    with pytest.raises(Suspended):
        revise(suspended, IdeaFactory(board=board, author=suspended), title="Mine")


@pytest.mark.parametrize("act", [lambda author, idea: revise(author, idea, title="B"), withdraw])
def test_after_the_first_answer_an_idea_stays_as_it_was_answered(mia, author, idea, act):
    answer(mia, idea)

    with pytest.raises(EditingClosed):
        act(author, idea)

    assert versions(idea) == [(1, "A roof")]


def test_an_answer_that_was_undone_leaves_the_idea_open_to_edits(mia, author, idea):
    given = answer(mia, idea)
    with unit_of_work():
        answering.undo(mia, queries.get_answer(mia, given))

    assert revise(author, idea, title="A green roof")


@pytest.mark.parametrize("state", [{"withdrawn": True}, {"hidden": True}])
def test_what_is_withdrawn_or_hidden_is_not_edited(author, state):
    idea = IdeaFactory(author=author, **state)

    with pytest.raises(EditingClosed):
        revise(author, idea, title="B")


def test_of_edits_at_once_each_is_a_version(author, idea):
    author_id, idea_id = author.id, idea.id

    def edit(place):
        person = db.session.get_one(type(author), author_id)
        with unit_of_work():
            return posting.revise(person, queries.get_idea(person, idea_id), {"title": f"Roof {place}"})

    assert at_once(4, edit) == [True] * 4

    db.session.expire_all()
    assert [number for number, _ in versions(idea)] == [1, 2, 3, 4, 5]
    assert versions(idea)[-1][1] == queries.get_idea(None, idea_id).idea.title


def test_the_same_edit_twice_at_once_is_one_version(author, idea):
    author_id, idea_id = author.id, idea.id

    def edit(_place):
        person = db.session.get_one(type(author), author_id)
        with unit_of_work():
            return posting.revise(person, queries.get_idea(person, idea_id), {"title": "A green roof"})

    assert sorted(at_once(4, edit)) == [False, False, False, True]

    assert versions(idea) == [(1, "A roof"), (2, "A green roof")]


# --- Withdrawing ---


def test_a_withdrawn_idea_leaves_the_lists_and_stays_readable(author, idea):
    withdraw(author, idea)

    assert not listing.ideas_on(None, queries.list_boards(None), listing.Wanted(), limit=5).rows
    assert queries.get_idea(None, idea.id).idea.withdrawn_at is not None


def test_a_withdrawn_idea_takes_no_votes(author, idea):
    withdraw(author, idea)

    voter = UserFactory()

    with pytest.raises(VotingClosed, match="withdrawn"), unit_of_work():
        cast(voter, queries.get_idea(voter, idea.id).idea)


def test_nobody_else_withdraws(mia, idea):
    for person in (mia, charlie()):
        with pytest.raises(NotAllowed):
            withdraw(person, idea)


# --- The team sorts and owns ---


def test_the_team_sorts_an_idea_also_after_it_was_answered(board, mia, idea):
    TagFactory(board=board, slug="roof")
    answer(mia, idea)

    with unit_of_work():
        posting.retag(mia, queries.get_idea(mia, idea.id), ["roof"])

    assert tags(idea) == ["roof"]
    assert count(AuditEntry, AuditEntry.act == "idea.tagged", AuditEntry.subject == idea.subject) == 1


def test_the_team_takes_tags_away(board, mia, idea):
    TagFactory(board=board, slug="roof")
    for wanted in (["roof"], []):
        with unit_of_work():
            posting.retag(mia, queries.get_idea(mia, idea.id), wanted)

    assert count(IdeaTag) == 0


def test_somebody_of_the_team_owns_an_idea(mia, idea):
    for owner, name in ((mia, "Mia"), (UserFactory(name="Ada", admin=True), "Ada"), (None, None)):
        with unit_of_work():
            posting.assign(mia, queries.get_idea(mia, idea.id), owner)

        now = queries.get_idea(None, idea.id).idea
        assert (now.owner.name if now.owner else None) == name
    assert count(AuditEntry, AuditEntry.act == "idea.owner_set") == 3


def test_nobody_from_outside_owns_an_idea(board, mia, idea):
    for owner in (charlie(), team_member(BoardFactory()), team_member(board, suspended=True)):
        with pytest.raises(ValidationError) as refused, unit_of_work():
            posting.assign(mia, queries.get_idea(mia, idea.id), owner)
        assert list(refused.value.messages_dict) == ["owner"]

    assert queries.get_idea(None, idea.id).idea.owner_id is None


def test_whoever_leaves_the_team_owns_nothing_there(board, mia, idea):
    elsewhere = IdeaFactory(owner_id=mia.id)
    with unit_of_work():
        posting.assign(mia, queries.get_idea(mia, idea.id), mia)

    with unit_of_work():
        posting.disown(mia, board)

    assert queries.get_idea(None, idea.id).idea.owner_id is None
    assert queries.get_idea(None, elsewhere.id).idea.owner_id == mia.id


def test_two_rows_of_one_person_become_one_author(author, idea):
    claimed = UserFactory()

    with unit_of_work():
        posting.hand_over(author.id, claimed.id)

    assert queries.get_idea(None, idea.id).idea.author_id == claimed.id
    assert {revision.author_id for revision in db.session.scalars(sa.select(Revision))} == {claimed.id}
