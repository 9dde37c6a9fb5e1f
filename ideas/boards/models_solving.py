"""What people say of an idea that was shipped: did it solve what they needed."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Idea
from ideas.db import Base, utcnow

WORDS_LONGEST = 500

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Helped(StrEnum):
    """Whether what was shipped solved what somebody needed."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


NOT_SATISFIED = (Helped.PARTLY, Helped.NO)


class Inquiry(Base):
    """That the people of an idea that was shipped were asked whether it solved their need. Written by solving.py.

    One for each time that it ships: an idea that was reopened and ships again has another, and the newest counts.
    unsolved_at: when too few said yes for the first time, and the team was told. follow_up_id: the idea that goes on
    with what was not solved.
    """

    __tablename__ = "inquiry"
    __table_args__ = (sa.Index(None, "idea_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    answer_id: Mapped[int] = mapped_column(sa.ForeignKey("answer.id", ondelete="CASCADE"), unique=True)
    asked_at: Mapped[datetime] = mapped_column(default=utcnow)
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))
    unsolved_at: Mapped[datetime | None]
    follow_up_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id", ondelete="SET NULL"), index=True)
    followed_up_at: Mapped[datetime | None]


class Solved(Base):
    """One person was asked, by one inquiry, whether it solved their need, and what they said. Written by solving.py.

    answer: None while they said nothing. may_publish: the team may show their words as a story; show_name: with their
    name. published_at: the team does.
    """

    __tablename__ = "solved"
    __table_args__ = (
        sa.UniqueConstraint("inquiry_id", "user_id"),
        sa.Index(None, "user_id", "idea_id"),
        # the team reads what was said, newest first
        sa.Index(None, "idea_id", "answered_at", "id"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    inquiry_id: Mapped[int] = mapped_column(sa.ForeignKey("inquiry.id", ondelete="CASCADE"))
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    asked_at: Mapped[datetime]
    answer: Mapped[str | None] = mapped_column(sa.String(6))
    words: Mapped[str] = mapped_column(sa.String(WORDS_LONGEST), default="", server_default="")
    answered_at: Mapped[datetime | None]
    may_publish: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    show_name: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    published_at: Mapped[datetime | None]
    published_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")
