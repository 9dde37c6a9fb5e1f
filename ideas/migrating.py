"""Bringing a database to the shape this version needs; the steps themselves are in migrations/versions."""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def upgrade(database_url: str, to: str = "head") -> list[str]:
    """Take every step that `database_url` lacks up to revision `to`; what was done, in words, oldest first."""
    config = _alembic(database_url)
    command.upgrade(config, to)
    return list(config.attributes["done"])


def downgrade(database_url: str, to: str) -> list[str]:
    """Take steps back until the database is at revision `to`, or empty for "base"; what was undone, in words."""
    config = _alembic(database_url)
    command.downgrade(config, to)
    return list(config.attributes["done"])


def is_current(database_url: str) -> bool:
    """Whether the database has taken every step this version knows."""
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return taken(connection) == newest()


def taken(connection: sa.Connection) -> frozenset[str]:
    """The last step the database has taken; empty when it has none."""
    return frozenset(MigrationContext.configure(connection).get_current_heads())


def newest() -> frozenset[str]:
    """The last step this version knows."""
    return frozenset(ScriptDirectory(str(MIGRATIONS)).get_heads())


def known() -> frozenset[str]:
    """All steps this version knows."""
    return frozenset(step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions())


def _alembic(database_url: str) -> AlembicConfig:
    config = AlembicConfig(MIGRATIONS / "alembic.ini")
    attributes: dict[str, Any] = {"database_url": database_url, "done": []}
    config.attributes.update(attributes)
    return config
