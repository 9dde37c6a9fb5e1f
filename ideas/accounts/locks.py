"""One at a time, for the few decisions that count rows and no unique key can make."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.db import db

_HOLD = sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.bindparam("name"), 0)))


def hold(*names: str) -> None:
    """Nobody else passes here with one of `names` until this transaction ends.

    On SQLite a unit of work is the only writer anyway.
    """
    if db.session.get_bind().dialect.name != "postgresql":
        return
    for name in sorted(names):  # always in one order, so that two can never wait for each other
        db.session.execute(_HOLD, {"name": name})
