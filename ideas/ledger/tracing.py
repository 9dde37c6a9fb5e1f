"""What became of an event, of a person's mail, of one message: line by line, for whoever runs the site."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from ideas.db import db
from ideas.ledger.intervening import Target
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry

_COUNTS = (
    sa.select(Delivery.channel, Delivery.state, Delivery.reason, sa.func.count().label("lines"))
    .where(Delivery.entry_id == sa.bindparam("entry"))
    .group_by(Delivery.channel, Delivery.state, Delivery.reason)
    .order_by(Delivery.channel, Delivery.state, Delivery.reason)
)


def lines_about(target: Target, *, most: int) -> Iterator[str]:
    """What the ledger says of `target`: of an event first what it is and its sums, then the newest lines."""
    if target.entry_id is not None:
        yield from _event(db.session.get_one(OutboxEntry, target.entry_id))
    for row in _deliveries(target, most):
        yield _delivery(row)


def _event(entry: OutboxEntry) -> Iterator[str]:
    facts = {
        "about": entry.about_id,
        "by": f"user:{entry.actor_id}" if entry.actor_id else None,
        "recorded_at": entry.recorded_at,
        "due_at": entry.due_at if entry.fanned_out_at is None else None,
        "told_since": entry.fanned_out_at,
        "pieces_left": len(entry.under_way["starts"]) + 1 if entry.under_way else None,
        "owed": entry.owed,
        "called_off_at": entry.cancelled_at,
        "put_off_since": entry.put_off_at,
        "mail_cancelled": entry.mail_cancelled or None,
        "mail_held_back": entry.held_back or None,
        "request_id": entry.request_id,
    }
    yield _line(f"entry:{entry.id}", entry.kind, entry.subject, **facts)
    for row in db.session.execute(_COUNTS, {"entry": entry.id}):
        yield "  " + _line(str(row.lines), row.channel, row.state, row.reason)


def _deliveries(target: Target, most: int) -> Sequence[Any]:
    statement = (
        sa.select(Delivery, OutboxEntry.kind, OutboxEntry.subject)
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .where(target.lines)
        .order_by(Delivery.id.desc())
        .limit(most)
    )
    return db.session.execute(statement).all()


def _delivery(row: Any) -> str:
    line: Delivery = row.Delivery
    facts = {
        "to": f"user:{line.user_id}",
        "of": f"entry:{line.entry_id}",
        "what": row.kind,
        "about": row.subject,
        "path": line.path,
        "digest": f"digest:{line.digest_id}" if line.digest_id else line.digest,
        "attempts": line.attempts or None,
        "due_at": line.due_at if line.done_at is None else None,
        "done_at": line.done_at,
        "in_hand": "yes" if line.lease else None,
        "said": line.error,
    }
    return _line(f"delivery:{line.id}", line.channel, line.state, line.reason, **facts)


def _line(*words: str | None, **facts: Any) -> str:
    said = [f"{name}={_short(value)}" for name, value in facts.items() if value is not None]
    return " ".join([*(word for word in words if word), *said])


def _short(value: Any) -> str:
    if hasattr(value, "isoformat"):
        return f"{value:%Y-%m-%dT%H:%M:%SZ}"
    return f"“{value}”" if isinstance(value, str) and " " in value else str(value)
