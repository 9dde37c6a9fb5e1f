"""When a single mail has to wait: until it is no longer quiet, or for a digest because too many came already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import rhythms
from ideas.db import db
from ideas.ledger.models import Channel, Delivery, Gathered, State

if TYPE_CHECKING:
    from ideas.ledger.sending import Claimed

WEEK = timedelta(days=7)


class Later(NamedTuple):
    """Until when a mail waits, and for which digest, if that is what it waits for."""

    due_at: datetime
    digest: Gathered | None = None


def closure() -> frozenset[str]:
    """The kinds of news by which a loop is closed: they come by themselves however many came before."""
    return frozenset(kind.name for kind in settings.rooms().news if kind.is_closure)


def until_quiet_ends(rows: Sequence[Any], now: datetime) -> dict[int, Later]:
    """Which of the claimed rows wait because it is quiet, and until when. rows: as `sending.ask_again` gives them."""
    return {row.id: Later(row.quiet_until) for row in rows if row.quiet_until is not None and row.quiet_until > now}


def too_many(rows: Sequence[Claimed], lease: str, now: datetime) -> dict[int, Later]:
    """Which of the rows claimed under `lease` exceed so many single mails in a week, and until when they wait.

    Asked once the claim is committed: of two workers with mail for one person in hand, whoever asks last sees the
    other's. Then one or two more may wait than had to, and none comes too much.
    """
    exempt = closure()
    # what was tried before may have arrived: as a part of a digest it would come a second time
    counted = [
        row for row in rows if row.gathered_until is not None and row.attempts == 1 and row.delivery.news not in exempt
    ]
    if not counted:
        return {}
    most = settings.current().single_mails_a_week
    people = {row.to.id for row in counted}
    so_far = _lately(people, exempt, now) + _in_other_hands(people, exempt, lease)
    found = {}
    for row in counted:
        so_far[row.to.id] += 1
        if so_far[row.to.id] > most and row.gathered_until is not None:
            found[row.delivery.id] = Later(row.gathered_until, Gathered.MANY)
    return found


def _lately(people: Iterable[int], exempt: frozenset[str], now: datetime) -> Counter[int]:
    """How many single mails each of `people` got in the last seven days, without those of exempt kinds."""
    # as the index says it
    single = sa.text("delivery.state = 'sent' AND delivery.channel = 'email' AND delivery.digest IS NULL")
    return _counted(single, Delivery.user_id.in_(people), Delivery.done_at > now - WEEK, Delivery.news.not_in(exempt))


def _in_other_hands(people: Iterable[int], exempt: frozenset[str], lease: str) -> Counter[int]:
    """How many single mails to each of `people` somebody else is about to send."""
    held = sa.text("delivery.state = 'pending' AND delivery.lease IS NOT NULL")
    single = sa.and_(Delivery.channel == Channel.EMAIL.value, Delivery.digest.is_(None), Delivery.lease != lease)
    return _counted(held, single, Delivery.user_id.in_(people), Delivery.news.not_in(exempt))


def _counted(*conditions: Any) -> Counter[int]:
    statement = sa.select(Delivery.user_id, sa.func.count().label("mails")).where(*conditions)
    return Counter({row.user_id: row.mails for row in db.session.execute(statement.group_by(Delivery.user_id))})


def put_off(waits: Mapping[int, Later], lease: str) -> None:
    """Give back what has to wait of what is claimed under `lease`; no attempt was spent on it."""
    by_wait: dict[Later, list[int]] = defaultdict(list)
    for delivery_id, wait in waits.items():
        by_wait[wait].append(delivery_id)
    for wait, ids in by_wait.items():
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids), Delivery.lease == lease, Delivery.state == State.PENDING.value)
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
