"""Writes an export: a folder, a zip or one file; NDJSON or CSV, in which no cell is run as a formula."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from ideas.db import utcnow
from ideas.moving import exporting
from ideas.moving.exporting import Scope
from ideas.moving.records import TABLES, Kind
from ideas.privacy import FORMULA_STARTS, formula_safe
from ideas.settings import current

FORMAT = 1
SITE = "site"  # the kind of the line that says where an export comes from
SITE_FIELDS = ("format", "url", "made_at")
_IRREGULAR = {
    Kind.COMPANY: "companies",
    Kind.PERSON: "people",
    Kind.EVIDENCE: "evidence",
    Kind.ON_BEHALF: "votes_on_behalf",
}
PLURALS = {kind: _IRREGULAR.get(kind, f"{kind.value}s") for kind in Kind} | {SITE: SITE}

Step = tuple[str, int]  # which kind, how many of it are written


class Shape(StrEnum):
    """How an export is written."""

    NDJSON = "ndjson"
    CSV = "csv"


def write(path: Path, shape: Shape, scope: Scope) -> Iterator[Step]:
    """Everything of `scope`, in a transaction that sees one moment, pausing now and then and at the end of each kind.

    path: a file that ends in .zip or .ndjson, or a folder, which is made.
    """
    if path.suffix == ".zip":
        with path.open("wb") as out:
            yield from into_zip(out, shape, scope)
    elif path.suffix == ".ndjson":
        with path.open("wb") as file:
            yield from into_file(file, scope)
    else:
        path.mkdir(parents=True, exist_ok=True)
        yield from _write_all(lambda name: (path / name).open("wb"), shape, scope)


def into_zip(out: IO[bytes], shape: Shape, scope: Scope) -> Iterator[Step]:
    """The same as a zip into something that takes bytes."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        yield from _write_all(lambda name: archive.open(name, "w", force_zip64=True), shape, scope)


def into_file(out: IO[bytes], scope: Scope) -> Iterator[Step]:
    """The same as lines of JSON, all kinds one after the other."""
    yield from _write_all(lambda _name: _same(out), Shape.NDJSON, scope)


class Pieces:
    """Takes the bytes of an export, and gives them away a piece at a time."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, content: bytes) -> int:
        self._pieces.append(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Nothing waits here."""

    def taken(self) -> bytes:
        """What came since this was last asked."""
        found = b"".join(self._pieces)
        self._pieces.clear()
        return found


@contextmanager
def _same(file: IO[bytes]) -> Iterator[IO[bytes]]:
    yield file


def _write_all(opened: Callable[[str], Any], shape: Shape, scope: Scope) -> Iterator[Step]:
    site = {"format": FORMAT, "url": current().base_url, "made_at": utcnow()}
    for kind in (SITE, *Kind):
        rows: Iterator[Mapping[str, Any]] = iter([site]) if kind == SITE else exporting.records(scope, Kind(kind))
        with opened(f"{PLURALS[kind]}.{shape.value}") as out:
            fields = SITE_FIELDS if kind == SITE else tuple(TABLES[Kind(kind)])
            lines = _as_json(str(kind), rows) if shape == Shape.NDJSON else _as_table(fields, rows)
            done = 0
            for done, line in enumerate(lines, start=1 if shape == Shape.NDJSON else 0):
                out.write(line.encode())
                if done % 1_000 == 999:
                    yield PLURALS[kind], done
        if kind != SITE:
            yield PLURALS[kind], done


def _as_json(kind: str, rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield json.dumps({"kind": kind, **row}, default=_plain, ensure_ascii=False) + "\n"


def _as_table(fields: tuple[str, ...], rows: Iterator[Mapping[str, Any]]) -> Iterator[str]:
    yield "\ufeff" + _line(fields)
    for row in rows:
        yield _line([_cell(row.get(name)) for name in fields])


def _line(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow(cells)
    return out.getvalue()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | dict):
        return harmless(json.dumps(value, default=_plain, ensure_ascii=False)) if value else ""
    return harmless(_plain(value) if isinstance(value, datetime | date) else str(value))


def _plain(value: datetime | date) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return value.isoformat()


_MAY_RUN = re.compile(f"'*[{re.escape(''.join(FORMULA_STARTS))}]")


def harmless(text: str) -> str:
    """`text` with an apostrophe in front if a spreadsheet would run it; `said` takes it off again, whatever it was."""
    safe = formula_safe(text)
    # what begins with an apostrophe and would run without it gets one more, so that it comes back as it was
    return f"'{text}" if safe == text and _MAY_RUN.match(text) else safe


def said(cell: str) -> str:
    """What a cell said before `harmless`."""
    return cell[1:] if cell.startswith("'") and _MAY_RUN.match(cell) else cell
