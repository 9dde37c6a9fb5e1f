"""A site for Schemathesis: filled as tests of safety fill theirs, served as in production, and it reaches nobody.

Whoever asks gets keys of administrators, one after the other: what is tried revokes some of them, and suspends people.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask, Response, jsonify

from config import Config
from ideas import api, create_app, migrating
from ideas.accounts import keys, passwords
from ideas.accounts.models import SiteRole, User
from ideas.boards.models import Board
from ideas.db import db, unit_of_work
from ideas.serving import WebServer, answers
from tests.api.asking import ALL_SCOPES
from tests.conftest import SETTINGS, Client
from tests.embed import arranging
from tests.factories import UserFactory
from tests.safety import sheets, world
from tests.servers import free_port

ADMINISTRATORS = 5  # beside the one whose things there are
KEYS = 20  # of each
UP_WITHIN = 120.0  # seconds


class Site(NamedTuple):
    """Where it is, and what is known of it. parts: for each part of an address, what stands there."""

    url: str
    keys: list[str]
    parts: dict[str, list[Any]]
    page_key: str
    secret: str


def operations() -> list[dict[str, Any]]:
    """All that the API can do, as it describes it."""
    with tempfile.TemporaryDirectory() as folder:
        env = {**SETTINGS, "INSTANCE_PATH": folder, "DATABASE_URL": f"sqlite:///{folder}/site.sqlite"}
        app = create_app(Config.from_env(env))
        with app.app_context():
            document = json.loads(api.openapi())
    return [each for item in document["paths"].values() for name, each in item.items() if name in sheets.METHODS]


@contextmanager
def running(env: dict[str, str], folder: Path, planted: str = "") -> Iterator[Site]:
    """A filled site on the database of `env`. planted: one of PLANTED, which its code then has."""
    port = free_port()
    env = {
        **SETTINGS,
        "INSTANCE_PATH": str(folder),
        "DATABASE_URL": f"sqlite:///{folder}/site.sqlite",
        "BASE_URL": f"http://127.0.0.1:{port}",
        "PORT": str(port),
        "WEB_WORKERS": "1",
        **env,
    }
    site = _filled(env)
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(env, planted))
    process.start()
    try:
        deadline = time.monotonic() + UP_WITHIN
        while not answers("127.0.0.1", port):
            if not process.is_alive() or time.monotonic() > deadline:
                raise RuntimeError("The site does not come up.")
            time.sleep(0.05)
        yield site
    finally:
        process.terminate()
        process.join()


def _filled(env: dict[str, str]) -> Site:
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)  # slow on purpose otherwise
    migrating.upgrade(env["DATABASE_URL"])
    app = create_app(Config.from_env(env))
    app.testing = True
    app.test_client_class = Client
    app.config["WTF_CSRF_ENABLED"] = False
    with app.app_context():
        made = world.make(app)
        sheets.prepare(made)
        board = db.session.scalars(sa.select(Board).where(Board.slug == "garden")).one()
        board.embed_sites = [arranging.SITE]
        page_key, secret = arranging.key_of(board), arranging.set_up(board)
        more: list[Any] = UserFactory.create_batch(ADMINISTRATORS, site_role=SiteRole.ADMIN)
        admins = [made.people["admin"], *(each.id for each in more)]
        db.session.commit()
        with unit_of_work():
            people = [db.session.get_one(User, each) for each in admins]
            tokens = [keys.make(each, "Schemathesis", ALL_SCOPES) for each in people for _ in range(KEYS)]
        site = Site(env["BASE_URL"], tokens, made.parts, page_key, secret)
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()
    return site


def _serve(env: dict[str, str], planted: str) -> None:
    if planted:  # what it says of its faults is meant for nobody
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (1, 2):
            os.dup2(nowhere, stream)
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    socket.getaddrinfo = _loopback_alone  # the world outside: addresses are made up here
    _Server(Config.from_env(env), planted).run()


class _Server(WebServer):
    def __init__(self, config: Config, planted: str) -> None:
        self.planted = planted
        super().__init__(config)

    def load(self) -> Any:
        app = super().load()
        if self.planted:
            PLANTED[self.planted](app)
        return app


_ask_system = socket.getaddrinfo


def _loopback_alone(host: Any, *more: Any, **named: Any) -> Any:
    if host not in ("127.0.0.1", "localhost", None):
        raise socket.gaierror(socket.EAI_NONAME, "Nobody has this name here.")
    return _ask_system(host, *more, **named)


# --- Faults that have to be found ---


def _changed(app: Flask, endpoint: str, change: Callable[[Any], Any]) -> None:
    view: Callable[..., Any] = app.view_functions[endpoint]

    def changed(*args: Any, **values: Any) -> Response:
        answer: Response = app.make_response(view(*args, **values))
        if answer.status_code == 200:
            answer.set_data(jsonify(change(answer.get_json())).get_data())
        return answer

    app.view_functions[endpoint] = changed


def _fails(app: Flask) -> None:
    def fail(_said: Any) -> Any:
        raise RuntimeError("planted")

    _changed(app, "api_boards.get_board", fail)


def _says_more(app: Flask) -> None:
    _changed(app, "api_boards.get_board", lambda said: {**said, "note_to_self": "planted"})


def _says_less(app: Flask) -> None:
    _changed(app, "api_boards.get_board", lambda said: {name: said[name] for name in said if name != "name"})


def _asks_no_key(app: Flask) -> None:
    app.view_functions["api_account.get_me"] = lambda: jsonify({})


PLANTED: dict[str, Callable[[Flask], None]] = {
    "fails": _fails,
    "says what is not described": _says_more,
    "leaves out what is": _says_less,
    "asks for no key": _asks_no_key,
}
