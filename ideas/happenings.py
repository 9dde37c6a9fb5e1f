"""What happens, for whatever listens: other systems, by webhooks. The ground knows neither.

A service says what happened in the transaction in which it happens, beside what people are told (outbox.py). Where
nobody listens for a kind, nothing is kept of it. The only code that writes `listened_for`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas import settings
from ideas.db import Base, db


class ListenedFor(Base):
    """Somebody listens for this kind of happening."""

    __tablename__ = "listened_for"

    kind: Mapped[str] = mapped_column(sa.String(30), primary_key=True)


@dataclass(frozen=True)
class Happening:
    """Something that happened: "vote.created".

    idea_id: the idea it happened to. about_id: the row that tells more (a comment, a merge, a release, a person).
    facts: what cannot be read later, without a word of anybody: numbers, slugs, times.
    """

    kind: str
    idea_id: int | None = None
    about_id: int | None = None
    facts: dict[str, Any] = field(default_factory=dict)


def tell(kind: str, idea_id: int | None = None, about_id: int | None = None, **facts: Any) -> None:
    """Tell whatever listens that this happened, in the caller's transaction."""
    happening = Happening(kind, idea_id, about_id, facts)
    for hear in settings.rooms().hearers:
        hear(happening)


def is_listened_for(kind: str) -> sa.ColumnElement[bool]:
    """SQL: somebody listens for that kind. For statements that are so frequent that asking apart would be felt.

    kind: one of ours, written into the statement as it is.
    """
    return is_any_listened_for(sa.literal_column(f"'{kind}'", sa.String))


def is_any_listened_for(kind: sa.ColumnElement[str]) -> sa.ColumnElement[bool]:
    """SQL: the same for a kind that the statement knows."""
    return sa.exists(sa.select(sa.literal_column("1")).where(ListenedFor.kind == kind))


def listen_for(kinds: Collection[str]) -> None:
    """From now on these kinds are listened for, and no others."""
    there = set(db.session.scalars(sa.select(ListenedFor.kind)))
    if gone := there - set(kinds):
        leave = sa.delete(ListenedFor).where(ListenedFor.kind.in_(gone))
        db.session.execute(leave.execution_options(synchronize_session="fetch"))
    db.session.add_all(ListenedFor(kind=kind) for kind in sorted(set(kinds) - there))
    db.session.flush()
