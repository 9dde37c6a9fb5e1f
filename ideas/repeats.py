"""An act that is sent again is done once. The only code that writes `idempotency_key`.

A client that hears nothing cannot know whether its request was lost or the answer to it. It names what it wants done,
by a key or by the token of a form, and may then ask as often as it likes. The row stands in the transaction of the act:
whoever finds it, finds the act done, and whoever dies before the commit leaves neither.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.crashpoints import crashpoint
from ideas.db import Base, db, insert_once, utcnow
from ideas.privacy import Leaving

KEPT = timedelta(hours=24)


class IdempotencyKey(Base):
    """An act that somebody named, and what it was answered."""

    __tablename__ = "idempotency_key"

    # hash of who may use the key, for what, and of the key itself
    name: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id", ondelete="CASCADE"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))  # hash of what was sent with it
    answer: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    created_at: Mapped[datetime] = mapped_column(default=utcnow, index=True)


class StillAtIt(Exception):
    """The first request of that name is at work."""


class Different(Exception):
    """Something else was done under that name."""


@dataclass(frozen=True)
class Act:
    """A named act. former: what it was answered when it was done; None while that is still to come."""

    name: str
    former: dict[str, Any] | None


_TRY = sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name"), 0)))
_FIND = sa.select(IdempotencyKey.fingerprint, IdempotencyKey.answer, IdempotencyKey.created_at).where(
    IdempotencyKey.name == sa.bindparam("name")
)


def begin(person_id: int, *scope: str, key: str, sent: bytes = b"", wait: bool = False) -> Act:
    """Take the name `key` for an act of `person_id`, within `scope`; if it is done already, `former` says so.

    The caller does the act and calls `keep`, both in this transaction. Raises StillAtIt while another does, unless it
    shall `wait` for that; and Different when the key was used for something else than what is `sent` now.
    """
    name = _hash("\0".join((str(person_id), *scope, key)).encode())
    fingerprint = _hash(sent)
    # On SQLite who writes is alone and others wait in line: when their turn comes, the first has ended.
    is_postgresql = db.session.get_bind().dialect.name == "postgresql"
    if is_postgresql and not wait and not db.session.scalar(_TRY, {"name": name}):
        raise StillAtIt
    _forget(sa.and_(IdempotencyKey.name == name, _is_over()))
    if insert_once(IdempotencyKey, name=name, user_id=person_id, fingerprint=fingerprint):
        crashpoint("repeat.after_insert")
        return Act(name, None)
    row = db.session.execute(_FIND, {"name": name}).one()
    if row.fingerprint != fingerprint:
        raise Different
    return Act(name, row.answer)


def keep(act: Act, answer: dict[str, Any]) -> None:
    """What the act was answered, for whoever asks again within KEPT."""
    db.session.execute(
        sa.update(IdempotencyKey)
        .where(IdempotencyKey.name == act.name)
        .values(answer=answer)
        .execution_options(synchronize_session=False)
    )
    crashpoint("repeat.before_commit")


def sweep() -> None:
    """Forget what nobody asks for again. In a unit of work."""
    _forget(_is_over())


def forget(leaving: Leaving) -> None:
    """Nobody asks again in the name of somebody who is erased, and no answer kept for others names them."""
    _forget(IdempotencyKey.user_id == leaving.id)
    for row in db.session.scalars(sa.select(IdempotencyKey).where(leaving.may_stand_in(IdempotencyKey.answer))):
        row.answer = leaving.rewritten_json(row.answer)


def _is_over() -> sa.ColumnElement[bool]:
    return IdempotencyKey.created_at < utcnow() - KEPT


def _forget(which: sa.ColumnElement[bool]) -> None:
    db.session.execute(sa.delete(IdempotencyKey).where(which).execution_options(synchronize_session=False))


def _hash(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
