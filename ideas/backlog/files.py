"""The team's list as a file, with all that its scores are made of: whoever has it can rank the ideas again without us.

votes_by_company and revenue_by_company say how often each number comes: "3x2 1x40" is two companies with three votes
and forty with one. Of a list narrowed to a segment, votes_of_segment counts its people, and reach and priority go by
them. Read in the order of the list, some hundred ideas at a time, so that memory does not grow with it.
"""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.backlog import desk, ranking
from ideas.backlog.asking import Asked
from ideas.backlog.desk import Line
from ideas.backlog.models import Estimate
from ideas.backlog.scoring import Backing
from ideas.db import db, one_moment
from ideas.privacy import formula_safe
from ideas.schemas import when

PIECE = 500

COLUMNS = (
    *("place", "id", "board", "title", "status", "stage", "owner", "tags", "created_at", "silent_since"),
    "due_on",
    *(
        "votes",
        "votes_of_segment",
        "votes_lately",
        "votes_since_word",
        "comments",
        "hot",
        "companies",
        "people_without_company",
    ),
    *("votes_by_company", "breadth", "revenue_by_company", "companies_without_revenue", "value"),
    *("reach", "impact", "confidence", "effort", "priority", "points", "counted_at"),
)


def as_csv(reader: User, asked: Asked) -> Iterator[str]:
    """The list for a spreadsheet, line by line; no cell of it is run as a formula."""
    yield "\ufeff" + _csv_line(COLUMNS)
    for row in rows(reader, asked):
        yield _csv_line(_cell(row[name]) for name in COLUMNS)


def as_ndjson(reader: User, asked: Asked) -> Iterator[str]:
    """The list for programs: one JSON object a line."""
    for row in rows(reader, asked):
        yield json.dumps(row, ensure_ascii=False) + "\n"


def rows(reader: User, asked: Asked) -> Iterator[dict[str, Any]]:
    """Each idea of the list as it was at one moment, in its order. Stands at an edge, as `one_moment` does."""
    reader_id, place, cursor = reader.id, 0, None
    with one_moment():
        opened = desk.open_for(db.session.get_one(User, reader_id))
        while True:
            page = desk.lines(opened, asked, limit=PIECE, cursor=cursor)
            yield from _piece(page.rows, place, in_segment=asked.segment is not None)
            place += len(page.rows)
            if not (cursor := page.next):
                return


def _piece(lines: Iterable[Line], place: int, *, in_segment: bool) -> Iterator[dict[str, Any]]:
    lines = list(lines)
    ids = [line.id for line in lines]
    backing = ranking.backing_of(ids)
    estimates = {
        each.idea_id: each for each in db.session.scalars(sa.select(Estimate).where(Estimate.idea_id.in_(ids)))
    }
    for number, line in enumerate(lines, start=place + 1):
        yield _row(number, line, backing.get(line.id, []), estimates.get(line.id), in_segment=in_segment)


def _row(
    place: int, line: Line, backing: list[Backing], estimate: Estimate | None, *, in_segment: bool
) -> dict[str, Any]:
    companies = [each for each in backing if each.company_id is not None]
    reach = line.reach if estimate is None or estimate.reach is None else estimate.reach
    return {
        "place": place,
        "id": line.id,
        "board": line.board.slug,
        "title": line.title,
        "status": line.status.slug,
        "stage": line.status.stage,
        "owner": line.owner,
        "tags": [tag.slug for tag in line.tags],
        "created_at": when(line.created_at),
        "silent_since": when(line.silent_since),
        "due_on": line.due_on.isoformat() if line.due_on else None,
        "votes": line.votes,
        "votes_of_segment": line.reach if in_segment else None,
        "votes_lately": line.lately,
        "votes_since_word": line.since,
        "comments": line.comments,
        "hot": line.hot,
        "companies": line.companies,
        "people_without_company": sum(each.votes for each in backing if each.company_id is None),
        "votes_by_company": _often(each.votes for each in companies),
        "breadth": line.breadth,
        "revenue_by_company": _often(each.revenue for each in companies if each.revenue is not None),
        "companies_without_revenue": line.unpriced,
        "value": line.value,
        "reach": reach,
        "impact": estimate.impact if estimate else None,
        "confidence": estimate.confidence if estimate else None,
        "effort": estimate.effort if estimate else None,
        "priority": line.priority,
        "points": line.points,
        "counted_at": when(line.counted_at),
    }


def _often(numbers: Iterable[int]) -> str:
    return " ".join(f"{number}x{times}" for number, times in sorted(Counter(numbers).items(), reverse=True))


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        value = " ".join(value)
    return formula_safe(value) if isinstance(value, str) else value


def _csv_line(cells: Iterable[Any]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(list(cells))
    return out.getvalue()
