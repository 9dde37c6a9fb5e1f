"""What must hold on boards at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards import ranking
from ideas.boards.models import Answer, AnswerVersion, Comment, Hiding, Idea, IdeaRank, Status, Vote
from ideas.checking import Breach
from ideas.db import db

_votes = sa.select(sa.func.count()).where(Vote.idea_id == IdeaRank.idea_id).correlate(IdeaRank).scalar_subquery()
_comments = (
    sa.select(sa.func.count())
    .where(
        Comment.idea_id == IdeaRank.idea_id,
        sa.not_(Comment.is_internal),
        Comment.deleted_at.is_(None),
        Comment.hidden_at.is_(None),
    )
    .correlate(IdeaRank)
    .scalar_subquery()
)


def votes_are_counted() -> list[Breach]:
    """I1: the count beside each idea is the number of people with a vote on it."""
    wrong = db.session.execute(
        sa.select(IdeaRank.idea_id, IdeaRank.vote_count, _votes.label("votes")).where(IdeaRank.vote_count != _votes)
    )
    return [
        Breach(
            "I1",
            f"counts {row.vote_count} votes where {row.votes} are; repair with: ideas recount",
            f"idea:{row.idea_id}",
        )
        for row in wrong
    ]


def comments_are_counted() -> list[Breach]:
    """The count beside each idea is the number of comments that everybody may read."""
    wrong = db.session.execute(
        sa.select(IdeaRank.idea_id, IdeaRank.comment_count, _comments.label("comments")).where(
            IdeaRank.comment_count != _comments
        )
    )
    return [
        Breach(
            "I1",
            f"counts {row.comment_count} comments where {row.comments} are; repair with: ideas recount",
            f"idea:{row.idea_id}",
        )
        for row in wrong
    ]


def last_words_are_known() -> list[Breach]:
    """The time of the last official word, by which the team's queue goes, is that of an answer or official comment."""
    wrong = db.session.scalars(
        sa.select(IdeaRank.idea_id).where(
            IdeaRank.answered_at.is_distinct_from(ranking.last_official_word(IdeaRank.__table__.c.idea_id))
        )
    )
    return [
        Breach("I1", "has another last official word than is noted; repair with: ideas recount", f"idea:{idea_id}")
        for idea_id in wrong
    ]


def places_are_true() -> list[Breach]:
    """I7: what lists go by (board, stage, shown or not) is what the idea is, so that no list shows what is private."""
    wrong = db.session.scalars(
        sa.select(Idea.id)
        .join(Status, Status.id == Idea.status_id)
        .outerjoin(IdeaRank, IdeaRank.idea_id == Idea.id)
        .where(
            sa.or_(
                IdeaRank.idea_id.is_(None),
                IdeaRank.board_id != Idea.board_id,
                Status.board_id != Idea.board_id,
                IdeaRank.stage != Status.stage,
                IdeaRank.listed != Idea.withdrawn_at.is_(None),
                IdeaRank.is_hidden != Idea.hidden_at.is_not(None),
            )
        )
    )
    return [
        Breach("I7", "stands in lists as something it is not; repair with: ideas recount", f"idea:{idea_id}")
        for idea_id in wrong
    ]


def privileged_acts_are_audited() -> list[Breach]:
    """I8: each answer, correction, undoing, official word, hiding and restoring has its line in the audit log."""
    return [
        Breach("I8", f"was done {row.done} times and stands {row.lines} times in the log: {act}", row.subject)
        for act, done in _ACTS.items()
        for row in db.session.execute(_unaudited(act, done))
    ]


def _name(kind: str, row_id: Any) -> sa.ColumnElement[str]:
    """A subject of the audit log."""
    return sa.literal(f"{kind}:").concat(sa.cast(row_id, sa.String)).label("subject")


_of_idea, _of_comment = Hiding.comment_id.is_(None), Hiding.comment_id.is_not(None)
_ACTS: dict[str, sa.Select[Any]] = {
    "idea.answered": sa.select(_name("idea", Answer.idea_id)),
    "answer.corrected": sa.select(_name("idea", Answer.idea_id))
    .join(AnswerVersion, AnswerVersion.answer_id == Answer.id)
    .where(AnswerVersion.number > 1),
    "answer.undone": sa.select(_name("idea", Answer.idea_id)).where(Answer.undone_at.is_not(None)),
    "comment.official": sa.select(_name("comment", Comment.id)).where(Comment.is_official),
    "idea.hidden": sa.select(_name("idea", Hiding.idea_id)).where(_of_idea),
    "idea.restored": sa.select(_name("idea", Hiding.idea_id)).where(_of_idea, Hiding.restored_at.is_not(None)),
    "comment.hidden": sa.select(_name("comment", Hiding.comment_id)).where(_of_comment),
    "comment.restored": sa.select(_name("comment", Hiding.comment_id)).where(
        _of_comment, Hiding.restored_at.is_not(None)
    ),
}


def _unaudited(act: str, done: sa.Select[Any]) -> sa.Select[Any]:
    """Subjects to which `act` was done more often than the log says."""
    acts, count = done.subquery(), sa.func.count()
    lines = (
        sa.select(AuditEntry.subject, count.label("lines"))
        .where(AuditEntry.act == act)
        .group_by(AuditEntry.subject)
        .subquery()
    )
    logged = sa.func.coalesce(lines.c.lines, 0)
    return (
        sa.select(acts.c.subject, count.label("done"), logged.label("lines"))
        .outerjoin(lines, lines.c.subject == acts.c.subject)
        .group_by(acts.c.subject, logged)
        .having(count > logged)
    )


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "votes are counted": votes_are_counted,
    "comments are counted": comments_are_counted,
    "last words are known": last_words_are_known,
    "lists show what is": places_are_true,
    "privileged acts are audited": privileged_acts_are_audited,
}
