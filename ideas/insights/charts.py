"""Where the parts of a chart stand. Numbers only: what they look like is said in the templates and their sheet.

A chart is a field of WIDE × HIGH that is stretched to the room it has; its words stand beside it as text.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ideas.boards.waiting import Waiting
from ideas.insights.answered import Tenth
from ideas.insights.pace import Week

WIDE, HIGH = 100.0, 100.0
BARS_MOST = 53


class Bar(NamedTuple):
    """A rectangle of the field. kind: which of the chart's kinds of bar."""

    x: float
    y: float
    width: float
    height: float
    kind: str


class Part(NamedTuple):
    """A piece of a whole: its share of the width, in order."""

    kind: str
    number: int


def parts(pieces: Iterable[Part]) -> list[Bar]:
    """A whole as one bar, each piece as wide as its share."""
    pieces = [piece for piece in pieces if piece.number]
    whole = sum(piece.number for piece in pieces)
    bars, x = [], 0.0
    for piece in pieces:
        width = WIDE * piece.number / whole
        bars.append(_bar(x, width, HIGH, piece.kind))
        x += width
    return bars


def still_waiting(waits: Sequence[tuple[str, Waiting]], days: int) -> list[tuple[str, str]]:
    """Each wait as a line of steps, from all who wait on day 0 down to who still does: (name, path)."""
    return [(name, _steps(wait, max(days, 1))) for name, wait in waits if wait.ideas]


def _steps(wait: Waiting, days: int) -> str:
    path = "M0 0"
    for step in wait.curve:
        if step.day <= days:
            path += f"H{_round(WIDE * step.day / days)}V{_round(HIGH * (1 - step.share))}"
    return f"{path}H{_round(WIDE)}"


def last_day(waits: Iterable[Waiting]) -> int:
    """How far the lines of some waits go: to their last step, in whole weeks."""
    last = max((step.day for wait in waits for step in wait.curve), default=0)
    return max(7, math.ceil((last + 1) / 7) * 7)


def tenths(found: Sequence[Tenth]) -> list[Bar]:
    """Two bars for each tenth, one behind the other: all of its ideas as the full height, and the answered ones."""
    bars = []
    for place, tenth in enumerate(found):
        x, width = _slot(place, len(found))
        bars.append(_bar(x, width, HIGH, "all"))
        bars.append(_bar(x, width, HIGH * tenth.answered / tenth.ideas, "answered"))
    return bars


def columns(numbers: Sequence[int], kind: str) -> list[Bar]:
    """A bar for each number."""
    most = max(numbers, default=0) or 1
    bars = []
    for place, number in enumerate(numbers):
        x, width = _slot(place, len(numbers))
        bars.append(_bar(x, width, HIGH * number / most, kind))
    return bars


def side_by_side(numbers: Sequence[tuple[int, int]], kinds: tuple[str, str]) -> list[Bar]:
    """Two bars for each pair, one beside the other."""
    most = max((max(pair) for pair in numbers), default=0) or 1
    bars = []
    for place, pair in enumerate(numbers):
        x, width = _slot(place, len(numbers))
        for side, (number, kind) in enumerate(zip(pair, kinds, strict=True)):
            bars.append(_bar(x + side * width / 2, width / 2, HIGH * number / most, kind))
    return bars


def heights(numbers: Sequence[tuple[int, int]], kinds: tuple[str, str]) -> list[Bar]:
    """Two bars for each pair, one before the other: all of something, and how many of these are special."""
    most = max((first for first, _second in numbers), default=0) or 1
    bars = []
    for place, pair in enumerate(numbers):
        x, width = _slot(place, len(numbers))
        bars += [_bar(x, width, HIGH * number / most, kind) for number, kind in zip(pair, kinds, strict=True)]
    return bars


def weeks(found: Sequence[Week]) -> tuple[int, list[Bar]]:
    """Ideas and answers side by side for each week, or for so many weeks that they fit: how many, and the bars."""
    together = max(1, math.ceil(len(found) / BARS_MOST))
    sums = [
        (sum(week.ideas for week in some), sum(week.answers for week in some))
        for some in (found[start : start + together] for start in range(0, len(found), together))
    ]
    return together, side_by_side(sums, ("ideas", "answers"))


def _slot(place: int, places: int) -> tuple[float, float]:
    """Where a bar begins and how wide it is, with a gap of a fifth between."""
    each = WIDE / places
    return each * (place + 0.1), each * 0.8


def _bar(x: float, width: float, height: float, kind: str) -> Bar:
    """A bar that stands on the ground of the field."""
    return Bar(_round(x), _round(HIGH - height), _round(width), _round(height), kind)


def _round(number: float) -> float:
    return round(number, 2)
