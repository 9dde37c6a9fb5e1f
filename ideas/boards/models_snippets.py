"""Texts that teams use often in answers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import Base, utcnow

NAME_LONGEST = 80
SNIPPET_LONGEST = 2_000


class Snippet(Base):
    """A text that is put into answers, with blanks. board: whose team uses it; none: its owner's own.

    Written by phrasing.py.
    """

    __tablename__ = "snippet"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    board_id: Mapped[int | None] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LONGEST))
    text: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    changed_at: Mapped[datetime] = mapped_column(default=utcnow)

    owner: Mapped[User] = relationship(lazy="raise_on_sql")
    board: Mapped[Board | None] = relationship(lazy="raise_on_sql")
