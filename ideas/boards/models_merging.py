"""Which idea was made part of which other; what follows from it now stands on the ideas themselves, in models.py."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Idea
from ideas.db import Base, partial_index, utcnow
from ideas.outbox import OutboxEntry

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Merge(Base):
    """The team said that an idea is the same as another, and perhaps later that it is not. Written by merging.py.

    A link: votes, comments and follows stay on the idea where they were made. entry_id and unmerge_entry_id are the
    outbox entries that announce it. Merged and unmerged before anybody was told: entry_id is of a cancelled entry, and
    unmerge_entry_id is None.
    """

    __tablename__ = "merge"
    __table_args__ = (
        sa.Index(None, "idea_id", "id"),
        sa.Index(None, "into_id", "id"),
        # an idea is part of one other at a time
        partial_index("uq_merge_standing", "idea_id", unique=True, where="unmerged_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    into_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    text: Mapped[str] = mapped_column(sa.Text)
    text_html: Mapped[str] = mapped_column(sa.Text)
    merged_at: Mapped[datetime] = mapped_column(default=utcnow)
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))
    unmerged_at: Mapped[datetime | None]
    unmerged_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    unmerge_text: Mapped[str] = mapped_column(sa.Text, default="")
    unmerge_text_html: Mapped[str] = mapped_column(sa.Text, default="")
    unmerge_entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))

    idea: Mapped[Idea] = relationship(foreign_keys=idea_id, lazy="raise_on_sql")
    into: Mapped[Idea] = relationship(foreign_keys=into_id, lazy="raise_on_sql")
    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    unmerged_by: Mapped[User | None] = relationship(foreign_keys=unmerged_by_id, lazy="raise_on_sql")
    entry: Mapped[OutboxEntry | None] = relationship(foreign_keys=entry_id, lazy="raise_on_sql")
    unmerge_entry: Mapped[OutboxEntry | None] = relationship(foreign_keys=unmerge_entry_id, lazy="raise_on_sql")
