"""The migrations make what the models describe, on both databases, and can be taken back."""

import shutil

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from ideas import migrating


def alembic(url: str) -> AlembicConfig:
    config = AlembicConfig(migrating.MIGRATIONS / "alembic.ini")
    config.attributes["database_url"] = url
    return config


def tables(url: str) -> set[str]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    return set(sa.inspect(engine).get_table_names())


def test_the_models_have_no_more_and_no_less_than_the_database(database):
    command.check(alembic(database.url))


def test_every_step_can_be_taken_back_and_again(database):
    url = database.fresh()
    before = tables(url)

    undone = migrating.downgrade(url, "base")
    left = tables(url)
    done = migrating.upgrade(url)

    assert left == {"alembic_version"}
    assert sorted(undone) == sorted(done)
    assert tables(url) == before
    assert migrating.is_current(url)


def test_a_database_behind_is_noticed(database):
    url = database.fresh()

    migrating.downgrade(url, "-1")

    assert not migrating.is_current(url)


# --- How a step is taken on SQLite ---

STEP = """
import shutil

import pytest
import sqlalchemy as sa
from alembic import op
revision = {name!r}
down_revision = {after!r}
def upgrade():
    {body}
def downgrade():
    pass
"""
FAMILY = """
    op.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
    op.execute("CREATE TABLE child (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES parent ON DELETE CASCADE)")
    op.execute("INSERT INTO parent VALUES (1)")
    op.execute("INSERT INTO child VALUES (1, 1)")
"""
REBUILT = """
    with op.batch_alter_table("parent", recreate="always") as parent:
        parent.add_column(sa.Column("name", sa.Text()))
"""
ORPHANED = """
    op.execute("CREATE TABLE half_done (id INTEGER)")
    op.execute("DELETE FROM parent")
"""


@pytest.fixture
def add_step(monkeypatch, tmp_path):
    """Adds a step after the newest: add_step("name", body)."""
    copy = tmp_path / "migrations"
    shutil.copytree(migrating.MIGRATIONS, copy)
    monkeypatch.setattr(migrating, "MIGRATIONS", copy)

    def add(name: str, body: str) -> None:
        after = ScriptDirectory(str(copy)).get_current_head()
        (copy / "versions" / f"{name}.py").write_text(STEP.format(name=name, after=after, body=body.strip()))

    return add


def count(url, table):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one()  # noqa: S608


@pytest.mark.sqlite
def test_rebuilding_a_table_keeps_what_points_to_it(database, add_step):
    url = database.fresh()
    add_step("family", FAMILY)
    add_step("rebuilt", REBUILT)

    migrating.upgrade(url)

    assert count(url, "child") == 1


@pytest.mark.sqlite
def test_a_step_that_leaves_rows_pointing_nowhere_is_not_kept(database, add_step):
    url = database.fresh()
    add_step("family", FAMILY)
    migrating.upgrade(url)
    add_step("orphaned", ORPHANED)

    with pytest.raises(RuntimeError, match="would leave 1 rows of child pointing nowhere"):
        migrating.upgrade(url)

    assert count(url, "parent") == 1
    assert "half_done" not in tables(url)
