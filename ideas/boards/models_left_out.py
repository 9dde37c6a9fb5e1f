"""Whom a team leaves out when it tells people of an answer, and why."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import Company, User
from ideas.db import Base, utcnow

REASON_LONGEST = 200


class LeftOut(Base):
    """A person, or all of a company, who is not told of an answer: the other is NULL. Written by leaving_out.py."""

    __tablename__ = "left_out"

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(sa.ForeignKey("answer.id", ondelete="CASCADE"), index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("company.id"), index=True)
    reason: Mapped[str] = mapped_column(sa.String(REASON_LONGEST))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    user: Mapped[User | None] = relationship(foreign_keys=user_id, lazy="raise_on_sql")
    company: Mapped[Company | None] = relationship(lazy="raise_on_sql")
    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
