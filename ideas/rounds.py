"""Periodic work that is done once, however many workers there are. The only code that writes `round`.

A room registers `rooms.rounds["name"] = Round(every=…, run=…)`. Whoever looks takes the round that is due the longest,
in the transaction of its work: it is due again later only if the work was committed, and at once if whoever did it
died. Another worker passes over one that is being made, and never does it a second time.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.checking import Figure
from ideas.crashpoints import crashpoint
from ideas.db import Base, db, insert_once, utcnow

AGAIN_AFTER = timedelta(minutes=5)  # a round that failed is tried again after so long, or after its own time if shorter


@dataclass(frozen=True)
class Round:
    """Work that is due again and again.

    run: does a bounded part of it in the caller's transaction, in a second or so, because on SQLite nobody else writes
    meanwhile. True when there is more to do: it is due again at once, after the other rounds that are due.
    """

    every: timedelta
    run: Callable[[], bool]


class RoundDue(Base):
    """When a round is due; the row is made when it is first looked for."""

    __tablename__ = "round"

    name: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    due_at: Mapped[datetime]
    done_at: Mapped[datetime | None]  # when it was last made to its end
    failing_since: Mapped[datetime | None]


class RoundFailed(Exception):
    """A round could not be made; it must not hold up the others."""

    def __init__(self, name: str) -> None:
        super().__init__(f"The round {name} could not be made.")
        self.name = name


def enter(rounds: Mapping[str, Round]) -> None:
    """Have a row for each of `rounds`; a new one is due now. In a unit of work."""
    now = utcnow()
    for name in sorted(rounds):
        insert_once(RoundDue, name=name, due_at=now, done_at=None, failing_since=None)


_OLDEST = (
    sa.select(RoundDue.name)
    .where(RoundDue.name.in_(sa.bindparam("names", expanding=True)), RoundDue.due_at <= sa.bindparam("now"))
    .order_by(RoundDue.due_at, RoundDue.name)
    .limit(1)
    .with_for_update(skip_locked=True)
)
_TAKE = (
    sa.update(RoundDue)
    # asked again outside: somebody may have made it between the two
    .where(RoundDue.name == _OLDEST.scalar_subquery(), RoundDue.due_at <= sa.bindparam("now"))
    .values(due_at=sa.bindparam("now"))
    .returning(RoundDue.name)
    .execution_options(synchronize_session=False)
)


def make_next(rounds: Mapping[str, Round]) -> bool:
    """Make the round that is due the longest; False when none is, or others are at them.

    In a unit of work, which holds both the work and when it is due again. Raises RoundFailed; the caller rolls back and
    calls `put_off`.
    """
    name = db.session.scalar(_TAKE, {"names": sorted(rounds), "now": utcnow()})
    if name is None:
        return False
    crashpoint("round.after_take")
    try:
        has_more = rounds[name].run()
    except (sa.exc.OperationalError, sa.exc.InterfaceError):
        raise  # the database, not the work
    except Exception as error:
        raise RoundFailed(name) from error
    now = utcnow()
    values = {"due_at": now} if has_more else {"due_at": now + rounds[name].every, "done_at": now}
    _write(name, failing_since=None, **values)
    crashpoint("round.before_commit")
    return True


def put_off(name: str, rounds: Mapping[str, Round]) -> None:
    """Try this round again later: something about it is broken, and others wait behind it."""
    now = utcnow()
    since = sa.func.coalesce(RoundDue.failing_since, sa.literal(now, RoundDue.due_at.type))
    _write(name, due_at=now + min(AGAIN_AFTER, rounds[name].every), failing_since=since)


def hasten(name: str) -> None:
    """There is something to do: this round is due now. In a unit of work."""
    _write(name, due_at=utcnow())


def _write(name: str, **values: object) -> None:
    db.session.execute(
        sa.update(RoundDue).where(RoundDue.name == name).values(**values).execution_options(synchronize_session=False)
    )


# --- Seen from outside ---


def next_due(rounds: Mapping[str, Round]) -> datetime | None:
    """When the next of `rounds` is due; None when there is none, or no worker ever looked."""
    return db.session.scalar(sa.select(sa.func.min(RoundDue.due_at)).where(RoundDue.name.in_(sorted(rounds))))


def failing(rounds: Mapping[str, Round]) -> list[str]:
    """Those of `rounds` that failed when they were last made."""
    statement = sa.select(RoundDue.name).where(RoundDue.name.in_(sorted(rounds)), RoundDue.failing_since.is_not(None))
    return list(db.session.scalars(statement.order_by(RoundDue.name)))


def figures(rounds: Mapping[str, Round]) -> list[Figure]:
    """How late each round is, and whether it fails."""
    now = utcnow()
    rows = db.session.scalars(sa.select(RoundDue).where(RoundDue.name.in_(sorted(rounds))).order_by(RoundDue.name))
    found = []
    for row in rows:
        label = (("round", row.name),)
        late = max(0.0, (now - row.due_at).total_seconds())
        found += [
            Figure("round_late_seconds", "How long periodic work has been due.", late, label),
            Figure("round_failing", "Whether it failed when it was last tried.", row.failing_since is not None, label),
        ]
    return found
