"""What rooms hand over so that a person can take along all that is theirs, and so that they can be forgotten.

The ground knows no room: each puts an exporter and an eraser into `settings.Rooms`.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property
from typing import IO, Any, Protocol

import sqlalchemy as sa

# What a spreadsheet takes for the beginning of a formula, also in full width (OWASP, "CSV Injection").
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


@dataclass(frozen=True)
class Part:
    """One table of an export. rows: read once, while the archive is written; all have the same columns."""

    name: str
    about: str
    rows: Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Attachment:
    """A file of an export: its name within the archive, and its bytes a piece at a time."""

    name: str
    pieces: Iterable[bytes]


class Exporter(Protocol):
    """What a room gives to an export. Both are read while the archive is written."""

    def parts(self, person_id: int) -> Iterable[Part]: ...

    def attachments(self, person_id: int) -> Iterable[Attachment]: ...


@dataclass(frozen=True)
class Leaving:
    """Somebody who is being forgotten, as they were a moment ago, and what stands in their place.

    is_namesake: somebody else here has the same name, so that the name alone does not mean this person.
    with_text: what they wrote goes too. former: the words in place of their name. afterwards: what is to be done once
    all is committed, such as deleting files.
    """

    id: int
    name: str
    email: str | None
    is_namesake: bool
    with_text: bool
    former: str
    afterwards: list[Callable[[], None]] = field(default_factory=list, compare=False)

    def rewritten(self, text: str, *, names_them: bool = False) -> str:
        """`text` without their address and name. `names_them`: it is known to mean them by "@" and a name.

        A name of one word may be a word like any other ("Will"), so it is replaced only after "@".
        """
        if self.email:
            text = re.sub(re.escape(self.email), self.former, text, flags=re.IGNORECASE)
        if names_them or not self.is_namesake:
            text = self._by_name.sub(self._replaced, text)
        if names_them:
            text = self._by_first_name.sub(self._replaced, text)
        return text

    def rewritten_json(self, value: Any) -> Any:
        """The same for everything that is said anywhere in `value`."""
        if isinstance(value, str):
            return self.rewritten(value)
        if isinstance(value, dict):
            return {name: self.rewritten_json(each) for name, each in value.items()}
        return [self.rewritten_json(each) for each in value] if isinstance(value, list) else value

    def may_stand_in(self, column: Any) -> sa.ColumnElement[bool]:
        """SQL: rows that are worth reading, because address or name may stand in that column, text or JSON."""
        needles = [self.email, self.name if " " in self.name else f"@{self.name}"]
        as_text = sa.cast(column, sa.Text)
        forms = {form for needle in needles if needle for form in (needle, json.dumps(needle)[1:-1])}
        return sa.or_(*(as_text.icontains(form, autoescape=True) for form in sorted(forms)))

    def _replaced(self, match: re.Match[str]) -> str:
        return f"@{self.former}" if match[0].startswith("@") else self.former

    @cached_property
    def _by_name(self) -> re.Pattern[str]:
        at = "@?" if " " in self.name else "@"
        words = r"\s+".join(re.escape(word) for word in self.name.split())
        return re.compile(rf"(?<!\w){at}{words}(?!\w)", re.IGNORECASE)

    @cached_property
    def _by_first_name(self) -> re.Pattern[str]:
        return re.compile(rf"(?<!\w)@{re.escape(self.name.split()[0])}(?!\w)", re.IGNORECASE)


def write_archive(
    out: IO[bytes], parts: Iterable[Part], attachments: Iterable[Attachment], *, introduction: str
) -> None:
    """Put everything into one zip: each part as JSON and as CSV, the files beside them, and a text that explains it.

    Nothing is held in memory but a row, so the size of a person's history does not matter.
    """
    explained = [introduction, ""]
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            explained.append(f"{part.name}: {part.about}")
            _write_part(archive, part)
        for attachment in attachments:
            with archive.open(f"files/{attachment.name}", "w") as file:
                for piece in attachment.pieces:
                    file.write(piece)
        archive.writestr("README.txt", "\n".join(explained) + "\n")


def _write_part(archive: zipfile.ZipFile, part: Part) -> None:
    table = io.StringIO()
    columns: list[str] = []
    with archive.open(f"{part.name}.json", "w", force_zip64=True) as file:
        separator = b"[\n"
        for row in part.rows:
            plain = {name: _plain(value) for name, value in row.items()}
            file.write(separator + json.dumps(plain, ensure_ascii=False).encode())
            separator = b",\n"
            writer = csv.writer(table)
            if not columns:
                columns = list(plain)
                writer.writerow(columns)
            writer.writerow([_cell(plain[name]) for name in columns])
        file.write(b"[]\n" if separator == b"[\n" else b"\n]\n")
    archive.writestr(f"{part.name}.csv", table.getvalue().encode("utf-8-sig"))


def formula_safe(text: str) -> str:
    """`text` so that no spreadsheet runs it: what would begin a formula gets an apostrophe in front."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return formula_safe(value)
    return str(value) if isinstance(value, int | float) else formula_safe(json.dumps(value, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat() if isinstance(value, date) else value


def rows_of(result: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """The rows of a statement as an export has them: column → value."""
    for row in result:
        yield dict(row._mapping)
