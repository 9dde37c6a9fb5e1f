"""Which deliveries read the same words: those for which everything that the words are made of is the same.

What somebody put in is said by its day and its quote, so a thousand people who voted on one day read one mail. Rows are
the same while all that was loaded of them is, also in the next batch: a correction in between makes other words.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Hashable, Mapping
from datetime import date, datetime
from enum import Enum
from types import ModuleType
from typing import Any

from flask_babel.speaklater import LazyString

from ideas.boards import sayings
from ideas.boards.contributions import Contribution
from ideas.db import Base


class _Own(Exception):
    """Something of which it is not known what it says."""


def alike(said: Mapping[int, Mapping[str, Any]]) -> dict[int, Hashable]:
    """Delivery → what all have in common that read the same; one that is left out reads words of its own."""
    rows: dict[int, Hashable] = {}
    found: dict[int, Hashable] = {}
    for delivery_id, names in said.items():
        try:
            found[delivery_id] = tuple((name, _of(names[name], rows)) for name in sorted(names))
        except _Own:
            continue
    return found


def _of(value: Any, rows: dict[int, Hashable]) -> Hashable:
    if value is None or isinstance(value, str | int | float | date | datetime | Enum):
        return value
    if isinstance(value, Contribution):
        return value.kind, sayings.day(value.at), value.quote, value.by
    if isinstance(value, Base):
        return _of_row(value, rows)
    if isinstance(value, tuple | list):
        return type(value).__name__, *(_of(each, rows) for each in value)
    if isinstance(value, Mapping):
        return tuple((name, _of(value[name], rows)) for name in sorted(value))
    if isinstance(value, LazyString):
        return str(value)
    if isinstance(value, ModuleType):
        return value.__name__
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        return type(value).__name__, *(_of(getattr(value, each.name), rows) for each in fields)
    raise _Own


def _of_row(row: Base, rows: dict[int, Hashable]) -> Hashable:
    """All that was loaded of a row, and of what it points to; each is looked at once."""
    if id(row) not in rows:
        rows[id(row)] = type(row).__name__  # one that points back to itself is its name there
        loaded = {name: value for name, value in vars(row).items() if not name.startswith("_sa_")}
        rows[id(row)] = type(row).__name__, *((name, _of(loaded[name], rows)) for name in sorted(loaded))
    return rows[id(row)]
