"""How Alembic meets our database: which one, which models, and what must hold before a step is kept.

Each step is one transaction, on SQLite too: a killed migration leaves the step before it, and is simply run again.
"""

import importlib
import pkgutil
from collections.abc import Collection, Mapping
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
import ideas.outbox
import ideas.repeats
from config import Config
from ideas.db import Base

# Others wait behind a step that waits for a lock, so it gives up first; a step that needs longer than this says so
# itself, with `SET LOCAL statement_timeout`, and is written not to hold a lock meanwhile.
POSTGRESQL_LIMITS = "-c lock_timeout=4s -c statement_timeout=5s"


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
        return sa.create_engine(url, poolclass=sa.NullPool, connect_args={"options": POSTGRESQL_LIMITS})
    Path(sa.make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, poolclass=sa.NullPool, execution_options={"sqlite_begin": "IMMEDIATE"})

    @sa.event.listens_for(engine, "connect")
    def let_tables_be_rebuilt(connection: Any, _: Any) -> None:
        # Batch mode drops a table and puts its copy in place. With foreign keys on, the drop deletes by cascade
        # whatever points to it; `note_step` checks instead. The pragma works outside of transactions only.
        connection.execute("PRAGMA foreign_keys=OFF").close()

    return engine


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
    with context.begin_transaction():
        context.run_migrations()


load_models()
with make_engine(
    context.config.attributes.get("database_url") or Config.from_env().database_url
).connect() as connected:
    migrate(connected)
