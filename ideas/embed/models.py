"""What pages of other sites send along."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.boards.models import Board
from ideas.db import Base, utcnow


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
