"""Reads CSV files, plain or gzipped, and says of each row what it means or why it is refused.

Knows no database. What is wrong with the file as a whole (encoding, quoting, a missing column) ends the reading;
what is wrong with one row is that row's reason.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ideas import csv_in
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST
from ideas.csv_in import MOST_BYTES, FileRefused, Refused
from ideas.text import clean, cut, one_line
from ideas.words import _

ID_LONGEST = 60
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# clocks differ; more than this in the future is a mistake, and such a vote would lead the trending list until then
CLOCKS_DIFFER = timedelta(days=1)

_Row = TypeVar("_Row")


class IdeaIn(NamedTuple):
    """An idea as a file tells it. status and tags are the file's words; the board must know them."""

    line: int
    source_id: str
    author: str
    title: str
    body: str
    at: datetime
    is_hidden: bool
    status: str
    tags: tuple[str, ...]


class VoteIn(NamedTuple):
    """What one person said of one idea at one time: that they back it, or (any more) not."""

    line: int
    idea: str
    voter: str
    is_vote: bool
    at: datetime


@dataclass
class Reading(Generic[_Row]):
    """What a file holds: its rows, those refused, and the columns that nobody asked for."""

    rows: list[_Row] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    ignored: tuple[str, ...] = ()


IDEA_COLUMNS = ("id", "title", "text", "body", "author_id", "created_at", "moderated", "status", "tags")
VOTE_COLUMNS = ("idea_id", "voter_id", "vote", "created_at")


def read_ideas(
    path: Path, columns: Mapping[str, str], *, now: datetime, most_bytes: int = MOST_BYTES
) -> Reading[IdeaIn]:
    """The ideas of a file. `columns`: name of ours → name in the file, where they differ. Raises FileRefused."""
    lines_of_ids: dict[str, int] = {}

    def idea(line: int, values: Mapping[str, str]) -> IdeaIn:
        source_id = _source_id("id", values["id"])
        if (other := lines_of_ids.setdefault(source_id, line)) != line:
            raise ValueError(_("The id “%(id)s” stands on line %(line)s already.", id=source_id, line=other))
        title, body = _title_and_body(values)
        return IdeaIn(
            line,
            source_id,
            _source_id("author_id", values["author_id"]),
            title,
            body,
            _time(values["created_at"], now) if "created_at" in values else now,
            _number("moderated", values.get("moderated", ""), blank=0) == -1,
            one_line(values.get("status", "")),
            tuple(tag for each in values.get("tags", "").split(";") if (tag := one_line(each))),
        )

    return _read(path, IDEA_COLUMNS, columns, (("id",), ("title", "text"), ("author_id",)), idea, most_bytes)


def read_votes(
    path: Path, columns: Mapping[str, str], *, now: datetime, most_bytes: int = MOST_BYTES
) -> Reading[VoteIn]:
    """The events of a file, in order of time, those of the same time in order of lines. As `read_ideas`.

    A file without the column `vote` has a vote in each row; one without times has its rows in order.
    """

    def vote(line: int, values: Mapping[str, str]) -> VoteIn:
        return VoteIn(
            line,
            _source_id("idea_id", values["idea_id"]),
            _source_id("voter_id", values["voter_id"]),
            "vote" not in values or _number("vote", values["vote"]) == 1,
            _time(values["created_at"], now) if "created_at" in values else now,
        )

    reading = _read(path, VOTE_COLUMNS, columns, (("idea_id",), ("voter_id",)), vote, most_bytes)
    reading.rows.sort(key=lambda row: row.at)
    return reading


def _read(
    path: Path,
    known: tuple[str, ...],
    columns: Mapping[str, str],
    needed: tuple[tuple[str, ...], ...],
    make: Callable[[int, Mapping[str, str]], _Row],
    most_bytes: int,
) -> Reading[_Row]:
    reading: Reading[_Row] = Reading()
    records = csv_in.records(path, most_bytes)
    _line, header = next(records, (1, []))
    places = _places(header, known, columns, needed)
    reading.ignored = tuple(name for place, name in enumerate(header) if place not in places.values())
    for line, record in records:
        if len(record) != len(header):
            reason = _("It has %(has)s fields where the header has %(wanted)s.", has=len(record), wanted=len(header))
            reading.refused.append(Refused(line, reason))
            continue
        try:
            reading.rows.append(make(line, {name: record[place] for name, place in places.items()}))
        except ValueError as error:
            reading.refused.append(Refused(line, str(error)))
    return reading


def _places(
    header: list[str], known: tuple[str, ...], columns: Mapping[str, str], needed: tuple[tuple[str, ...], ...]
) -> dict[str, int]:
    """Name of ours → where it stands in a row."""
    names = [name.strip() for name in header]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileRefused(_("Line 1: the column “%(name)s” stands there twice.", name=twice[0]))
    if strange := sorted(set(columns) - set(known)):
        raise FileRefused(
            _("There is no column “%(name)s” to fill; there are: %(known)s.", name=strange[0], known=", ".join(known))
        )
    for ours, theirs in columns.items():
        if theirs not in names:
            raise FileRefused(_("The file has no column “%(theirs)s” for “%(ours)s”.", theirs=theirs, ours=ours))
    # a column that was given another meaning does not keep its own
    own = {name: name for name in known if name in names and name not in columns.values()}
    places = {ours: names.index(theirs) for ours, theirs in {**own, **columns}.items()}
    for each in needed:
        if not set(each) & set(places):
            raise FileRefused(
                _(
                    "The file has no column “%(name)s”. Its columns are: %(found)s.",
                    name=_("” or “").join(each),
                    found=", ".join(names),
                )
            )
    return places


def _title_and_body(values: Mapping[str, str]) -> tuple[str, str]:
    """What an idea is called, and what it says beyond that. A text too long for a title is its own body."""
    text = clean(values["title"] if "title" in values else values["text"])
    body = clean(
        values["body"] if "body" in values else values["text"] if "title" in values and "text" in values else ""
    )
    title = one_line(text)
    if not title:
        raise ValueError(_("It has no words."))
    if len(title) > TITLE_LONGEST:
        title, body = cut(title, TITLE_LONGEST), f"{text}\n\n{body}".strip()
    if len(body) > TEXT_LONGEST:
        raise ValueError(_("It is %(long)s characters long; %(longest)s fit.", long=len(body), longest=TEXT_LONGEST))
    return title, body


def _source_id(column: str, text: str) -> str:
    found = one_line(text)
    if not found:
        raise ValueError(_("It has no “%(column)s”.", column=column))
    if len(found) > ID_LONGEST:
        raise ValueError(_("Its “%(column)s” is longer than %(most)s characters.", column=column, most=ID_LONGEST))
    return found


def _number(column: str, text: str, *, blank: int | None = None) -> int:
    """1, 0 or -1."""
    found = {"1": 1, "0": 0, "-1": -1, "": blank}.get(text.strip())
    if found is None:
        raise ValueError(
            _("Its “%(column)s” is “%(text)s” and not 1, 0 or -1.", column=column, text=cut(clean(text), 40))
        )
    return found


def _time(text: str, now: datetime) -> datetime:
    try:
        at = datetime.fromisoformat(text.strip())
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError(
            _("Its time is “%(text)s” and not like 2026-11-22T10:00:00Z.", text=cut(clean(text), 40))
        ) from None
    if at < EARLIEST or at > now + CLOCKS_DIFFER:
        raise ValueError(_("Its time, %(time)s, lies before 1970 or in the future.", time=text.strip()))
    return at
