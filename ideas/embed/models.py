"""What pages of other sites send along."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import Base, utcnow


class Algorithm(StrEnum):
    """How a host signs who somebody is. One for each board: a token never chooses."""

    HS256 = "HS256"  # with the secret that it shares with us
    RS256 = "RS256"  # with keys of its own, whose public halves it publishes
    EDDSA = "EdDSA"


class PublishableKey(Base):
    """Opens what visitors may see of one board, and stands in the source of public pages. Written by publishable.py.

    Whoever reads such a page knows it, so it is kept as it is and shown again.
    """

    __tablename__ = "publishable_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(sa.String(60), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    revoked_at: Mapped[datetime | None]

    board: Mapped[Board] = relationship(lazy="raise_on_sql")


class Host(Base):
    """The system on whose pages a board is shown, and how it says who somebody is. Written by hosts.py.

    issuer: what it calls itself; None: it signs nobody in. keys_address: where it publishes its keys, as JWKS.
    seed: what its secret grows from; see ideas/grown.py.
    """

    __tablename__ = "embed_host"

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    issuer: Mapped[str | None] = mapped_column(sa.String(200))
    algorithm: Mapped[str] = mapped_column(sa.String(10), default=Algorithm.HS256)
    keys_address: Mapped[str | None] = mapped_column(sa.String(500))
    seed: Mapped[str | None] = mapped_column(sa.String(60))
    former_seed: Mapped[str | None] = mapped_column(sa.String(60))
    former_until: Mapped[datetime | None]


class HostIdentity(Base):
    """Somebody whom a host signs in: who they are here. Written by arriving.py.

    created_at: since when; said anew once they have claimed their account and both sides name the same address.
    """

    __tablename__ = "embed_identity"
    __table_args__ = (sa.UniqueConstraint("issuer", "subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    issuer: Mapped[str] = mapped_column(sa.String(200))
    subject: Mapped[str] = mapped_column(sa.String(200))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class SpentToken(Base):
    """A token of a host that was used: it is taken once. Written by arriving.py.

    digest: of the board and the name of the token. Forgotten when nobody could use it any more anyway.
    """

    __tablename__ = "embed_spent"

    digest: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class WidgetSession(Base):
    """Somebody is signed in on pages of one site, for one board, for some minutes. Written by sessions.py."""

    __tablename__ = "widget_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    origin: Mapped[str] = mapped_column(sa.String(300))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime] = mapped_column(index=True)

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    board: Mapped[Board] = relationship(lazy="raise_on_sql")
