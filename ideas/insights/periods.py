"""Parts of a period: weeks that begin with it, or months of the calendar. Pure: no database, no clock."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.boards import waiting

PARTS_MOST = 60  # of a chart; of more, several weeks or months stand together


class By(StrEnum):
    """What a chart has a bar for."""

    WEEKS = "weeks"
    MONTHS = "months"


class Part(NamedTuple):
    """From `begins` until `ends`, which is not included."""

    begins: datetime
    ends: datetime


def parts_of(since: datetime, until: datetime, by: By) -> list[Part]:
    """The period in parts, the first and the last cut by it; never more than PARTS_MOST."""
    edges = _weeks(since, until) if by is By.WEEKS else _months(since, until)
    edges = edges[:: math.ceil(len(edges) / PARTS_MOST)]
    return [Part(begins, ends) for begins, ends in zip(edges, [*edges[1:], until], strict=True)]


def _weeks(since: datetime, until: datetime) -> list[datetime]:
    weeks = max(1, math.ceil((until - since) / timedelta(days=7)))
    return [since + timedelta(days=7 * number) for number in range(weeks)]


def _months(since: datetime, until: datetime) -> list[datetime]:
    edges, year, month = [since], since.year, since.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        edge = datetime(year, month, 1, tzinfo=UTC)
        if edge >= until:
            return edges
        edges.append(edge)


def number_of(at: Any, parts: list[Part]) -> Any:
    """SQL: in which of the parts that time is, from 0, if it is in any."""
    seconds = waiting.seconds(at)
    edges = [waiting.epoch(part.begins) for part in parts[1:]]
    if not edges:  # no bare number: to GROUP BY it would be the place of a column
        return sa.case((at.is_(None), None), else_=sa.literal_column("0", sa.Integer))
    begins, until = waiting.epoch(parts[0].begins), parts[-1].ends.timestamp()
    width = edges[0] - begins
    widths = [after - before for before, after in itertools.pairwise(edges)]
    if all(each == width for each in widths) and until - edges[-1] <= width:
        return (seconds - sa.literal(begins, sa.BigInteger)) // width
    return sa.case(*((seconds < edge, number) for number, edge in enumerate(edges)), else_=len(edges))
