"""The processes of a site on one machine: the web server, and a supervisor that keeps it and a worker running."""

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import click
from gunicorn.app.base import BaseApplication

from config import Config
from ideas import create_app

LONGEST_ADDRESS = 8190  # bytes, with the method before it
GRACE_SECONDS = 30.0  # what a process gets to finish what it has begun; trust.md F13 allows no more
STEADY_SECONDS = 10.0  # who has run this long did not die of its settings
FIRST_PAUSE = 0.5  # before a process that died is started again; doubled each time it dies early
LONGEST_PAUSE = 30.0
TRIES = 5  # starts of a process that never became steady
PULSE = 0.1


class WebServer(BaseApplication):
    """gunicorn, told what to do by our Config alone."""

    def __init__(self, config: Config) -> None:
        self.config = config
        super().__init__()

    def run(self) -> None:
        # The processes count requests together in files there. prometheus_client looks at this as soon as it is
        # imported, which is in those processes, once they are forked.
        folder = os.environ["PROMETHEUS_MULTIPROC_DIR"] = tempfile.mkdtemp(prefix="answerback-metrics-")
        # not by `with`: the forked processes leave through here too, and must not take it from the others
        self.cfg.set("on_exit", lambda _server: shutil.rmtree(folder, ignore_errors=True))
        super().run()

    def load_config(self) -> None:
        for name, value in gunicorn_settings(self.config).items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        return create_app(self.config)


def gunicorn_settings(config: Config) -> dict[str, Any]:
    """How gunicorn serves a site of this Config."""
    return {
        "bind": f"{config.host}:{config.port}",
        "worker_class": "gthread",
        "workers": config.web_workers,
        "threads": config.web_threads,
        "timeout": 60,
        # the longest that it can be told: the words of a question may be a few thousand letters, each sent as nine
        "limit_request_line": LONGEST_ADDRESS,
        "graceful_timeout": int(GRACE_SECONDS) - 5,  # leaves the supervisor time to see it end by itself
        # Whom to believe about the client's address is TRUSTED_PROXIES' business, in one place, for every server.
        "forwarded_allow_ips": "",
        # The heartbeat's file must not wait for a disk (gunicorn FAQ, "How do I avoid Gunicorn excessively blocking").
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,  # noqa: S108 a file without a name
        "control_socket_disable": True,
        "child_exit": _forget_process,
        "loglevel": config.log_level.value,
        "proc_name": "answerback",
    }


def _forget_process(_server: Any, worker: Any) -> None:
    """A process of the web server is gone: it holds no connections any more. What it counted stays counted."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]  # it has no types


@dataclass
class Child:
    """One process to keep running."""

    name: str
    command: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_again: float = 0.0
    deaths: int = 0  # in a row, each before it was steady
    was_steady: bool = False

    def start(self) -> None:
        self.started = time.monotonic()
        # preexec_fn is safe in a process with one thread, as this is.
        # A session of its own: Ctrl-C in the terminal reaches the supervisor alone, which ends the others in order.
        self.process = subprocess.Popen(self.command, start_new_session=True, preexec_fn=_end_with_supervisor)

    def look_after(self) -> bool:
        """Start it when it is not running and its pause is over; False when there is no sense in that any more."""
        now = time.monotonic()
        if self.process is None:
            if now >= self.start_again:
                self.start()
            return True
        code = self.process.poll()
        steady = now - self.started >= STEADY_SECONDS
        self.was_steady = self.was_steady or steady
        if code is None:
            return True
        self.deaths = 1 if steady else self.deaths + 1
        self.process = None
        if self.deaths >= TRIES and not self.was_steady:
            _say(
                f"The {self.name} does not stay up: {_how_it_ended(code)} {self.deaths} times. See its messages above."
            )
            return False
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.deaths - 1))
        self.start_again = now + pause
        _say(f"The {self.name} {_how_it_ended(code)}; starting it again in {pause:g} s.")
        return True


def supervise(
    commands: Mapping[str, Sequence[str]], *, announce: Callable[[], bool] = lambda: True, grace: float = GRACE_SECONDS
) -> int:
    """Keep a process of each command running until SIGTERM or SIGINT; then end them and give the exit code.

    A process that dies is started again, after a pause that doubles each time it dies early. One that has died five
    times and never stayed up is broken by its settings: then all end, with exit code 1. `announce` is called until it
    answers True. Whoever has not ended `grace` seconds after SIGTERM is killed.
    """
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    previous = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    children = [Child(name, command) for name, command in commands.items()]
    announced = False
    try:
        while not stopping:
            hopeless = [child for child in children if not child.look_after()]
            if hopeless:
                return 1
            announced = announced or announce()
            time.sleep(PULSE)
        return 0
    finally:
        _end(children, grace)
        for number, handler in previous.items():
            signal.signal(number, handler)


def _end(children: Sequence[Child], grace: float) -> None:
    running = [(child, child.process) for child in children if child.process is not None]
    for _, process in running:
        process.terminate()
    deadline = time.monotonic() + grace
    for child, process in running:
        try:
            process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            _say(f"The {child.name} did not end within {grace:g} s and is killed.")
            process.kill()
            process.wait()


def _how_it_ended(code: int) -> str:
    return f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _say(words: str) -> None:
    click.echo(words, err=True)


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None
PR_SET_PDEATHSIG = 1


def _end_with_supervisor() -> None:
    """Ask Linux to end this process when the supervisor dies, so that `kill -9` leaves nobody holding the port."""
    if _libc is not None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError:
            return False
    return True


def answers(host: str, port: int) -> bool:
    """Whether a server listens there."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True
