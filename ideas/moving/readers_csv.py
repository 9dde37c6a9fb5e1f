"""Reads generic tables: ideas and votes as any system may export them, with columns named as one likes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from string import Formatter
from typing import NamedTuple

from ideas import csv_in
from ideas.accounts import addresses
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST
from ideas.csv_in import MOST_BYTES, FileRefused
from ideas.db import utcnow
from ideas.moving.fields import ID_LONGEST, At, Wrong, moment
from ideas.moving.records import Kind, Record, load
from ideas.text import clean, cut, one_line
from ideas.words import _

IDEA_COLUMNS = ("id", "title", "text", "body", "author_id", "created_at", "moderated", "status", "tags")
VOTE_COLUMNS = ("idea_id", "voter_id", "vote", "created_at")
IDEAS_NEED = (("id",), ("title", "text"), ("author_id",))
VOTES_NEED = (("idea_id",), ("voter_id",))


class EmailPattern(NamedTuple):
    """How a source's people are reached: an address made of their id there and the board."""

    pattern: str

    @classmethod
    def parse(cls, pattern: str) -> EmailPattern:
        """Raises ValueError when the pattern would not give each person an address of their own."""
        try:
            names = [name for _text, name, *_rest in Formatter().parse(pattern) if name is not None]
        except ValueError:
            names = ["{"]
        if set(names) - {"voter_id", "author_id", "board"} or not set(names) & {"voter_id", "author_id"}:
            raise ValueError(_("Write it with {voter_id} or {author_id}, and {board} if you like."))
        made = cls(pattern)
        try:
            made.address("1", "board")
        except ValueError:
            raise ValueError(
                _("It gives “%(sample)s”, which is no address.", sample=made._filled("1", "board"))
            ) from None
        return made

    def address(self, source_id: str, board: str) -> str:
        """Raises ValueError when that id gives no address."""
        return addresses.email(self._filled(source_id, board))

    def _filled(self, source_id: str, board: str) -> str:
        filled = self.pattern.replace("{board}", board)
        return filled.replace("{voter_id}", source_id).replace("{author_id}", source_id)


@dataclass
class Table:
    """How a table is read. columns: name of ours → the file's. ignored: those that nobody asked for, once it is."""

    board: str
    columns: Mapping[str, str] = field(default_factory=dict)
    email_pattern: EmailPattern | None = None
    ignored: tuple[str, ...] = ()
    most_bytes: int = MOST_BYTES


Row = Mapping[str, str]
Make = Callable[[At, Row, Table, datetime], Iterator[Record]]


def ideas(path: Path, table: Table) -> Iterator[Record | Wrong]:
    """The ideas of a file, each with its author. Raises FileRefused."""
    yield from _read(path, table, IDEA_COLUMNS, IDEAS_NEED, _idea)


def votes(path: Path, table: Table) -> Iterator[Record | Wrong]:
    """The events of a file, each with its voter. A file without the column `vote` has a vote in each row."""
    yield from _read(path, table, VOTE_COLUMNS, VOTES_NEED, _vote)


def _idea(at: At, row: Row, table: Table, now: datetime) -> Iterator[Record]:
    source_id = _source_id("id", row["id"])
    author = _source_id("author_id", row["author_id"])
    title, body = _title_and_body(row)
    values = {
        "id": source_id,
        "author": author,
        "title": title,
        "body": body,
        "status": row.get("status"),
        "tags": [tag for each in row.get("tags", "").split(";") if (tag := one_line(each))],
    }
    found = load(Kind.IDEA, values)
    found["created_at"] = _time(row["created_at"]) if "created_at" in row else now
    if _number("moderated", row.get("moderated", ""), blank=0) == -1:
        found["hidden_at"] = now
    yield _person(at, author, table)
    yield Record(Kind.IDEA, at, found)


def _vote(at: At, row: Row, table: Table, now: datetime) -> Iterator[Record]:
    voter = _source_id("voter_id", row["voter_id"])
    values = {
        "idea": _source_id("idea_id", row["idea_id"]),
        "person": voter,
        "stands": "vote" not in row or _number("vote", row["vote"]) == 1,
        "at": _time(row["created_at"]) if "created_at" in row else now,
    }
    yield _person(at, voter, table)
    yield Record(Kind.VOTE, at, values)


def _person(at: At, source_id: str, table: Table) -> Record:
    """Somebody of whom the file tells no more than their id."""
    email = None
    if table.email_pattern is not None:
        try:
            email = table.email_pattern.address(source_id, table.board)
        except ValueError:
            raise Wrong(_("With the id “%(id)s” the pattern gives no e-mail address.", id=source_id)) from None
    said = {"id": source_id, "name": cut(_("Person %(id)s", id=source_id), 80), "email": email}
    return Record(Kind.PERSON, at, load(Kind.PERSON, said), implied=True)


def _read(
    path: Path, table: Table, known: tuple[str, ...], needed: tuple[tuple[str, ...], ...], make: Make
) -> Iterator[Record | Wrong]:
    now = utcnow()
    records = csv_in.records(path, table.most_bytes)
    _line, header = next(records, (1, []))
    places = columns_in(header, known, table.columns, needed)
    table.ignored = tuple(name for place, name in enumerate(header) if place not in places.values())
    for line, record in records:
        at = At(line)
        if len(record) != len(header):
            reason = _("It has %(has)s fields where the header has %(wanted)s.", has=len(record), wanted=len(header))
            yield Wrong(reason, at)
            continue
        try:
            yield from list(make(at, {name: record[place] for name, place in places.items()}, table, now))
        except ValueError as error:
            yield Wrong(str(error), at)


def columns_in(
    header: list[str], known: tuple[str, ...], columns: Mapping[str, str], needed: tuple[tuple[str, ...], ...]
) -> dict[str, int]:
    """Name of ours → where it stands in a row. Raises FileRefused when one is missing, or there twice."""
    names = [name.strip() for name in header]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileRefused(_("Line 1: the column “%(name)s” stands there twice.", name=cut(twice[0], 80)))
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
                    found=cut(", ".join(names), 500),
                )
            )
    return places


def _title_and_body(row: Row) -> tuple[str, str]:
    """What an idea is called, and what it says beyond that. A text too long for a title is its own body."""
    body = row["body"] if "body" in row else row["text"] if "title" in row and "text" in row else ""
    return title_and_body(row["title"] if "title" in row else row["text"], body)


def title_and_body(text: str, body: str) -> tuple[str, str]:
    """A title that fits, and the body. Raises Wrong."""
    text, body = clean(text), clean(body)
    title = one_line(text)
    if not title:
        raise Wrong(_("It has no words."))
    if len(title) > TITLE_LONGEST:
        title, body = cut(title, TITLE_LONGEST), f"{text}\n\n{body}".strip()
    if len(body) > TEXT_LONGEST:
        raise Wrong(_("It is %(long)s characters long; %(longest)s fit.", long=len(body), longest=TEXT_LONGEST))
    return title, body


def _source_id(column: str, text: str) -> str:
    found = one_line(text)
    if not found:
        raise Wrong(_("It has no “%(column)s”.", column=column))
    if len(found) > ID_LONGEST:
        raise Wrong(_("Its “%(column)s” is longer than %(most)s characters.", column=column, most=ID_LONGEST))
    return found


def _number(column: str, text: str, *, blank: int | None = None) -> int:
    """1, 0 or -1."""
    found = {"1": 1, "0": 0, "-1": -1, "": blank}.get(text.strip())
    if found is None:
        raise Wrong(_("Its “%(column)s” is “%(text)s” and not 1, 0 or -1.", column=column, text=cut(clean(text), 40)))
    return found


def _time(text: str) -> datetime:
    try:
        at: datetime = moment(text)
    except ValueError as error:
        raise Wrong(_("Its time cannot be taken: %(reason)s.", reason=error)) from None
    return at
