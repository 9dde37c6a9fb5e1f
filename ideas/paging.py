"""Keyset pages: where a page ends is where the next begins, however many rows came or went meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from itsdangerous import BadData, URLSafeSerializer
from marshmallow import ValidationError

from ideas.settings import current
from ideas.words import _

T = TypeVar("T")
PAGE = 20
PAGE_MOST = 100


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows of a list; `next` is the cursor of the rows after them, None on the last page."""

    rows: Sequence[T]
    next: str | None

    @classmethod
    def of(cls, rows: Sequence[T], limit: int, *, order: str, key: Callable[[T], Sequence[Any]]) -> Page[T]:
        """A page out of `limit + 1` fetched rows: the one too many only tells that there are more."""
        shown = rows[:limit]
        return cls(shown, write_cursor(order, key(shown[-1])) if len(rows) > limit else None)


def write_cursor(order: str, key: Sequence[Any]) -> str:
    """An opaque, signed place in a list of that order; `key` is numbers, strings, days and times."""
    return _serializer(order).dumps([_out(part) for part in key])


def read_cursor(order: str, cursor: str | None) -> list[Any] | None:
    """The key that `write_cursor` was given; None for no cursor.

    Raises ValidationError, naming the field, for one that we did not write for this order.
    """
    if not cursor:
        return None
    try:
        return [_in(part) for part in _serializer(order).loads(cursor)]
    except BadData:
        unknown = _("This place in the list is not known. Start again from the first page.")
        raise ValidationError({"cursor": [unknown]}) from None


def _serializer(order: str) -> URLSafeSerializer:
    return _signed_with(tuple(current().secret_keys), order)


@lru_cache(maxsize=256)
def _signed_with(keys: tuple[str, ...], order: str) -> URLSafeSerializer:
    return URLSafeSerializer(list(keys), salt=f"cursor {order}")


def _out(part: Any) -> Any:
    if isinstance(part, datetime):
        return {"t": part.isoformat()}
    return {"d": part.isoformat()} if isinstance(part, date) else part


def _in(part: Any) -> Any:
    if not isinstance(part, dict):
        return part
    return datetime.fromisoformat(part["t"]) if "t" in part else date.fromisoformat(part["d"])
