"""The records of a file on disk, in the order in which they are put down: memory does not grow with the file.

A file may tell its things in any order, and of a vote every click; only when all of it was read is it known what comes
first and how each vote ended. So records are kept in a small database of their own, beside the site's, which is made
anew from the file whenever it is missing: the same file gives the same order.
"""

from __future__ import annotations

import itertools
import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from ideas.csv_in import Refused
from ideas.db import utcnow
from ideas.moving.fields import At, Wrong
from ideas.moving.records import Kind, Record, key_of
from ideas.words import _

ORDER = {kind: place for place, kind in enumerate(Kind)}
DEPTH_MOST = 100  # replies to replies
AT_ONCE = 1_000
_SHAPE = """
    PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA temp_store=FILE; PRAGMA cache_size=-16000;
    CREATE TABLE item (
        id INTEGER PRIMARY KEY, kind INTEGER, key TEXT, over TEXT, above TEXT, depth INTEGER DEFAULT 0, at TEXT,
        line INTEGER, file TEXT, body TEXT, implied INTEGER, rich INTEGER DEFAULT 0,
        needed INTEGER DEFAULT 0, refused INTEGER DEFAULT 0
    );
    CREATE UNIQUE INDEX item_key ON item (kind, key);
    CREATE TABLE event (idea TEXT, person TEXT, at TEXT, id INTEGER, line INTEGER, file TEXT, stands INTEGER);
    CREATE TABLE refused (line INTEGER, reason TEXT, file TEXT);
    CREATE TABLE place (place INTEGER PRIMARY KEY, item INTEGER);
"""

# of what others name, that is kept which says the most
_KEEP = """
    INSERT INTO item (kind, key, over, above, at, line, file, body, implied, rich)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (kind, key) DO UPDATE SET body = excluded.body, rich = excluded.rich
    WHERE item.implied AND excluded.implied AND excluded.rich > item.rich
    RETURNING id
"""


class Item(NamedTuple):
    """A record in its place, counted from 1."""

    place: int
    kind: Kind
    key: str
    at: At
    values: dict[str, Any]
    implied: bool


class Spool:
    """What a file says. Fill it with `add`, then `order` it, then read `batches`; `path` is deleted by whoever made it.

    board: of records that name none.
    """

    def __init__(self, path: Path, board: str) -> None:
        path.unlink(missing_ok=True)
        self.board = board
        self.total = 0
        self.read = 0
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.executescript(_SHAPE)
        self._db.execute("BEGIN")

    def close(self) -> None:
        self._db.close()

    def add(self, record: Record) -> None:
        """Keep a record; one that is told twice is refused, one that is implied by others is kept once."""
        self.read += not record.implied
        values, kind = record.values, record.kind
        if kind == Kind.VOTE:
            stands = values["stands"] is not False
            at = _sortable(values["at"] or utcnow())
            event = (values["idea"], values["person"], at, self.read, *record.at, stands)
            self._db.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?)", event)
            return
        key = key_of(kind, values, self.board)
        is_comment = kind == Kind.COMMENT
        over, above = (values["idea"], values["reply_to"]) if is_comment else ("", None)
        at = _sortable(values["created_at"]) if is_comment else ""
        rich = sum(value is not None for value in values.values())
        row = (ORDER[kind], key, over, above, at, *record.at, _written(values), record.implied, rich)
        kept = self._db.execute(_KEEP, row).fetchone()
        if kept is None and not record.implied:
            self._told_twice(record, key, _written(values))

    def _told_twice(self, record: Record, key: str, body: str) -> None:
        before = self._db.execute(
            "SELECT line, file, body, implied FROM item WHERE kind = ? AND key = ?", (ORDER[record.kind], key)
        ).fetchone()
        if before[3]:  # so far others named it
            self._db.execute(
                "UPDATE item SET body = ?, implied = 0, line = ?, file = ? WHERE kind = ? AND key = ?",
                (body, *record.at, ORDER[record.kind], key),
            )
        elif before[2] != body:
            other = Refused(before[0], "", before[1]).where
            self.refuse(record.at, _("The id “%(id)s” stands there already: %(other)s.", id=key, other=other))

    def refuse(self, at: At, reason: str) -> None:
        """Note that something of the file cannot be taken."""
        self._db.execute("INSERT INTO refused VALUES (?, ?, ?)", (at.line, reason, at.file))

    def refuse_item(self, item: Item, reason: str) -> None:
        """The same of a record that is in its place: it is passed over, and what names it finds it missing."""
        self.refuse(item.at, reason)
        self._db.execute("UPDATE item SET refused = 1 WHERE kind = ? AND key = ?", (ORDER[item.kind], item.key))

    def order(self) -> None:
        """All was read: settle how each vote ended, and what comes before what."""
        self._settle_votes()
        self._find_depths()
        self._db.execute(
            "UPDATE item SET needed = 1 WHERE kind = ? AND implied AND key IN"
            " (SELECT json_extract(body, '$.author') FROM item WHERE kind IN (?, ?)"
            "  UNION SELECT json_extract(body, '$.by') FROM item WHERE kind IN (?, ?, ?)"
            "  UNION SELECT json_extract(body, '$.person') FROM item WHERE kind IN (?, ?)"
            "  AND json_extract(body, '$.since') IS NOT NULL)",
            [
                ORDER[kind]
                for kind in (
                    *(Kind.PERSON, Kind.IDEA, Kind.COMMENT, Kind.ANSWER, Kind.MERGE, Kind.RELEASE),
                    *(Kind.VOTE, Kind.FOLLOW),
                )
            ],
        )
        self._db.execute("INSERT INTO place (item) SELECT id FROM item ORDER BY kind, over, depth, at, id")
        self.total = self._db.execute("SELECT count(*) FROM place").fetchone()[0]
        self._db.execute("COMMIT")

    def _settle_votes(self) -> None:
        """The last event of a person on an idea counts; a vote dates from when it began to stand."""
        events = self._db.execute(
            "SELECT idea, person, at, line, file, stands FROM event ORDER BY idea, person, at, id"
        )
        rows: list[tuple[Any, ...]] = []
        for (idea, person), group in itertools.groupby(events, key=lambda event: event[:2]):
            since = at = None
            for _idea, _person, at, line, file, stands in group:  # noqa: B007  # the last one is used below
                since = (since or at) if stands else None
            since = since and f"{_TIME}{since}"
            body = json.dumps({"idea": idea, "person": person, "at": f"{_TIME}{at}", "since": since})
            rows.append((ORDER[Kind.VOTE], f"{idea}\t{person}", idea, line, file, body))
            if len(rows) == AT_ONCE:
                self._keep_votes(rows)
        self._keep_votes(rows)
        self._db.execute("DROP TABLE event")

    def _keep_votes(self, rows: list[tuple[Any, ...]]) -> None:
        self._db.executemany(
            "INSERT INTO item (kind, key, over, line, file, body, implied) VALUES (?, ?, ?, ?, ?, ?, 0)", rows
        )
        rows.clear()

    def _find_depths(self) -> None:
        """A reply comes after what it replies to."""
        comments = ORDER[Kind.COMMENT]
        for depth in range(DEPTH_MOST):
            self._db.execute(
                "UPDATE item SET depth = ? WHERE kind = ? AND depth = ? AND above IN"
                " (SELECT key FROM item WHERE kind = ? AND depth = ?)",
                (depth + 1, comments, depth, comments, depth),
            )
            if not self._db.execute("SELECT changes()").fetchone()[0]:
                return

    # --- Once it is in order ---

    def batches(self, after: int = 0, size: int = 500) -> Iterator[list[Item]]:
        """The records after that place that are not refused, some of one kind at a time."""
        while True:
            found = self._db.execute(
                "SELECT place, kind, key, line, file, body, implied AND NOT needed FROM place JOIN item ON id = item"
                " WHERE place > ? AND place <= ? AND NOT refused ORDER BY place",
                (after, after + size),
            ).fetchall()
            kinds = list(Kind)
            for kind, rows in itertools.groupby(found, key=lambda row: kinds[row[1]]):
                yield [Item(row[0], kind, row[2], At(row[3], row[4]), read(row[5]), bool(row[6])) for row in rows]
            after += size
            if after >= self.total:
                return

    def bodies(self, kind: Kind, keys: Iterable[str]) -> dict[str, dict[str, Any]]:
        """Those of the keys that the file tells of, and that were not refused, each with what it says."""
        wanted = list(dict.fromkeys(keys))
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            marks = ", ".join("?" * len(some))
            query = f"SELECT key, body FROM item WHERE kind = ? AND NOT refused AND key IN ({marks})"  # noqa: S608
            found.update((key, read(body)) for key, body in self._db.execute(query, (ORDER[kind], *some)))
        return found

    def refusals(self, most: int) -> list[Refused]:
        """The first that cannot be taken."""
        rows = self._db.execute("SELECT line, reason, file FROM refused ORDER BY file, line LIMIT ?", (most,))
        return [Refused(*row) for row in rows]

    def refused_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM refused").fetchone()[0])


def fill(spool: Spool, records: Iterable[Record | Wrong]) -> Iterator[None]:
    """Read all of `records` into the spool, pausing after each thousand; a Wrong must have its place as `at`."""
    for number, record in enumerate(records, start=1):
        if isinstance(record, Record):
            spool.add(record)
        else:
            spool.read += 1
            spool.refuse(record.at, str(record))
        if number % AT_ONCE == 0:
            yield
    spool.order()


_TIME, _DAY = "\0T", "\0D"  # no text that comes in holds a NUL


def _written(values: Mapping[str, Any]) -> str:
    return json.dumps(values, default=_marked, ensure_ascii=False)


def _marked(value: datetime | date) -> str:
    return f"{_TIME if isinstance(value, datetime) else _DAY}{value.isoformat()}"


def _sortable(at: datetime | None) -> str:
    return at.isoformat(timespec="microseconds") if at else ""


def read(body: str) -> dict[str, Any]:
    """What `_written` wrote."""
    found: dict[str, Any] = json.loads(body, object_hook=_revived)
    return found


def _revived(values: dict[str, Any]) -> dict[str, Any]:
    for name, value in values.items():
        if isinstance(value, str) and value.startswith(_TIME):
            values[name] = datetime.fromisoformat(value[2:])
        elif isinstance(value, str) and value.startswith(_DAY):
            values[name] = date.fromisoformat(value[2:])
    return values
