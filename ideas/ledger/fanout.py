"""From what happened to who is told: the only code that writes new rows of `delivery`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import rhythms
from ideas.crashpoints import crashpoint
from ideas.db import INSERTS, db, utcnow
from ideas.ledger import judging, turns
from ideas.ledger.models import Channel, Delivery, Mute, State, Suppressed
from ideas.outbox import Notice, Notices, OutboxEntry

TRY_AGAIN = timedelta(minutes=5)
STUCK_AFTER = timedelta(hours=24)
PIECE = 20_000  # people of one event who are written down at once; then others have their turn
FEW = 2_000  # … who are written down as soon as it is found; what is told to more waits for its turn

COLUMNS = (
    *("entry_id", "user_id", "channel", "path", "news", "contribution_kind", "contribution_id"),
    *("state", "reason", "digest", "due_at", "done_at", "lane", "attempts", "unheard_of"),
)


class CannotAnnounce(Exception):
    """Nobody could be found to tell of an entry; it must not hold up the others."""

    def __init__(self, entry_id: int, kind: str) -> None:
        super().__init__(f"The audience of entry {entry_id} ({kind}) cannot be read.")
        self.entry_id = entry_id


class Announced(NamedTuple):
    """An entry that was announced, or a piece of it; `left`: how many pieces are to come."""

    entry_id: int
    kind: str
    request_id: str | None
    left: int


def fan_out_next(notices: Notices) -> Announced | None:
    """Turn the oldest waiting outbox entry into deliveries, or a piece of one under way; None when there is neither."""
    return begin_next(notices) or go_on(notices)


def announce(notices: Notices, entry_id: int) -> Announced | None:
    """The same for this entry alone; None when it is not due, or others are at it."""
    return begin_next(notices, only=entry_id) or go_on(notices, only=entry_id)


def due(*, most: int) -> list[tuple[int, datetime]]:
    """The entries that wait to be announced, or to go on, and since when; those that wait the longest first."""
    waiting = sa.select(OutboxEntry.id, OutboxEntry.due_at).where(OutboxEntry.due_at <= utcnow())
    both = (waiting.where(state).order_by(OutboxEntry.due_at, OutboxEntry.id).limit(most) for state in _STATES)
    return [(row.id, row.due_at) for each in both for row in db.session.execute(each)]


def begin_next(notices: Notices, *, only: int | None = None) -> Announced | None:
    """Turn the oldest waiting outbox entry that is due into deliveries; None when none waits. `only`: this one.

    The entry is marked and its deliveries written in the caller's one transaction, so a crash in between leaves it
    waiting, and a second worker takes the next one meanwhile. One INSERT … SELECT; of more than FEW people it is
    only noted here how they are cut into pieces of at most PIECE, and `go_on` writes them, one at a time.
    Raises CannotAnnounce when its audience cannot be read; the caller rolls back and calls `put_off`.
    """
    crashpoint("fanout.before_take")
    now = utcnow()
    entry = _take_oldest(now, only)
    if entry is None:
        return None
    crashpoint("fanout.after_take")
    for hear in settings.rooms().announced:
        hear(entry)
    rhythms.refresh(now)
    notice = notices.get(entry.kind)
    if notice is None:
        return Announced(entry.id, entry.kind, entry.request_id, 0)
    every = min(FEW, PIECE)
    with _reading(entry):
        cuts = list(db.session.scalars(judging.starts(notice.audience(entry.about_id), every=every)))
        if not cuts:
            _tell_what_came_before(entry, notice, notices, now)
            db.session.execute(_insert(entry, notice, now, _WHOLE))
    if cuts:
        together = PIECE // every
        starts = cuts[together - 1 :: together]
        _note(entry.id, now, {"from": 0, "starts": starts, "told": 0})
        crashpoint("fanout.after_begin")
        return Announced(entry.id, entry.kind, entry.request_id, len(starts) + 1)
    db.session.execute(_NOTE_OWED, {"this": entry.id})
    crashpoint("fanout.after_insert")
    return Announced(entry.id, entry.kind, entry.request_id, 0)


def _tell_what_came_before(entry: OutboxEntry, notice: Notice, notices: Notices, now: datetime) -> None:
    """Write down for the few whom `entry` concerns what is told of its subject in pieces and did not come to them yet.

    So news of one subject comes in order, and a reply waits for no million. Their piece passes over them later.
    """
    # locked, so that nobody writes a piece of it meanwhile
    for earlier in db.session.scalars(_BEFORE, {"subject": entry.subject}).all():
        if of_earlier := notices.get(earlier.kind):
            few = Piece(judging.Among(notice.audience(entry.about_id)), 0)
            db.session.execute(_insert(earlier, of_earlier, now, few))


def go_on(notices: Notices, *, only: int | None = None) -> Announced | None:
    """Write the next piece of the entry under way that has waited longest for it; None when none is under way.

    As with `begin_next`, the piece and what is left are written in one transaction, and CannotAnnounce is raised.
    Whoever joins the audience meanwhile is told if their piece is still to come.
    """
    now = utcnow()
    entry = _take_oldest(now, only, under_way=True)
    if entry is None:
        return None
    state = entry.under_way or {}
    starts = list(state["starts"])
    end = starts.pop(0) if starts else None
    rhythms.refresh(now)
    if notice := notices.get(entry.kind):
        with _reading(entry):
            piece = Piece(judging.Within(state["from"], end), state["told"])
            db.session.execute(_insert(entry, notice, now, piece))
    crashpoint("fanout.after_piece")
    if end is None:
        _note(entry.id, now, None)
        db.session.execute(_NOTE_OWED, {"this": entry.id})
        crashpoint("fanout.after_last_piece")
        return Announced(entry.id, entry.kind, entry.request_id, 0)
    _note(entry.id, now, {"from": end, "starts": starts, "told": state["told"] + PIECE})
    return Announced(entry.id, entry.kind, entry.request_id, len(starts) + 1)


class Piece(NamedTuple):
    """Of an audience those who are told now (None: all), and how many were told before them."""

    within: judging.Part | None
    told: int


_WHOLE = Piece(None, 0)


@contextmanager
def _reading(entry: OutboxEntry) -> Iterator[None]:
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise  # the database, not the audience
    except Exception as error:
        raise CannotAnnounce(entry.id, entry.kind) from error


def _note(entry_id: int, now: datetime, under_way: dict[str, Any] | None) -> None:
    """What of an entry is left to announce; those under way take turns by when they had their last."""
    db.session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id)
        .values(under_way=under_way, due_at=now)
        .execution_options(synchronize_session=False)
    )


def put_off(entry_id: int) -> None:
    """Look at this entry again later: something about it is broken, and others wait behind it."""
    now = utcnow()
    db.session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, sa.or_(OutboxEntry.fanned_out_at.is_(None), _under_way))
        .values(
            due_at=now + TRY_AGAIN,
            put_off_at=sa.func.coalesce(OutboxEntry.put_off_at, sa.literal(now, OutboxEntry.due_at.type)),
        )
        .execution_options(synchronize_session=False)
    )


def next_due() -> datetime | None:
    """When the next entry wants to be announced; None when none waits."""
    found: datetime | None = db.session.scalar(_NEXT_DUE)
    return found


def count_stuck(now: datetime) -> int:
    """How many entries were put off again and again for more than a day."""
    count = sa.select(sa.func.count()).where(OutboxEntry.put_off_at < now - STUCK_AFTER)
    return sum(db.session.scalars(count.where(state)).one() for state in _STATES)


_waiting = sa.and_(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None))
_under_way = OutboxEntry.under_way.is_not(None)
_STATES = (_waiting, _under_way)
# two questions, because each has an index
_FIRSTS = sa.union_all(
    *(sa.select(sa.func.min(OutboxEntry.due_at).label("due_at")).where(state) for state in _STATES)
).subquery("firsts")
_NEXT_DUE = sa.select(sa.func.min(_FIRSTS.c.due_at))
_earlier = sa.orm.aliased(OutboxEntry)
_begun = sa.orm.aliased(OutboxEntry)
# another worker may be at an earlier entry of the same subject: its news comes first
_first_of_its_subject = ~sa.exists().where(
    _earlier.subject == OutboxEntry.subject,
    _earlier.fanned_out_at.is_(None),
    _earlier.cancelled_at.is_(None),
    sa.or_(
        _earlier.due_at < OutboxEntry.due_at,
        sa.and_(_earlier.due_at == OutboxEntry.due_at, _earlier.id < OutboxEntry.id),
    ),
)
# … and of two that are told in pieces, all of the one that was begun first
_first_begun_of_its_subject = ~sa.exists().where(
    _begun.subject == OutboxEntry.subject,
    _begun.under_way.is_not(None),
    sa.or_(
        _begun.fanned_out_at < OutboxEntry.fanned_out_at,
        sa.and_(_begun.fanned_out_at == OutboxEntry.fanned_out_at, _begun.id < OutboxEntry.id),
    ),
)
_BEFORE = (
    sa.select(OutboxEntry)
    .where(OutboxEntry.subject == sa.bindparam("subject"), _under_way)
    .order_by(OutboxEntry.fanned_out_at, OutboxEntry.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


@cache
def _take(under_way: bool, by_id: bool) -> Any:
    """Take the entry that has waited longest, to be announced or to go on; by_id: this one, if it waits."""
    state = sa.and_(_under_way, _first_begun_of_its_subject) if under_way else sa.and_(_waiting, _first_of_its_subject)
    one = sa.select(OutboxEntry.id).where(state, OutboxEntry.due_at <= sa.bindparam("now"))
    if by_id:
        one = one.where(OutboxEntry.id == sa.bindparam("only"))
    one = one.order_by(OutboxEntry.due_at, OutboxEntry.id).limit(1)
    return (
        sa.update(OutboxEntry)
        .where(
            OutboxEntry.id == one.with_for_update(skip_locked=True, of=OutboxEntry).scalar_subquery(),
            _under_way if under_way else _waiting,
        )
        .values({"due_at" if under_way else "fanned_out_at": sa.bindparam("now")})
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


def _take_oldest(now: datetime, only: int | None = None, *, under_way: bool = False) -> OutboxEntry | None:
    values: dict[str, Any] = {"now": now} if only is None else {"now": now, "only": only}
    found: OutboxEntry | None = db.session.scalar(_take(under_way, only is not None), values)
    return found


def _insert(entry: OutboxEntry, notice: Notice, now: datetime, piece: Piece) -> sa.Executable:
    insert = INSERTS[db.session.get_bind().dialect.name]
    statement: sa.Executable = (
        insert(Delivery).from_select(COLUMNS, _deliveries(entry, notice, now, piece)).on_conflict_do_nothing()
    )
    return statement


def _deliveries(entry: OutboxEntry, notice: Notice, now: datetime, piece: Piece) -> sa.CompoundSelect[Any]:
    """Two rows for each person, one for each channel, with what becomes of them."""
    audience = notice.audience(entry.about_id)
    people = judging.strongest(audience, but=entry.actor_id, within=piece.within).select().cte("told")
    judgement = judging.judge(
        people,
        user_id=people.c.user_id,
        news=people.c.news,
        by_default=people.c.by_default,
        muting=Mute.subject.in_(notice.subjects(entry.subject, entry.about_id)),
        visible=notice.visible(entry.subject, people.c.user_id),
        left_out=notice.left_out(entry.about_id, people.c.user_id) if notice.left_out else None,
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
            # in whatever order they come: to sort them for it would take longer than to find them
            turns.lane(sa.func.row_number().over() + piece.told).label("lane"),
        )
        .select_from(judgement.tables)
        .where(judging.is_here)
    )
    table = judged.cte("judged")
    return sa.union_all(*(_rows(entry, table, channel, now) for channel in (Channel.INBOX, Channel.EMAIL)))


def _rows(entry: OutboxEntry, judged: sa.CTE, channel: Channel, now: datetime) -> sa.Select[Any]:
    reason: sa.ColumnElement[str | None] = sa.func.coalesce(judged.c.not_at_all, judged.c.not_in_inbox)
    if channel is Channel.EMAIL:
        reasons = {Suppressed.CANCELLED: entry.mail_cancelled, Suppressed.RESTORED: entry.held_back}
        held_back = [sa.literal_column(f"'{word.value}'", sa.String) for word, is_so in reasons.items() if is_so]
        reason = sa.func.coalesce(judged.c.not_at_all, judged.c.not_by_email, *held_back)
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
        judged.c.lane,
        sa.literal_column("0", sa.Integer),
        sa.literal_column("0", sa.Integer),
        # the WHERE keeps SQLite from reading what follows as the condition of a join
    ).where(sa.true())
