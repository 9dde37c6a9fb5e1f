"""The database: base class of all models, the session, the one transaction of an act, UTC times."""

from __future__ import annotations

import fcntl
import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, registry
from sqlalchemy.pool import Pool
from sqlalchemy.sql.functions import FunctionElement

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}

# How long a connection may lie unused before it is asked whether it still is one.
IDLE_SECONDS = 1.0

_told_time: ContextVar[datetime | None] = ContextVar("told_time", default=None)


def utcnow() -> datetime:
    """The one clock of the product: an aware time in UTC."""
    return _told_time.get() or datetime.now(UTC)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Inside, it is `moment` for this thread: for writing history down through the services that make it."""
    token = _told_time.set(moment)
    try:
        yield
    finally:
        _told_time.reset(token)


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware UTC time. SQLite has no zones: there it is kept naive, in UTC, as text that sorts by time."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time without a zone cannot be stored.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class _Numbers(sa.types.TypeDecorator[list[int]]):
    """Whole numbers as one value: an array; on SQLite, which has none, JSON."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> sa.types.TypeEngine[Any]:
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else sa.ARRAY(sa.Integer))

    def process_bind_param(self, value: list[int] | None, dialect: sa.Dialect) -> Any:
        return json.dumps(value) if dialect.name == "sqlite" else value


class one_of(FunctionElement[Any]):
    """SQL: a column is one of the numbers bound by that name, a list of any length.

    Where there may be very many: `in_` writes each of them into the statement, which is then another one each time,
    and to write, read and plan it takes longer than to look the rows up.
    """

    inherit_cache = True  # and no type: of a boolean, SQLite would be asked whether it is 1, and then takes no index

    def __init__(self, column: Any, name: str) -> None:
        super().__init__(column, sa.bindparam(name, type_=_Numbers()))


@compiles(one_of)
def _one_of(element: Any, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} = ANY ({numbers})"


@compiles(one_of, "sqlite")
def _one_of_json(element: Any, compiler: Any, **options: Any) -> str:
    column, numbers = (compiler.process(each, **options) for each in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({numbers}))"  # noqa: S608 - names and marks, no value


class Base(DeclarativeBase):
    """What every model inherits. Not `db.Model`: this gives real types and no query property."""

    # Flask-SQLAlchemy refuses `type_annotation_map` on its base class (pallets-eco/flask-sqlalchemy #1361),
    # so the map and the metadata sit on the registry.
    registry: ClassVar[registry] = registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime()},
    )


db = SQLAlchemy(metadata=Base.metadata)


@event.listens_for(Engine, "connect")
def _prepare_connection(connection: Any, _record: Any) -> None:
    if not isinstance(connection, sqlite3.Connection):
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see below; the driver's own start comes too late
    for pragma in (
        *("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000", "secure_delete=ON"),
        # the log is carried over into the file every 16 MB instead of every 4: of writing, that takes longest
        "wal_autocheckpoint=4000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


@event.listens_for(Pool, "checkin")
def _note_use(_connection: Any, record: Any) -> None:
    record.info["used_at"] = time.monotonic()


@event.listens_for(Pool, "checkout")
def _ask_after_idling(connection: Any, record: Any, _proxy: Any) -> None:
    """A server may end connections that nobody uses, or restart: after a while each is asked before it is used.

    Not before each use, as the pool itself could: that would be one question more for every request.
    """
    used_at = record.info.get("used_at")
    if used_at is None or isinstance(connection, sqlite3.Connection) or time.monotonic() - used_at < IDLE_SECONDS:
        return
    try:
        former, connection.autocommit = connection.autocommit, True
        connection.execute("SELECT 1")
        connection.autocommit = former
    except psycopg.Error as error:
        raise sa.exc.DisconnectionError from error  # the pool makes a new one


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        how = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {how}")


_AS_WRITER: dict[str, dict[str, Any]] = {
    "sqlite": {"sqlite_begin": "IMMEDIATE"},
    "postgresql": {"isolation_level": "READ COMMITTED"},
}

_AS_READER: dict[str, dict[str, Any]] = {
    "sqlite": {},
    "postgresql": {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
}


@contextmanager
def unit_of_work() -> Iterator[None]:
    """Everything inside is committed together, or none of it is.

    Stands at an edge only: a view, a command, one turn of the worker. What was read before is read again inside,
    because a decision must rest on what the transaction sees: on SQLite a transaction that has read cannot become
    a writer while another writes, whatever the busy timeout, so the reading one ends here and this one begins as
    a writer.
    """
    session = db.session()
    if session.info.get("in_one_act"):
        with _joined(session):
            yield
        return
    if session.info.get("in_unit_of_work"):
        raise RuntimeError("A unit of work stands at an edge; services compose inside one.")
    session.rollback()
    session.info["in_unit_of_work"] = True
    try:
        with _turn(session.get_bind()):
            try:
                session.connection(execution_options=_AS_WRITER[session.get_bind().dialect.name])
                yield
                session.commit()
            except BaseException:
                session.rollback()
                raise
    finally:
        session.info["in_unit_of_work"] = False


@contextmanager
def one_statement() -> Iterator[Connection]:
    """A unit of work of a single statement: PostgreSQL commits it by itself, which spares two journeys to it.

    Stands at an edge, as `unit_of_work` does.
    """
    session = db.session()
    if session.get_bind().dialect.name == "sqlite" or session.info.get("in_one_act"):
        with unit_of_work():
            yield session.connection()
        return
    session.rollback()
    try:
        yield session.connection()
    finally:
        session.rollback()


@contextmanager
def at_once() -> Iterator[Connection]:
    """A unit of work past the session, for an act so frequent that what a session asks and forgets would be felt.

    What this connection does is committed at the end, on PostgreSQL each statement by itself. Stands at an edge, as
    `unit_of_work` does; what was read before is read again afterwards.
    """
    session = db.session()
    if session.info.get("in_one_act"):
        yield session.connection()
        return
    session.rollback()
    bind = session.get_bind()
    options = _AS_WRITER["sqlite"] if bind.dialect.name == "sqlite" else {}
    # the connection is there before it is our turn
    with bind.engine.connect().execution_options(**options) as connection, _turn(bind), connection.begin():
        yield connection


@contextmanager
def one_moment() -> Iterator[None]:
    """What is read inside is as it was at one moment, however long the reading takes; nothing is written.

    Stands at an edge, as `unit_of_work` does.
    """
    session = db.session()
    session.rollback()
    try:
        session.connection(execution_options=_AS_READER[session.get_bind().dialect.name])
        yield
    finally:
        session.rollback()


@contextmanager
def one_act() -> Iterator[None]:
    """A unit of work around a whole view: those that the view opens join it, and all is committed at its end.

    For what must be kept together with what a view did and answered.
    """
    with unit_of_work():
        info = db.session().info
        info["in_one_act"] = True
        try:
            yield
        finally:
            info["in_one_act"] = False


@contextmanager
def _joined(session: Session) -> Iterator[None]:
    """As far as the view can tell, a unit of work: what it reads afterwards is what the database has."""
    yield
    session.flush()
    session.expire_all()


@contextmanager
def _turn(bind: Engine | Connection) -> Iterator[None]:
    """Wait in line to write. SQLite's own waiting is a lottery (longest waits 0.4 to 3.8 s); a file lock is a queue."""
    path = bind.engine.url.database
    if bind.dialect.name != "sqlite" or not path or path == ":memory:":
        yield
        return
    with Path(f"{path}.turn").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def partial_index(name: str, *columns: str, where: str, unique: bool = False) -> sa.Index:
    """An index of the rows of which `where` is true, in words that both databases understand."""
    of_those = sa.text(where)
    return sa.Index(name, *columns, unique=unique, sqlite_where=of_those, postgresql_where=of_those)


def leave_no_trace() -> None:
    """After something was deleted for good: on SQLite its old pages leave the write-ahead log too. In no transaction.

    `secure_delete` has overwritten them in the file itself. Somebody who is reading just now may keep the log from
    being emptied; it is overwritten in time. PostgreSQL keeps dead rows until its own vacuum, out of everybody's reach.
    """
    db.session.rollback()
    if db.engine.dialect.name != "sqlite":
        return
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for pragma in ("busy_timeout=1000", "wal_checkpoint(TRUNCATE)", "busy_timeout=20000"):
            connection.exec_driver_sql(f"PRAGMA {pragma}")


def insert_once(model: type[Base], **values: Any) -> bool:
    """Insert a row unless a unique key says it is already there; True if it was added.

    One statement, so it holds under concurrency without savepoints
    (which SQLite's Python driver does not roll back with the transaction).
    """
    connection = db.session.connection()
    return connection.scalar(_insert_once(model, connection.dialect.name), values) is not None


class Written:
    """A statement that is put into a database's words once and then sent as it is, past all that SQLAlchemy asks first.

    For what is done so often that this counts: finding a long statement among those that were compiled before takes as
    long as the database needs for it. Its rows come as the driver reads them, so what it returns are plain numbers.
    """

    def __init__(self, statement: sa.Executable) -> None:
        self._statement: Any = statement
        self._in_words: dict[str, tuple[str, list[str] | None, dict[str, Any]]] = {}

    def first(self, connection: Connection, values: dict[str, Any]) -> Any:
        """The first row of what it returns; None if there is none. values: of all that it binds, by name."""
        words, order, shapes = self._for(connection.dialect)
        ready = values | {name: shape(values[name]) for name, shape in shapes.items()}
        sent: Any = ready if order is None else tuple(ready[name] for name in order)
        return connection.exec_driver_sql(words, sent).first()

    def _for(self, dialect: sa.Dialect) -> tuple[str, list[str] | None, dict[str, Any]]:
        if dialect.name not in self._in_words:
            compiled = self._statement.compile(dialect=dialect)
            shapes = {
                name: shape
                for name, bound in compiled.binds.items()
                if (shape := bound.type.dialect_impl(dialect).bind_processor(dialect)) is not None
            }
            self._in_words[dialect.name] = str(compiled), compiled.positiontup, shapes
        return self._in_words[dialect.name]


@cache
def _insert_once(model: type[Base], dialect: str) -> Any:
    # of the table, not of the model: then nothing is asked of the session, which knows no such row
    return INSERTS[dialect](model.__table__).on_conflict_do_nothing().returning(sa.literal(True))
