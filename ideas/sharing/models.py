"""Feeds of what not everybody may read, each behind an address that is a secret."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import Base, utcnow


class PrivateFeed(Base):
    """An address by which a program reads as a person, of one board or of their own ideas. Written by private.py.

    board_id: None for the ideas that they wrote or follow. hint: the end of the address, by which they know it again.
    """

    __tablename__ = "private_feed"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    board_id: Mapped[int | None] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    hint: Mapped[str] = mapped_column(sa.String(8))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise_on_sql")
    board: Mapped[Board | None] = relationship(lazy="raise_on_sql")
