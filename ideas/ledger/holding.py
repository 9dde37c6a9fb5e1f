"""After a backup was restored: what was waiting when it was made may have been sent since, so nobody is sent it again.

Announcements are still made, so that everybody finds the news in their inbox; their mail is held back with that reason
until the operator lets it go.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from ideas.db import db, utcnow
from ideas.ledger import beats
from ideas.ledger.models import Delivery, State, Suppressed
from ideas.outbox import OutboxEntry

_waiting = sa.or_(
    sa.and_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None)), OutboxEntry.under_way.is_not(None)
)


class Held(NamedTuple):
    """How many messages and announcements."""

    messages: int
    announcements: int


def hold_back() -> Held:
    """Send nothing of what waits. In a unit of work."""
    messages = db.session.execute(
        sa.update(Delivery)
        .where(Delivery.state == State.PENDING.value)
        .values(state=State.SUPPRESSED.value, reason=Suppressed.RESTORED.value, lease=None, done_at=utcnow())
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    announcements = db.session.execute(
        sa.update(OutboxEntry)
        .where(_waiting)
        .values(held_back=True)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    beats.forget_all()  # those who worked on the lost database do not work on this one
    return Held(len(messages), len(announcements))


def let_go() -> Held:
    """Send what was held back, to those who still want it and may see it. In a unit of work."""
    messages = db.session.execute(
        sa.update(Delivery)
        .where(Delivery.state == State.SUPPRESSED.value, Delivery.reason == Suppressed.RESTORED.value)
        .values(state=State.PENDING.value, reason=None, done_at=None, due_at=utcnow())
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    announcements = db.session.execute(
        sa.update(OutboxEntry)
        .where(_waiting, OutboxEntry.held_back)
        .values(held_back=False)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    return Held(len(messages), len(announcements))
