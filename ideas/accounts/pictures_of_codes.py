"""A text as a square that phones read (QR code), drawn as one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import NamedTuple

import segno

QUIET = 4  # squares around it that stay empty, or readers do not find it


class Squares(NamedTuple):
    """What an SVG element needs: its side, and the line to fill."""

    side: int
    line: str


def path(text: str) -> Squares:
    """`text` as squares; one unit is one of them."""
    rows = segno.make_qr(text, error="m").matrix
    line = "".join(
        f"M{x + QUIET} {y + QUIET}h{wide}v1h-{wide}z" for y, row in enumerate(rows) for x, wide in _dark_runs(row)
    )
    return Squares(len(rows) + 2 * QUIET, line)


def _dark_runs(row: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Where squares that touch begin, and how many they are."""
    at = 0
    for is_dark, run in groupby(row):
        wide = len(list(run))
        if is_dark:
            yield at, wide
        at += wide
