"""One command keeps a site running, and ends it in order."""

import os
import signal
import socket
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from config import Config
from ideas import serving
from tests.servers import ROOT, environment, free_port, ideas, running_app

STAYS = "note(); import time; time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); note(); time.sleep(600)"
FAILS = "note(); raise SystemExit(3)"


T = TypeVar("T")


class Supervisor:
    """`serving.supervise` in a process of its own, over children that say by `note()` when they are ready."""

    def __init__(self, folder: Path, *, grace: float = 5, **children: str) -> None:
        self.folder = folder
        commands = {name: [sys.executable, "-c", self._noting(name, code)] for name, code in children.items()}
        script = f"""
            import sys
            from ideas import serving
            serving.FIRST_PAUSE = 0.01
            sys.exit(serving.supervise({commands!r}, grace={grace}))
        """
        self.process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(script)],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
            env=environment({}),
        )

    def _noting(self, name: str, code: str) -> str:
        return f"import os; note = lambda: open({str(self.folder / name)!r}, 'a').write(f'{{os.getpid()}}\\n'); {code}"

    def pids(self, name: str, count: int = 1) -> list[int]:
        """Whom that child has been, once there were `count` of them."""
        return wait_for(lambda: found if len(found := self._noted(name)) >= count else [])

    def _noted(self, name: str) -> list[int]:
        file = self.folder / name
        return [int(line) for line in file.read_text().splitlines()] if file.exists() else []

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Its exit code and what it said."""
        self.process.send_signal(number)
        return self.result()

    def result(self) -> tuple[int, str]:
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


def wait_for(question: Callable[[], T], timeout: float = 300) -> T:
    """The first true answer."""
    deadline = time.monotonic() + timeout
    while not (answer := question()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return answer


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_in_order(tmp_path, number):
    supervisor = Supervisor(tmp_path, web=STAYS, worker=STAYS)
    pids = supervisor.pids("web") + supervisor.pids("worker")

    code, _ = supervisor.end(number)

    assert code == 0
    assert not any(is_alive(pid) for pid in pids)


def test_a_process_that_died_is_started_again(tmp_path):
    supervisor = Supervisor(tmp_path, web=STAYS, worker=STAYS)
    (web,) = supervisor.pids("web")
    os.kill(supervisor.pids("worker")[0], signal.SIGKILL)

    supervisor.pids("worker", 2)
    code, said = supervisor.end()

    assert code == 0
    assert "The worker was killed by signal 9; starting it again" in said
    assert supervisor.pids("web") == [web]


def test_a_process_that_cannot_start_ends_the_supervisor(tmp_path):
    supervisor = Supervisor(tmp_path, web=FAILS, worker=STAYS)

    code, said = supervisor.result()

    assert code == 1
    assert len(supervisor.pids("web")) == serving.TRIES
    assert "The web does not stay up" in said
    assert not is_alive(supervisor.pids("worker")[0])


def test_whoever_does_not_end_in_time_is_killed(tmp_path):
    supervisor = Supervisor(tmp_path, grace=0.5, worker=STUBBORN)
    (pid,) = supervisor.pids("worker")

    code, said = supervisor.end()

    assert code == 0
    assert "did not end within 0.5 s" in said
    assert not is_alive(pid)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_nobody_outlives_a_killed_supervisor(tmp_path):
    supervisor = Supervisor(tmp_path, worker=STAYS)
    (pid,) = supervisor.pids("worker")

    supervisor.end(signal.SIGKILL)

    wait_for(lambda: not is_alive(pid))


def test_the_web_server_obeys_the_settings(tmp_path):
    given = {"INSTANCE_PATH": str(tmp_path), "HOST": "0.0.0.0", "PORT": "9000", "WEB_WORKERS": "3", "WEB_THREADS": "4"}  # noqa: S104

    server = serving.WebServer(Config.from_env(given))

    assert server.cfg is not None
    assert server.cfg.address == [("0.0.0.0", 9000)]  # noqa: S104
    assert (server.cfg.workers, server.cfg.threads, server.cfg.worker_class_str) == (3, 4, "gthread")
    assert server.cfg.graceful_timeout < serving.GRACE_SECONDS
    assert server.cfg.forwarded_allow_ips == []


def test_a_port_is_free_until_somebody_listens_there():
    port = free_port()

    assert serving.port_is_free("127.0.0.1", port)
    assert not serving.answers("127.0.0.1", port)
    with subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"], stderr=subprocess.DEVNULL
    ) as other:
        wait_for(lambda: serving.answers("127.0.0.1", port))
        assert not serving.port_is_free("127.0.0.1", port)
        other.terminate()


# --- The real commands ---


def test_serve_runs_web_and_worker_and_survives_the_loss_of_both(database):
    with running_app({"DATABASE_URL": database.fresh()}, ("serve",), prepare=()) as site:
        (serve,) = site.processes
        for pid in wait_for(lambda: found if len(found := children_of(serve.pid)) == 2 else []):
            os.kill(pid, signal.SIGKILL)

        wait_for(lambda: "The web server was killed by signal 9" in site.log.read_text())
        wait_for(lambda: "The worker was killed by signal 9" in site.log.read_text())
        wait_for(lambda: len(children_of(serve.pid)) == 2)
        site.wait_until_it_answers()

        started = time.monotonic()
        serve.terminate()
        assert serve.wait(30) == 0
        assert time.monotonic() - started < serving.GRACE_SECONDS
        assert site.log.read_text().count("Answerback is at http://127.0.0.1:") == 1


def test_an_empty_site_prints_a_link_for_its_first_administrator(database):
    with running_app({"DATABASE_URL": database.fresh()}, ("serve",), prepare=()) as site:
        wait_for(lambda: "This link makes the first administrator, once: http://127.0.0.1:" in site.log.read_text())


def test_migrate_works_from_any_folder_and_says_what_it_did(tmp_path):
    first, second = (
        subprocess.run(
            [sys.executable, "-P", "-m", "ideas.cli", "migrate"],
            cwd=tmp_path,
            env=environment({"INSTANCE_PATH": str(tmp_path / "instance")}),
            capture_output=True,
            text=True,
            check=True,
        )
        for _ in range(2)
    )

    assert first.stdout.startswith("Done: ")
    assert first.stdout.endswith("The database is up to date.\n")
    assert second.stdout == "The database was up to date already.\n"


@pytest.mark.parametrize("command", ["serve", "web", "worker"])
def test_nothing_runs_on_a_database_of_another_shape(tmp_path, command):
    env = {"INSTANCE_PATH": str(tmp_path), "PORT": str(free_port())}

    with pytest.raises(RuntimeError, match=r"ended with 1:\nError: .*Run: ideas migrate"):
        ideas(env, command)


def test_wrong_settings_are_wrong_usage(tmp_path):
    with pytest.raises(RuntimeError) as caught:
        ideas({"INSTANCE_PATH": str(tmp_path), "PORT": "x", "ACCENT": "green"}, "serve")

    assert "ended with 2:" in str(caught.value)
    assert "PORT must be a whole number" in str(caught.value)
    assert "ACCENT must be a colour" in str(caught.value)


def test_a_taken_port_is_told_before_anything_starts():
    with running_app({}, ("web",)) as site, pytest.raises(RuntimeError, match=r"is taken\. Choose another"):
        site.ideas("serve")


def children_of(pid: int) -> list[int]:
    found = subprocess.run(["pgrep", "--parent", str(pid)], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


# --- Ending under load ---


def test_a_web_server_that_is_told_to_end_finishes_what_it_has_begun(database):
    with running_app({"DATABASE_URL": database.fresh(), "WEB_WORKERS": "1"}, prepare=()) as site:
        (web,) = site.processes
        host, port = site.url.removeprefix("http://").split(":")
        head = f"POST /sign-in HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        with socket.create_connection((host, int(port)), timeout=30) as begun:
            begun.sendall(f"{head}Content-Length: 10\r\nExpect: 100-continue\r\n\r\nemail".encode())
            assert begun.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"  # it is in hand, the rest awaited

            started = time.monotonic()
            web.terminate()
            time.sleep(1)
            still_there = web.poll() is None
            begun.sendall(b"=a@b.")
            answer = begun.makefile("rb").read()

        assert still_there
        assert answer.startswith(b"HTTP/1.1 400 ")  # a form without its token, answered to the end
        assert answer.rstrip().endswith(b"</html>")
        assert web.wait(serving.GRACE_SECONDS) == 0
        assert time.monotonic() - started < serving.GRACE_SECONDS


RELAY_HANGS = """
    import os, socket
    from config import Config
    from ideas import create_app, mail
    from ideas.accounts import letters, writing
    from ideas.db import unit_of_work
    from ideas.ledger import worker
    from datetime import timedelta
    worker.LAST_MOMENT = 1.0
    app = create_app(Config.from_env())
    with app.app_context(), unit_of_work():
        letters.write("mia@example.test", writing.sign_in("token"), good_for=timedelta(minutes=10))
    class Silent:
        def send(self, message, until=None):
            print("in hand", flush=True)
            socket.create_connection(silence.getsockname()).recv(1)
        def close(self): pass
        def check(self): pass
    silence = socket.create_server(("127.0.0.1", 0))
    mail.transport_for = lambda config: Silent()
    worker.run(app)
"""


def test_a_worker_whose_relay_says_nothing_ends_all_the_same(database):
    env = environment({"DATABASE_URL": database.fresh(), "LOG_LEVEL": "warning"})
    command = [sys.executable, "-c", textwrap.dedent(RELAY_HANGS)]
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "in hand\n"
        worker.terminate()

        _, said = worker.communicate(timeout=30)

    assert worker.returncode == 1
    assert "worker_cut_off" in said
