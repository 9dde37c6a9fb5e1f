"""The systems that things come from: what each is called, and who reads its files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ideas.moving import (
    reader_canny,
    reader_fider,
    reader_github,
    reader_uservoice,
    readers_csv,
    readers_records,
)
from ideas.moving.fields import Wrong
from ideas.moving.places import Options
from ideas.moving.readers_csv import EmailPattern, Table
from ideas.moving.records import Record
from ideas.words import lazy

Records = Iterator[Record | Wrong]
TABLES = "csv"  # the family of tables, whose columns may be called anything


@dataclass
class Given:
    """What somebody says about a file beside the file. ignored: what of it nobody reads, known once it was read."""

    board: str
    columns: Mapping[str, str] = field(default_factory=dict)
    email_pattern: EmailPattern | None = None
    statuses: Mapping[str, str] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


class Format(NamedTuple):
    """A kind of file. family: what its ids are remembered under. needs_board: its things say no board of ours.

    statuses: what its statuses mean, unless somebody says otherwise.
    """

    name: object
    family: str
    read: Callable[[Path, Given], Records]
    needs_board: bool = True
    statuses: Mapping[str, str] = MappingProxyType({})


def _ideas(path: Path, given: Given) -> Records:
    yield from _table(readers_csv.ideas, path, given)


def _votes(path: Path, given: Given) -> Records:
    yield from _table(readers_csv.votes, path, given)


def _table(read: Callable[[Path, Table], Records], path: Path, given: Given) -> Records:
    table = Table(given.board, given.columns, given.email_pattern)
    yield from read(path, table)
    given.ignored = table.ignored


def _records(path: Path, given: Given) -> Records:
    ignored: set[str] = set()
    yield from readers_records.read(path, ignored)
    given.ignored = tuple(sorted(ignored))


def _of(read: Callable[[Path], Records]) -> Callable[[Path, Given], Records]:
    return lambda path, _given: read(path)


FORMATS: dict[str, Format] = {
    "answerback": Format(lazy("Answerback: an export, or records as it has them"), "site", _records, needs_board=False),
    "canny": Format(lazy("Canny"), "canny", _of(reader_canny.read), statuses=reader_canny.STATUSES),
    "uservoice": Format(lazy("UserVoice"), "uservoice", _of(reader_uservoice.read), statuses=reader_uservoice.STATUSES),
    "fider": Format(lazy("Fider"), "fider", _of(reader_fider.read), statuses=reader_fider.STATUSES),
    "github": Format(lazy("GitHub"), "github", _of(reader_github.read), statuses=reader_github.STATUSES),
    "ideas": Format(lazy("A table of ideas (CSV)"), TABLES, _ideas),
    "votes": Format(lazy("A table of votes (CSV)"), TABLES, _votes),
}


def options_of(name: str, path: Path, given: Given, board_id: int | None) -> Options:
    """How a file of that format is taken: sources number their people anew for each board."""
    family = FORMATS[name].family
    if name == "answerback" and (site := readers_records.site_of(path)) is not None:
        return Options(f"{family}:{readers_records.mark_of(site)}", given.board, given.statuses, is_ours=True)
    statuses = {**FORMATS[name].statuses, **given.statuses}
    return Options(f"{family}:{board_id or 0}", given.board, statuses)
