"""What is due is claimed, asked about once more, and what came of it written down. One transaction each, the caller's.

A claim is a lease: whoever holds it alone may send, and writes down nothing once somebody else has it. A row whose
lease was never given back was in the hands of a process that died; it is claimed by itself, so that a message that
kills whoever sends it takes no others with it.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from ideas import settings
from ideas.accounts import rhythms
from ideas.accounts.models import Rhythm, User
from ideas.crashpoints import crashpoint
from ideas.db import db, utcnow
from ideas.ledger import judging, pacing, turns
from ideas.ledger.models import Delivery, Failed, Mode, Mute, State, Suppressed
from ideas.outbox import DueDelivery, OutboxEntry

log = structlog.get_logger()

BATCH = 50
PAUSES = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 15, 30, 60))
GIVE_UP_AFTER = timedelta(hours=72)
DEATHS = 10  # so many workers may die of one message
ERROR_LONGEST = 300


class Addressee(NamedTuple):
    """Whom a message is for, and in which language and zone it speaks."""

    id: int
    name: str
    email: str
    locale: str | None
    timezone: str | None


@dataclass(frozen=True)
class Claimed:
    """A delivery that this process alone may make until its lease runs out."""

    delivery: DueDelivery
    to: Addressee
    attempts: int  # with this one
    first_tried_at: datetime
    entry_id: int
    request_id: str | None  # the request in which it happened
    gathered_until: datetime | None = (
        None  # when it would come with others, if there are too many; None: it never would
    )


@dataclass(frozen=True)
class Claim:
    """Some deliveries under one lease, which ends at `until`. taken: how many, with those that were struck out."""

    lease: str
    until: datetime
    rows: Sequence[Claimed]
    taken: int = 0


@dataclass(frozen=True)
class Outcome:
    """What became of one attempt. `due_at` is when to try again, for what stays pending."""

    state: State
    reason: str | None = None
    error: str | None = None
    due_at: datetime | None = None


class CannotAsk(Exception):
    """Nothing could be found out about these deliveries; one of them is broken, and must not hold up the others."""

    def __init__(self, ids: Sequence[int]) -> None:
        super().__init__(f"{len(ids)} deliveries cannot be asked about, such as {ids[0]}.")
        self.ids = ids


SENT = Outcome(State.SENT)


def refused(error: str) -> Outcome:
    """The other side will never take it."""
    return Outcome(State.FAILED, Failed.BOUNCED, error)


def unrenderable(error: str) -> Outcome:
    return Outcome(State.FAILED, Failed.UNRENDERABLE, error)


def gone() -> Outcome:
    """What it would tell of is no longer there."""
    return Outcome(State.SUPPRESSED, Suppressed.NOT_VISIBLE)


def try_again(attempts: int, first_tried_at: datetime, now: datetime, error: str) -> Outcome:
    """After 1, 5, 15, 30, 60 minutes, then every hour; when it has been tried for 72 hours, never."""
    if now - first_tried_at >= GIVE_UP_AFTER:
        return Outcome(State.FAILED, Failed.GAVE_UP, error)
    return Outcome(State.PENDING, error=error, due_at=now + PAUSES[min(attempts, len(PAUSES)) - 1])


# --- Claim ---

_pending, _single = turns.pending, turns.single


def claim(*, leftover: bool = False, most: int = BATCH, only: Sequence[int] | None = None) -> Claim:
    """Take what is due, in turn (see turns.py); with `leftover`, one whose last holder was never heard of again.

    only: of these deliveries alone, as far as they are still due and in nobody's hands.

    In the same transaction everything is asked once more that may have changed since the news was announced: whoever
    may not or would not hear any more is struck out, with the reason, and what may not come while it is quiet is put
    off (see pacing.py). Raises CannotAsk when one of them is so broken that this fails; the caller rolls back, takes
    one at a time, and calls `give_up` for the one.
    """
    crashpoint("claim.before")
    now = utcnow()
    rhythms.refresh(now)
    lease = secrets.token_hex(16)
    until = now + timedelta(seconds=settings.current().lease_seconds)
    values = {"now": now, "lease": lease, "until": until, "most": 1 if leftover else most}
    taken = db.session.execute(
        _take(leftover, only is not None), values | ({"only": only} if only is not None else {})
    ).all()
    crashpoint("claim.after_update")
    if not taken:
        return Claim(lease, until, [])
    wanted = ask_again(taken)
    later = pacing.until_quiet_ends(wanted, now)
    pacing.put_off(later, lease)
    wanted = sorted((row for row in wanted if row.id not in later), key=lambda row: (row.lane, row.id))
    site = rhythms.site_moments(now)
    return Claim(lease, until, [_claimed(row, site.daily_at) for row in wanted], len(taken))


def without(claim: Claim, waits: Mapping[int, pacing.Later]) -> Claim:
    """The claim without what has to wait, which is given back until then."""
    pacing.put_off(waits, claim.lease)
    return replace(claim, rows=[row for row in claim.rows if row.delivery.id not in waits])


def ask_again(taken: Sequence[Any]) -> list[Any]:
    """Those of the claimed rows (id, entry_id) that are still wanted, with all that their messages need.

    The others are struck out, with the reason why they are not sent after all. Raises CannotAsk.
    """
    ids = sorted(row.id for row in taken)
    try:
        rows = db.session.execute(_asked_again(ids, {row.entry_id for row in taken})).all()
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise  # the database, not the deliveries
    except Exception as error:
        raise CannotAsk(ids) from error
    _strike_out([(row.id, row.reason) for row in rows if row.reason is not None])
    return [row for row in rows if row.reason is None]


@cache
def _take(leftover: bool, by_id: bool = False) -> sa.UpdateBase:
    due = _taken_one_by_one(leftover, by_id) if leftover or by_id else turns.due()
    # a plain subquery PostgreSQL may run more than once, and then it takes more than it should
    once = due.cte("due").prefix_with("MATERIALIZED", dialect="postgresql")
    return (
        sa.update(Delivery)
        .where(Delivery.id.in_(sa.select(once.c.id)))
        .values(
            lease=sa.bindparam("lease"),
            due_at=sa.bindparam("until"),
            attempts=Delivery.attempts + 1,
            first_tried_at=sa.func.coalesce(Delivery.first_tried_at, sa.bindparam("now", type_=Delivery.due_at.type)),
            unheard_of=Delivery.unheard_of + 1 if leftover else 0,
        )
        .returning(Delivery.id, Delivery.entry_id)
        .execution_options(synchronize_session=False)
    )


def left_over() -> sa.ColumnElement[bool]:
    """Whoever had it in hand was never heard of again, and not so often that it is given up."""
    return sa.and_(Delivery.lease.is_not(None), Delivery.unheard_of < DEATHS - 1)


def _taken_one_by_one(leftover: bool, by_id: bool) -> sa.Select[int]:
    due = sa.select(Delivery.id).where(_pending, _single, Delivery.due_at <= sa.bindparam("now"))
    due = due.where(left_over() if leftover else Delivery.lease.is_(None))
    if by_id:
        due = due.where(Delivery.id.in_(sa.bindparam("only", expanding=True)))
    return due.order_by(Delivery.due_at, Delivery.id).limit(sa.bindparam("most")).with_for_update(skip_locked=True)


def _asked_again(ids: Sequence[int], entry_ids: set[int]) -> sa.Select[*tuple[Any, ...]]:
    people = sa.join(Delivery, OutboxEntry, OutboxEntry.id == Delivery.entry_id)
    judgement = judging.judge(
        people,
        user_id=Delivery.user_id,
        news=Delivery.news,
        # it would not be waiting if the default had been another
        by_default=sa.literal(Mode.INSTANT.value),
        muting=_muting(entry_ids),
        visible=_visible(entry_ids),
    )
    return (
        sa.select(
            *(Delivery.id, OutboxEntry.kind, OutboxEntry.subject, OutboxEntry.about_id, OutboxEntry.recorded_at),
            *(Delivery.user_id, Delivery.path, Delivery.news, Delivery.contribution_kind, Delivery.contribution_id),
            *(Delivery.attempts, Delivery.first_tried_at, Delivery.digest, Delivery.digest_id, Delivery.lane),
            *(Delivery.entry_id, OutboxEntry.request_id),
            *(User.name, User.email, User.locale, User.timezone, User.never_gathered),
            *(Rhythm.daily_at, Rhythm.quiet_until),
            judgement.by_email.label("reason"),
        )
        .select_from(judgement.tables)
        .where(Delivery.id.in_(ids))
        .order_by(Delivery.id)
    )


def _visible(entry_ids: set[int]) -> sa.ColumnElement[bool]:
    """May the person of this row still see what it is about."""
    notices = settings.rooms().notices
    entries: dict[tuple[str, str], list[int]] = defaultdict(list)
    statement = sa.select(OutboxEntry.id, OutboxEntry.kind, OutboxEntry.subject).where(OutboxEntry.id.in_(entry_ids))
    for row in db.session.execute(statement):
        entries[row.kind, row.subject].append(row.id)
    cases = [
        (Delivery.entry_id.in_(ids), notices[kind].visible(subject, Delivery.__table__.c.user_id))
        for (kind, subject), ids in entries.items()
        if kind in notices
    ]
    return sa.case(*cases, else_=sa.false()) if cases else sa.false()


def _muting(entry_ids: set[int]) -> sa.ColumnElement[bool]:
    """Which mutes silence what this row tells: of its subject, and of all that its room says is the same."""
    notices = settings.rooms().notices
    statement = sa.select(OutboxEntry.id, OutboxEntry.kind, OutboxEntry.subject, OutboxEntry.about_id)
    more = []
    for row in db.session.execute(statement.where(OutboxEntry.id.in_(entry_ids))):
        subjects = notices[row.kind].subjects(row.subject, row.about_id) if row.kind in notices else ()
        if others := set(subjects) - {row.subject}:
            more.append(sa.and_(Delivery.entry_id == row.id, Mute.subject.in_(others)))
    return sa.or_(Mute.subject == OutboxEntry.subject, *more)


def _claimed(row: Any, daily_at: datetime) -> Claimed:
    return Claimed(
        delivery_of(row),
        addressee_of(row),
        row.attempts,
        row.first_tried_at,
        row.entry_id,
        row.request_id,
        None if row.never_gathered else row.daily_at or daily_at,
    )


def delivery_of(row: Any) -> DueDelivery:
    return DueDelivery(**{name: getattr(row, name) for name in DueDelivery._fields})


def addressee_of(row: Any) -> Addressee:
    return Addressee(row.user_id, row.name, row.email, row.locale, row.timezone)


def _strike_out(rows: Sequence[tuple[int, str]]) -> None:
    by_reason: dict[str, list[int]] = defaultdict(list)
    for delivery_id, reason in rows:
        by_reason[reason].append(delivery_id)
    for reason, ids in by_reason.items():
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.id.in_(ids))
            .values(
                state=State.SUPPRESSED.value,
                reason=reason,
                lease=None,
                done_at=utcnow(),
                attempts=Delivery.attempts - 1,  # nothing was tried
            )
            .execution_options(synchronize_session=False)
        )


# --- Just before sending ---

# Once for each mail: of tables, not of models, because the session would spend longer on those than the database needs.
_line, _person = Delivery.__table__.c, User.__table__.c
_line_pending = _line.state == sa.literal_column("'pending'", sa.String)

_STILL_MINE = sa.select(sa.literal(1)).where(
    _line.id == sa.bindparam("this"),
    _line.lease == sa.bindparam("lease"),
    _line_pending,
    _person.id == _line.user_id,
    _person.suspended_at.is_(None),
)


def is_still_mine(claim: Claim, row: Claimed) -> bool:
    """False when somebody else has the delivery by now, or the person unsubscribed or was suspended since the claim."""
    if utcnow() >= claim.until:
        return False
    connection = db.session.connection()
    return connection.scalar(_STILL_MINE, {"this": row.delivery.id, "lease": claim.lease}) is not None


# --- Write down ---

_ledger: Any = Delivery.__table__
# written out: in what its UPDATE returns, a column of SQLite's does not say by itself of which table it is
_NEXT_STILL_MINE = sa.exists(
    sa.select(sa.literal_column("1"))
    .select_from(
        sa.join(_ledger.alias("next_line"), User.__table__.alias("reader"), sa.text("reader.id = next_line.user_id"))
    )
    .where(
        sa.text(
            "next_line.id = :following AND next_line.lease = :held AND next_line.state = 'pending'"
            " AND reader.suspended_at IS NULL"
        )
    )
)
_WRITE_DOWN = (
    sa.update(_ledger)
    .where(
        _line.id == sa.bindparam("this"),
        # the fence: a process that slept through its lease changes nothing
        _line.lease == sa.bindparam("held"),
        # one who unsubscribed while their mail was under way got it all the same, and the ledger says so
        sa.or_(_line_pending, sa.bindparam("new_state", type_=sa.String) == State.SENT.value),
    )
    .values(
        state=sa.bindparam("new_state", type_=sa.String),
        reason=sa.bindparam("why", type_=sa.String),
        error=sa.bindparam("said", type_=sa.String),
        due_at=sa.bindparam("again_at", type_=Delivery.due_at.type),
        done_at=sa.bindparam("over_at", type_=Delivery.due_at.type),
        lease=None,
        unheard_of=0,
    )
    # asked in the same breath about the next one, because each statement costs half as much as sending
    .returning(_NEXT_STILL_MINE.label("goes_on"))
)


class Written(NamedTuple):
    """is_mine: whether the lease was still held; if not, nothing was changed. goes_on: so is that of the next one."""

    is_mine: bool
    goes_on: bool = False


def write_down(claim: Claim, row: Claimed, outcome: Outcome, following: Claimed | None = None) -> Written:
    """Record what became of `row`, in one statement, and say whether `following`, of the same claim, is still mine."""
    now = utcnow()
    values = {
        "this": row.delivery.id,
        "held": claim.lease,
        "new_state": outcome.state.value,
        "why": outcome.reason,
        "said": outcome.error[:ERROR_LONGEST] if outcome.error else None,
        "again_at": outcome.due_at or now,  # in place of the end of the lease
        "over_at": None if outcome.state is State.PENDING else now,
        "following": following.delivery.id if following else None,
    }
    goes_on = db.session.connection().scalar(_WRITE_DOWN, values)
    return Written(goes_on is not None, bool(goes_on) and now < claim.until)


def release(claim: Claim, rows: Sequence[Claimed]) -> None:
    """Give back what was not tried: it is due at once, and no attempt was spent."""
    give_back(sa.and_(Delivery.id.in_([row.delivery.id for row in rows]), Delivery.lease == claim.lease))


def give_back(theirs: sa.ColumnElement[bool]) -> None:
    """Make these deliveries due at once, as if nobody had had them in hand."""
    db.session.execute(
        sa.update(Delivery)
        .where(theirs, _pending)
        .values(
            lease=None,
            due_at=utcnow(),
            attempts=Delivery.attempts - 1,
            # the three days begin with the first real attempt
            first_tried_at=sa.case((Delivery.attempts > 1, Delivery.first_tried_at), else_=None),
            unheard_of=0,
        )
        .execution_options(synchronize_session=False)
    )


def find_broken(ids: Sequence[int]) -> list[int]:
    """Those about which nothing can be found out; each is asked about by itself. In no transaction."""
    broken = []
    for delivery_id in ids:
        try:
            entries = db.session.scalars(sa.select(Delivery.entry_id).where(Delivery.id == delivery_id)).all()
            db.session.execute(_asked_again([delivery_id], set(entries))).all()
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            raise
        except Exception:
            log.exception("delivery_is_broken", delivery=delivery_id)
            broken.append(delivery_id)
        finally:
            db.session.rollback()
    return broken


def give_up(delivery_id: int) -> None:
    """No message can be made of it."""
    db.session.execute(
        sa.update(Delivery)
        .where(Delivery.id == delivery_id, _pending)
        .values(state=State.FAILED.value, reason=Failed.UNRENDERABLE.value, lease=None, done_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def sweep() -> int:
    """Give up what killed whoever tried to send it, again and again; how many."""
    now = utcnow()
    given_up = db.session.execute(
        sa.update(Delivery)
        .where(_pending, Delivery.due_at <= now, Delivery.lease.is_not(None), Delivery.unheard_of >= DEATHS - 1)
        .values(state=State.FAILED.value, reason=Failed.KILLS_WORKER.value, lease=None, done_at=now)
        .returning(Delivery.id)
        .execution_options(synchronize_session=False)
    ).all()
    crashpoint("sweep.before_commit")
    return len(given_up)


# a question for each lane, and one for what is gathered, because so each is answered at the head of an index
_FIRSTS = sa.union_all(
    *turns.firsts(),
    sa.select(sa.func.min(Delivery.due_at)).where(_pending, Delivery.digest.is_not(None)),
).subquery("firsts")
_NEXT_DUE = sa.select(sa.func.min(_FIRSTS.c.due_at))


def next_due() -> datetime | None:
    """When the next delivery wants to be made; None when none waits."""
    found: datetime | None = db.session.scalar(_NEXT_DUE)
    return found
