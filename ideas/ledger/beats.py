"""Signs of life of the workers, and what they have done. The only code that writes `worker_beat`.

A worker says now and then that it is there. When it ends, or is found to be gone, what it had counted is added to the
one row of those before it, so that the sums only grow.
"""

from __future__ import annotations

import os
import secrets
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from ideas.accounts import locks
from ideas.checking import Figure
from ideas.db import db, insert_once, utcnow
from ideas.ledger.models import WorkerBeat

EVERY = timedelta(seconds=20)
GONE_AFTER = timedelta(minutes=10)  # longer than any turn takes
FORMER = "former"  # the row of all workers that are no more


@dataclass
class Beats:
    """What one worker has to tell of itself."""

    name: str = field(default_factory=lambda: f"{socket.gethostname()[:40]}:{os.getpid()}:{secrets.token_hex(3)}")
    started_at: datetime = field(default_factory=utcnow)
    turns: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    last: datetime | None = None

    def is_due(self, now: datetime) -> bool:
        return self.last is None or now >= self.last + EVERY

    def beat(self, *, closed_until: datetime | None) -> None:
        """Say that this worker is there, in the caller's transaction. `closed_until`: when it asks the relay again."""
        now = self.last = utcnow()
        values = {
            "beat_at": now,
            "turns": self.turns,
            "outcomes": dict(self.outcomes),
            "closed_until": closed_until,
        }
        if insert_once(WorkerBeat, name=self.name, started_at=self.started_at, **values):
            return
        db.session.execute(
            sa.update(WorkerBeat)
            .where(WorkerBeat.name == self.name)
            .values(**values)
            .execution_options(synchronize_session=False)
        )

    def end(self) -> None:
        """This worker is no more."""
        _retire([self.name], extra=(self.turns, self.outcomes))


def sweep() -> None:
    """Take those who were not heard of for long as gone. In a unit of work."""
    silent = sa.select(WorkerBeat.name).where(WorkerBeat.name != FORMER, WorkerBeat.beat_at < utcnow() - GONE_AFTER)
    if names := db.session.scalars(silent).all():
        _retire(names)


def forget_all() -> None:
    """Nobody of those who were at work is any more."""
    if names := db.session.scalars(sa.select(WorkerBeat.name).where(WorkerBeat.name != FORMER)).all():
        _retire(names)


def last_heard_of() -> datetime | None:
    """When any worker said last that it was there."""
    return db.session.scalar(sa.select(sa.func.max(WorkerBeat.beat_at)).where(WorkerBeat.name != FORMER))


def figures() -> list[Figure]:
    """What the workers did, and how they are."""
    now = utcnow()
    rows = db.session.scalars(sa.select(WorkerBeat)).all()
    alive = [row for row in rows if row.name != FORMER and now - row.beat_at < 3 * EVERY]
    outcomes = sum((Counter(row.outcomes) for row in rows), Counter())
    closed = sum(1 for row in alive if row.closed_until is not None and row.closed_until > now)
    return [
        Figure("workers", "Workers heard of within the last minute.", len(alive)),
        Figure("workers_waiting_for_relay", "Workers that leave the mail relay alone for a while.", closed),
        Figure("worker_turns", "Turns of all workers.", sum(row.turns for row in rows), only_grows=True),
        *(
            Figure("sends", "Messages by what became of them.", count, (("outcome", name),), only_grows=True)
            for name, count in sorted(outcomes.items())
        ),
    ]


def _retire(names: Sequence[str], extra: tuple[int, Mapping[str, int]] | None = None) -> None:
    """Add what `names` did to what was done before them. `extra` is what the one worker knows better than its row."""
    locks.hold("worker_beat")  # two that end at once would each forget the other
    gone = db.session.execute(
        sa.delete(WorkerBeat)
        .where(WorkerBeat.name.in_(names))
        .returning(WorkerBeat.turns, WorkerBeat.outcomes)
        .execution_options(synchronize_session=False)
    ).all()
    counted: list[tuple[int, Mapping[str, int]]] = [(row.turns, row.outcomes) for row in gone]
    if extra is not None:
        counted = [extra]
    now = utcnow()
    insert_once(WorkerBeat, name=FORMER, started_at=now, beat_at=now, turns=0, outcomes={}, closed_until=None)
    former = db.session.get_one(WorkerBeat, FORMER, populate_existing=True)
    former.turns += sum(turns for turns, _ in counted)
    former.outcomes = dict(sum((Counter(each) for _, each in counted), Counter(former.outcomes)))
    former.beat_at = now
