"""What must hold on boards at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from ideas.accounts.models import AuditEntry
from ideas.boards.models import Answer, Comment, Hiding, Idea, IdeaRank, Status, Vote
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
    """I8: each answer, undoing and hiding has its line in the audit log."""

    def missing(subject: sa.ColumnElement[str], act: str) -> sa.ColumnElement[bool]:
        return sa.not_(sa.exists().where(AuditEntry.subject == subject, AuditEntry.act == act))

    of_idea = sa.literal("idea:").concat(sa.cast(Answer.idea_id, sa.String))
    hidden = sa.case(
        (Hiding.comment_id.is_not(None), sa.literal("comment:").concat(sa.cast(Hiding.comment_id, sa.String))),
        else_=sa.literal("idea:").concat(sa.cast(Hiding.idea_id, sa.String)),
    )
    found: list[tuple[str, sa.Select[int]]] = [
        ("answer", sa.select(Answer.id).where(missing(of_idea, "idea.answered"))),
        ("answer", sa.select(Answer.id).where(Answer.undone_at.is_not(None), missing(of_idea, "answer.undone"))),
        ("hiding", sa.select(Hiding.id).where(Hiding.comment_id.is_(None), missing(hidden, "idea.hidden"))),
        ("hiding", sa.select(Hiding.id).where(Hiding.comment_id.is_not(None), missing(hidden, "comment.hidden"))),
    ]
    return [
        Breach("I8", "was done without a line in the audit log", f"{what}:{row_id}")
        for what, statement in found
        for row_id in db.session.scalars(statement)
    ]


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "votes are counted": votes_are_counted,
    "comments are counted": comments_are_counted,
    "lists show what is": places_are_true,
    "privileged acts are audited": privileged_acts_are_audited,
}
