"""Files that administrators sent, on their way."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import Base, utcnow


class State(StrEnum):
    """How far an import is: read and compared, waiting for a word, put down, at its end or given up."""

    CHECKING = "checking"
    CHECKED = "checked"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"


UNDER_WAY = (State.CHECKING, State.CHECKED, State.RUNNING)
FILE_NAME_LONGEST = 120


class Import(Base):
    """A file that an administrator sent, and what becomes of it. Written by running.py.

    format: the system it comes from. board_id: of what names none. options: as Options.given. done, total: of the
    state it is in. place: up to which record all is put down. report: what was found, as reporting.py shows it.
    """

    __tablename__ = "import"

    id: Mapped[int] = mapped_column(primary_key=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    board_id: Mapped[int | None] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    format: Mapped[str] = mapped_column(sa.String(20))
    file_name: Mapped[str] = mapped_column(sa.String(FILE_NAME_LONGEST))
    options: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[str] = mapped_column(sa.String(10), default=State.CHECKING, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    place: Mapped[int] = mapped_column(default=0)
    report: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    ended_at: Mapped[datetime | None]

    by: Mapped[User] = relationship(lazy="raise_on_sql")
    board: Mapped[Board | None] = relationship(lazy="raise_on_sql")


class ImportPiece(Base):
    """A part of a file that was sent, until its import has ended. Written by running.py."""

    __tablename__ = "import_piece"

    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
