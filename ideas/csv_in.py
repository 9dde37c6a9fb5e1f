"""CSV files that come in, plain or gzipped: each record with the line it begins on, in bounded memory.

What is wrong with a file as a whole (encoding, quoting, size) ends the reading with FileRefused, which names the line.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import zipfile
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
csv.field_size_limit(RECORD_MOST_BYTES * 8)  # a row is bounded, so that each of its cells is too
# what reading an archive ends with when it is cut off or was changed on its way
DAMAGES = (OSError, EOFError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError)


class Refused(NamedTuple):
    """A row that is not taken. Lines count from 1, the header; a row of several lines is named by its first.

    file: the one of several that it stands in; of a list in JSON the line is which entry it is.
    """

    line: int
    reason: str
    file: str = ""

    @property
    def where(self) -> str:
        """“Line 3” or “posts.json, entry 3”, as people are told."""
        if self.file.endswith(".json"):
            return _("%(file)s, entry %(line)s", file=self.file, line=self.line)
        if self.file:
            return _("%(file)s, line %(line)s", file=self.file, line=self.line)
        return _("Line %(line)s", line=self.line)


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
        yield from records_of(Lines(cast(IO[bytes], opened), most_bytes), delimiters=delimiters)


def records_of(lines: Lines, *, delimiters: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The same of lines that are read already."""
    first = next(lines, "")
    delimiter = max(delimiters, key=first.count)
    reader = csv.reader(itertools.chain([first] if first else [], lines), strict=True, delimiter=delimiter)
    while True:
        begun = reader.line_num + 1
        lines.left_of_record = lines.record_most
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


class Lines:
    """The lines of a file as text, none too long and not too many; anything else ends in FileRefused."""

    def __init__(self, file: IO[bytes], most_bytes: int = MOST_BYTES, *, line_most: int = LINE_MOST_BYTES) -> None:
        self.file = file
        self.left = most_bytes
        self.line_most = line_most
        self.record_most = RECORD_MOST_BYTES * line_most // LINE_MOST_BYTES
        self.left_of_record: int | None = None  # None: every line is a record
        self.number = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> str:
        self.number += 1
        try:
            line = self.file.readline(self.line_most + 1)
        except DAMAGES as error:
            raise self._refused(_("the archive is damaged (%(error)s).", error=error)) from None
        if not line:
            raise StopIteration
        self.left -= len(line)
        if self.left_of_record is not None:
            self.left_of_record -= len(line)
        if self.left < 0:
            raise self._refused(_("the file is too large. Split it, each part with the header."))
        if len(line) > self.line_most:
            raise self._refused(_("the line is too long."))
        if self.left_of_record is not None and self.left_of_record < 0:
            raise self._refused(_("a row is too long. Is there a quote too many before it?"))
        try:
            return line.decode("utf-8-sig" if self.number == 1 else "utf-8")
        except UnicodeDecodeError as error:
            raise self._refused(
                _("this is not UTF-8 (byte %(place)s). Save the file as UTF-8.", place=error.start + 1)
            ) from None

    def _refused(self, what: str) -> FileRefused:
        return FileRefused(_("Line %(line)s: %(what)s", line=self.number, what=what))
