"""From what happened to who is told: the only code that writes new rows of `delivery`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas.accounts import rhythms
from ideas.crashpoints import crashpoint
from ideas.db import INSERTS, db, utcnow
from ideas.ledger import judging
from ideas.ledger.models import Channel, Delivery, Mute, State, Suppressed
from ideas.outbox import Notice, Notices, OutboxEntry

TRY_AGAIN = timedelta(minutes=5)
STUCK_AFTER = timedelta(hours=24)

COLUMNS = (
    *("entry_id", "user_id", "channel", "path", "news", "contribution_kind", "contribution_id"),
    *("state", "reason", "digest", "due_at", "done_at", "attempts", "unheard_of"),
)


class CannotAnnounce(Exception):
    """Nobody could be found to tell of an entry; it must not hold up the others."""

    def __init__(self, entry_id: int, kind: str) -> None:
        super().__init__(f"The audience of entry {entry_id} ({kind}) cannot be read.")
        self.entry_id = entry_id


def fan_out_next(notices: Notices) -> bool:
    """Turn the oldest waiting outbox entry that is due into deliveries; False when none waits.

    The entry is marked and its deliveries written in the caller's one transaction, so a crash in between leaves it
    waiting, and a second worker takes the next one meanwhile. One INSERT … SELECT, whatever the size of the audience.
    Raises CannotAnnounce when its audience cannot be read; the caller rolls back and calls `put_off`.
    """
    crashpoint("fanout.before_take")
    now = utcnow()
    entry = _take_oldest(now)
    if entry is None:
        return False
    crashpoint("fanout.after_take")
    rhythms.refresh(now)
    if notice := notices.get(entry.kind):
        try:
            db.session.execute(_insert(entry, notice, now))
        except (sa.exc.OperationalError, sa.exc.InterfaceError):
            raise  # the database, not the audience
        except Exception as error:
            raise CannotAnnounce(entry.id, entry.kind) from error
        db.session.execute(_NOTE_OWED, {"this": entry.id})
        crashpoint("fanout.after_insert")
    return True


def put_off(entry_id: int) -> None:
    """Look at this entry again later: something about it is broken, and others wait behind it."""
    now = utcnow()
    db.session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.fanned_out_at.is_(None))
        .values(
            due_at=now + TRY_AGAIN,
            put_off_at=sa.func.coalesce(OutboxEntry.put_off_at, sa.literal(now, OutboxEntry.due_at.type)),
        )
        .execution_options(synchronize_session=False)
    )


def next_due() -> datetime | None:
    """When the next entry wants to be announced; None when none waits."""
    return db.session.scalar(sa.select(sa.func.min(OutboxEntry.due_at)).where(_waiting))


def count_stuck(now: datetime) -> int:
    """How many entries were put off again and again for more than a day."""
    statement = sa.select(sa.func.count()).where(_waiting, OutboxEntry.put_off_at < now - STUCK_AFTER)
    return db.session.scalars(statement).one()


_waiting = sa.and_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None))
_earlier = sa.orm.aliased(OutboxEntry)
_OLDEST = (
    sa.select(OutboxEntry.id)
    .where(
        _waiting,
        OutboxEntry.due_at <= sa.bindparam("now"),
        # another worker may be at an earlier entry of the same subject: its news comes first
        ~sa.exists().where(
            _earlier.subject == OutboxEntry.subject,
            _earlier.fanned_out_at.is_(None),
            _earlier.cancelled_at.is_(None),
            sa.or_(
                _earlier.due_at < OutboxEntry.due_at,
                sa.and_(_earlier.due_at == OutboxEntry.due_at, _earlier.id < OutboxEntry.id),
            ),
        ),
    )
    .order_by(OutboxEntry.due_at, OutboxEntry.id)
    .limit(1)
    .with_for_update(skip_locked=True, of=OutboxEntry)
)
_TAKE = (
    sa.update(OutboxEntry)
    .where(OutboxEntry.id == _OLDEST.scalar_subquery(), _waiting)
    .values(fanned_out_at=sa.bindparam("now"))
    .returning(OutboxEntry)
    .execution_options(synchronize_session=False, populate_existing=True)
)
_NOTE_OWED = (
    sa.update(OutboxEntry)
    .where(OutboxEntry.id == sa.bindparam("this"))
    .values(
        owed=sa.select(sa.func.count())
        .select_from(Delivery)
        .where(Delivery.entry_id == OutboxEntry.id, Delivery.channel == Channel.INBOX.value)
        .scalar_subquery()
    )
    .execution_options(synchronize_session=False)
)


def _take_oldest(now: datetime) -> OutboxEntry | None:
    return db.session.scalar(_TAKE, {"now": now})


def _insert(entry: OutboxEntry, notice: Notice, now: datetime) -> sa.Executable:
    insert = INSERTS[db.session.get_bind().dialect.name]
    statement: sa.Executable = (
        insert(Delivery).from_select(COLUMNS, _deliveries(entry, notice, now)).on_conflict_do_nothing()
    )
    return statement


def _deliveries(entry: OutboxEntry, notice: Notice, now: datetime) -> sa.CompoundSelect[Any]:
    """Two rows for each person, one for each channel, with what becomes of them."""
    people = judging.strongest(notice.audience(entry.about_id), but=entry.actor_id).select().cte("told")
    judgement = judging.judge(
        people,
        user_id=people.c.user_id,
        news=people.c.news,
        by_default=people.c.by_default,
        muting=Mute.subject.in_(notice.subjects(entry.subject, entry.about_id)),
        visible=notice.visible(entry.subject, people.c.user_id),
    )
    judged = (
        sa.select(
            people.c.user_id,
            people.c.path,
            people.c.news,
            people.c.contribution_kind,
            people.c.contribution_id,
            judgement.at_all.label("not_at_all"),
            judgement.by_email_alone.label("not_by_email"),
            judgement.by_inbox_alone.label("not_in_inbox"),
            judging.gathered(judgement.mode).label("digest"),
            judging.due_at(judging.gathered(judgement.mode), now).label("due_at"),
        )
        .select_from(judgement.tables)
        .where(judging.is_here)
    )
    table = judged.cte("judged")
    return sa.union_all(*(_rows(entry, table, channel, now) for channel in (Channel.INBOX, Channel.EMAIL)))


def _rows(entry: OutboxEntry, judged: sa.CTE, channel: Channel, now: datetime) -> sa.Select[Any]:
    reason: sa.ColumnElement[str | None] = sa.func.coalesce(judged.c.not_at_all, judged.c.not_in_inbox)
    if channel is Channel.EMAIL:
        held_back = sa.literal_column(f"'{Suppressed.RESTORED.value}'", sa.String)
        more = [held_back] if entry.held_back else []
        reason = sa.func.coalesce(judged.c.not_at_all, judged.c.not_by_email, *more)
    state = judging.state_for(channel, reason)
    at = sa.literal(now, OutboxEntry.due_at.type)
    waits = state == State.PENDING.value
    return sa.select(
        sa.literal(entry.id, sa.BigInteger),
        judged.c.user_id,
        sa.literal_column(f"'{channel.value}'", sa.String),
        judged.c.path,
        judged.c.news,
        judged.c.contribution_kind,
        judged.c.contribution_id,
        state,
        reason,
        sa.case((waits, judged.c.digest), else_=None),
        sa.case((waits, judged.c.due_at), else_=at),
        sa.case((waits, None), else_=at),
        sa.literal_column("0", sa.Integer),
        sa.literal_column("0", sa.Integer),
        # the WHERE keeps SQLite from reading what follows as the condition of a join
    ).where(sa.true())
