"""The team hides ideas and comments with a reason, and restores them. The only code that writes `hiding`."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ideas import outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import policy, ranking
from ideas.boards.events import Hidden
from ideas.boards.models import Comment, Hiding, Idea
from ideas.boards.queries import CommentRow, IdeaRow
from ideas.db import db, utcnow


def hide_idea(actor: User, on: IdeaRow, *, reason: str) -> None:
    """Take an idea out of everybody's sight but the team's and its author's, who is told why. Twice is once.

    Raises NotAllowed for anybody but the team.
    """
    policy.require_team(on.standing)
    ranking.hold(on.idea.id)
    if not _hide(Idea, on.idea.id):
        return
    _tell_and_note(actor, on, None, reason)
    ranking.show_or_hide(on.idea)


def restore_idea(actor: User, on: IdeaRow) -> None:
    """Show a hidden idea again; its author is not told twice of the same thing, the page shows it."""
    policy.require_team(on.standing)
    ranking.hold(on.idea.id)
    if not _show(Idea, on.idea.id):
        return
    _restored(actor, on, None)
    ranking.show_or_hide(on.idea)


def hide_comment(actor: User, row: CommentRow, *, reason: str) -> None:
    """Leave a tombstone in place of a comment; its author is told why."""
    policy.require_team(row.on.standing)
    if row.comment.deleted_at is not None or not _hide(Comment, row.comment.id):
        return
    _tell_and_note(actor, row.on, row.comment, reason)
    ranking.count_comments(row.on.idea.id)


def restore_comment(actor: User, row: CommentRow) -> None:
    policy.require_team(row.on.standing)
    if not _show(Comment, row.comment.id):
        return
    _restored(actor, row.on, row.comment)
    ranking.count_comments(row.on.idea.id)


def _hide(model: type[Idea | Comment], row_id: int) -> bool:
    """True if it was shown until now: of two moderators at once one hides it, and its author is told once."""
    return _set(model, row_id, model.hidden_at.is_(None), utcnow())


def _show(model: type[Idea | Comment], row_id: int) -> bool:
    return _set(model, row_id, model.hidden_at.is_not(None), None)


def _set(model: type[Idea | Comment], row_id: int, as_yet: sa.ColumnElement[bool], hidden_at: datetime | None) -> bool:
    statement = sa.update(model).where(model.id == row_id, as_yet).values(hidden_at=hidden_at).returning(model.id)
    changed = db.session.scalar(statement.execution_options(synchronize_session=False)) is not None
    db.session.expire_all()  # what was read of the row before is old now
    return changed


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
