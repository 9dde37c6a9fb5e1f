"""The migrations make what the models describe, on both databases, and can be taken back."""

import multiprocessing
import shutil
from datetime import UTC, date, datetime

import psycopg
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config as AlembicConfig
from alembic.script import ScriptDirectory

from ideas import migrating
from ideas.db import Base


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


def test_every_step_is_taken_back_and_again_with_rows_in_every_table(database):
    url = database.fresh()
    filled = fill(url)
    kept = {"user", "board", "status", "idea", "vote", "comment", "answer", "outbox_entry", "delivery"}

    steps = migrating.newest_first()
    for below in [*steps[1:], "base"]:
        migrating.downgrade(url, below)
        if below != "base":
            assert {name: count(url, name) for name in kept} == dict.fromkeys(kept, 1), f"back to {below}"
            migrating.upgrade(url, "+1")
            migrating.downgrade(url, below)
    migrating.upgrade(url)

    assert filled == set(Base.metadata.tables)
    assert migrating.is_current(url)
    command.check(alembic(url))


def test_rows_survive_the_newest_steps_back_and_again(database):
    """From the first step on: what was there then is there afterwards."""
    url = database.fresh()
    fill(url)
    kept = ("user", "board", "status", "idea", "vote", "comment", "answer", "outbox_entry", "delivery")

    migrating.downgrade(url, migrating.newest_first()[-1])
    migrating.upgrade(url)

    assert {name: count(url, name) for name in kept} == dict.fromkeys(kept, 1)
    command.check(alembic(url))


def test_what_people_chose_is_kept_when_channels_are_chosen_apart(database):
    url = database.fresh()
    migrating.downgrade(url, "0012")
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    said = {"instant": False, "inbox": False, "off": False, "inbox unsubscribed": True, "off unsubscribed": True}
    with engine.begin() as connection:
        fill_one(connection, "user", id=1, email="mia@example.test")
        for news, by_unsubscribing in said.items():
            row = {"news": news, "mode": news.split()[0], "by_unsubscribing": by_unsubscribing}
            fill_one(connection, "preference", user_id=1, **row)

    migrating.upgrade(url, "0013")

    with engine.begin() as connection:
        chosen = sa.text("SELECT news, email, inbox, by_unsubscribing FROM preference")
        assert {row.news: tuple(row)[1:] for row in connection.execute(chosen)} == {
            "instant": ("instant", "instant", False),
            "inbox": ("off", "instant", False),
            "off": ("off", "off", False),
            "inbox unsubscribed": ("off", None, True),
            "off unsubscribed": ("off", "off", True),
        }
    migrating.downgrade(url, "0012")
    with engine.begin() as connection:
        rows = connection.execute(sa.text("SELECT news, mode, by_unsubscribing FROM preference"))
        assert {row.news: row.by_unsubscribing for row in rows if row.mode == row.news.split()[0]} == said


def fill_one(connection: sa.Connection, name: str, **values: object) -> None:
    """A row in a table as it is now, which need not be as the models have it."""
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    needed = {column.name: value_for(column) for column in table.columns if not column.nullable}
    connection.execute(table.insert(), needed | values)


def fill(url: str) -> set[str]:
    """One row in every table, the least that is allowed; the tables that have one."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(table.insert(), {column.name: value_for(column) for column in table.columns})
    return {table.name for table in Base.metadata.sorted_tables if count(url, table.name)}


def value_for(column: sa.Column[object]) -> object:
    kind = column.type.impl_instance if isinstance(column.type, sa.types.TypeDecorator) else column.type
    if column.foreign_keys:
        return value_for(next(iter(column.foreign_keys)).column)
    values = {
        sa.Integer: 1,
        sa.BigInteger: 1,
        sa.Boolean: False,
        sa.Float: 0.5,
        sa.DateTime: datetime(2026, 1, 1, tzinfo=UTC),
        sa.Date: date(2026, 1, 1),
        sa.JSON: {},
        sa.LargeBinary: b"open",
    }
    for each, value in values.items():
        if isinstance(kind, each):
            return value
    return "open"


# --- Others at work ---


@pytest.mark.postgresql
def test_a_step_that_meets_a_lock_is_tried_again(database, monkeypatch):
    url = database.fresh()
    migrating.downgrade(url, "-1")
    monkeypatch.setattr(migrating, "PAUSES", (0.1,) * 4)
    said = []
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")

        def say(words):
            said.append(words)
            other.rollback()

        migrating.upgrade(url, say=say)

    assert said == ["Somebody holds a lock; trying again in 0.1 s."]
    assert migrating.is_current(url)


@pytest.mark.postgresql
def test_a_lock_that_is_never_given_back_is_said(database, monkeypatch):
    url = database.fresh()
    migrating.downgrade(url, "-1")
    monkeypatch.setattr(migrating, "TRIES", 1)
    with psycopg.connect(url) as other:
        other.execute("LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE")

        with pytest.raises(migrating.Blocked, match="Somebody at work holds a lock"):
            migrating.upgrade(url)

    assert not migrating.is_current(url)


@pytest.mark.postgresql
def test_a_step_that_takes_too_long_says_how_to_give_it_time(database, add_step):
    url = database.fresh()
    add_step("slow", 'op.execute("SELECT pg_sleep(3)")')

    with pytest.raises(migrating.Blocked, match="--statement-seconds"):
        migrating.upgrade(url, statement_seconds=1)
    migrating.upgrade(url, statement_seconds=60)

    assert migrating.is_current(url)


@pytest.mark.postgresql
def test_two_do_not_migrate_at_once(database):
    url = database.fresh()
    migrating.downgrade(url, "-1")
    with psycopg.connect(url) as other:
        other.execute("SELECT pg_advisory_lock(7203116801)")

        with pytest.raises(migrating.Blocked, match="Somebody else is migrating"):
            migrating.upgrade(url)


def test_two_that_come_at_once_take_each_step_once(database):
    url = database.fresh()
    migrating.downgrade(url, "base")

    processes = multiprocessing.get_context("fork")
    with processes.Pool(2) as pool:
        done = pool.map(migrate_in_a_process, [url, url])

    assert sorted(len(each) for each in done) == [0, len(migrating.known())]
    assert migrating.is_current(url)


def migrate_in_a_process(url: str) -> list[str]:
    try:
        return migrating.upgrade(url)
    except migrating.Blocked:
        return []


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
        return connection.execute(sa.text(f'SELECT count(*) FROM "{table}"')).scalar_one()  # noqa: S608


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
