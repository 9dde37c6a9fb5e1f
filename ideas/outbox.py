"""What happened, written in the transaction in which it happened, and what a room says about telling people."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar, NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base, db, partial_index, utcnow


class OutboxEntry(Base):
    """Something happened; the ledger will find out who is owed word of it once it is due."""

    __tablename__ = "outbox_entry"
    __table_args__ = (
        # the worker asks for the oldest entry that is due
        partial_index(
            "ix_outbox_entry_waiting",
            "due_at",
            "id",
            where="fanned_out_at IS NULL AND cancelled_at IS NULL",
        ),
        # … and whether an earlier one of the same subject waits as well
        partial_index(
            "ix_outbox_entry_waiting_subject",
            "subject",
            "due_at",
            where="fanned_out_at IS NULL AND cancelled_at IS NULL",
        ),
        # … and which is being told, a piece at a time
        partial_index("ix_outbox_entry_under_way", "due_at", "id", where="under_way IS NOT NULL"),
        sa.Index(None, "kind", "about_id"),
        sa.Index(None, "subject"),
    )

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(40))
    about_id: Mapped[int]
    # the one word of a room that the ground knows: the table of people
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    recorded_at: Mapped[datetime]
    due_at: Mapped[datetime]
    fanned_out_at: Mapped[datetime | None]  # since then people are told, and nobody can call it off
    # what of it is left to announce, when so many are told that it is done in pieces; NULL: nothing
    under_way: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    # the request in which it happened, by which it is found in the logs
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    # how many people were owed word of it when it was announced, so that a line missing later is found
    owed: Mapped[int | None]
    cancelled_at: Mapped[datetime | None]
    # since when it cannot be announced because something about it is broken
    put_off_at: Mapped[datetime | None]
    # it waited when a backup was made that was restored since: it is told in the inbox, and its mail waits for a word
    held_back: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # whoever runs the site called its mail off before everybody had a line: the rest is told in the inbox alone
    mail_cancelled: Mapped[bool] = mapped_column(default=False, server_default=sa.false())


@dataclass(frozen=True)
class Event:
    """A past fact that somebody may be owed word of. Rooms subclass it and set `kind`.

    subject: what it happened to ("idea:7"): what a person may mute, and what visibility is asked of.
    about_id: the row that tells what happened (an answer, a comment, …).
    actor_id: who did it and therefore is not told; None when the one who did it is owed word as well.
    """

    kind: ClassVar[str]
    subject: str
    about_id: int
    actor_id: int | None


class DueDelivery(NamedTuple):
    """One line of the ledger with the event behind it: all a room needs to find its words."""

    id: int
    kind: str
    subject: str
    about_id: int
    recorded_at: datetime
    user_id: int
    path: str
    news: str
    contribution_kind: str | None
    contribution_id: int | None


AUDIENCE_COLUMNS = ("user_id", "path", "news", "by_default", "contribution_kind", "contribution_id")


def _itself(subject: str, _about_id: int) -> Collection[str]:
    return (subject,)


@dataclass(frozen=True)
class Notice:
    """Who is owed word of one kind of event, and how to say it. The ledger knows no room, so the room hands it these.

    audience: the row that tells what happened (its id) → a select of AUDIENCE_COLUMNS; a person may stand in it
        several times, the ledger keeps the strongest path. `news` is the kind a person sets preferences for,
        `by_default` is "instant" or "daily", for the mail of those who set none.
    visible: subject, a column of user ids → a condition: may that person see the subject now. Asked when fanning out
        and again when sending.
    words: a batch of deliveries of this kind → for each delivery id the names its templates use. `sender` (a name)
        and `url` (absolute) are among them, `subject_name`, what the subject is called, and, where there is one,
        `known_title`, what the person knows it by, and `board_name`. One that is left out has lost what it would tell
        of. One call for the whole batch, so that it costs the same number of queries.
    template: a folder of subject.txt, body.txt, body.html and inbox.html.
    alike: the words of a batch → for each delivery what all have in common that read the same; they are made once for
        those. One that is left out has words of its own. Words of such a notice do not use `person`.
    answer_to: a delivery → purpose and words of the address to which the person answers by mail; None: they cannot.
    left_out: the row that tells what happened, a column of user ids → a condition: was that person left out by whoever
        tells of it; None when nobody was. Asked when fanning out.
    subjects: subject, the row that tells what happened → the subjects whose mutes silence it: itself, and what the room
        holds to be one with it.
    """

    audience: Callable[[int], sa.Select[Any] | sa.CompoundSelect[Any]]
    visible: Callable[[str, sa.ColumnElement[int]], sa.ColumnElement[bool]]
    words: Callable[[Sequence[DueDelivery]], Mapping[int, Mapping[str, Any]]]
    template: str
    subjects: Callable[[str, int], Collection[str]] = _itself
    answer_to: Callable[[DueDelivery], tuple[str, str]] | None = None
    alike: Callable[[Mapping[int, Mapping[str, Any]]], Mapping[int, Hashable]] | None = None
    left_out: Callable[[int, sa.ColumnElement[int]], sa.ColumnElement[bool] | None] | None = None


@dataclass(frozen=True)
class NewsKind:
    """A kind of news as people see it on their preferences page. Words are translated when shown.

    is_closure: it closes a loop, so it is never held back because too much comes.
    counted: so many subjects of which it tells, in a few words, for the subject of a digest: "3 ideas shipped".
    """

    name: str
    label: Any
    explanation: Any
    for_team: bool = False
    is_closure: bool = False
    counted: Callable[[int], str] | None = None


Notices = Mapping[str, Notice]


def record(event: Event, *, wait: timedelta = timedelta(0)) -> int:
    """Write down that `event` happened, in the caller's transaction; the entry's id. It is told after `wait`."""
    now = utcnow()
    entry = OutboxEntry(
        kind=event.kind,
        subject=event.subject,
        about_id=event.about_id,
        actor_id=event.actor_id,
        recorded_at=now,
        due_at=now + wait,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
    )
    db.session.add(entry)
    db.session.flush()  # the caller may keep the id
    return entry.id


def cancel(entry_id: int) -> bool:
    """Tell nobody after all; False when they are being told already."""
    return _while_waiting(entry_id, cancelled_at=utcnow())


def postpone(entry_id: int, *, wait: timedelta) -> bool:
    """Tell after `wait` from now (zero: at once); False when they are being told already."""
    return _while_waiting(entry_id, due_at=utcnow() + wait)


def _while_waiting(entry_id: int, **values: Any) -> bool:
    # one statement: a fan-out at the same moment either comes before, and this changes nothing, or sees the change
    statement = (
        sa.update(OutboxEntry)
        .where(
            OutboxEntry.id == entry_id,
            OutboxEntry.fanned_out_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )
        .values(**values)
        .returning(OutboxEntry.id)
    )
    return db.session.scalar(statement) is not None
