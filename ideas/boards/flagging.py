"""People point the team to what should not stand there. The only code that writes `flag`. Nothing hides by itself."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ideas.accounts import audit, locks
from ideas.accounts.models import User
from ideas.boards import policy
from ideas.boards.models import Comment
from ideas.boards.models_moderating import Flag, FlagReason, Outcome
from ideas.boards.queries import IdeaRow
from ideas.db import db, insert_once, utcnow
from ideas.errors import TooMany
from ideas.words import ngettext

MOST_A_DAY = 20
DAY = timedelta(days=1)


def subject_of(on: IdeaRow, comment: Comment | None) -> str:
    return f"comment:{comment.id}" if comment else on.idea.subject


def flag(person: User, on: IdeaRow, comment: Comment | None = None, *, reason: FlagReason, words: str = "") -> bool:
    """Ask the team to look at an idea, or at a comment on it; False if this person did already.

    Raises NotAllowed for what is one's own and for somebody suspended, TooMany beyond MOST_A_DAY.
    """
    policy.require_flag(on.standing, comment or on.idea)
    locks.hold(f"flags:{person.id}")
    _require_few(person)
    return insert_once(
        Flag,
        subject=subject_of(on, comment),
        idea_id=on.idea.id,
        comment_id=comment.id if comment else None,
        by_id=person.id,
        reason=reason,
        words=words,
        created_at=utcnow(),
    )


def _require_few(person: User) -> None:
    lately = sa.select(sa.func.count()).where(Flag.by_id == person.id, Flag.created_at > utcnow() - DAY)
    if (db.session.scalar(lately) or 0) < MOST_A_DAY:
        return
    words = ngettext(
        "You can point out %(num)s thing a day. The team looks at those first.",
        "You can point out %(num)s things a day. The team looks at those first.",
        MOST_A_DAY,
    )
    raise TooMany(words, retry_after=int(DAY.total_seconds()))


def dismiss(actor: User, on: IdeaRow, comment: Comment | None = None) -> None:
    """It may stay: whoever pointed it out was heard. Raises NotAllowed for anybody but the team."""
    policy.require_team(on.standing)
    if settle(actor, subject_of(on, comment), Outcome.DISMISSED):
        audit.record(actor, "flags.dismissed", subject_of(on, comment))


def settle(actor: User, subject: str, outcome: Outcome) -> bool:
    """Close all open flags on something; False when there was none."""
    statement = (
        sa.update(Flag)
        .where(Flag.subject == subject, Flag.settled_at.is_(None))
        .values(settled_at=utcnow(), settled_by_id=actor.id, outcome=outcome)
        .returning(Flag.id)
        .execution_options(synchronize_session=False)
    )
    return bool(db.session.scalars(statement).all())
