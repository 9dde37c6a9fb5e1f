"""What is owed to whom, and what people want to hear."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.db import Base, partial_index, utcnow
from ideas.outbox import OutboxEntry

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Channel(StrEnum):
    EMAIL = "email"
    INBOX = "inbox"


class State(StrEnum):
    PENDING = "pending"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Suppressed(StrEnum):
    """Why a delivery was not made, in the ledger's words."""

    OFF = "off"
    MUTED = "muted"
    SUSPENDED = "suspended"
    NOT_VISIBLE = "not_visible"
    INBOX_ONLY = "inbox_only"  # the person wants no e-mail of this kind of news
    EMAIL_ONLY = "email_only"  # … or only e-mail, so their inbox has no line of it
    UNSUBSCRIBED = "unsubscribed"
    NO_ADDRESS = "no_address"
    ADDRESS_BOUNCED = "address_bounced"  # mail to the address came back before
    COMPLAINED = "complained"  # the person called a mail of ours junk; of a mail that was sent: it is that one
    RESTORED = "restored"  # it waited in a backup that was restored, and may have been sent since
    CANCELLED = "cancelled"  # the mail was called off by whoever runs the site
    ERASED = "erased"
    LEFT_OUT = "left_out"  # by whoever told of it, with a reason that they gave


class Failed(StrEnum):
    """Why a delivery could not be made, in the ledger's words."""

    BOUNCED = "bounced"  # the other side refused it for good
    GAVE_UP = "gave_up"  # it was tried for three days
    UNRENDERABLE = "unrenderable"  # no message could be made of it
    KILLS_WORKER = "kills_worker"  # the worker ended each time it tried


class Path(StrEnum):
    """How a person is connected with the news, strongest first; the order is the rank."""

    CREDITED = "credited"
    AUTHOR = "author"
    MERGED_AUTHOR = "merged_author"
    REPLIED_TO = "replied_to"
    MENTIONED = "mentioned"
    COMMENTER = "commenter"
    VOTER = "voter"
    FOLLOWER = "follower"
    OWNER = "owner"
    TEAM = "team"


class Mode(StrEnum):
    """How a person wants to hear one kind of news by one channel; an inbox knows the first and the last alone."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"
    OFF = "off"


class Gathered(StrEnum):
    """Which digest a mail waits for."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MANY = "many"  # it would have come by itself, but too many do: the next daily one


class Digest(Base):
    """One mail that gathers deliveries to one person; which, they say themselves.

    Its id is the mail's name, so that a repeat is recognisable. There is one for a person and a moment, so that
    nobody gets two, however many workers make them and whatever the clocks do.
    """

    __tablename__ = "digest"
    __table_args__ = (sa.UniqueConstraint("user_id", "moment"),)

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    moment: Mapped[datetime]  # when it was due
    made_at: Mapped[datetime]


class Delivery(Base):
    """One line of the ledger: one person, one event, one channel, and what became of it.

    Narrow, because one answer may write a million of them: the words are made from the event when they are needed.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        sa.UniqueConstraint("entry_id", "user_id", "channel"),
        # the worker asks in each lane for what is due
        partial_index("ix_delivery_due", "lane", "due_at", "id", where="state = 'pending' AND digest IS NULL"),
        # … and, apart so that neither has to pass over the other, for digests
        partial_index("ix_delivery_gathered", "due_at", "id", where="state = 'pending' AND digest IS NOT NULL"),
        partial_index("ix_delivery_digest", "digest_id", where="digest_id IS NOT NULL"),
        # how many single mails somebody got lately
        partial_index(
            "ix_delivery_single",
            "user_id",
            "done_at",
            where="state = 'sent' AND channel = 'email' AND digest IS NULL",
        ),
        # … and for what was in the hands of one that died; it would pass over all that is due otherwise
        partial_index("ix_delivery_held", "due_at", "id", where="state = 'pending' AND lease IS NOT NULL"),
        # what failed is counted by why
        partial_index("ix_delivery_failed", "reason", where="state = 'failed'"),
        # a person's inbox and receipts, newest first
        sa.Index("ix_delivery_person", "user_id", "channel", "id"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    entry_id: Mapped[int] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    channel: Mapped[str] = mapped_column(sa.String(10))
    path: Mapped[str] = mapped_column(sa.String(16))
    news: Mapped[str] = mapped_column(sa.String(20))
    contribution_kind: Mapped[str | None] = mapped_column(sa.String(12))
    contribution_id: Mapped[int | None] = mapped_column(_BIG)
    state: Mapped[str] = mapped_column(sa.String(10))
    reason: Mapped[str | None] = mapped_column(sa.String(20))  # why suppressed or failed
    error: Mapped[str | None] = mapped_column(sa.String(300))  # what the other side said last
    digest: Mapped[str | None] = mapped_column(sa.String(10))  # the kind it waits for; NULL: it comes by itself
    digest_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("digest.id"))  # the one it went into
    # how far back it stands among those of the same news, see sending.py: of a million, the last hold up nobody
    lane: Mapped[int] = mapped_column(sa.SmallInteger, default=0, server_default="0")
    attempts: Mapped[int] = mapped_column(default=0)
    first_tried_at: Mapped[datetime | None]
    due_at: Mapped[datetime]
    lease: Mapped[str | None] = mapped_column(sa.String(32))  # who is sending it now
    # how often in a row whoever was sending it never said what came of it
    unheard_of: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None]  # when the state became what it is, unless that is pending
    read_at: Mapped[datetime | None]  # inbox: the person has seen it

    entry: Mapped[OutboxEntry] = relationship(lazy="raise_on_sql")
    user: Mapped[User] = relationship(lazy="raise_on_sql")


EVERYTHING = "*"  # the kind of a preference that stands for all kinds


class Preference(Base):
    """How a person wants to hear one kind of news (or EVERYTHING) by each channel; NULL: as is usual."""

    __tablename__ = "preference"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True)
    news: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    email: Mapped[str | None] = mapped_column(sa.String(10))
    inbox: Mapped[str | None] = mapped_column(sa.String(10))
    # the e-mail was stopped from a mail; says nothing about the inbox
    by_unsubscribing: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)


class Mute(Base):
    """This person wants to hear nothing about this subject."""

    __tablename__ = "mute"

    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(40), primary_key=True, index=True)
    muted_at: Mapped[datetime] = mapped_column(default=utcnow)


class MailWords(Base):
    """What administrators say in one kind of mail; "" where the built-in words stand. Written by wording.py."""

    __tablename__ = "mail_words"

    news: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(150))
    opening: Mapped[str] = mapped_column(sa.Text)
    closing: Mapped[str] = mapped_column(sa.Text)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)


class WorkerBeat(Base):
    """A worker that is there, or, in one row, all that were: what they have done since they started."""

    __tablename__ = "worker_beat"

    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    started_at: Mapped[datetime]
    beat_at: Mapped[datetime]
    turns: Mapped[int] = mapped_column(_BIG)
    outcomes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # what became of messages → how many
    closed_until: Mapped[datetime | None]  # the relay is down: when it is asked again
