"""Endpoints of other systems, what is owed to each of them, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import Base, partial_index, utcnow

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class State(StrEnum):
    """What became of a message for one endpoint."""

    PENDING = "pending"
    SENT = "sent"
    SUPPRESSED = "suppressed"
    FAILED = "failed"


class Reason(StrEnum):
    """Why a message was suppressed or failed."""

    NOT_VISIBLE = "not_visible"  # the endpoint's owner may not see what it tells of, or it is gone
    GAVE_UP = "gave_up"  # each of the ten tries failed
    DISABLED = "disabled"  # the endpoint was disabled while it waited
    RESTORED = "restored"  # it waited in a backup that was restored, and may have been sent since
    UNRENDERABLE = "unrenderable"  # no message could be made of it


class Disabled(StrEnum):
    """Why nothing is sent to an endpoint any more."""

    GONE = "gone"  # it answered 410
    FAILING = "failing"  # five days of nothing but failures


class WebhookEndpoint(Base):
    """An address to which is sent what happens, on behalf of its owner, who may see it. Written by endpoints.py; how
    it is doing, by sending.py.

    Secrets are made of the site's key and a seed, so that whoever has the database alone cannot sign.
    """

    __tablename__ = "webhook_endpoint"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    board_id: Mapped[int | None] = mapped_column(sa.ForeignKey("board.id"))  # what happens there alone
    address: Mapped[str] = mapped_column(sa.String(500))
    description: Mapped[str] = mapped_column(sa.String(200))
    kinds: Mapped[list[str]] = mapped_column(sa.JSON)
    with_emails: Mapped[bool] = mapped_column(default=False)
    seed: Mapped[str] = mapped_column(sa.String(80))
    former_seed: Mapped[str | None] = mapped_column(sa.String(80))  # the secret before it signs as well …
    former_until: Mapped[datetime | None]  # … until then
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    paused_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    disabled_for: Mapped[str | None] = mapped_column(sa.String(10))
    failing_since: Mapped[datetime | None]  # nothing but failures since then
    told_at: Mapped[datetime | None]  # when its owner was mailed of these failures

    owner: Mapped[User] = relationship(lazy="raise_on_sql")
    board: Mapped[Board | None] = relationship(lazy="raise_on_sql")

    @property
    def state(self) -> str:
        """active, failing, paused or disabled."""
        if self.disabled_at is not None:
            return "disabled"
        if self.paused_at is not None:
            return "paused"
        return "failing" if self.failing_since is not None else "active"

    @property
    def subject(self) -> str:
        return f"webhook:{self.id}"


class WebhookMessage(Base):
    """Something that happened and that an endpoint wants to know of. Written by recording.py.

    facts: what cannot be read later; numbers, slugs and times, no words of anybody.
    """

    __tablename__ = "webhook_message"
    __table_args__ = (
        partial_index("ix_webhook_message_waiting", "id", where="prepared_at IS NULL"),
        sa.Index(None, "happened_at"),
        sa.Index(None, "kind", "about_id"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(40))  # the same on every attempt, and nobody can guess it
    kind: Mapped[str] = mapped_column(sa.String(30))
    idea_id: Mapped[int | None] = mapped_column(_BIG)
    about_id: Mapped[int | None] = mapped_column(_BIG)
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    happened_at: Mapped[datetime]
    prepared_at: Mapped[datetime | None]  # since then each endpoint that wants it has a line
    only_for: Mapped[int | None]  # a test, for one endpoint


class WebhookDelivery(Base):
    """A message and an endpoint. Lines are written by preparing.py, what becomes of them by sending.py.

    body: as it was sent first, for every attempt is the same, unless the owner may no longer be told all of it; ""
    until then.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        sa.UniqueConstraint("message_id", "endpoint_id"),
        partial_index("ix_webhook_delivery_due", "endpoint_id", "due_at", "id", where="state = 'pending'"),
        sa.Index(None, "endpoint_id", "id"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    message_id: Mapped[int] = mapped_column(_BIG, sa.ForeignKey("webhook_message.id", ondelete="CASCADE"))
    endpoint_id: Mapped[int] = mapped_column(sa.ForeignKey("webhook_endpoint.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(sa.String(10), default=State.PENDING)
    reason: Mapped[str | None] = mapped_column(sa.String(20))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease: Mapped[str | None] = mapped_column(sa.String(32))
    done_at: Mapped[datetime | None]

    message: Mapped[WebhookMessage] = relationship(lazy="raise_on_sql")
    endpoint: Mapped[WebhookEndpoint] = relationship(lazy="raise_on_sql")


class WebhookAttempt(Base):
    """One try to hand a message over, and what the other side said. Written by sending.py."""

    __tablename__ = "webhook_attempt"
    __table_args__ = (sa.Index(None, "delivery_id", "id"),)

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(_BIG, sa.ForeignKey("webhook_delivery.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    milliseconds: Mapped[int]
    status: Mapped[int | None]  # NULL: there was no answer
    answer: Mapped[str] = mapped_column(sa.String(500))  # how it begins
    error: Mapped[str] = mapped_column(sa.String(200))  # why there was none, or what is wrong with it; "" if nothing
