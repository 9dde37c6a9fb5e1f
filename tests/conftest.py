"""What every test may use: a real database that is empty at its start, the application, a client, mail and the clock.

`--database sqlite|postgresql` says which database; each pytest-xdist worker has one of its own, made by our migrations.
A test marked `sqlite` or `postgresql` is about that database and runs on it alone; one that uses no database runs with
SQLite alone.
"""

import copy
import email
import email.policy
import gc
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import jinja2
import psycopg
import pytest
import sqlalchemy as sa
import time_machine
from click.testing import CliRunner, Result
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from psycopg import sql
from werkzeug.test import TestResponse

from config import Config
from ideas import create_app, migrating
from ideas.accounts import branding
from ideas.db import db
from ideas.settings import brand
from tests.remembering import Begin, Worlds
from tests.servers import ROOT, PostgresServer, Unavailable

LEASE = timedelta(seconds=60)  # longer than the slowest machine ever holds a test up
SETTINGS = {
    "SECRET_KEY": "tests sign with this key and nobody else does",
    "BASE_URL": "http://localhost",
    "SETTLE_MINUTES": "0",
    "LEASE_SECONDS": str(round(LEASE.total_seconds())),
    "WORKER_POLL_SECONDS": "0.05",
    "RATE_LIMITS": "off",
    "NEW_ACCOUNT_HOURS": "0",
    "LOG_LEVEL": "error",
    "SINGLE_MAILS_A_WEEK": "1000",  # tests tell people of more than people would bear
}

DATABASES = ("sqlite", "postgresql")
LONGEST = (
    "tests/safety/test_hostile.py",
    "tests/safety/test_scanners.py",
    "tests/test_faults.py",
    "tests/test_serving.py",
    "tests/test_health.py",
    "tests/ledger/test_carrying.py",
    "tests/safety/test_leaks.py",
    "tests/safety/test_rights.py",
    "tests/test_migrations.py",
    "tests/webhooks/test_crashes.py",
    "tests/moving/test_law.py",
    "tests/safety/test_shared_cache.py",
    "tests/boards/test_demo.py",
    "tests/safety/test_smuggling.py",
    "tests/safety/test_known_holes.py",
)
branding.READ_AGAIN = 3600.0  # questions are counted: none may come now and then
PAGE = 8192  # bytes
FEW_PAGES = 40  # of a table whose rows are deleted
# Templates are compiled once by one of all processes, not by each application of each.
(_templates := ROOT / "build" / "templates").mkdir(parents=True, exist_ok=True)
COMPILED = jinja2.FileSystemBytecodeCache(str(_templates))
SELDOM = (50_000, 20, 20)  # objects between two looks for garbage; by itself Python looks for a fifth of the time
QUICK = {"full_page_writes": "off", "max_wal_size": "4GB"}  # it need survive nothing
POSTGRES_URL = pytest.StashKey[str]()
POSTGRES_STACK = pytest.StashKey[ExitStack]()


# --- Which database ---


def pytest_addoption(parser: pytest.Parser) -> None:
    default = os.environ.get("TEST_DATABASE", "sqlite")
    parser.addoption("--database", choices=DATABASES, default=default, help=f"database to test on (now: {default})")


def pytest_configure(config: pytest.Config) -> None:
    gc.set_threshold(*SELDOM)
    for kind in DATABASES:
        config.addinivalue_line("markers", f"{kind}: is about {kind}, so it runs there alone")
    config.addinivalue_line("markers", "own_app: adds pages to the application, so nobody else may have it")


def pytest_report_header(config: pytest.Config) -> str:
    database = config.option.database
    others = "" if database == DATABASES[0] else f"; tests that need no database run with {DATABASES[0]} alone"
    return f"database: {database}{others}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    wanted = {item.nodeid for item in items if _belongs(item, config.option.database)}
    deselected = [item for item in items if item.nodeid not in wanted]
    if deselected:
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if item.nodeid in wanted]
    # begun last, they would leave all processors but one without work
    items.sort(key=lambda item: not item.nodeid.startswith(LONGEST))


def _belongs(item: pytest.Item, database: str) -> bool:
    """A test runs on the databases it is marked with; without a mark on all of them, if it uses any, and else once."""
    if marked := [kind for kind in DATABASES if item.get_closest_marker(kind)]:
        return database in marked
    return database == DATABASES[0] or "database" in getattr(item, "fixturenames", ())


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are called by their argument: compressed ones hold the time, and then no two workers agree on a name."""
    return argname if isinstance(val, bytes) else None


def pytest_sessionstart(session: pytest.Session) -> None:
    """One PostgreSQL for all workers, started by the process that leads them."""
    config = session.config
    if config.option.database != "postgresql" or hasattr(config, "workerinput") or config.option.collectonly:
        return
    stack = config.stash[POSTGRES_STACK] = ExitStack()
    if url := os.environ.get("TEST_DATABASE_URL"):
        config.stash[POSTGRES_URL] = url
        return
    try:
        server = stack.enter_context(PostgresServer(settings=QUICK))
    except Unavailable as error:
        pytest.exit(str(error), returncode=pytest.ExitCode.USAGE_ERROR)
    config.stash[POSTGRES_URL] = server.url()


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell each pytest-xdist worker where that PostgreSQL is."""
    node.workerinput["postgres_url"] = node.config.stash.get(POSTGRES_URL, None)


def pytest_unconfigure(config: pytest.Config) -> None:
    if stack := config.stash.get(POSTGRES_STACK, None):
        stack.close()


class Database(Protocol):
    """The database of this test process, with the shape our migrations give it."""

    kind: str
    url: str

    def empty(self) -> None:
        """Make every table as empty as the migrations leave it. Nobody may be connected in a transaction."""

    def fresh(self, like: str | None = None) -> str:
        """The URL of another database, for a test that needs two: empty, or as that at the URL `like` is, where nobody
        may be connected.
        """

    def keep(self) -> Any:
        """All that it holds now, for `put_back`; None where that is not ours to do."""

    def put_back(self, kept: Any) -> None:
        """Hold what `keep` gave. The database is empty, and nobody is connected in a transaction."""


class SqliteDatabase:
    kind = "sqlite"

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.template = folder / "template.sqlite"
        self.made = 0
        migrating.upgrade(f"sqlite:///{self.template}")
        with sqlite3.connect(self.template) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        self.url = self.fresh()

    def empty(self) -> None:
        self._write(self.template.read_bytes())

    def fresh(self, like: str | None = None) -> str:
        self.made += 1
        path = self.folder / f"{self.made}.sqlite"
        shutil.copyfile(like.removeprefix("sqlite:///") if like else self.template, path)
        return f"sqlite:///{path}"

    def keep(self) -> bytes:
        with sqlite3.connect(self._path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return self._path.read_bytes()

    def put_back(self, kept: bytes) -> None:
        self._write(kept)

    @property
    def _path(self) -> Path:
        return Path(self.url.removeprefix("sqlite:///"))

    def _write(self, content: bytes) -> None:
        for leftover in ("-wal", "-shm"):
            Path(f"{self._path}{leftover}").unlink(missing_ok=True)
        self._path.write_bytes(content)


class PostgresDatabase:
    kind = "postgresql"

    def __init__(self, server_url: str, name: str) -> None:
        self.server_url = server_url
        self.name = name
        self.made: list[str] = []
        self.server = psycopg.connect(server_url, autocommit=True)
        template = self._create("template", "template0")
        migrating.upgrade(self._url(template))
        self.url = self.fresh()
        self.connection = psycopg.connect(self.url, autocommit=True)
        # Says which test left a transaction open, instead of waiting for it for ever.
        self.connection.execute("SET lock_timeout = '10s'")
        tables = self.connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
        ).fetchall()
        self.filled = sql.SQL(" UNION ALL ").join(
            sql.SQL("SELECT {0}, pg_relation_size({2}) / {3} WHERE EXISTS (SELECT FROM {1})").format(
                sql.Literal(table), sql.Identifier(table), sql.Literal(f'public."{table}"'), PAGE
            )
            for (table,) in tables
        )
        sequences = self.connection.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        self.from_one = sql.SQL("SELECT ") + sql.SQL(", ").join(
            sql.SQL("setval({}, 1, false)").format(sql.Literal(f'public."{name}"')) for (name,) in sequences.fetchall()
        )
        try:
            # Rows may go, and come back, in any order: what refers to them does too.
            self.connection.execute("SET session_replication_role = replica")
            self.may_delete = True
        except psycopg.errors.InsufficientPrivilege:  # a server that somebody named, and is not theirs
            self.may_delete = False

    def empty(self) -> None:
        """Delete the few rows that most tests leave: to truncate means new files for some fifty tables and their
        indexes, and takes a hundred times as long. Only what has grown is truncated.
        """
        filled = self.connection.execute(self.filled).fetchall()
        tables = sql.SQL(", ").join(sql.Identifier(table) for table, _pages in filled)
        if filled and self.may_delete and all(pages <= FEW_PAGES for _table, pages in filled):
            # Locked as for truncating, so that a transaction somebody left open is noticed.
            steps = [sql.SQL("LOCK TABLE {}").format(tables)]
            steps += [sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table, _pages in filled]
            self.connection.execute(sql.SQL("; ").join(steps))
        elif filled:
            self.connection.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
        self.connection.execute(self.from_one)

    def fresh(self, like: str | None = None) -> str:
        template = sa.make_url(like).database if like else None
        return self._url(self._create(str(len(self.made)), template or f"{self.name}_template"))

    def keep(self) -> Any:
        if not self.may_delete:
            return None
        tables = {}
        for table, _pages in self.connection.execute(self.filled).fetchall():
            with self.connection.cursor().copy(self._copying(table, "TO STDOUT")) as rows:
                tables[table] = b"".join(rows)
        counted = "SELECT sequencename, last_value FROM pg_sequences WHERE schemaname = 'public' AND last_value > 0"
        steps = [
            sql.SQL("SELECT setval({}, {})").format(sql.Literal(f'public."{name}"'), sql.Literal(last))
            for name, last in self.connection.execute(counted).fetchall()
        ]
        return tables, sql.SQL("; ").join(steps)

    def put_back(self, kept: Any) -> None:
        tables, numbers = kept
        with self.connection.transaction(), self.connection.cursor() as cursor:
            for table, rows in tables.items():
                with cursor.copy(self._copying(table, "FROM STDIN")) as copy:
                    copy.write(rows)
            cursor.execute(numbers)

    def _copying(self, table: str, way: str) -> sql.Composed:
        return sql.SQL("COPY {} {} (FORMAT binary)").format(sql.Identifier(table), sql.SQL(way))

    def close(self) -> None:
        self.connection.close()
        # A server of ours goes with all that it has; to drop a database is to wait for a checkpoint of all of them.
        for name in reversed(self.made) if os.environ.get("TEST_DATABASE_URL") else ():
            self.server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
        self.server.close()

    def _create(self, suffix: str, template: str) -> str:
        name = f"{self.name}_{suffix}"
        names = (sql.Identifier(name), sql.Identifier(template))
        self.server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        self.made.append(name)
        return name

    def _url(self, name: str) -> str:
        return sa.make_url(self.server_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """This process's database. Most tests want `app` instead, which empties it first."""
    if request.config.option.database == "sqlite":
        # Memory where there is some: tests need the file, not its survival.
        memory = Path("/dev/shm")  # noqa: S108
        with tempfile.TemporaryDirectory(dir=memory if os.access(memory, os.W_OK) else None) as folder:
            yield SqliteDatabase(Path(folder))
        return
    given = getattr(request.config, "workerinput", {}).get("postgres_url") or request.config.stash[POSTGRES_URL]
    postgres = PostgresDatabase(given, f"answerback_test_{os.getpid()}")
    yield postgres
    postgres.close()


# --- The application ---


class Client(FlaskClient):
    """A browser: each request is as alone as in production.

    Flask-Login keeps the person on `g`, which belongs to the application context. In the test's own context the
    second person would be the first.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        if has_app_context():
            db.session.commit()  # what the test arranged is there to be read; what it holds is read anew afterwards
        with self.application.app_context():
            return super().open(*args, **kwargs)


class MakeApp(Protocol):
    def __call__(self, **settings: str) -> Flask: ...


@pytest.fixture
def empty_database(database: Database) -> Database:
    """The database, emptied for this test."""
    database.empty()
    return database


@pytest.fixture
def make_app(empty_database: Database, tmp_path: Path) -> Iterator[MakeApp]:
    """Makes applications on this test's empty database, with settings on top of the tests' own: make_app(DEMO="1")."""
    made: list[Flask] = []

    def make(**settings: str) -> Flask:
        made.append(_built(empty_database, tmp_path / "instance", settings))
        return made[-1]

    yield make
    for app in made:
        _hang_up(app)


class SharedApp:
    """The application most tests share, because building one takes longer than most of them."""

    def __init__(self, database: Database, instance: Path) -> None:
        self.database = database
        self.instance = instance
        self.app: Flask | None = None

    @contextmanager
    def lent(self) -> Iterator[Flask]:
        """The application for one test: no mail sent, its config as it was. A test that added pages keeps it.

        Its connections to PostgreSQL are kept, because a new one has to read all about the tables first. SQLite's file
        is another one for each test.
        """
        shutil.rmtree(self.instance, ignore_errors=True)
        app = self.app = self.app or _built(self.database, self.instance, {})
        config, pages = dict(app.config), set(app.view_functions)
        try:
            with _put_back(app.extensions["answerback"]):
                yield app
        finally:
            with app.app_context():
                db.session.remove()
            app.config.clear()
            app.config.update(config)
            if (is_changed := set(app.view_functions) != pages) or self.database.kind == "sqlite":
                _hang_up(app)
            if is_changed:
                self.app = None

    def close(self) -> None:
        if self.app:
            _hang_up(self.app)


@contextmanager
def _put_back(rooms: Any) -> Iterator[None]:
    """What the rooms handed over is afterwards what it was: tests of the ledger hand over notices of their own."""
    before, loader = dict(vars(rooms)), rooms.templates.loader
    held = {name: copy.copy(it) for name, it in before.items() if isinstance(it, dict | list | set)}
    try:
        yield
    finally:
        vars(rooms).clear()
        vars(rooms).update(before)
        rooms.templates.loader = loader
        for name, it in held.items():
            if before[name] != it:
                before[name].clear()
                (before[name].extend if isinstance(it, list) else before[name].update)(it)


@pytest.fixture(scope="session")
def shared_app(database: Database, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedApp]:
    shared = SharedApp(database, tmp_path_factory.mktemp("shared") / "instance")
    yield shared
    shared.close()


@pytest.fixture
def app(request: pytest.FixtureRequest, empty_database: Database, shared_app: SharedApp) -> Iterator[Flask]:
    """The application, with its context around the test, on an empty database.

    A test that adds pages is marked `own_app`: Flask takes no more of them once it has served one.
    """
    if request.node.get_closest_marker("own_app"):
        make: MakeApp = request.getfixturevalue("make_app")
        with (app := make()).app_context():
            yield app
        return
    with shared_app.lent() as app, app.app_context():
        remembered = app.extensions["answerback.brand"]
        brand_before = remembered.brand
        yield app
        remembered.brand = brand_before  # whatever this test called the site


def _built(database: Database, instance: Path, settings: dict[str, str]) -> Flask:
    own = {"DATABASE_URL": database.url, "INSTANCE_PATH": str(instance)}
    app = create_app(Config.from_env(SETTINGS | own | settings))
    app.testing = True
    app.jinja_env.bytecode_cache = COMPILED
    app.test_client_class = Client
    app.config["WTF_CSRF_ENABLED"] = False  # tests of the token turn it on
    with app.app_context():
        brand()
        db.session.rollback()
    return app


def _hang_up(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


@pytest.fixture(scope="module")
def worlds(database: Database) -> Worlds:
    return Worlds(database)


@pytest.fixture
def begin(app: Flask, worlds: Worlds) -> Begin:
    """Makes the world with which the tests of a module begin: begin(make, app), where `make` is a function.

    Only the first of them makes it; the others have it put back.
    """
    return worlds.begin


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody's browser. `app.test_client()` makes another."""
    return app.test_client()


@pytest.fixture
def ideas_command(app: Flask) -> Callable[..., Result]:
    """Runs the command line inside this test's application: ideas_command("user", "create", "mia@example.test")."""

    from ideas.cli import program  # every room's commands, which few tests need

    def run(*arguments: str, **options: Any) -> Result:
        db.session.commit()
        return CliRunner().invoke(program(), arguments, obj=app, **options)

    return run


# --- The outside world ---


@pytest.fixture
def mails(app: Flask) -> Callable[[], list[EmailMessage]]:
    """Gives the mails that have left so far, oldest first."""
    folder = Path(app.config["ANSWERBACK"].mail_url.removeprefix("folder:"))

    def read() -> list[EmailMessage]:
        files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [email.message_from_bytes(file.read_bytes(), policy=email.policy.default) for file in files]

    return read


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """A clock that stands still until told: clock.shift(timedelta(hours=1)), clock.move_to(datetime(…))."""
    with time_machine.travel(datetime.now(UTC), tick=False) as traveller:
        yield traveller
