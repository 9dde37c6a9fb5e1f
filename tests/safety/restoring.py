"""A database that is put back after each request: every one of thousands meets the same site, with real commits."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy import event

from ideas.db import Base, db

_WRITES = re.compile(r"\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE|DELETE\s+FROM)\s+\"?(\w+)", re.IGNORECASE)

Key = tuple[Any, ...]
Row = tuple[Any, ...]


@dataclass
class Kept:
    """Everything in the database, as it was on entering; `put_back` makes it so again.

    Reads what statements write instead of all tables, and what their foreign keys carry along.
    """

    rows: dict[str, dict[Key, Row]] = field(default_factory=dict)
    touched: set[str] = field(default_factory=set)
    _now: dict[str, dict[Key, Row]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        db.session.rollback()
        self.tables = {table.name: table for table in Base.metadata.sorted_tables}
        self.carried = {name: _carried_along(name) for name in self.tables}
        self.columns = {name: table.columns.keys() for name, table in self.tables.items()}
        self.keys = {name: [each.name for each in table.primary_key] for name, table in self.tables.items()}
        self.connection = db.engine.connect()
        self._say({"sqlite": "PRAGMA foreign_keys=OFF", "postgresql": "SET session_replication_role = replica"})
        self.rows = {name: self._read(name) for name in self.tables}
        event.listen(db.engine, "before_cursor_execute", self._note)
        return self

    def __exit__(self, *_: object) -> None:
        event.remove(db.engine, "before_cursor_execute", self._note)
        self._say({"sqlite": "PRAGMA foreign_keys=ON", "postgresql": "SET session_replication_role = DEFAULT"})
        self.connection.close()

    def _say(self, words: dict[str, str]) -> None:
        """To the driver, outside of any transaction: rows go back in any order."""
        driver: Any = self.connection.connection.driver_connection
        driver.execute(words[db.engine.dialect.name]).close()
        driver.commit()

    def changes(self) -> dict[str, list[dict[str, Any]]]:
        """Table → its rows that are new or have changed since."""
        db.session.rollback()
        for name in self.touched - set(self._now):
            self._now[name] = self._read(name)
        found = {}
        for name, rows in self._now.items():
            before, columns = self.rows[name], self.tables[name].columns.keys()
            if changed := [dict(zip(columns, row, strict=True)) for key, row in rows.items() if before.get(key) != row]:
                found[name] = changed
        return found

    def differing(self, ignored: Collection[str] = ()) -> set[str]:
        """The tables in which a row has come, changed or gone since; ignored: tables, and columns as table.column."""
        self.changes()
        found = set()
        for name, rows in self._now.items():
            if name in ignored:
                continue
            read = [place for place, each in enumerate(self.columns[name]) if f"{name}.{each}" not in ignored]
            if _only(rows, read) != _only(self.rows[name], read):
                found.add(name)
        return found

    def put_back(self) -> None:
        """As it was on entering."""
        if not self.touched:
            return
        self.changes()
        for name, rows in self._now.items():
            table, before = self.tables[name], self.rows[name]
            gone = [key for key, row in rows.items() if before.get(key) != row]
            back = [row for key, row in before.items() if rows.get(key) != row]
            if gone:
                same = sa.and_(*(table.c[each] == sa.bindparam(f"the_{each}") for each in self.keys[name]))
                self.connection.execute(
                    sa.delete(table).where(same),
                    [{f"the_{each}": value for each, value in zip(self.keys[name], key, strict=True)} for key in gone],
                )
            if back:
                columns = table.columns.keys()
                self.connection.execute(sa.insert(table), [dict(zip(columns, row, strict=True)) for row in back])
        self.connection.commit()
        self.touched.clear()
        self._now.clear()

    def _read(self, name: str) -> dict[Key, Row]:
        table = self.tables[name]
        places = [table.columns.keys().index(each) for each in self.keys[name]]
        rows = self.connection.execute(sa.select(table)).all()
        self.connection.commit()  # the next reading is of its own moment
        return {tuple(row[place] for place in places): tuple(row) for row in rows}

    def _note(self, connection: sa.Connection, _cursor: Any, statement: str, *_rest: Any) -> None:
        if connection is self.connection:
            return
        for name in _WRITES.findall(statement):
            if name in self.tables:
                self.touched |= {name, *(self.carried[name] if "DELETE" in statement.upper() else ())}


def _only(rows: dict[Key, Row], places: Sequence[int]) -> dict[Key, Row]:
    return {key: tuple(row[place] for place in places) for key, row in rows.items()}


def _carried_along(name: str) -> set[str]:
    """The tables whose rows a deletion in this one may delete or change too."""
    found = {name}
    while True:
        more = {
            table.name
            for table in Base.metadata.sorted_tables
            for key in table.foreign_keys
            if key.ondelete and key.column.table.name in found
        }
        if more <= found:
            return found
        found |= more
