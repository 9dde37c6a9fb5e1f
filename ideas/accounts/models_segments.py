"""Segments: questions over companies and people that are kept, and who answers to each."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.accounts.models import User
from ideas.db import Base, utcnow

NAME_LONGEST = 80
SLUG_LONGEST = 40


class Segment(Base):
    """A question over people and their companies that is kept under a name. Written by segments.py.

    question: as segment_questions.QuestionWords loads it. people, companies: how many answer to it, as it was
    counted_at; None until everybody was looked at since the question was last changed.
    """

    __tablename__ = "segment"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(SLUG_LONGEST), unique=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LONGEST))
    question: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    people: Mapped[int] = mapped_column(default=0)
    companies: Mapped[int] = mapped_column(default=0)
    counted_at: Mapped[datetime | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def subject(self) -> str:
        """What it is called in the audit log."""
        return f"segment:{self.id}"


class SegmentPerson(Base):
    """Somebody answers to the question of a segment. Written by segments.py, a little after it becomes true."""

    __tablename__ = "segment_person"
    # of one person: what they leave, and in which segments the voters of an idea are
    __table_args__ = (sa.Index(None, "user_id", "segment_id"),)

    segment_id: Mapped[int] = mapped_column(sa.ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey(User.id, ondelete="CASCADE"), primary_key=True)
