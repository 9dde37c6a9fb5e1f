"""What became of telling people: for pages, for receipts, and before anything is sent."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from ideas.db import db
from ideas.ledger import judging
from ideas.ledger.models import Channel, Delivery, Mute, Path, State
from ideas.outbox import OutboxEntry
from ideas.paging import Page, read_cursor


class People(NamedTuple):
    """How many people were owed word, and what became of it; each counts once, whatever the number of channels.

    A person counts by their e-mail if it is pending, sent or failed, otherwise by their inbox.
    email and inbox: how those who were told (`sent`) were told.
    """

    owed: int = 0
    sent: int = 0
    pending: int = 0
    suppressed: int = 0
    failed: int = 0
    email: int = 0
    inbox: int = 0


class Told(NamedTuple):
    """What the ledger did for one person by one channel."""

    channel: str
    state: str
    reason: str | None
    done_at: datetime | None


@dataclass(frozen=True)
class Forecast:
    """Whom an announcement would reach now: `email` people by e-mail, `inbox` by their inbox alone.

    in_digests: how many of those by e-mail hear of it with a digest. paths: how people are connected with it, strongest
    first. left_out: reasons why others would not be told, with counts.
    """

    email: int
    inbox: int
    paths: list[tuple[str, int]]
    left_out: list[tuple[str, int]]
    in_digests: int = 0


# How a person counts who has several rows, for two channels or two announcements: by the greatest
_WEIGHTS = {
    (Channel.EMAIL, State.SENT): 5,
    (Channel.EMAIL, State.PENDING): 4,
    (Channel.EMAIL, State.FAILED): 3,
    (Channel.INBOX, State.SENT): 2,
}
_weight = sa.case(
    *(
        (sa.and_(Delivery.channel == channel.value, Delivery.state == state.value), weight)
        for (channel, state), weight in _WEIGHTS.items()
    ),
    else_=1,
)
_person = (
    sa.select(sa.func.max(_weight).label("weight"))
    .where(Delivery.entry_id.in_(sa.bindparam("entries", expanding=True)))
    .group_by(Delivery.user_id)
    .subquery()
)
_COUNTS = sa.select(_person.c.weight, sa.func.count().label("people")).group_by(_person.c.weight)


def people_told(entry_ids: Sequence[int]) -> People:
    """How many people were told by those announcements together. One query."""
    if not entry_ids:
        return People()
    counts = {row.weight: row.people for row in db.session.execute(_COUNTS, {"entries": list(entry_ids)})}
    email, pending, failed, inbox, none = (counts.get(weight, 0) for weight in (5, 4, 3, 2, 1))
    return People(
        owed=sum(counts.values()),
        sent=email + inbox,
        pending=pending,
        suppressed=none,
        failed=failed,
        email=email,
        inbox=inbox,
    )


def told(user_id: int, entry_ids: Sequence[int]) -> dict[int, list[Told]]:
    """Announcement → what became of telling this person, by channel. One query for any number."""
    if not entry_ids:
        return {}
    found: dict[int, list[Told]] = defaultdict(list)
    rows = db.session.execute(
        sa.select(Delivery.entry_id, Delivery.channel, Delivery.state, Delivery.reason, Delivery.done_at)
        .where(Delivery.user_id == user_id, Delivery.entry_id.in_(entry_ids))
        .order_by(Delivery.entry_id, Delivery.channel)
    )
    for row in rows:
        found[row.entry_id].append(Told(row.channel, row.state, row.reason, row.done_at))
    return found


def deliveries(
    subject: str | None = None, *, entry_ids: Sequence[int] | None = None, limit: int, cursor: str | None = None
) -> Page[Delivery]:
    """The lines of the ledger about a subject, or of some announcements, newest first. Loaded: entry, user."""
    statement = (
        sa.select(Delivery)
        .join(Delivery.entry)
        .options(contains_eager(Delivery.entry), joinedload(Delivery.user))
        .order_by(Delivery.id.desc())
        .limit(limit + 1)
    )
    if subject is not None:
        statement = statement.where(OutboxEntry.subject == subject)
    if entry_ids is not None:
        statement = statement.where(Delivery.entry_id.in_(entry_ids))
    if after := read_cursor("deliveries", cursor):
        statement = statement.where(Delivery.id < after[0])
    rows = list(db.session.scalars(statement))
    return Page.of(rows, limit, order="deliveries", key=lambda row: (row.id,))


def all_deliveries(entry_ids: Sequence[int], *, together: int = 1000) -> Iterator[Delivery]:
    """All lines of those announcements, in pieces, so that a million of them fit in memory. Loaded: entry, user."""
    cursor = None
    while True:
        page = deliveries(entry_ids=entry_ids, limit=together, cursor=cursor)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
        db.session.expunge_all()


def forecast(
    audience: sa.Select[Any] | sa.CompoundSelect[Any],
    *,
    visible: Callable[[str, sa.ColumnElement[int]], sa.ColumnElement[bool]],
    subject: str,
    subjects: Collection[str],
    actor_id: int | None = None,
    is_left_out: Callable[[sa.ColumnElement[int]], sa.ColumnElement[bool] | None] = lambda _user_id: None,
) -> Forecast:
    """What announcing to that audience (see outbox.AUDIENCE_COLUMNS) would do now. Decided by the same SQL.

    subjects: those whose mutes silence it. is_left_out: as a Notice has it.
    """
    people = judging.strongest(audience, but=actor_id)
    judgement = judging.judge(
        people,
        user_id=people.c.user_id,
        news=people.c.news,
        by_default=people.c.by_default,
        muting=Mute.subject.in_(subjects),
        visible=visible(subject, people.c.user_id),
        left_out=is_left_out(people.c.user_id),
    )
    gathered = judging.gathered(judgement.mode).is_not(None).label("gathered")
    judged = (
        sa.select(people.c.path, judgement.by_inbox.label("inbox"), judgement.by_email.label("email"), gathered)
        .select_from(judgement.tables)
        .where(judging.is_here)
        .subquery()
    )
    alike = (judged.c.path, judged.c.inbox, judged.c.email, judged.c.gathered)
    rows = db.session.execute(sa.select(*alike, sa.func.count().label("people")).group_by(*alike)).all()
    paths: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for row in rows:
        if row.inbox is None or row.email is None:
            paths[row.path] += row.people
        else:
            left_out[row.email] += row.people
    order = [path.value for path in Path]
    return Forecast(
        email=sum(row.people for row in rows if row.email is None),
        inbox=sum(row.people for row in rows if row.inbox is None and row.email is not None),
        paths=sorted(paths.items(), key=lambda item: order.index(item[0])),
        left_out=left_out.most_common(),
        in_digests=sum(row.people for row in rows if row.email is None and row.gathered),
    )
