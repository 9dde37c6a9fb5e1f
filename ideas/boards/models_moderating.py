"""What people point the team to, what the team hid or holds, and appeals against it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Comment, Idea
from ideas.db import Base, partial_index, utcnow

WORDS_LONGEST = 500


class FlagReason(StrEnum):
    """What somebody thinks is wrong with an idea or a comment."""

    SPAM = "spam"
    ABUSE = "abuse"
    PERSONAL_DATA = "personal_data"
    OFF_TOPIC = "off_topic"
    OTHER = "other"


class Outcome(StrEnum):
    """What the team made of a flag."""

    DISMISSED = "dismissed"
    HIDDEN = "hidden"


class Flag(Base):
    """Somebody asks the team to look at an idea or a comment; each person once. Written by flagging.py.

    subject: "idea:7" or "comment:9". Several of one subject are settled together.
    """

    __tablename__ = "flag"
    __table_args__ = (
        sa.UniqueConstraint("subject", "by_id"),
        sa.Index(None, "by_id", "created_at"),
        partial_index("ix_flag_open", "idea_id", where="settled_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(30))
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), index=True)
    comment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(sa.String(20))
    words: Mapped[str] = mapped_column(sa.String(WORDS_LONGEST), default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    settled_at: Mapped[datetime | None]
    settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    outcome: Mapped[str | None] = mapped_column(sa.String(10))

    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")
    comment: Mapped[Comment | None] = relationship(lazy="raise_on_sql")


class Hiding(Base):
    """The team hid an idea or a comment of it, and why; its author may appeal once. Written by moderating.py.

    Held until the team has looked, it is hidden by nobody, for signals (codes of screening.py); refused, by whoever
    refused it; let through, it is restored.
    """

    __tablename__ = "hiding"
    __table_args__ = (
        sa.Index(None, "idea_id", "id"),
        partial_index("ix_hiding_held", "idea_id", where="by_id IS NULL AND restored_at IS NULL"),
        partial_index("ix_hiding_appealed", "idea_id", where="appealed_at IS NOT NULL AND appeal_settled_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    comment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id", ondelete="CASCADE"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(500))
    signals: Mapped[list[str] | None] = mapped_column(sa.JSON(none_as_null=True))
    by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    hidden_at: Mapped[datetime] = mapped_column(default=utcnow)
    restored_at: Mapped[datetime | None]
    restored_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    appeal: Mapped[str | None] = mapped_column(sa.String(2000))  # the author's words
    appealed_at: Mapped[datetime | None]
    appeal_reply: Mapped[str | None] = mapped_column(sa.String(500))
    appeal_settled_at: Mapped[datetime | None]
    appeal_settled_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))

    by: Mapped[User | None] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")
    comment: Mapped[Comment | None] = relationship(lazy="raise_on_sql")
    appeal_settled_by: Mapped[User | None] = relationship(foreign_keys=appeal_settled_by_id, lazy="raise_on_sql")

    @property
    def takes_appeal(self) -> bool:
        return self.by_id is not None and self.appealed_at is None and self.restored_at is None

    @property
    def is_held(self) -> bool:
        return self.by_id is None and self.restored_at is None
