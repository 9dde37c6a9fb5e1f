"""Whose mail comes next: every event gets its turn, however many people others are told of.

A line of the ledger keeps in which lane it stands: the first ten people of each event in the first, the next ninety in
the second, and so on. Whoever takes mail takes some from every lane, most from the first. So a reply to one person
waits for nobody's million, and the last of the million wait for a bounded share of everything else. Each lane is read
at its head, by the index, whatever is in it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import sqlalchemy as sa

from ideas.ledger.models import Delivery

ENDS = (10, 100, 1_000, 10_000, 100_000)  # how many people of one event stand in all lanes so far
LANES = range(len(ENDS) + 1)

# as the indexes say it
pending = Delivery.state == sa.literal_column("'pending'", sa.String)
single = Delivery.digest.is_(None)


def lane(place: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """In which lane somebody stands who is the `place`-th (from 1) to be told of an event."""
    return sa.case(
        *((place <= end, sa.literal_column(str(number))) for number, end in enumerate(ENDS)), else_=len(ENDS)
    )


def _in(number: int) -> sa.ColumnElement[bool]:
    # as a constant: with a parameter a database could not know that the lane is one
    return Delivery.lane == sa.literal_column(str(number))


@cache
def due(*, locked: bool = True) -> sa.Select[int]:
    """Ids of at most `most` single mails that are due `now` and in nobody's hands, in turn from all lanes.

    locked: on PostgreSQL they are, and what others have locked is passed over.
    """
    heads = sa.union_all(*(_head(number, locked) for number in LANES)).subquery("heads")
    # of n mails the first lane gets its first n before the second gets n / 2, the third n / 3, …
    turn = heads.c.place * (1 + heads.c.lane)
    return sa.select(heads.c.id).order_by(turn, heads.c.lane).limit(sa.bindparam("most"))


def _head(number: int, locked: bool) -> sa.Select[int, int, int]:
    waiting = (
        sa.select(Delivery.id, Delivery.due_at)
        .where(pending, single, _in(number), Delivery.due_at <= sa.bindparam("now"), Delivery.lease.is_(None))
        .order_by(Delivery.due_at, Delivery.id)
        .limit(sa.bindparam("most"))
    )
    oldest = (waiting.with_for_update(skip_locked=True) if locked else waiting).subquery(f"lane_{number}")
    place = sa.func.row_number().over(order_by=(oldest.c.due_at, oldest.c.id)).label("place")
    return sa.select(oldest.c.id, place, sa.literal_column(str(number), sa.Integer).label("lane"))


def firsts() -> list[sa.Select[Any]]:
    """When the first single mail of each lane wants to be sent."""
    return [sa.select(sa.func.min(Delivery.due_at).label("due_at")).where(pending, single, _in(n)) for n in LANES]
