"""Comments as they were. Ideas as they were are in models.py, with the ideas."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base


class CommentVersion(Base):
    """A comment as it was written before an edit; what it says now is in the comment. Written by commenting.py.

    written_at: when these words were written, not when they were replaced. Deleting the comment deletes them.
    """

    __tablename__ = "comment_version"
    __table_args__ = (sa.UniqueConstraint("comment_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    written_at: Mapped[datetime]
