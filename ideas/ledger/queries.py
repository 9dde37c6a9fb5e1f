"""A person's inbox. Visibility is asked again whenever it is read, and the words are made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from markupsafe import Markup

from ideas import settings
from ideas.accounts.models import User
from ideas.db import db, utcnow
from ideas.ledger.models import Channel, Delivery, State
from ideas.outbox import DueDelivery, NewsKind, OutboxEntry
from ideas.paging import Page, read_cursor

log = structlog.get_logger()

UNREAD_MOST = 100  # more than so many are not counted

_mine = sa.and_(
    Delivery.user_id == sa.bindparam("reader"),
    Delivery.channel == Channel.INBOX.value,
    Delivery.state == State.SENT.value,
)
_UNREAD = sa.select(sa.func.count()).select_from(
    sa.select(Delivery.id).where(_mine, Delivery.read_at.is_(None)).limit(UNREAD_MOST).subquery()
)


@dataclass(frozen=True)
class InboxItem:
    """One piece of news; `words` is what the room's inbox.html made of it."""

    id: int
    news: str
    subject: str
    words: Markup
    told_at: datetime
    is_read: bool


def unread_count(reader: User) -> int:
    """How many pieces of news `reader` has not read yet; at most UNREAD_MOST."""
    return db.session.scalars(_UNREAD, {"reader": reader.id}).one()


def inbox_for(reader: User, *, limit: int, cursor: str | None = None, board: str | None = None) -> Page[InboxItem]:
    """News for `reader`, newest first. What they may no longer see, or what is gone, is left out.

    board: the slug of the one whose news it is; None: of all.
    """
    statement = (
        sa.select(
            *(Delivery.id, Delivery.path, Delivery.news, Delivery.contribution_kind, Delivery.contribution_id),
            *(Delivery.user_id, Delivery.done_at, Delivery.read_at),
            *(OutboxEntry.kind, OutboxEntry.subject, OutboxEntry.about_id, OutboxEntry.recorded_at),
        )
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .where(_mine)
        .order_by(Delivery.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor("inbox", cursor):
        statement = statement.where(Delivery.id < after[0])
    if board is not None:
        statement = statement.where(_is_on(board))
    rows = db.session.execute(statement, {"reader": reader.id}).all()
    page = Page.of(rows, limit, order="inbox", key=lambda row: (row.id,))
    visible = _visible(reader, page.rows)
    words = _words([row for row in page.rows if (row.kind, row.subject) in visible])
    return Page([_item(row, words[row.id]) for row in page.rows if row.id in words], page.next)


def _visible(reader: User, rows: Sequence[Any]) -> set[tuple[str, str]]:
    """Which kinds of news of which subjects `reader` may see now. One query."""
    notices = settings.rooms().notices
    asked = sorted({(row.kind, row.subject) for row in rows if row.kind in notices})
    if not asked:
        return set()
    me = sa.literal(reader.id, sa.Integer)
    answers = db.session.execute(
        sa.select(
            *(
                sa.case((notices[kind].visible(subject, me), 1), else_=0).label(f"answer_{number}")
                for number, (kind, subject) in enumerate(asked)
            )
        )
    ).one()
    return {pair for pair, answer in zip(asked, answers, strict=True) if answer}


def _words(rows: Sequence[Any]) -> dict[int, Markup]:
    notices, template = settings.rooms().notices, settings.rooms().templates.get_template
    by_kind: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        by_kind[row.kind].append(row)
    found: dict[int, Markup] = {}
    for kind, group in by_kind.items():
        batch = [DueDelivery(**{name: getattr(row, name) for name in DueDelivery._fields}) for row in group]
        said = notices[kind].words(batch)
        for delivery in batch:
            if delivery.id in said:
                names: Mapping[str, Any] = {**said[delivery.id], "path": delivery.path, "news": delivery.news}
                text = template(f"{notices[kind].template}/inbox.html").render(names)
                found[delivery.id] = Markup(text)  # noqa: S704 - made by our own template, which escapes
    return found


def _item(row: Any, words: Markup) -> InboxItem:
    return InboxItem(row.id, row.news, row.subject, words, row.done_at, row.read_at is not None)


def _is_on(board: str) -> sa.ColumnElement[bool]:
    is_on_board = settings.rooms().is_on_board
    return is_on_board(OutboxEntry.__table__.c.subject, board) if is_on_board else sa.false()


def mark_read(reader: User, delivery_ids: Sequence[int] | None = None, *, board: str | None = None) -> None:
    """`reader` has seen those pieces of news; None: all there are. board: the slug of the one whose news it is."""
    statement = sa.update(Delivery).where(
        Delivery.user_id == reader.id, Delivery.channel == Channel.INBOX.value, Delivery.read_at.is_(None)
    )
    if delivery_ids is not None:
        statement = statement.where(Delivery.id.in_(delivery_ids))
    if board is not None:
        statement = statement.where(Delivery.entry_id.in_(sa.select(OutboxEntry.id).where(_is_on(board))))
    db.session.execute(statement.values(read_at=utcnow()).execution_options(synchronize_session=False))


def hears_of(reader: User) -> set[str]:
    """The kinds of news that ever reached `reader`, or were meant to."""
    return set(db.session.scalars(sa.select(Delivery.news).where(Delivery.user_id == reader.id).distinct()))


def offered_to(person: User) -> list[NewsKind]:
    """The kinds of news that concern this person: those for the team only if any ever did."""
    heard = set() if person.is_site_team else hears_of(person)
    kinds = settings.rooms().news
    return [kind for kind in kinds if not kind.for_team or person.is_site_team or kind.name in heard]


def names_of(reader: User | None, subjects: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Title and address of those subjects that `reader` (None: every visitor) may see."""
    name = settings.rooms().name_subjects
    return dict(name(reader, subjects)) if name else {}
