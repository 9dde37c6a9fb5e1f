"""What machines ask: does the process live (/healthz), may it be sent requests (/readyz), how is it doing (/metrics).

They stand in front of the application: asked every few seconds and by address instead of by name, they must cost
nothing, fill no log, start no session and not fail with what they are to tell of.
"""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
import structlog
from flask import Flask

from ideas import metrics, migrating
from ideas.db import db
from ideas.settings import current

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

log = structlog.get_logger()

PATIENCE = 2.0  # seconds in which a database that is well has long answered
AGAIN = 5  # seconds until asking again makes sense

Answer = tuple[str, str, str, list[tuple[str, str]]]  # status, type, body, headers
PLAIN = "text/plain; charset=utf-8"


class Readiness:
    """Whether requests can be served now. At most one question is under way, so that a silent database holds one
    thread of this process and not all of them."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ready")
        self._asked: Future[str] | None = None
        self._lock = threading.Lock()
        self._steps: frozenset[str] | None = None

    def problem(self, patience: float = PATIENCE) -> str:
        """Why no request can be served; empty when it can."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = self._pool.submit(self._ask)
            asked = self._asked
        try:
            return asked.result(patience)
        except TimeoutError:
            return "The database does not answer in time."

    def _ask(self) -> str:
        if self._steps is None:
            self._steps = migrating.newest()
        try:
            with self.app.app_context(), db.engine.connect() as connection:
                taken = migrating.taken(connection)
        except sa.exc.SQLAlchemyError:
            return "The database cannot be reached."
        return "" if taken == self._steps else "The database is not in the shape this version needs."


class Health:
    """The three addresses, in front of `application`."""

    def __init__(self, app: Flask, application: Any) -> None:
        self.app = app
        self.application = application
        self.readiness = Readiness(app)
        self.addresses: dict[str, Callable[[WSGIEnvironment], Answer]] = {
            "/healthz": lambda environ: ("200 OK", PLAIN, "alive\n", []),
            "/readyz": self._ready,
            "/metrics": self._metrics,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        answer = self.addresses.get(environ.get("PATH_INFO", ""))
        if answer is None or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            given: Iterable[bytes] = self.application(environ, start_response)
            return given
        status, kind, words, more = answer(environ)
        body = words.encode()
        headers = [
            ("Content-Type", kind),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            *more,
        ]
        start_response(status, headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]

    def _ready(self, environ: WSGIEnvironment) -> Answer:
        problem = self.readiness.problem()
        if problem:
            log.warning("not_ready", problem=problem)
            return "503 Service Unavailable", PLAIN, f"{problem}\n", [("Retry-After", str(AGAIN))]
        return "200 OK", PLAIN, "ready\n", []

    def _metrics(self, environ: WSGIEnvironment) -> Answer:
        with self.app.app_context():
            if not _may_measure(environ):
                return "404 Not Found", PLAIN, "There is nothing here.\n", []
            return "200 OK", metrics.CONTENT_TYPE, metrics.exposition(), []


def init_app(app: Flask) -> None:
    app.wsgi_app = Health(app, app.wsgi_app)  # type: ignore[method-assign]


def _may_measure(environ: WSGIEnvironment) -> bool:
    """With METRICS_TOKEN whoever sends it; without, whoever asks from this machine and not through a proxy on it."""
    token = current().metrics_token
    if token:
        sent = environ.get("HTTP_AUTHORIZATION", "").encode("latin-1")
        return hmac.compare_digest(sent, f"Bearer {token}".encode())
    passed_on = any(name in environ for name in ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_VIA"))
    return environ.get("REMOTE_ADDR") in ("127.0.0.1", "::1") and not passed_on
