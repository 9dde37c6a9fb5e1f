"""Bringing a database to the shape this version needs; the steps themselves are in migrations/versions."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


TRIES = 5  # for a lock that somebody else holds
PAUSES = (1.0, 2.0, 4.0, 8.0)
STATEMENT_SECONDS = 5

# what PostgreSQL says, see its appendix "Error Codes"
LOCKED, TOO_LONG = "55P03", "57014"


class Blocked(Exception):
    """A step could not be taken now; the message says why and what to do. What was done before it stays."""


def upgrade(
    database_url: str,
    to: str = "head",
    *,
    statement_seconds: int = STATEMENT_SECONDS,
    say: Callable[[str], None] = lambda words: None,
) -> list[str]:
    """Take every step that `database_url` lacks up to revision `to`; what was done, in words, oldest first.

    On PostgreSQL a step waits four seconds for a lock, because others wait behind it, and is then tried again; and no
    statement takes longer than `statement_seconds`. Who comes while another migrates is refused; on SQLite they wait.
    Raises Blocked.
    """
    config = _alembic(database_url, statement_seconds)
    _patiently(lambda: command.upgrade(config, to), statement_seconds, say)
    return list(config.attributes["done"])


def downgrade(database_url: str, to: str) -> list[str]:
    """Take steps back until the database is at revision `to`, or empty for "base"; what was undone, in words."""
    config = _alembic(database_url, STATEMENT_SECONDS)
    _patiently(lambda: command.downgrade(config, to), STATEMENT_SECONDS, lambda words: None)
    return list(config.attributes["done"])


def _patiently(take_steps: Callable[[], None], statement_seconds: int, say: Callable[[str], None]) -> None:
    """Each step is one transaction, so trying again goes on where it stopped."""
    for tried in range(TRIES):
        try:
            return take_steps()
        except sa.exc.OperationalError as error:
            state = getattr(error.orig, "sqlstate", None)
            if state == TOO_LONG:
                raise Blocked(
                    f"A step takes longer than {statement_seconds} seconds and was taken back, so that nobody waits "
                    "for it. Stop the site, then run: ideas migrate --statement-seconds 3600"
                ) from error
            if state != LOCKED:
                raise
            if tried == TRIES - 1:
                raise Blocked(
                    "Somebody at work holds a lock that a step needs, so it was taken back. What was done before it "
                    "stays. Run ideas migrate again at a calmer time, or with the site stopped."
                ) from error
            say(f"Somebody holds a lock; trying again in {PAUSES[tried]:g} s.")
            time.sleep(PAUSES[tried])
    return None


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
    return frozenset(newest_first())


def newest_first() -> list[str]:
    """All steps in the order of taking them back."""
    return [step.revision for step in ScriptDirectory(str(MIGRATIONS)).walk_revisions()]


def _alembic(database_url: str, statement_seconds: int = STATEMENT_SECONDS) -> AlembicConfig:
    config = AlembicConfig(MIGRATIONS / "alembic.ini")
    attributes: dict[str, Any] = {"database_url": database_url, "statement_seconds": statement_seconds, "done": []}
    config.attributes.update(attributes)
    return config
