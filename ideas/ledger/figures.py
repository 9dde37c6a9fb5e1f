"""What a monitor watches of the ledger: how much waits, and for how long. Cheap, however much was ever sent."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from ideas.checking import Figure
from ideas.db import db, utcnow
from ideas.ledger.models import Delivery, Failed
from ideas.outbox import OutboxEntry

# as the partial indexes say it
_waiting = sa.and_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None))
_pending = Delivery.state == sa.literal_column("'pending'", sa.String)
_now = sa.bindparam("now", type_=Delivery.due_at.type)

_ENTRIES = sa.select(sa.func.count(), sa.func.min(OutboxEntry.due_at)).where(_waiting, OutboxEntry.due_at <= _now)
_UNDER_WAY = sa.select(sa.func.count(), sa.func.min(OutboxEntry.fanned_out_at)).where(
    OutboxEntry.under_way.is_not(None)
)
_DELIVERIES = sa.select(
    sa.func.count().filter(Delivery.lease.is_not(None)).label("held"),
    sa.func.count().filter(Delivery.lease.is_(None), Delivery.due_at <= _now).label("due"),
    sa.func.count().filter(Delivery.lease.is_(None), Delivery.due_at > _now).label("later"),
    sa.func.min(Delivery.due_at).label("oldest"),
).where(_pending)


_FAILED = (
    sa.select(Delivery.reason, sa.func.count().label("lines"))
    .where(Delivery.state == sa.literal_column("'failed'", sa.String))
    .group_by(Delivery.reason)
)


def figures() -> list[Figure]:
    now = utcnow()
    entries, oldest_entry = db.session.execute(_ENTRIES, {"now": now}).one()
    begun, oldest_begun = db.session.execute(_UNDER_WAY).one()
    deliveries = db.session.execute(_DELIVERIES, {"now": now}).one()
    failed = {row.reason: row.lines for row in db.session.execute(_FAILED)}
    states = "Messages that wait: due now, to be tried later, or in the hands of a worker."
    return [
        Figure("outbox_due", "Announcements that are due and not made yet.", entries),
        Figure("outbox_oldest_seconds", "How long the oldest of them has waited.", _age(oldest_entry, now)),
        Figure("announcements_under_way", "Announcements to so many that they are made in pieces.", begun),
        Figure("announcements_oldest_seconds", "How long the oldest of those has been made.", _age(oldest_begun, now)),
        *(
            Figure("deliveries_waiting", states, getattr(deliveries, state), (("state", state),))
            for state in ("due", "later", "held")
        ),
        Figure(
            "deliveries_oldest_seconds", "How long the oldest due message has waited.", _age(deliveries.oldest, now)
        ),
        *(
            Figure(
                "deliveries_failed",
                "Messages that could not be sent, by why.",
                failed.get(why, 0),
                (("reason", why.value),),
            )
            for why in Failed
        ),
    ]


def _age(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else max(0.0, (now - since).total_seconds())
