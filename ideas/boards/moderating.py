"""The team hides ideas and comments with a reason, and restores them. The only code that writes `hiding`."""

from __future__ import annotations

import sqlalchemy as sa

from ideas import outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import policy, ranking
from ideas.boards.events import Hidden
from ideas.boards.models import Comment, Hiding
from ideas.boards.queries import CommentRow, IdeaRow
from ideas.db import db, utcnow


def hide_idea(actor: User, on: IdeaRow, *, reason: str) -> None:
    """Take an idea out of everybody's sight but the team's and its author's, who is told why. Twice is once.

    Raises NotAllowed for anybody but the team.
    """
    policy.require_team(on.standing)
    if on.idea.hidden_at is not None:
        return
    on.idea.hidden_at = utcnow()
    _tell_and_note(actor, on, None, reason)
    ranking.show_or_hide(on.idea)


def restore_idea(actor: User, on: IdeaRow) -> None:
    """Show a hidden idea again; its author is not told twice of the same thing, the page shows it."""
    policy.require_team(on.standing)
    if on.idea.hidden_at is None:
        return
    on.idea.hidden_at = None
    _restored(actor, on, None)
    ranking.show_or_hide(on.idea)


def hide_comment(actor: User, row: CommentRow, *, reason: str) -> None:
    """Leave a tombstone in place of a comment; its author is told why."""
    policy.require_team(row.on.standing)
    if row.comment.hidden_at is not None or row.comment.deleted_at is not None:
        return
    row.comment.hidden_at = utcnow()
    _tell_and_note(actor, row.on, row.comment, reason)
    ranking.count_comments(row.on.idea.id)


def restore_comment(actor: User, row: CommentRow) -> None:
    policy.require_team(row.on.standing)
    if row.comment.hidden_at is None:
        return
    row.comment.hidden_at = None
    _restored(actor, row.on, row.comment)
    ranking.count_comments(row.on.idea.id)


def _tell_and_note(actor: User, on: IdeaRow, comment: Comment | None, reason: str) -> None:
    hiding = Hiding(
        idea_id=on.idea.id,
        comment_id=comment.id if comment else None,
        reason=reason,
        by_id=actor.id,
        hidden_at=utcnow(),
    )
    db.session.add(hiding)
    db.session.flush()  # the event names its id
    audit.record(actor, "comment.hidden" if comment else "idea.hidden", _subject(on, comment), reason=reason)
    outbox.record(Hidden(subject=on.idea.subject, about_id=hiding.id, actor_id=actor.id))


def _restored(actor: User, on: IdeaRow, comment: Comment | None) -> None:
    db.session.execute(
        sa.update(Hiding)
        .where(
            Hiding.idea_id == on.idea.id,
            Hiding.comment_id == comment.id if comment else Hiding.comment_id.is_(None),
            Hiding.restored_at.is_(None),
        )
        .values(restored_at=utcnow(), restored_by_id=actor.id)
    )
    audit.record(actor, "comment.restored" if comment else "idea.restored", _subject(on, comment))
    db.session.flush()  # ranking reads the row


def _subject(on: IdeaRow, comment: Comment | None) -> str:
    return f"comment:{comment.id}" if comment else on.idea.subject
