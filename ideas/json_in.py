"""JSON that comes in, a piece at a time: however long a file is, no more than one entry of it is in memory.

What is wrong with a file as a whole (encoding, a bracket too few, size) ends the reading with FileRefused.
"""

from __future__ import annotations

import codecs
import json
from collections.abc import Iterator
from typing import IO, Any, NamedTuple

from ideas.csv_in import DAMAGES, LINE_MOST_BYTES, MOST_BYTES, FileRefused, Lines
from ideas.words import _

ENTRY_MOST = 4 * 2**20  # characters: each becomes up to twenty bytes of memory
PIECE = 2**16
_BLANK = " \t\r\n"


class Entry(NamedTuple):
    """A value of a file. key: the member of the object around it, "" outside of one. number counts from 1."""

    number: int
    key: str
    value: Any


def lines(
    file: IO[bytes], most_bytes: int = MOST_BYTES, *, line_most: int = LINE_MOST_BYTES
) -> Iterator[tuple[int, Any]]:
    """A value in each line (NDJSON), with the line's number; blank lines are none."""
    for number, line in enumerate(Lines(file, most_bytes, line_most=line_most), start=1):
        if line.strip():
            try:
                yield number, _DECODER.decode(line)
            except (ValueError, RecursionError):
                raise FileRefused(_("Line %(line)s: this is no JSON, or it was cut off.", line=number)) from None


def entries(file: IO[bytes], most_bytes: int = MOST_BYTES) -> Iterator[Entry]:
    """The entries of lists and the members of objects, one document after another.

    Of `[1, 2]` that is 1 and 2; of `{"posts": [1, 2], "more": false}` it is 1 and 2 of “posts” and false of “more”.
    """
    reading = _Reading(file, most_bytes)
    number = 0
    while (begins := reading.next_mark()) != "":
        if begins not in "[{":
            raise reading.refused(_("a list or an object should stand here."))
        for key, value in _list(reading, "") if begins == "[" else _members(reading):
            number += 1
            reading.entry = number
            yield Entry(number, key, value)


def _refuse(text: str) -> Any:
    raise ValueError(f"{text} is no JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse)


def _list(reading: _Reading, key: str) -> Iterator[tuple[str, Any]]:
    reading.take("[")
    if reading.next_mark() == "]":
        reading.take("]")
        return
    while True:
        yield key, reading.value()
        if reading.take(",]") == "]":
            return


def _members(reading: _Reading) -> Iterator[tuple[str, Any]]:
    reading.take("{")
    if reading.next_mark() == "}":
        reading.take("}")
        return
    while True:
        if reading.next_mark() != '"':
            raise reading.refused(_("a name in quotes should stand here."))
        key = reading.value()
        reading.take(":")
        if reading.next_mark() == "[":
            yield from _list(reading, key)
        else:
            yield key, reading.value()
        if reading.take(",}") == "}":
            return


class _Reading:
    """The text of a file, of which as much is in memory as its next value needs."""

    def __init__(self, file: IO[bytes], most_bytes: int) -> None:
        self.file = file
        self.left = most_bytes
        self.decoder = codecs.getincrementaldecoder("utf-8")()
        self.text = ""
        self.place = 0
        self.is_over = False
        self.entry = 0

    def refused(self, what: str) -> FileRefused:
        return FileRefused(_("After entry %(number)s: %(what)s", number=self.entry, what=what))

    def next_mark(self) -> str:
        """The next character that is no blank, which stays; "" at the end."""
        while True:
            while self.place < len(self.text) and self.text[self.place] in _BLANK:
                self.place += 1
            if self.place < len(self.text):
                return self.text[self.place]
            if not self._read(PIECE):
                return ""

    def take(self, marks: str) -> str:
        """The next character, one of `marks`."""
        found = self.next_mark()
        if found == "" or found not in marks:
            raise self.refused(_("the JSON was cut off or is damaged.") if not found else _("this is no JSON."))
        self.place += 1
        return found

    def value(self) -> Any:
        self.next_mark()
        while True:
            try:
                value, end = _DECODER.raw_decode(self.text, self.place)
            except RecursionError:
                raise self.refused(_("it is nested too deeply.")) from None
            except ValueError:
                end = -1
            # a number at the end of what was read may go on
            if end >= 0 and (end < len(self.text) or self.is_over):
                self.place = end
                return value
            if len(self.text) - self.place > ENTRY_MOST:
                raise self.refused(_("the next entry is too long, or no JSON."))
            if not self._read(max(PIECE, len(self.text) - self.place)) and end < 0:
                raise self.refused(_("the JSON was cut off or is damaged."))

    def _read(self, size: int) -> bool:
        """Have more text; False at the end."""
        if self.is_over:
            return False
        try:
            piece = self.file.read(size)
        except DAMAGES as error:
            raise self.refused(_("the archive is damaged (%(error)s).", error=error)) from None
        self.left -= len(piece)
        if self.left < 0:
            raise self.refused(_("the file is too large. Split it."))
        self.is_over = not piece
        try:
            more = self.decoder.decode(piece, final=self.is_over)
        except UnicodeDecodeError:
            raise self.refused(_("this is not UTF-8. Save the file as UTF-8.")) from None
        if self.text == "" and more.startswith("\ufeff"):
            more = more[1:]
        self.text = self.text[self.place :] + more
        self.place = 0
        return not self.is_over or bool(more)
