"""What becomes of one record, found by comparing it with what is here; the same for a trial and for the real thing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ideas.moving.spooling import Item


class Became(StrEnum):
    """What an import does with a record.

    changed: something is added to what is here, such as an address. removed: a vote is taken back. differs: it is here
    and says something else, and stays as it is. kept: a vote is left to whoever decided here since. passed: nobody
    needs it.
    """

    NEW = "new"
    CHANGED = "changed"
    REMOVED = "removed"
    SAME = "same"
    DIFFERS = "differs"
    KEPT = "kept"
    REFUSED = "refused"
    PASSED = "passed"


WRITES = {Became.NEW, Became.CHANGED, Became.REMOVED}


@dataclass(frozen=True)
class Verdict:
    """What becomes of `item`. here: what it is here. differences: field → what is here and what the file says."""

    item: Item
    became: Became
    here: int | None = None
    differences: Mapping[str, tuple[Any, Any]] = field(default_factory=dict)
    reason: str = ""


def refused(item: Item, reason: str) -> Verdict:
    return Verdict(item, Became.REFUSED, reason=reason)


def known(item: Item, here: int | None, pairs: Mapping[str, tuple[Any, Any]]) -> Verdict:
    """It is here; `pairs` says of its fields what is here and what the file says, None where it says nothing."""
    differences = {name: pair for name, pair in pairs.items() if pair[1] is not None and pair[0] != pair[1]}
    return Verdict(item, Became.DIFFERS if differences else Became.SAME, here, differences)
