"""An operator steps in: what failed is tried again, what waits is called off.

A piece at a time, each in a transaction of the caller's and in the audit log with it, so that a million lines hold up
nobody.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.ledger.models import Channel, Delivery, State, Suppressed
from ideas.outbox import OutboxEntry
from ideas.words import _

AT_ONCE = 5_000


class Target(NamedTuple):
    """Whose mail is meant: an event's, a person's, or one message. key: the column that tells its lines apart."""

    name: str
    lines: sa.ColumnElement[bool]
    key: Any
    entry_id: int | None = None


class Step(NamedTuple):
    """How many lines were changed, and the key of the last one that was looked at; None when that was all."""

    changed: int
    after: int | None


def event(entry_id: int) -> Target:
    """The mail of one event. Raises NotFound."""
    if db.session.get(OutboxEntry, entry_id) is None:
        raise NotFound(_("The ledger knows no such event."))
    return Target(f"entry:{entry_id}", Delivery.entry_id == entry_id, Delivery.user_id, entry_id)


def events_of(subject: str) -> list[Target]:
    """The mail of all events that happened to `subject` ("idea:7"). Raises NotFound."""
    ids = db.session.scalars(sa.select(OutboxEntry.id).where(OutboxEntry.subject == subject).order_by(OutboxEntry.id))
    found = [event(entry_id) for entry_id in ids]
    if not found:
        raise NotFound(_("The ledger knows no such event."))
    return found


def person(user: User) -> Target:
    """All mail to that person."""
    return Target(f"user:{user.id}", Delivery.user_id == user.id, Delivery.id)


def message(delivery_id: int) -> Target:
    """One message. Raises NotFound."""
    if db.session.get(Delivery, delivery_id) is None:
        raise NotFound(_("The ledger knows no such message."))
    return Target(f"delivery:{delivery_id}", Delivery.id == delivery_id, Delivery.id)


def cancel(actor: User | None, target: Target, *, because: str, after: int = 0) -> Step:
    """Send nothing more of what waits; a piece of it, from the key `after` on. In a unit of work.

    The inbox still has the news. Of an event that is not announced yet, or not to everybody, the rest gets no mail.
    A mail that is under way at this moment is written down as what becomes of it.
    """
    began = False
    if target.entry_id is not None and after == 0:
        began = _cancel_the_rest(target.entry_id)
    values = {"state": State.SUPPRESSED.value, "reason": Suppressed.CANCELLED.value, "done_at": utcnow()}
    step = _change(target, State.PENDING, values, after)
    if step.changed or began:
        audit.record(actor, "ledger.cancelled", target.name, because=because, messages=step.changed)
    return step


def retry(actor: User | None, target: Target, *, because: str, after: int = 0) -> Step:
    """Try once more what failed, by itself and at once; a piece of it, from the key `after` on. In a unit of work.

    Whoever would not hear of it any more is not sent it: that is asked when it is claimed. An event that could not be
    announced is announced now.
    """
    began = False
    if target.entry_id is not None and after == 0:
        began = _announce_now(target.entry_id)
    values = {
        "state": State.PENDING.value,
        "reason": None,
        "due_at": utcnow(),
        "done_at": None,
        "digest": None,
        "digest_id": None,
        "lease": None,
        "attempts": 0,
        "first_tried_at": None,
        "unheard_of": 0,
    }
    step = _change(target, State.FAILED, values, after)
    if step.changed or began:
        audit.record(actor, "ledger.retried", target.name, because=because, messages=step.changed)
    return step


def _change(target: Target, state: State, values: dict[str, Any], after: int) -> Step:
    looked_at = db.session.execute(
        sa.select(Delivery.id, target.key.label("key"))
        .where(target.lines, Delivery.channel == Channel.EMAIL.value, target.key > after)
        .order_by(target.key)
        .limit(AT_ONCE)
    ).all()
    changed = db.session.scalars(
        sa.update(Delivery)
        .where(Delivery.id.in_([row.id for row in looked_at]), Delivery.state == state.value)
        .values(**values)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    return Step(len(changed), looked_at[-1].key if len(looked_at) == AT_ONCE else None)


def _cancel_the_rest(entry_id: int) -> bool:
    waits = sa.or_(
        sa.and_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None)),
        OutboxEntry.under_way.is_not(None),
    )
    return _update(entry_id, waits, mail_cancelled=True)


def _announce_now(entry_id: int) -> bool:
    waits = sa.and_(
        OutboxEntry.put_off_at.is_not(None),
        OutboxEntry.cancelled_at.is_(None),
        sa.or_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.under_way.is_not(None)),
    )
    return _update(entry_id, waits, due_at=utcnow())


def _update(entry_id: int, condition: sa.ColumnElement[bool], **values: Any) -> bool:
    statement = sa.update(OutboxEntry).where(OutboxEntry.id == entry_id, condition).values(**values)
    return (
        db.session.scalar(statement.returning(OutboxEntry.id).execution_options(synchronize_session=False)) is not None
    )
