"""The team hides ideas and comments with a reason, and shows them again."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import AuditEntry, User
from ideas.boards import listing, moderating, queries, reading
from ideas.boards.models import IdeaRank
from ideas.boards.models_moderating import Hiding
from ideas.db import db, unit_of_work
from ideas.errors import NotAllowed, NotFound
from ideas.outbox import OutboxEntry
from tests.boards.arranging import count
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, charlie, team_member
from tests.test_db import at_once

pytestmark = pytest.mark.usefixtures("app")

WHY = "It is an advertisement."


def hide(mia, idea_id):
    with unit_of_work():
        moderating.hide_idea(mia, queries.get_idea(mia, idea_id), reason=WHY)


def restore(mia, idea_id):
    with unit_of_work():
        moderating.restore_idea(mia, queries.get_idea(mia, idea_id))


def hide_comment(mia, comment_id):
    with unit_of_work():
        moderating.hide_comment(mia, queries.get_comment(mia, comment_id), reason=WHY)


def restore_comment(mia, comment_id):
    with unit_of_work():
        moderating.restore_comment(mia, queries.get_comment(mia, comment_id))


def acts():
    return db.session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)).all()


def place(idea):
    db.session.expire_all()
    return db.session.get_one(IdeaRank, idea.id)


def listed(reader):
    return listing.ideas_on(reader, queries.list_boards(reader), listing.Wanted(), limit=5).rows


@pytest.fixture
def board():
    return BoardFactory()


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board)


@pytest.fixture
def mia(board):
    return team_member(board)


# --- Ideas ---


def test_a_hidden_idea_is_out_of_sight_but_the_team_s_and_its_author_s(mia, idea):
    author = db.session.get_one(User, idea.author_id)

    hide(mia, idea.id)

    for reader in (None, charlie()):
        assert not listed(reader)
        with pytest.raises(NotFound):
            queries.get_idea(reader, idea.id)
    assert queries.get_idea(author, idea.id).idea.hidden_at is not None
    assert len(listed(mia)) == 1


def test_hiding_says_why_who_and_when(mia, idea):
    hide(mia, idea.id)

    hiding = reading.hidings_of(queries.get_idea(mia, idea.id))[None]
    assert (hiding.reason, hiding.by.id, hiding.restored_at) == (WHY, mia.id, None)
    entry = db.session.scalars(sa.select(OutboxEntry)).one()
    assert (entry.kind, entry.about_id, entry.actor_id) == ("hidden", hiding.id, mia.id)
    assert acts() == ["idea.hidden"]


def test_hiding_twice_is_hiding_once(mia, idea):
    hide(mia, idea.id)
    hide(mia, idea.id)

    assert (count(Hiding), count(OutboxEntry), acts()) == (1, 1, ["idea.hidden"])


def test_of_two_moderators_at_once_one_hides_and_the_author_is_told_once(mia, idea):
    mia_id, idea_id, comment_id = mia.id, idea.id, CommentFactory(idea=idea).id

    def hide_both(_place):
        somebody = db.session.get_one(User, mia_id)
        hide(somebody, idea_id)
        hide_comment(somebody, comment_id)

    at_once(4, hide_both)

    assert (count(Hiding), count(OutboxEntry)) == (2, 2)
    assert sorted(acts()) == ["comment.hidden", "idea.hidden"]


def test_a_restored_idea_is_back_and_nobody_is_told(mia, idea):
    hide(mia, idea.id)

    restore(mia, idea.id)

    assert len(listed(None)) == 1
    assert queries.get_idea(None, idea.id).idea.hidden_at is None
    hiding = db.session.scalars(sa.select(Hiding)).one()
    assert (hiding.restored_at is not None, hiding.restored_by_id) == (True, mia.id)
    assert reading.hidings_of(queries.get_idea(mia, idea.id)) == {}
    assert (count(OutboxEntry), acts()) == (1, ["idea.hidden", "idea.restored"])


def test_restoring_what_is_not_hidden_changes_nothing(mia, idea):
    restore(mia, idea.id)

    assert acts() == []


def test_an_idea_that_is_hidden_again_is_told_again(mia, idea):
    hide(mia, idea.id)
    restore(mia, idea.id)

    hide(mia, idea.id)

    assert (count(Hiding), count(OutboxEntry)) == (2, 2)


def test_a_restored_idea_that_was_withdrawn_stays_out_of_the_lists(mia, board):
    idea = IdeaFactory(board=board, withdrawn=True)
    hide(mia, idea.id)

    restore(mia, idea.id)

    assert not listed(None)
    assert place(idea).listed is False


@pytest.mark.parametrize("act", [hide, restore])
def test_only_the_team_hides_and_restores_ideas(idea, act):
    with pytest.raises(NotAllowed):
        act(charlie(), idea.id)

    assert acts() == []


def test_a_hidden_idea_keeps_its_votes_and_comments(mia, idea):
    comment = CommentFactory(idea=idea)
    hide(mia, idea.id)
    restore(mia, idea.id)

    assert place(idea).comment_count == 1
    assert queries.get_comment(None, comment.id).comment.body


# --- Comments ---


def test_a_hidden_comment_leaves_a_tombstone(mia, idea):
    comment_id = CommentFactory(idea=idea).id

    hide_comment(mia, comment_id)

    on = queries.get_idea(None, idea.id)
    thread = reading.discussion(on).rows[0]
    assert (thread.comment.id, reading.is_readable(on, thread.comment)) == (comment_id, False)
    assert place(idea).comment_count == 0


def test_a_hidden_comment_keeps_its_words_for_the_team_and_its_author(mia, idea):
    author = charlie()
    comment_id = CommentFactory(idea=idea, author=author).id

    hide_comment(mia, comment_id)

    for reader in (mia, author):
        row = queries.get_comment(reader, comment_id)
        assert reading.is_readable(row.on, row.comment)
        assert row.comment.body


def test_hiding_a_comment_is_told_and_audited_once(mia, idea):
    comment_id = CommentFactory(idea=idea).id

    hide_comment(mia, comment_id)
    hide_comment(mia, comment_id)

    assert (count(Hiding), count(OutboxEntry), acts()) == (1, 1, ["comment.hidden"])
    assert list(reading.hidings_of(queries.get_idea(mia, idea.id))) == [comment_id]


def test_a_deleted_comment_is_not_hidden(mia, idea):
    comment_id = CommentFactory(idea=idea, deleted_at=idea.created_at).id

    hide_comment(mia, comment_id)

    assert (count(Hiding), count(OutboxEntry)) == (0, 0)


def test_a_restored_comment_counts_again(mia, idea):
    comment_id, other = CommentFactory(idea=idea).id, CommentFactory(idea=idea).id
    hide_comment(mia, comment_id)
    hide_comment(mia, other)

    restore_comment(mia, comment_id)

    assert place(idea).comment_count == 1
    assert list(reading.hidings_of(queries.get_idea(mia, idea.id))) == [other]
    assert acts() == ["comment.hidden", "comment.hidden", "comment.restored"]


def test_a_hidden_official_word_is_no_word(mia, idea):
    comment_id = CommentFactory(idea=idea, official=True).id
    assert place(idea).answered_at is not None

    hide_comment(mia, comment_id)
    assert place(idea).answered_at is None

    restore_comment(mia, comment_id)
    assert place(idea).answered_at is not None


@pytest.mark.parametrize("act", [hide_comment, restore_comment])
def test_only_the_team_hides_and_restores_comments(idea, act):
    comment_id = CommentFactory(idea=idea).id

    with pytest.raises(NotAllowed):
        act(charlie(), comment_id)

    assert acts() == []
