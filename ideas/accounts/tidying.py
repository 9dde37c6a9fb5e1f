"""What this room keeps no longer than it must."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ideas.accounts import limits
from ideas.accounts.models import Attempt, Letter, Ticket, UnfinishedAct, UserSession
from ideas.accounts.models_factors import HalfSignIn, PasskeyChallenge
from ideas.accounts.models_invitations import RoleInvitation
from ideas.accounts.sessions import IDLE
from ideas.db import db, utcnow

UNFINISHED = timedelta(days=7)
TICKETS = timedelta(days=1)  # after they end
LETTERS = timedelta(days=30)  # to see whether one was sent; its words are gone before
INVITATIONS = timedelta(days=30)  # after they end; the audit log keeps that they were sent


def after_restore() -> int:
    """A backup was restored: sign-ins and links of that day are worth nothing any more; how many there were.

    Letters that waited are not sent: what they link to is over, and they may have been sent since. In a unit of work.
    """
    ended = [db.session.execute(sa.delete(each).returning(each.id)).all() for each in (UserSession, Ticket)]
    for each in (HalfSignIn, PasskeyChallenge):
        db.session.execute(sa.delete(each))
    waiting = sa.update(Letter).where(Letter.sent_at.is_(None), Letter.failed_at.is_(None))
    over = {"failed_at": utcnow(), "error": "A backup was restored.", "text": "", "html": "", "lease": None}
    db.session.execute(waiting.values(**over).execution_options(synchronize_session=False))
    # they may have been withdrawn since
    open_then = sa.update(RoleInvitation).where(
        RoleInvitation.accepted_at.is_(None), RoleInvitation.withdrawn_at.is_(None)
    )
    db.session.execute(open_then.values(withdrawn_at=utcnow()).execution_options(synchronize_session=False))
    return sum(map(len, ended))


def sweep() -> None:
    """Delete what is over: sign-ins, links, counted tries, acts nobody finished, old mail. In a unit of work."""
    now = utcnow()
    ended_session = sa.or_(UserSession.expires_at < now, UserSession.last_seen_at < now - IDLE)
    for statement in (
        sa.delete(UserSession).where(ended_session),
        sa.delete(HalfSignIn).where(HalfSignIn.expires_at < now),
        sa.delete(PasskeyChallenge).where(PasskeyChallenge.expires_at < now),
        sa.delete(Ticket).where(Ticket.expires_at < now - TICKETS),
        sa.delete(Attempt).where(Attempt.at < now - limits.LONGEST),
        sa.delete(UnfinishedAct).where(UnfinishedAct.created_at < now - UNFINISHED),
        sa.delete(Letter).where(Letter.created_at < now - LETTERS),
        sa.delete(RoleInvitation).where(RoleInvitation.expires_at < now - INVITATIONS),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
