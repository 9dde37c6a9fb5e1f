"""How Alembic meets our database: which one, which models, and what must hold before a step is kept.

Each step is one transaction, on SQLite too: a killed migration leaves the step before it, and is simply run again.
"""

import fcntl
import importlib
import pkgutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, cast

import sqlalchemy as sa
from alembic import context
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import Script
from sqlalchemy.engine import Connection
from sqlalchemy.sql.schema import SchemaItem

import ideas
import ideas.happenings
import ideas.outbox
import ideas.repeats
import ideas.rounds
from config import Config
from ideas import migrating
from ideas.db import Base

# Others wait behind a step that waits for a lock, so it gives up first; a step that needs longer than a statement may
# says so itself, with `SET LOCAL statement_timeout`, and is written not to hold a lock meanwhile.
LOCK_SECONDS = 4
ONE_AT_A_TIME = 7_203_116_801  # the number of our advisory lock; it means nothing


def load_models() -> None:
    """Import every room's models (models.py, models_….py), so that the metadata knows all tables."""
    for room in pkgutil.iter_modules(ideas.__path__, "ideas."):
        if not room.ispkg:
            continue
        package = find_spec(room.name)
        for file in pkgutil.iter_modules(package.submodule_search_locations if package else None, f"{room.name}."):
            if file.name.rpartition(".")[2].startswith("models"):
                importlib.import_module(file.name)


def is_ours(thing: SchemaItem, name: str | None, kind: str, reflected: bool, compare_to: SchemaItem | None) -> bool:
    """False for the tables of SQLite's full-text index, which SQLite keeps itself and no model describes."""
    table = name if kind == "table" else getattr(getattr(thing, "table", None), "name", None)
    return not (table or "").startswith("idea_search")


def render_type(kind: str, value: Any, _: Any) -> str | Literal[False]:
    """Times are written as what they are in the database, so that a step never changes when our code does."""
    if kind == "type" and isinstance(value, sa.types.TypeDecorator):
        return f"sa.{value.impl_instance!r}"
    return False


def note_step(ctx: MigrationContext, step: MigrationInfo, heads: Collection[Any], run_args: Mapping[str, Any]) -> None:
    """Called inside the transaction of each step: refuse to keep one that left a row pointing nowhere."""
    name = f"{cast(Script, step.up_revision).doc} ({step.up_revision_id})"
    if ctx.dialect.name == "sqlite":
        assert ctx.connection is not None  # noqa: S101 a step is never applied without
        orphans = ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
        if orphans:
            tables = ", ".join(sorted({str(row[0]) for row in orphans}))
            raise RuntimeError(f"{name} would leave {len(orphans)} rows of {tables} pointing nowhere.")
    context.config.attributes.setdefault("done", []).append(name)


def make_engine(url: str) -> sa.Engine:
    if not url.startswith("sqlite"):
        seconds = context.config.attributes.get("statement_seconds", migrating.STATEMENT_SECONDS)
        limits = f"-c lock_timeout={LOCK_SECONDS}s -c statement_timeout={seconds}s"
        return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": limits})
    Path(sa.make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool, execution_options={"sqlite_begin": "IMMEDIATE"})

    @sa.event.listens_for(engine, "connect")
    def let_tables_be_rebuilt(connection: Any, _: Any) -> None:
        # Batch mode drops a table and puts its copy in place. With foreign keys on, the drop deletes by cascade
        # whatever points to it; `note_step` checks instead. The pragma works outside of transactions only.
        connection.execute("PRAGMA foreign_keys=OFF").close()

    return engine


@contextmanager
def alone(connection: Connection) -> Iterator[None]:
    """Nobody else migrates this database meanwhile: two at once would each take the first step."""
    if connection.dialect.name == "postgresql":
        lock = sa.text("SELECT pg_try_advisory_lock(:lock)")
        with connection.begin():
            if not connection.scalar(lock, {"lock": ONE_AT_A_TIME}):
                raise migrating.Blocked("Somebody else is migrating this database now. Wait for them to end.")
        yield  # the lock ends with the connection
        return
    with Path(f"{connection.engine.url.database}.turn").open("a") as file:  # writers of the site wait there as well
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        include_object=is_ours,
        render_item=render_type,
        render_as_batch=True,
        transaction_per_migration=True,
        transactional_ddl=True,
        on_version_apply=note_step,
    )
    with alone(connection), context.begin_transaction():
        context.run_migrations()


load_models()
with make_engine(
    context.config.attributes.get("database_url") or Config.from_env().database_url
).connect() as connected:
    migrate(connected)
