"""Answers to visitors, kept for as long as the database is the same: no list is read twice while nothing was written.

Not a cache that is stale for a while: each request first asks the database for the name of its present state, which is
one cheap question, and only an answer that was made in that very state is given again.

PostgreSQL: two equal snapshots see the same rows, and a snapshot never comes back once something was committed
(pg_current_snapshot, "System Information Functions"). What is read after the question may be newer than the name under
which it is kept; then nobody asks for that name again. SQLite: data_version tells what others committed, total_changes
what this connection did; both are about one connection, and the question pins what its transaction goes on to read.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, request

from ideas.db import db

BYTES_MOST = 16 * 1024 * 1024
ONE_MOST = BYTES_MOST // 32

_names = itertools.count(1)


@dataclass(frozen=True)
class _Kept:
    state: Hashable
    body: bytes
    headers: list[tuple[str, str]]
    tag: str


class Memory:
    """The answers of one process, at most BYTES_MOST of them; those asked for longest ago go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, place: Hashable, state: Hashable) -> Response | None:
        with self._lock:
            kept = self._kept.get(place)
            if kept is None or kept.state != state:
                return None
            self._kept.move_to_end(place)
        answer = Response(kept.body, headers=kept.headers)
        answer.set_etag(kept.tag)
        return answer

    def put(self, place: Hashable, state: Hashable, answer: Response) -> None:
        body = answer.get_data()
        if len(body) > ONE_MOST:
            return
        answer.add_etag()
        headers = [pair for pair in answer.headers if pair[0] in ("Content-Type", "Link")]
        kept = _Kept(state, body, headers, answer.get_etag()[0] or "")
        with self._lock:
            self._drop(place)
            self._kept[place] = kept
            self._bytes += len(body)
            while self._bytes > BYTES_MOST:
                self._drop(next(iter(self._kept)))

    def clear(self) -> None:
        with self._lock:
            self._kept.clear()
            self._bytes = 0

    def _drop(self, place: Hashable) -> None:
        if former := self._kept.pop(place, None):
            self._bytes -= len(former.body)


def init_app(app: Flask) -> None:
    app.extensions["answerback.memory"] = Memory()


def recall(make: Callable[[], Any]) -> Any:
    """The answer to this request of a visitor: remembered if nothing was written since, otherwise what `make` makes."""
    memory: Memory = current_app.extensions["answerback.memory"]
    where, state = _state()
    place = (where, request.path, request.query_string)
    if remembered := memory.get(place, state):
        return remembered
    answer = make()
    if isinstance(answer, Response) and answer.status_code == 200:
        memory.put(place, state, answer)
    return answer


def _state() -> tuple[Hashable, Hashable]:
    """To which connection the name of a state belongs, 0 for all of them, and the name of the present one."""
    connection = db.session.connection()
    if connection.dialect.name == "postgresql":
        return 0, connection.exec_driver_sql("SELECT pg_current_snapshot()::text").scalar()
    version = connection.exec_driver_sql("PRAGMA data_version").scalar()
    raw: Any = connection.connection
    name = raw.info.setdefault("answerback.memory", next(_names))
    return name, (version, raw.dbapi_connection.total_changes)
