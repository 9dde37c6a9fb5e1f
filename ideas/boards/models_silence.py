"""What the team was reminded of, and who still wants what nobody has said a word about."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base, utcnow


class Occasion(StrEnum):
    """What a reminder is about; `about_id` is the row that is named."""

    SILENCE = "silence"  # an idea without a word for long
    OVERDUE = "overdue"  # a person who owes several their next word
    DATE = "date"  # a version of an answer, whose date comes near


class Reminder(Base):
    """When people were last reminded of something, so that they are not again too soon. Written by silence.py."""

    __tablename__ = "reminder"

    occasion: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    about_id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]


class StillWanted(Base):
    """What somebody said when asked whether they still want an idea. Written by silence.py."""

    __tablename__ = "still_wanted"

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)
    wanted: Mapped[bool]
    said_at: Mapped[datetime] = mapped_column(default=utcnow)
