"""What requests cost the processes that serve them: CPU time as Linux counts it, beside a bare Flask answer.

Both are served by gunicorn with the same settings and asked over one kept connection each, so that reading the
request and writing the answer are in the cost of both. CPU is user and system time of the serving process; on
PostgreSQL that of the database's own processes is counted apart.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from flask import Flask

from config import Config
from ideas.serving import WebServer, answers
from tests.servers import environment, free_port

BATCH = 40
ROUNDS = 7
SETTLE_SECONDS = 0.02  # what a server does after it has answered


class Answer(NamedTuple):
    """What a server said."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Cost(NamedTuple):
    """Seconds of CPU for one request: of the web process, and of the database's."""

    web: float
    database: float

    @property
    def whole(self) -> float:
        return self.web + self.database


class Client:
    """One connection to a server, kept open."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=60)

    def ask(self, path: str, method: str = "GET", headers: Mapping[str, str] | None = None) -> Answer:
        """The whole answer. Raises RuntimeError for any but 200 and 304."""
        try:
            answer, body = self._ask(path, method, headers or {})
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            self._connection.close()  # kept for too long while the other server was asked
            answer, body = self._ask(path, method, headers or {})
        if answer.status not in (200, 304):
            raise RuntimeError(f"{method} {path} answered {answer.status}: {body[:300]!r}")
        return Answer(answer.status, dict(answer.getheaders()), body)

    def _ask(self, path: str, method: str, headers: Mapping[str, str]) -> tuple[http.client.HTTPResponse, bytes]:
        self._connection.request(method, path, headers=dict(headers))
        answer = self._connection.getresponse()
        return answer, answer.read()

    def close(self) -> None:
        self._connection.close()


class Meter:
    """Reads CPU time. web: the process that supervises the web workers; database: pids of the database's processes."""

    def __init__(self, web: int, database: Callable[[], list[int]] = list) -> None:
        self._web, self._database = web, database
        self.one = 0.0  # seconds of CPU for a bare answer, once something was compared with it

    def compare(
        self, bare: Bare, requests: Mapping[str, Callable[[], object]], before: Callable[[], object] = lambda: None
    ) -> dict[str, Cost]:
        """What each request costs in bare answers, which take turns with it: of both the least of ROUNDS.

        The same work takes more CPU while others empty its caches, never less: the least is what it takes by itself.

        `before` is called before each request, outside of what is measured; its own cost must not fall on the processes
        that are.
        """
        bares: list[float] = []
        found: dict[str, list[Cost]] = {name: [] for name in requests}
        for round_ in range(ROUNDS + 1):  # the first warms up
            one = bare.cost()
            costs = {name: self.batch(request, before) for name, request in requests.items()}
            if round_:
                bares.append(one)
                for name, cost in costs.items():
                    found[name].append(cost)
        one = self.one = min(bares)
        return {
            name: Cost(min(cost.web for cost in costs) / one, min(cost.database for cost in costs) / one)
            for name, costs in found.items()
        }

    def batch(
        self, request: Callable[[], object], before: Callable[[], object] = lambda: None, times: int = BATCH
    ) -> Cost:
        """CPU seconds of one of `times` requests."""
        start = self._now()
        for _ in range(times):
            before()
            request()
        time.sleep(SETTLE_SECONDS)
        end = self._now()
        return Cost((end.web - start.web) / times, (end.database - start.database) / times)

    def _now(self) -> Cost:
        return Cost(sum(map(cpu_seconds, family(self._web))), sum(map(cpu_seconds, self._database())))


def family(pid: int) -> list[int]:
    """A process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


def cpu_seconds(pid: int) -> float:
    """User and system time of a process since it began, its threads included; 0 for one that is gone."""
    spent = 0
    try:
        for task in os.scandir(f"/proc/{pid}/task"):
            spent += int(Path(task.path, "schedstat").read_text().split()[0])
    except FileNotFoundError:
        return 0.0
    return spent / 1e9


class Bare:
    """The bare answer, where it is served."""

    def __init__(self, url: str, pid: int) -> None:
        self._client, self._meter = Client(url), Meter(pid)

    def cost(self) -> float:
        """Seconds of CPU for one."""
        return self._meter.batch(lambda: self._client.ask("/"), times=4 * BATCH).web


class BareServer(WebServer):
    """The bare answer, served as the site is."""

    def load(self) -> Any:
        app = Flask("hello")
        app.add_url_rule("/", "hello", lambda: "hello")
        return app


@contextmanager
def bare_server(env: Mapping[str, str]) -> Iterator[Bare]:
    """A server of the bare answer with the settings `env`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = {**env, "PORT": str(port), "BASE_URL": url}
    process = subprocess.Popen([sys.executable, "-m", "bench.meter"], env=environment(settings))
    try:
        deadline = time.monotonic() + 60
        while not answers("127.0.0.1", port):
            if time.monotonic() > deadline:
                raise RuntimeError("The bare server does not come up.")
            time.sleep(0.05)
        yield Bare(url, process.pid)
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    BareServer(Config.from_env()).run()
