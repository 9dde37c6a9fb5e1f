"""When a single mail has to wait: until it is no longer quiet, or for a digest because too many came already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import rhythms
from ideas.db import db
from ideas.ledger.models import Channel, Delivery, Gathered, State

WEEK = timedelta(days=7)


class Later(NamedTuple):
    """Until when a mail waits, and for which digest, if that is what it waits for."""

    due_at: datetime
    digest: Gathered | None = None


def closure() -> frozenset[str]:
    """The kinds of news by which a loop is closed: they come by themselves however many came before."""
    return frozenset(kind.name for kind in settings.rooms().news if kind.is_closure)


def later(rows: Sequence[Any], now: datetime) -> dict[int, Later]:
    """Which of the claimed rows wait, and until when. rows: as `sending.ask_again` gives them."""
    found = {row.id: Later(row.quiet_until) for row in rows if row.quiet_until is not None and row.quiet_until > now}
    # what was tried before may have arrived: as a part of a digest it would come a second time
    fresh = [row for row in rows if row.id not in found and row.attempts == 1]
    return found | _too_many([row for row in fresh if not row.never_gathered], now)


def _too_many(rows: Sequence[Any], now: datetime) -> dict[int, Later]:
    exempt = closure()
    counted = [row for row in rows if row.news not in exempt]
    if not counted:
        return {}
    most = settings.current().single_mails_a_week
    so_far = _lately({row.user_id for row in counted}, exempt, now)
    site = rhythms.site_moments(now)
    found = {}
    for row in counted:
        so_far[row.user_id] += 1
        if so_far[row.user_id] > most:
            found[row.id] = Later(row.daily_at or site.daily_at, Gathered.MANY)
    return found


def _lately(people: Iterable[int], exempt: frozenset[str], now: datetime) -> Counter[int]:
    """How many single mails each of `people` got in the last seven days, without those of exempt kinds.

    Two workers with mail for the same person in hand at once do not see each other's; then one or two more may come.
    """
    # as the index says it
    single = sa.text("delivery.state = 'sent' AND delivery.channel = 'email' AND delivery.digest IS NULL")
    statement = (
        sa.select(Delivery.user_id, sa.func.count().label("mails"))
        .where(single, Delivery.user_id.in_(people), Delivery.done_at > now - WEEK, Delivery.news.not_in(exempt))
        .group_by(Delivery.user_id)
    )
    return Counter({row.user_id: row.mails for row in db.session.execute(statement)})


def put_off(waits: Mapping[int, Later]) -> None:
    """Give back what has to wait; no attempt was spent on it."""
    by_wait: dict[Later, list[int]] = defaultdict(list)
    for delivery_id, wait in waits.items():
        by_wait[wait].append(delivery_id)
    for wait, ids in by_wait.items():
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.state == State.PENDING.value)
            .values(
                lease=None,
                due_at=wait.due_at,
                digest=wait.digest,
                attempts=Delivery.attempts - 1,
                first_tried_at=sa.case((Delivery.attempts > 1, Delivery.first_tried_at), else_=None),
                unheard_of=0,
            )
            .execution_options(synchronize_session=False)
        )


# --- What waits moves when somebody chooses anew ---


def rearrange(user_id: int, now: datetime, *, only: sa.ColumnElement[bool] | None = None) -> None:
    """Let what waits for that person wait until the hours that hold for them now. What was begun stays as it is.

    only: a condition on the deliveries that move.
    """
    hours = rhythms.moments_of(user_id, now)
    waiting = waits_for(user_id)
    if only is not None:
        waiting = sa.and_(waiting, only)
    at = Delivery.due_at.type
    moved = sa.case(
        (Delivery.digest == Gathered.WEEKLY.value, sa.literal(hours.weekly_at, at)),
        (Delivery.digest.is_not(None), sa.literal(hours.daily_at, at)),
        else_=sa.literal(hours.quiet_until or now, at),
    )
    db.session.execute(
        sa.update(Delivery).where(waiting).values(due_at=moved).execution_options(synchronize_session=False)
    )


def waits_for(user_id: int) -> sa.ColumnElement[bool]:
    """Mail to that person that nobody has begun to send."""
    return sa.and_(
        Delivery.user_id == user_id,
        Delivery.channel == Channel.EMAIL.value,
        Delivery.state == State.PENDING.value,
        Delivery.lease.is_(None),
        Delivery.digest_id.is_(None),
        Delivery.attempts == 0,
    )
