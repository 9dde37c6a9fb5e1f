"""What segments back."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base


class BacklogSegment(Base):
    """How many people of a segment back an idea, and its priority when they are whom it reaches. Written by ranking.py.

    An idea that none of them backs has no row.
    """

    __tablename__ = "backlog_segment"
    __table_args__ = (
        # the orders of the team's list within a segment
        sa.Index(None, "segment_id", "votes", "idea_id"),
        sa.Index(None, "segment_id", "priority", "idea_id"),
    )

    segment_id: Mapped[int] = mapped_column(sa.ForeignKey("segment.id", ondelete="CASCADE"), primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True, index=True)
    votes: Mapped[int]
    priority: Mapped[float] = mapped_column(sa.Double)
