"""A whole site in one file, and back, on either database.

The file is a zip: each table as lines of JSON, each picture as it is, and `manifest.json`, which says what there is,
of which schema, with checksums. It is read in one snapshot while the site runs, and needs no tool of a database, so a
backup of SQLite can be restored into PostgreSQL and the other way round.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import os
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import sqlalchemy as sa

from ideas import migrating, storage
from ideas.db import Base, UtcDateTime, db, utcnow
from ideas.settings import rooms

if TYPE_CHECKING:
    from config import Config

FORMAT = 1
MANIFEST = "manifest.json"
PICTURE_TYPE = "image/webp"  # all are encoded anew as that
AT_ONCE = 5_000  # rows

Progress = Callable[[str, int, int], None]  # what, how much of it is done, of how much


class Refused(Exception):
    """It cannot be done; the message says why and what to do."""


@dataclasses.dataclass(frozen=True)
class Done:
    """What was written or read."""

    rows: int
    pictures: int
    revision: str
    said: tuple[str, ...] = ()


def _no_progress(what: str, done: int, total: int) -> None:
    """Nobody watches."""


# --- Out ---


def write(file: Path, *, progress: Progress = _no_progress) -> Done:
    """Put the site at work into `file`, as it is at one moment. Others read and write meanwhile.

    The file appears when it is complete; only its owner may read it. Raises Refused.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive, _snapshot() as reading:
                done = _write(archive, reading, progress)
            out.flush()
            os.fsync(out.fileno())
        draft.replace(file)
    except OSError as error:
        raise Refused(f"{file} cannot be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)
    return done


def _write(archive: zipfile.ZipFile, reading: sa.Connection, progress: Progress) -> Done:
    taken = migrating.taken(reading)
    if taken != migrating.newest():
        raise Refused("The database is not in the shape this version needs. Run: ideas migrate")
    tables = Base.metadata.sorted_tables
    counts = {table.name: reading.scalar(sa.select(sa.func.count()).select_from(table)) or 0 for table in tables}
    written, total = 0, sum(counts.values())
    parts: dict[str, Any] = {}
    for table in tables:
        with _member(archive, f"tables/{table.name}.jsonl") as member:
            for rows in _rows(reading, table):
                member.write("".join(rows).encode())
                written += len(rows)
                progress("rows", written, total)
        parts[table.name] = {
            "columns": [column.name for column in table.columns],
            "kinds": [_kind(column) for column in table.columns],
            "rows": counts[table.name],
            "sha256": member.digest,
        }
    pictures, lost = _write_pictures(archive, reading, progress)
    (revision,) = taken
    manifest = {
        "format": FORMAT,
        "made_at": utcnow().isoformat(),
        "database": reading.dialect.name,
        "revision": revision,
        "tables": parts,
        "pictures": pictures,
    }
    archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
    said = (f"{lost} pictures are not where they should be and were left out.",) if lost else ()
    return Done(written, len(pictures), revision, said)


def _write_pictures(archive: zipfile.ZipFile, reading: sa.Connection, progress: Progress) -> tuple[dict[str, str], int]:
    names = [name for statement in rooms().files for name in reading.scalars(statement)]
    found: dict[str, str] = {}
    for number, name in enumerate(names, 1):
        try:
            content = storage.pictures().open(name)
        except storage.Missing:
            continue  # deleted since, or its upload was never finished
        # it is compressed as well as it can be already
        archive.writestr(zipfile.ZipInfo(f"pictures/{name}"), content)
        found[name] = hashlib.sha256(content).hexdigest()
        progress("pictures", number, len(names))
    return found, len(names) - len(found)


@contextmanager
def _snapshot() -> Iterator[sa.Connection]:
    """A connection that sees the database as it is now, whatever is written meanwhile. It keeps nobody from writing."""
    is_postgresql = db.engine.dialect.name == "postgresql"
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True} if is_postgresql else {}
    with db.engine.connect().execution_options(**options) as connection, connection.begin():
        if is_postgresql:
            connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
        yield connection


class _Member:
    """A part of the file while it is written, with its checksum once it is."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._hash = hashlib.sha256()
        self.digest = ""

    def write(self, content: bytes) -> None:
        self._out.write(content)
        self._hash.update(content)

    def end(self) -> None:
        self.digest = self._hash.hexdigest()


@contextmanager
def _member(archive: zipfile.ZipFile, name: str) -> Iterator[_Member]:
    with archive.open(name, "w", force_zip64=True) as out:
        member = _Member(out)
        yield member
        member.end()


def _rows(reading: sa.Connection, table: sa.Table) -> Iterator[list[str]]:
    """The table as lines of JSON, some at a time."""
    columns = [_as_stored(column, reading.dialect.name) for column in table.columns]
    order = list(table.primary_key.columns)
    in_parts = {"stream_results": True, "yield_per": AT_ONCE}
    for rows in reading.execute(sa.select(*columns).order_by(*order), execution_options=in_parts).partitions():
        yield [json.dumps(list(row), default=_plain, ensure_ascii=False) + "\n" for row in rows]


def _as_stored(column: sa.Column[Any], dialect: str) -> sa.ColumnElement[Any]:
    """JSON as its text: read as values, nothing and JSON's null would be the same."""
    if not isinstance(column.type, sa.JSON):
        return column
    return sa.cast(column, sa.Text) if dialect == "postgresql" else sa.type_coerce(column, sa.Text)


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"A {type(value).__name__} has no place in a backup.")


def _kind(column: sa.Column[Any]) -> str:
    """What must be done with a value of this column to put it back."""
    kind = column.type
    if isinstance(kind, sa.types.TypeDecorator):
        kind = kind.impl_instance
    if isinstance(kind, sa.DateTime):
        return "time"
    return "bytes" if isinstance(kind, sa.LargeBinary) else "plain"


# --- Back ---


def restore(
    config: Config,
    file: Path,
    *,
    afterwards: Callable[[], Sequence[str]],
    replace: bool = False,
    progress: Progress = _no_progress,
) -> Done:
    """Make the site of `config` what `file` holds, brought to this version's shape.

    Everything about the file is checked before anything is touched. `afterwards` settles the restored database before
    anybody is served from it, and says what it did. On SQLite the present database stays until then. Raises Refused:
    for a file that is damaged or of a newer version, and for a site that is not empty unless it shall be replaced.
    """
    from ideas import create_app

    with _opened(file) as archive:
        manifest = _checked(archive, progress)
        _require_free(config.database_url, replace=replace)
        url = _prepared(config.database_url)
        migrating.upgrade(url, manifest["revision"])
        rows = _load(url, archive, manifest, progress)
        migrating.upgrade(url)
        _put_pictures(config, archive, manifest, progress)
    app = create_app(dataclasses.replace(config, database_url=url))
    with app.app_context():
        said = tuple(afterwards())
        db.session.remove()
        db.engine.dispose()
    _put_in_place(url, config.database_url)
    return Done(rows, len(manifest["pictures"]), manifest["revision"], said)


@contextmanager
def _opened(file: Path) -> Iterator[zipfile.ZipFile]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive
    except OSError as error:
        if error.filename is None or Path(error.filename) != file:
            raise
        raise Refused(f"{file} cannot be read: {error.strerror}.") from error
    except zipfile.BadZipFile:
        raise Refused(f"{file} is damaged, or no backup.") from None


def _checked(archive: zipfile.ZipFile, progress: Progress) -> dict[str, Any]:
    """What the file says it holds, once that is what it holds."""
    try:
        manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
        version, tables, pictures = manifest["format"], manifest["tables"], manifest["pictures"]
    except (KeyError, ValueError):
        raise Refused("This file is no backup, or it is damaged.") from None
    if version != FORMAT or manifest["revision"] not in migrating.known():
        raise Refused("This backup was made by a newer version. Install that version, then restore.")
    wanted = {f"tables/{name}.jsonl": part["sha256"] for name, part in tables.items()}
    wanted |= {f"pictures/{name}": digest for name, digest in pictures.items()}
    for number, (name, digest) in enumerate(wanted.items(), 1):
        try:
            with archive.open(name) as part:
                found = _digest(part)
        except (KeyError, zipfile.BadZipFile, zlib.error):
            found = ""
        if found != digest:
            raise Refused(f"This backup is damaged: {name} is not what was written. Nothing was changed.")
        progress("parts checked", number, len(wanted))
    return manifest


def _digest(part: IO[bytes]) -> str:
    made = hashlib.sha256()
    while piece := part.read(1 << 20):
        made.update(piece)
    return made.hexdigest()


def _require_free(url: str, *, replace: bool) -> None:
    """Raises Refused for a site that holds something, unless it shall be replaced; and for one at work."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite" and not Path(engine.url.database or "").exists():
        return
    with engine.connect() as connection:
        names = [name for name in sa.inspect(connection).get_table_names() if name in Base.metadata.tables]
        filled = any(
            connection.scalar(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)) is not None
            for name in names
        )
        if filled and not replace:
            raise Refused("There is a site in this database already. To put the backup in its place: --replace")
        heard = connection.scalar(_LAST_BEAT) if "worker_beat" in names else None
        if heard is not None and (utcnow() - heard).total_seconds() < 60:
            raise Refused("A worker is running on this database. Stop the site first, then wait for a minute.")


_LAST_BEAT = sa.text("SELECT max(beat_at) AS at FROM worker_beat WHERE name <> 'former'").columns(at=UtcDateTime)


def _prepared(url: str) -> str:
    """An empty database to restore into: beside the present one on SQLite, in its place on PostgreSQL."""
    parsed = sa.make_url(url)
    if parsed.drivername.startswith("sqlite"):
        path = f"{parsed.database}.restoring"
        _remove_sqlite(path)
        return parsed.set(database=path).render_as_string(hide_password=False)
    engine = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": "-c lock_timeout=4s"})
    try:
        with engine.begin() as connection:
            present = sa.MetaData()
            present.reflect(connection)
            present.drop_all(connection)
    except sa.exc.OperationalError as error:
        raise Refused(f"Somebody is at work on this database; stop the site first. ({error.orig})") from error
    return url


def _remove_sqlite(path: str) -> None:
    for ending in ("", "-wal", "-shm", ".turn"):
        Path(f"{path}{ending}").unlink(missing_ok=True)


def _put_in_place(made: str, url: str) -> None:
    if made == url:
        return
    engine = sa.create_engine(made, poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")  # a checkpoint cannot stand in a transaction
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.exec_driver_sql("BEGIN")
    path = sa.make_url(url).database or ""
    for ending in ("-wal", "-shm"):
        Path(f"{path}{ending}").unlink(missing_ok=True)
    Path(sa.make_url(made).database or "").replace(path)
    _remove_sqlite(f"{path}.restoring")


def _load(url: str, archive: zipfile.ZipFile, manifest: Mapping[str, Any], progress: Progress) -> int:
    """All rows of all tables, in one transaction; how many."""
    engine = sa.create_engine(url, poolclass=sa.NullPool, execution_options={"sqlite_begin": "IMMEDIATE"})
    load = _copy if engine.dialect.name == "postgresql" else _insert
    total = sum(part["rows"] for part in manifest["tables"].values())
    loaded = 0
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA foreign_keys=OFF").close())
    with engine.begin() as connection:
        for name, part in manifest["tables"].items():
            for rows in _lines(archive, name, part["kinds"], engine.dialect.name):
                load(connection, name, part["columns"], rows)
                loaded += len(rows)
                progress("rows", loaded, total)
        if engine.dialect.name == "postgresql":
            _go_on_counting(connection, manifest)
        elif orphans := connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
            raise Refused(f"This backup would leave {len(orphans)} rows pointing nowhere. Nothing was changed.")
    return loaded


def _lines(archive: zipfile.ZipFile, name: str, kinds: Sequence[str], dialect: str) -> Iterator[list[list[Any]]]:
    change = {place: _CHANGES[dialect, kind] for place, kind in enumerate(kinds) if (dialect, kind) in _CHANGES}
    batch: list[list[Any]] = []
    with archive.open(f"tables/{name}.jsonl") as lines:
        for line in lines:
            row = json.loads(line)
            for place, how in change.items():
                if row[place] is not None:
                    row[place] = how(row[place])
            batch.append(row)
            if len(batch) == AT_ONCE:
                yield batch
                batch = []
    if batch:
        yield batch


# as SQLAlchemy keeps times on SQLite, see UtcDateTime
_CHANGES: dict[tuple[str, str], Callable[[str], Any]] = {
    ("sqlite", "time"): lambda text: datetime.fromisoformat(text).strftime("%Y-%m-%d %H:%M:%S.%f"),
    ("sqlite", "bytes"): base64.b64decode,
    ("postgresql", "bytes"): base64.b64decode,
}


def _insert(connection: sa.Connection, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
    places = ", ".join("?" for _ in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    connection.exec_driver_sql(
        f'INSERT INTO "{table}" ({names}) VALUES ({places})',  # noqa: S608 - names of our own tables
        [tuple(row) for row in rows],
    )


def _copy(connection: sa.Connection, table: str, columns: Sequence[str], rows: list[list[Any]]) -> None:
    names = ", ".join(f'"{name}"' for name in columns)
    raw: Any = connection.connection.dbapi_connection
    with raw.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)


def _go_on_counting(connection: sa.Connection, manifest: Mapping[str, Any]) -> None:
    """Each counter of ids goes on after the greatest that is there."""
    for name, part in manifest["tables"].items():
        for column in part["columns"]:
            counter = connection.scalar(
                sa.text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": f'"{name}"', "column": column}
            )
            if counter:
                connection.execute(
                    sa.text(f'SELECT setval(:counter, coalesce(max("{column}"), 0) + 1, false) FROM "{name}"'),  # noqa: S608 - ours
                    {"counter": counter},
                )


def _put_pictures(config: Config, archive: zipfile.ZipFile, manifest: Mapping[str, Any], progress: Progress) -> None:
    keep = storage.made(config.pictures_url)
    for number, name in enumerate(manifest["pictures"], 1):
        keep.put(name, archive.read(f"pictures/{name}"), PICTURE_TYPE)
        progress("pictures", number, len(manifest["pictures"]))
