"""Digests: what waits for one person's hour becomes one mail. Claimed, asked about, and written down as one.

As with single mails, a claim is a lease and a fence (see sending.py), and each step is one transaction of the caller's.
A delivery goes into one digest and stays in it: whoever repeats a mail whose sender died repeats that one, under its
name. For each person and moment there is one digest at most; what comes too late for it waits for the next.
The only code that writes `digest`.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import rhythms
from ideas.accounts.models import User
from ideas.crashpoints import crashpoint
from ideas.db import INSERTS, db, utcnow
from ideas.ledger import sending
from ideas.ledger.models import Delivery, Digest, Gathered, State
from ideas.ledger.sending import Addressee, Outcome
from ideas.outbox import DueDelivery

PEOPLE = 20  # whose digests are claimed at once
LOOKED_AT = 400  # due deliveries among which they are found
LINES_MOST = 200  # in one digest; what is beyond waits for the next


@dataclass
class Claimed:
    """A digest that this process alone may send until its lease runs out.

    is_many: some of it would have come by itself, if there had not been so much.
    lost: deliveries of which nothing can be said, and what becomes of them. included: those that the mail speaks of.
    """

    id: int
    moment: datetime
    to: Addressee
    deliveries: Sequence[DueDelivery]
    attempts: int
    first_tried_at: datetime
    is_many: bool
    lost: dict[int, Outcome] = field(default_factory=dict)
    included: Collection[int] = ()


@dataclass(frozen=True)
class Claim:
    """Some digests under one lease, which ends at `until`. taken: how many deliveries, with those struck out."""

    lease: str
    until: datetime
    rows: Sequence[Claimed]
    taken: int = 0


# --- Claim ---

# as the indexes say it
_pending = Delivery.state == sa.literal_column("'pending'", sa.String)
_gathered = Delivery.digest.is_not(None)


def claim(*, leftover: bool = False, most: int = PEOPLE, only: Sequence[int] | None = None) -> Claim:
    """Take the digests that are due; with `leftover`, one whose last holder was never heard of again.

    only: those of these people alone.

    Raises sending.CannotAsk when a delivery is so broken that nothing can be found out about it.
    """
    crashpoint("digest.before")
    now = utcnow()
    rhythms.refresh(now)
    lease = secrets.token_hex(16)
    until = now + timedelta(seconds=settings.current().lease_seconds)
    rows = _due(now, leftover=leftover, most=1 if leftover else most, only=only)
    new = {
        row.user_id: max(each.due_at for each in rows if each.user_id == row.user_id)
        for row in rows
        if not row.digest_id
    }
    ids = _make(new, now)
    late = [row for row in rows if not row.digest_id and row.user_id not in ids]
    if late:
        _wait_for_the_next(late, now)
    rows = [row for row in rows if row.digest_id or row.user_id in ids]
    if not rows:
        return Claim(lease, until, [], len(late))
    taken = _take([row.id for row in rows], ids, lease=lease, now=now, until=until, leftover=leftover)
    crashpoint("digest.after_update")
    wanted = sending.ask_again(taken) if taken else []
    return Claim(lease, until, _grouped(wanted), len(taken) + len(late))


def people_due(now: datetime, *, leftover: bool = False, only: Sequence[int] | None = None) -> sa.Select[int]:
    """Whose digests are due the longest; somebody may stand there several times."""
    due = _is_due(now, leftover)
    if only is not None:
        due = sa.and_(due, Delivery.user_id.in_(only))
    return sa.select(Delivery.user_id).where(due).order_by(Delivery.due_at, Delivery.id).limit(LOOKED_AT)


def _is_due(now: datetime, leftover: bool) -> sa.ColumnElement[bool]:
    condition = sending.left_over() if leftover else Delivery.lease.is_(None)
    return sa.and_(_pending, _gathered, Delivery.due_at <= now, condition)


def _due(now: datetime, *, leftover: bool, most: int, only: Sequence[int] | None) -> Sequence[Any]:
    """What is due for some people, whom nobody else serves until this transaction ends."""
    due = _is_due(now, leftover)
    oldest = people_due(now, leftover=leftover, only=only).cte("oldest")
    people = db.session.scalars(
        sa.select(User.id)
        .where(User.id.in_(sa.select(oldest.c.user_id)))
        .order_by(User.id)
        .limit(most)
        # not against those who only point to the person
        .with_for_update(skip_locked=True, key_share=True)
    ).all()
    if not people:
        return []
    place = sa.func.row_number().over(partition_by=Delivery.user_id, order_by=(Delivery.due_at, Delivery.id))
    columns = (Delivery.id, Delivery.user_id, Delivery.digest, Delivery.digest_id, Delivery.due_at)
    numbered = sa.select(*columns, place.label("place")).where(due, Delivery.user_id.in_(people)).subquery()
    return db.session.execute(sa.select(numbered).where(numbered.c.place <= LINES_MOST).order_by(numbered.c.id)).all()


def _make(moments: Mapping[int, datetime], now: datetime) -> dict[int, int]:
    """A new digest for each person and moment; person → its id. Who has one for that moment gets none."""
    if not moments:
        return {}
    insert = INSERTS[db.session.get_bind().dialect.name]
    rows = [{"user_id": user_id, "moment": moment, "made_at": now} for user_id, moment in sorted(moments.items())]
    made = db.session.execute(
        insert(Digest.__table__)
        .values(rows)
        .on_conflict_do_nothing()
        .returning(Digest.__table__.c.id, Digest.__table__.c.user_id)
    )
    return {row.user_id: row.id for row in made}


def _wait_for_the_next(late: Sequence[Any], now: datetime) -> None:
    """These missed the digest that they were for."""
    hours = {user_id: rhythms.moments_of(user_id, now) for user_id in {row.user_id for row in late}}
    by_moment: dict[datetime, list[int]] = defaultdict(list)
    for row in late:
        weekly = row.digest == Gathered.WEEKLY
        # after the one that was missed, also if the clock was put back since
        moment = hours[row.user_id].weekly_at if weekly else hours[row.user_id].daily_at
        if moment <= row.due_at:
            after = rhythms.moments_of(row.user_id, row.due_at)
            moment = after.weekly_at if weekly else after.daily_at
        by_moment[moment].append(row.id)
    for moment, ids in by_moment.items():
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids), _pending)
            .values(due_at=moment)
            .execution_options(synchronize_session=False)
        )


def _take(
    delivery_ids: Sequence[int],
    digests: Mapping[int, int],
    *,
    lease: str,
    now: datetime,
    until: datetime,
    leftover: bool,
) -> Sequence[Any]:
    digest_id: Any = Delivery.digest_id
    if digests:
        new = sa.case({key: sa.cast(value, sa.BigInteger) for key, value in digests.items()}, value=Delivery.user_id)
        digest_id = sa.func.coalesce(Delivery.digest_id, new)
    return db.session.execute(
        sa.update(Delivery)
        .where(Delivery.id.in_(delivery_ids), _pending)
        .values(
            lease=lease,
            digest_id=digest_id,
            due_at=until,
            attempts=Delivery.attempts + 1,
            first_tried_at=sa.func.coalesce(Delivery.first_tried_at, sa.literal(now, Delivery.due_at.type)),
            unheard_of=Delivery.unheard_of + 1 if leftover else 0,
        )
        .returning(Delivery.id, Delivery.entry_id)
        .execution_options(synchronize_session=False)
    ).all()


def _grouped(rows: Sequence[Any]) -> list[Claimed]:
    by_digest: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        by_digest[row.digest_id].append(row)
    rows_of = db.session.execute(sa.select(Digest.id, Digest.moment).where(Digest.id.in_(by_digest)))
    moments = {row.id: row.moment for row in rows_of}
    return [
        Claimed(
            digest_id,
            moments[digest_id],
            sending.addressee_of(group[0]),
            [sending.delivery_of(row) for row in group],
            max(row.attempts for row in group),
            min(row.first_tried_at for row in group),
            any(row.digest == Gathered.MANY for row in group),
        )
        for digest_id, group in sorted(by_digest.items())
    ]


# --- Just before sending ---


def still_mine(claim: Claim, digest: Claimed) -> set[int]:
    """Which of its deliveries may still be told by this process: nobody else has them, nobody stopped them since."""
    if utcnow() >= claim.until:
        return set()
    return set(
        db.session.scalars(
            sa.select(Delivery.id)
            .join(User, User.id == Delivery.user_id)
            .where(_holds(claim, digest), _pending, User.suspended_at.is_(None))
        )
    )


def _holds(claim: Claim, digest: Claimed) -> sa.ColumnElement[bool]:
    return sa.and_(
        Delivery.id.in_([delivery.id for delivery in digest.deliveries]),
        Delivery.lease == claim.lease,
    )


# --- Write down ---


def write_down(claim: Claim, digest: Claimed, outcome: Outcome | None) -> bool:
    """Record what became of a digest, all of it at once; False when its lease was lost, which changes nothing.

    outcome: of the mail; None if none was sent, because nothing was left to tell.
    """
    now = utcnow()
    outcomes: dict[Outcome, list[int]] = defaultdict(list)
    for delivery_id, lost in digest.lost.items():
        outcomes[lost].append(delivery_id)
    if outcome is not None:
        outcomes[outcome] += digest.included
    written = 0
    for each, ids in outcomes.items():
        # one who unsubscribed while their mail was under way got it all the same, and the ledger says so
        written += len(
            db.session.execute(
                sa.update(Delivery)
                .where(
                    Delivery.id.in_(ids),
                    Delivery.lease == claim.lease,  # the fence: a process that slept through it changes nothing
                    sa.true() if each.state is State.SENT else _pending,
                )
                .values(
                    state=each.state.value,
                    reason=each.reason,
                    error=each.error[: sending.ERROR_LONGEST] if each.error else None,
                    due_at=each.due_at or now,
                    done_at=None if each.state is State.PENDING else now,
                    lease=None,
                    unheard_of=0,
                )
                .returning(Delivery.id)
                .execution_options(synchronize_session=False)
            ).all()
        )
    return written > 0


def release(claim: Claim, digests: Sequence[Claimed]) -> None:
    """Give back what was not tried: it is due at once, and no attempt was spent."""
    for digest in digests:
        sending.give_back(_holds(claim, digest))
