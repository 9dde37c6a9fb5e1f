"""The team hides ideas and comments with a reason and restores them; their author may appeal; what came with signals of
spam is held until the team has looked. The only code that writes `hiding`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from ideas import happenings, outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import changes, flagging, policy, ranking
from ideas.boards.errors import AppealClosed, ChangedMeanwhile
from ideas.boards.events import AppealAnswered, Appealed, Commented, Hidden, IdeaReceived
from ideas.boards.models import Comment, Idea
from ideas.boards.models_moderating import Hiding, Outcome
from ideas.boards.queries import CommentRow, HidingRow, IdeaRow
from ideas.boards.screening import Signal
from ideas.db import db, utcnow
from ideas.words import _, lazy

APPEAL_CLOSED = lazy("You have asked the team to look again before, or it is shown again already.")


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
    changes.note_ideas("idea.hidden", [on.idea.id])


def restore_idea(actor: User, on: IdeaRow) -> None:
    """Show a hidden idea again. Its author is told if they appealed; otherwise the page shows it.

    One that was held until now is new to everybody: those are told who hear of new ideas.
    """
    policy.require_team(on.standing)
    ranking.hold(on.idea.id)
    if not _show(Idea, on.idea.id):
        return
    is_news = _restored(actor, on, None)
    ranking.show_or_hide(on.idea)
    changes.note_ideas("idea.created" if is_news else "idea.restored", [on.idea.id])


def hide_comment(actor: User, row: CommentRow, *, reason: str) -> None:
    """Leave a tombstone in place of a comment; its author is told why."""
    policy.require_team(row.on.standing)
    if row.comment.deleted_at is not None or not _hide(Comment, row.comment.id):
        return
    _tell_and_note(actor, row.on, row.comment, reason)
    ranking.count_comments(row.on.idea.id)
    changes.note_comments("comment.updated", [row.comment.id])


def restore_comment(actor: User, row: CommentRow) -> None:
    policy.require_team(row.on.standing)
    if not _show(Comment, row.comment.id):
        return
    is_news = _restored(actor, row.on, row.comment)
    ranking.count_comments(row.on.idea.id)
    changes.note_comments("comment.created" if is_news else "comment.updated", [row.comment.id])


# --- Appeals ---


def appeal(author: User, row: HidingRow, *, words: str) -> None:
    """The author of what is hidden asks the team to look again, once.

    Raises NotAllowed for anybody else, AppealClosed when they did already or it is shown again.
    """
    policy.require_appeal(row.on.standing, row.thing)
    statement = (
        sa.update(Hiding)
        .where(
            Hiding.id == row.hiding.id,
            Hiding.by_id.is_not(None),
            Hiding.appealed_at.is_(None),
            Hiding.restored_at.is_(None),
        )
        .values(appeal=words, appealed_at=utcnow())
        .returning(Hiding.id)
    )
    if db.session.scalar(statement.execution_options(synchronize_session=False)) is None:
        raise AppealClosed(str(APPEAL_CLOSED))
    db.session.expire_all()
    outbox.record(Appealed(subject=row.on.idea.subject, about_id=row.hiding.id, actor_id=author.id))


def uphold(actor: User, row: HidingRow, *, reply: str) -> None:
    """It stays hidden, and the author is told why. Raises NotAllowed for others than the team, ChangedMeanwhile."""
    policy.require_team(row.on.standing)
    if not _settle(actor, row.hiding.id, reply):
        raise ChangedMeanwhile(_("Somebody has answered this appeal already."))
    audit.record(actor, "appeal.refused", f"hiding:{row.hiding.id}", reply=reply)


def grant(actor: User, row: HidingRow, *, reply: str = "") -> None:
    """It is shown again, and the author is told. Raises as `uphold` does."""
    policy.require_team(row.on.standing)
    if not _settle(actor, row.hiding.id, reply):
        raise ChangedMeanwhile(_("Somebody has answered this appeal already."))
    audit.record(actor, "appeal.granted", f"hiding:{row.hiding.id}")
    if row.comment:
        restore_comment(actor, CommentRow(row.comment, row.on))
    else:
        restore_idea(actor, row.on)


def _settle(actor: User, hiding_id: int, reply: str) -> bool:
    """Close an open appeal and let its author know; False when there is none."""
    statement = (
        sa.update(Hiding)
        .where(Hiding.id == hiding_id, Hiding.appealed_at.is_not(None), Hiding.appeal_settled_at.is_(None))
        .values(appeal_reply=reply, appeal_settled_at=utcnow(), appeal_settled_by_id=actor.id)
        .returning(Hiding.idea_id)
    )
    idea_id = db.session.scalar(statement.execution_options(synchronize_session=False))
    if idea_id is None:
        return False
    outbox.record(AppealAnswered(subject=f"idea:{idea_id}", about_id=hiding_id, actor_id=actor.id))
    return True


# --- What waits for a look ---


def hold(idea: Idea, comment: Comment | None, signals: Sequence[str]) -> None:
    """Let what was just written wait: its author and the team alone see it, and nobody is told of it yet."""
    thing = comment or idea
    thing.hidden_at = utcnow()
    if comment:
        comment.is_held = True
    db.session.add(
        Hiding(
            idea_id=idea.id,
            comment_id=comment.id if comment else None,
            reason="",
            signals=list(signals),
            hidden_at=thing.hidden_at,
        )
    )
    db.session.flush()  # ranking reads the row
    if comment:
        ranking.count_comments(idea.id)
    else:
        ranking.show_or_hide(idea)


def refuse(actor: User, row: HidingRow, *, reason: str) -> None:
    """What waited stays hidden, now by the team, and its author is told why.

    Raises NotAllowed for anybody but the team, ChangedMeanwhile when somebody has looked already.
    """
    policy.require_team(row.on.standing)
    statement = (
        sa.update(Hiding)
        .where(Hiding.id == row.hiding.id, Hiding.by_id.is_(None), Hiding.restored_at.is_(None))
        .values(by_id=actor.id, reason=reason, hidden_at=utcnow())
        .returning(Hiding.id)
    )
    if db.session.scalar(statement.execution_options(synchronize_session=False)) is None:
        raise ChangedMeanwhile(_("Somebody has looked at this already."))
    if row.comment:
        db.session.execute(sa.update(Comment).where(Comment.id == row.comment.id).values(is_held=False))
    db.session.expire_all()
    audit.record(
        actor,
        "comment.hidden" if row.comment else "idea.hidden",
        flagging.subject_of(row.on, row.comment),
        reason=reason,
    )
    outbox.record(Hidden(subject=row.on.idea.subject, about_id=row.hiding.id, actor_id=actor.id))


def let_through(actor: User, row: HidingRow) -> None:
    """What waited is shown, and those are told who would have been told at once. Twice is once."""
    if row.comment:
        restore_comment(actor, CommentRow(row.comment, row.on))
    else:
        restore_idea(actor, row.on)


def _tell_of_what_was_held(on: IdeaRow, comment: Comment | None, *, is_news: bool) -> None:
    """is_news: nobody has heard of it yet; otherwise its author changed it, and nobody is told again."""
    if comment:
        db.session.execute(sa.update(Comment).where(Comment.id == comment.id).values(is_held=False))
        happenings.tell("comment.created" if is_news else "comment.updated", on.idea.id, comment.id)
        said = Commented(subject=on.idea.subject, about_id=comment.id, actor_id=comment.author_id)
        if is_news:
            outbox.record(said)
    elif is_news:
        outbox.record(IdeaReceived(subject=on.idea.subject, about_id=on.idea.id, actor_id=None))
        happenings.tell("idea.created", on.idea.id)
    else:
        happenings.tell("idea.restored", on.idea.id)


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
    audit.record(actor, "comment.hidden" if comment else "idea.hidden", flagging.subject_of(on, comment), reason=reason)
    flagging.settle(actor, flagging.subject_of(on, comment), Outcome.HIDDEN)
    outbox.record(Hidden(subject=on.idea.subject, about_id=hiding.id, actor_id=actor.id))
    if comment:
        happenings.tell("comment.updated", on.idea.id, comment.id)
    else:
        happenings.tell("idea.hidden", on.idea.id)


def _restored(actor: User, on: IdeaRow, comment: Comment | None) -> bool:
    """True if nobody has seen it before."""
    restored = db.session.execute(
        sa.update(Hiding)
        .where(
            Hiding.idea_id == on.idea.id,
            Hiding.comment_id == comment.id if comment else Hiding.comment_id.is_(None),
            Hiding.restored_at.is_(None),
        )
        .values(restored_at=utcnow(), restored_by_id=actor.id)
        .returning(Hiding.id, Hiding.by_id, Hiding.signals)
        .execution_options(synchronize_session=False)
    ).all()
    was_news = False
    for hiding in restored:
        if hiding.by_id is None:
            was_news = Signal.CHANGED not in (hiding.signals or ())
            _tell_of_what_was_held(on, comment, is_news=was_news)
        else:
            _settle(actor, hiding.id, "")  # an appeal that nobody has answered yet is answered by this
            if comment:
                happenings.tell("comment.updated", on.idea.id, comment.id)
            else:
                happenings.tell("idea.restored", on.idea.id)
    audit.record(actor, "comment.restored" if comment else "idea.restored", flagging.subject_of(on, comment))
    db.session.flush()  # ranking reads the row
    return was_news
