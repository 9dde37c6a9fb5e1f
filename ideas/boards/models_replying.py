"""What people answered by mail, and what became of it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Idea
from ideas.db import Base, partial_index, utcnow


class Became(StrEnum):
    """What became of an answer by mail."""

    COMMENTED = "commented"
    VOTED = "voted"
    RETURNED = "returned"  # it could not be taken, and its writer was told why
    SET_ASIDE = "set_aside"  # a person of the team has to look
    PASSED_OVER = "passed_over"  # a machine wrote it, or nobody said anything


class Doubt(StrEnum):
    """Why somebody of the team has to look at it."""

    OTHER_SENDER = "other_sender"  # it came from another address than the one the mail went to
    UNREADABLE = "unreadable"


class MailReply(Base):
    """A mail that came to the address of a notice. Written by replying.py.

    digest: so that a mail handed over twice is taken once. sender and said are kept only for what was set aside, until
    the team has looked.
    """

    __tablename__ = "mail_reply"
    __table_args__ = (
        partial_index("ix_mail_reply_aside", "idea_id", "id", where="became = 'set_aside' AND settled_at IS NULL"),
        sa.Index(None, "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    received_at: Mapped[datetime] = mapped_column(default=utcnow)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    became: Mapped[str] = mapped_column(sa.String(12))
    doubt: Mapped[str | None] = mapped_column(sa.String(16))
    sender: Mapped[str | None] = mapped_column(sa.String(320))
    said: Mapped[str | None] = mapped_column(sa.Text)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")
