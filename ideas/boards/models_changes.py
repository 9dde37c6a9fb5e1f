"""What changed on boards, in the order in which it came to be there: what the change feed reads."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base, partial_index

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Change(Base):
    """Something that happened to an idea, a comment, a release, a board or a person. Written by changes.py.

    place: where it stands in the feed; NULL until somebody asks who can see it. It is given by one reader at a time, to
    what is committed by then, so nothing ever comes to stand before what was read: a number that is drawn when a row is
    written could, because transactions end in another order than they draw.
    board_id: NULL for what is on no board, of which the site's team alone is told. about_id: a comment, a release or a
    person, by the kind; NULL for an idea itself.
    """

    __tablename__ = "change"
    __table_args__ = (
        partial_index("ix_change_unplaced", "id", where="place IS NULL"),
        # “what changed since” of ideas: walked by time, or asked of one idea; and of comments
        sa.Index(None, "at", "idea_id"),
        sa.Index(None, "idea_id", "at"),
        sa.Index(None, "about_id", "at"),
    )

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    place: Mapped[int | None] = mapped_column(_BIG, unique=True)
    kind: Mapped[str] = mapped_column(sa.String(30))
    board_id: Mapped[int | None] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"))
    idea_id: Mapped[int | None]  # no foreign key: what is told of may be gone for good
    about_id: Mapped[int | None]
    at: Mapped[datetime]
