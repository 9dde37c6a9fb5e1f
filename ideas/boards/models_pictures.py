"""Pictures that people sent. The files themselves are in storage.py's keeping."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base, utcnow


class Picture(Base):
    """A picture in an idea, a comment or a release, or one that is to be in one. Written by picturing.py.

    It belongs to the first text that shows it, and whoever may read that text may see it: a comment's when comment_id
    is set, a release's when release_id is, otherwise the idea's (its own words or an answer's). Until then its owner
    alone sees it. gone_at: nobody sees it any more, and the worker deletes the file and the row.
    """

    __tablename__ = "picture"
    __table_args__ = (sa.Index(None, "owner_id", "created_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    idea_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id", ondelete="SET NULL"), index=True)
    comment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id", ondelete="SET NULL"), index=True)
    release_id: Mapped[int | None] = mapped_column(sa.ForeignKey("release.id", ondelete="SET NULL"), index=True)
    width: Mapped[int]
    height: Mapped[int]
    bytes: Mapped[int]
    alt: Mapped[str] = mapped_column(sa.String(200), default="")  # what it shows, for those who do not see it
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)
    gone_at: Mapped[datetime | None]

    @property
    def is_loose(self) -> bool:
        """No text shows it yet."""
        return self.idea_id is None and self.comment_id is None and self.release_id is None
