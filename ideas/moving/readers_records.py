"""Reads what a site like this one wrote, or anybody who writes records as it does: NDJSON, JSON or CSV."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ideas import csv_in, json_in
from ideas.csv_in import FileRefused
from ideas.moving import opening
from ideas.moving.fields import At, Wrong
from ideas.moving.opening import Opened
from ideas.moving.records import TABLES, Kind, Record, from_cells, load
from ideas.moving.writing import PLURALS, SITE, SITE_FIELDS, said
from ideas.text import cut
from ideas.words import _

LINE_MOST = 8 * 2**20  # an idea with all its versions is one line
IGNORED_MOST = 50
_KIND_OF = {plural: kind for kind, plural in PLURALS.items()}


def site_of(path: Path) -> str | None:
    """The address of the site that wrote it; None when the file does not say. Raises FileRefused."""
    for opened in opening.files(path):
        stem = Path(opened.name).stem
        if stem != SITE and not opened.is_alone:
            continue
        for record in _said(opened, set()):
            if isinstance(record, dict) and record.get("kind") == SITE:
                url = record.get("url")
                return cut(url, 300) if isinstance(url, str) and url.strip() else None
            break
    return None


def mark_of(url: str) -> str:
    """What stands for a site in the names of sources."""
    return hashlib.sha256(url.encode()).hexdigest()[:24]


def read(path: Path, ignored: set[str]) -> Iterator[Record | Wrong]:
    """All records; fields that no record has go into `ignored`. Raises FileRefused."""
    is_any = False
    for opened in opening.files(path):
        if opened.is_alone or Path(opened.name).suffix in (".ndjson", ".json", ".csv"):
            for found in _said(opened, ignored):
                if isinstance(found, dict):
                    is_any = True
                else:
                    is_any = True
                    yield found
    if not is_any:
        raise FileRefused(_("There is nothing in it that can be read: it wants .ndjson, .json or .csv files."))


def _said(opened: Opened, ignored: set[str]) -> Iterator[Record | Wrong | dict[str, Any]]:
    """The records of one file, and what it says of the site as it is."""
    name = Path(opened.name)
    file = "" if opened.is_alone else opened.name
    if name.suffix == ".csv":
        yield from _table(opened, file, ignored)
        return
    if name.suffix == ".json":
        pairs: Iterator[tuple[int, Any]] = (
            (e.number, e.value) for e in json_in.entries(opened.file, opened.most_bytes)
        )
    else:
        pairs = json_in.lines(opened.file, opened.most_bytes, line_most=LINE_MOST)
    for number, value in pairs:
        at = At(number, file)
        if not isinstance(value, dict):
            yield Wrong(_("This is no record, which is an object with a “kind”."), at)
            continue
        kind = value.get("kind", _KIND_OF.get(name.stem))
        if kind == SITE:
            yield {**value, "kind": SITE}
        elif kind not in list(Kind):
            yield Wrong(_("“kind” is none of %(kinds)s.", kinds=", ".join(Kind)), at)
        else:
            _note(ignored, set(value) - set(TABLES[Kind(kind)]) - {"kind"}, str(kind))
            try:
                yield Record(Kind(kind), at, load(Kind(kind), value))
            except Wrong as error:
                yield Wrong(str(error), at)


def _table(opened: Opened, file: str, ignored: set[str]) -> Iterator[Record | Wrong | dict[str, Any]]:
    stem = Path(opened.name).stem
    kind = _KIND_OF.get(stem)
    if kind is None:
        raise FileRefused(
            _("“%(file)s” is called like no kind of record; a table of ideas is ideas.csv.", file=cut(opened.name, 80))
        )
    rows = csv_in.records_of(csv_in.Lines(opened.file, opened.most_bytes, line_most=LINE_MOST), delimiters=",;\t")
    _line, header = next(rows, (1, []))
    names = [name.strip() for name in header]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise FileRefused(_("Line 1: the column “%(name)s” stands there twice.", name=cut(twice[0], 80)))
    known = set(SITE_FIELDS) if kind == SITE else set(TABLES[Kind(kind)])
    _note(ignored, set(names) - known, str(kind))
    for line, record in rows:
        at = At(line, file)
        if len(record) != len(header):
            has = _("It has %(has)s fields where the header has %(wanted)s.", has=len(record), wanted=len(header))
            yield Wrong(has, at)
            continue
        cells = {name: said(cell) for name, cell in zip(names, record, strict=True)}
        if kind == SITE:
            yield {**cells, "kind": SITE}
            continue
        try:
            yield Record(Kind(kind), at, from_cells(Kind(kind), cells))
        except Wrong as error:
            yield Wrong(str(error), at)


def _note(ignored: set[str], names: set[Any], kind: str) -> None:
    for name in sorted(map(str, names)):
        if len(ignored) < IGNORED_MOST:
            ignored.add(f"{kind}.{cut(name, 40)}" if name else kind)
