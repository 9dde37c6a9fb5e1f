"""Lists that people keep under a name and an address."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.db import Base, utcnow

NAME_LONGEST = 80


class BacklogView(Base):
    """What somebody asks of the team's list, kept. Written by keeping.py.

    asked: as asking.AskedQuery takes it. columns: of asking.Column, in their order. weights: points for each amount.
    """

    __tablename__ = "backlog_view"
    __table_args__ = (sa.Index(None, "is_shared", "name", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(NAME_LONGEST))
    is_shared: Mapped[bool] = mapped_column(default=False)
    asked: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    columns: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    weights: Mapped[dict[str, float]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    owner: Mapped[User] = relationship(lazy="raise_on_sql")


def asks_for(segment: str) -> sa.ColumnElement[bool]:
    """SQL: views whose list is narrowed to the segment of that slug."""
    asked: sa.ColumnElement[str] = BacklogView.asked["segment"].as_string()
    return asked == segment
