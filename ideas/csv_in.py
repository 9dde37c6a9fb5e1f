"""CSV files that come in, plain or gzipped: each record with the line it begins on, in bounded memory.

What is wrong with a file as a whole (encoding, quoting, size) ends the reading with FileRefused, which names the line.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, NamedTuple, cast

from ideas.errors import DomainError
from ideas.words import _

# what a file may unpack to: a small archive must not be able to fill the memory
MOST_BYTES = 2**30
LINE_MOST_BYTES = 2**20
RECORD_MOST_BYTES = 4 * LINE_MOST_BYTES  # quotes let a record go over many lines
COLUMNS_MOST = 500


class Refused(NamedTuple):
    """A row that is not taken. Lines count from 1, the header; a row of several lines is named by its first."""

    line: int
    reason: str


class FileRefused(DomainError):
    """Nothing was imported from the file. `refused` are its rows that could not be taken, if that was why."""

    code = "file-refused"

    def __init__(self, message: str, refused: tuple[Refused, ...] = ()) -> None:
        super().__init__(message)
        self.refused = refused


def records(path: Path, most_bytes: int = MOST_BYTES, *, delimiters: str = ",") -> Iterator[tuple[int, list[str]]]:
    """Each record of the file with the line it begins on; blank lines are none.

    delimiters: what may stand between cells; the one that the first line has most of does.
    """
    with path.open("rb") as file:
        is_archive = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if is_archive else path.open("rb") as opened:
        lines = _Lines(cast(IO[bytes], opened), most_bytes)
        first = next(lines, "")
        delimiter = max(delimiters, key=first.count)
        reader = csv.reader(itertools.chain([first] if first else [], lines), strict=True, delimiter=delimiter)
        while True:
            begun = reader.line_num + 1
            lines.left_of_record = RECORD_MOST_BYTES
            try:
                record = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise FileRefused(
                    _("Line %(line)s: the quotes do not match (%(error)s).", line=begun, error=error)
                ) from None
            if len(record) > COLUMNS_MOST:
                raise FileRefused(_("Line %(line)s: it has more than %(most)s columns.", line=begun, most=COLUMNS_MOST))
            if record:
                yield begun, record


class _Lines:
    """The lines of a file as text."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self.file = file
        self.left = most_bytes
        self.left_of_record = RECORD_MOST_BYTES
        self.number = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        self.number += 1
        try:
            line = self.file.readline(LINE_MOST_BYTES + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise self._refused(_("the archive is damaged (%(error)s).", error=error)) from None
        if not line:
            raise StopIteration
        self.left -= len(line)
        self.left_of_record -= len(line)
        if self.left < 0:
            raise self._refused(_("the file is too large. Split it, each part with the header."))
        if len(line) > LINE_MOST_BYTES:
            raise self._refused(_("the line is too long."))
        if self.left_of_record < 0:
            raise self._refused(_("a row is too long. Is there a quote too many before it?"))
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise self._refused(
                _("this is not UTF-8 (byte %(place)s). Save the file as UTF-8.", place=error.start + 1)
            ) from None

    def _refused(self, what: str) -> FileRefused:
        return FileRefused(_("Line %(line)s: %(what)s", line=self.number, what=what))
