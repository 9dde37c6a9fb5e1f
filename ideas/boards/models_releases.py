"""What shipped: releases, the ideas in them, and who wants to hear of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import TITLE_LONGEST, Board
from ideas.db import Base, utcnow
from ideas.outbox import OutboxEntry
from ideas.text import slug

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Release(Base):
    """An entry of a board's changelog; a draft, which the team alone sees, until it is published. Written by
    releasing.py.

    released_on: the day it bears; None: that on which it is published. entry_id is the outbox entry that announces it.
    version counts the changes, so that of two people who write at once the later is told.
    """

    __tablename__ = "release"
    __table_args__ = (sa.Index(None, "board_id", "released_on", "id"), sa.Index(None, "released_on", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"))
    title: Mapped[str] = mapped_column(sa.String(TITLE_LONGEST))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    body_html: Mapped[str] = mapped_column(sa.Text, default="")
    released_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    version: Mapped[int] = mapped_column(default=1)
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))

    board: Mapped[Board] = relationship(lazy="raise_on_sql")
    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    published_by: Mapped[User | None] = relationship(foreign_keys=published_by_id, lazy="raise_on_sql")
    entry: Mapped[OutboxEntry | None] = relationship(lazy="raise_on_sql")

    @property
    def slug(self) -> str:
        return slug(self.title)

    @property
    def subject(self) -> str:
        """The release's name in the ledger and the log."""
        return f"release:{self.id}"


class ReleaseIdea(Base):
    """An idea in a release, with its own line. Written by releasing.py.

    reason, text and credits are what the idea is answered with when the release is published. answer_id: the answer by
    which it is there then; shipped_here: the release gave it. An idea that was there before is not answered again.
    """

    __tablename__ = "release_idea"

    release_id: Mapped[int] = mapped_column(sa.ForeignKey("release.id", ondelete="CASCADE"), primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True, index=True)
    added_at: Mapped[datetime] = mapped_column(default=utcnow)
    reason: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.Text)
    text_html: Mapped[str] = mapped_column(sa.Text)
    credits: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    answer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("answer.id", ondelete="SET NULL"), index=True)
    shipped_here: Mapped[bool] = mapped_column(default=False)


class ReleaseFollow(Base):
    """Wants to hear of the releases of a board. Written by releasing.py."""

    __tablename__ = "release_follow"

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)
    followed_at: Mapped[datetime] = mapped_column(default=utcnow)
