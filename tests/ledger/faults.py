"""A site whose worker is killed, and what must be true of it afterwards. For tests and for `bench.nothing_lost`.

Workers are processes of their own, forked from one that has everything loaded, so that each begins at once.
"""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import sqlalchemy as sa

from config import Config
from ideas import create_app, mail_doors, mail_tokens, settings
from ideas.accounts.models import SiteRole, User
from ideas.boards import answering, boardkeeping, posting, queries, replying
from ideas.boards.models import Comment, Reason, Vote
from ideas.boards.schemas import BoardWords
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import checker, fanout, sending, worker
from ideas.ledger.models import Channel, Delivery, Gathered, State

IDEAS = Path(__file__).resolve().parent.parent.parent / "ideas"
LEASE = 1
PIECE = 2  # people of an announcement who are written down at once, unless a site's settings name a PIECE
WHY = "We looked at it with everybody who asked, and decided to do it in spring."

processes = multiprocessing.get_context("forkserver")
processes.set_forkserver_preload(["tests.ledger.faults"])


def crash_points() -> list[str]:
    """Every place in the way of a message at which a test may kill; found in the code, so none is forgotten."""
    return _points_in(IDEAS / "mail.py", IDEAS / "rounds.py", *sorted((IDEAS / "ledger").rglob("*.py")))


def crash_points_of_replies() -> list[str]:
    """The same in the way of a mail that comes in."""
    return _points_in(IDEAS / "boards" / "replying.py", IDEAS / "boards" / "views_replying.py")


def _points_in(*files: Path) -> list[str]:
    return [name for file in files for name in re.findall(r'crashpoint\("([^"]+)"\)', file.read_text())]


# After these the relay has the message and the ledger does not know it yet: it is sent once more.
IN_FLIGHT = {"mail.after_accepted", "send.after", "send.before_write"}


# --- The outside world ---

OK = b"250 ok\r\n"


@dataclass
class Sink:
    """A mail server quick enough not to be what is measured. Keeps (Message-ID, recipient, time) of what it took."""

    pause: float = 0.0  # before it says that it has a message
    taken: list[tuple[str, str, float]] = field(default_factory=list)
    size: int = 0  # of the last message

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        listening = threading.Event()
        self._thread = threading.Thread(target=self._live, args=(listening,), daemon=True)
        self._thread.start()
        listening.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join(10)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}?tls=none"

    def _live(self, listening: threading.Event) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve(listening))

    async def _serve(self, listening: threading.Event) -> None:
        self._ended = asyncio.Event()
        server = await asyncio.start_server(self._session, "127.0.0.1", 0, limit=2**20)
        self.port = server.sockets[0].getsockname()[1]
        listening.set()
        await self._ended.wait()
        server.close()

    async def _session(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        recipient = ""
        writer.write(b"220 sink\r\n")
        try:
            while line := await reader.readline():
                command = line[:4].upper()
                if command == b"RCPT":
                    recipient = line.partition(b"<")[2].partition(b">")[0].decode()
                if command == b"DATA":
                    writer.write(b"354 go on\r\n")
                    content = await reader.readuntil(b"\r\n.\r\n")
                    number = re.search(rb"^Message-ID: (.*?)\r\n", content, re.M)
                    self.size = len(content)
                    self.taken.append((number[1].decode() if number else "", recipient, time.monotonic()))
                    if self.pause:
                        await asyncio.sleep(self.pause)
                writer.write({b"QUIT": b"221 bye\r\n", b"EHLO": b"250-sink\r\n250 PIPELINING\r\n"}.get(command, OK))
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()


# --- The site ---


@dataclass
class Site:
    """A site on a database of its own: one board, people who may vote, and a team that answers."""

    settings: Mapping[str, str]

    def __post_init__(self) -> None:
        self.app = create_app(Config.from_env(self.settings))

    @contextmanager
    def here(self) -> Iterator[None]:
        with self.app.app_context():
            yield
            db.session.rollback()

    def close(self) -> None:
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()

    def settle_in(self, people: int) -> None:
        """People with addresses, and somebody who answers."""
        with self.here():
            now = utcnow()
            with unit_of_work():
                petra = User(
                    name="Petra", email="petra@example.test", verified_at=now, site_role=SiteRole.ADMIN, created_at=now
                )
                db.session.add(petra)
                rows = [
                    {"name": f"Person {number}", "email": f"p{number}@example.test", "verified_at": now}
                    for number in range(people)
                ]
                for first in range(0, people, 10_000):
                    db.session.execute(sa.insert(User), rows[first : first + 10_000])
                boardkeeping.make(petra, BoardWords().load({"slug": "garden", "name": "Garden"}))
                self.petra_id = petra.id

    def answer(self, voters: list[int], *, gathered: bool = False, idea_id: int | None = None) -> int:
        """Somebody answers an idea that those people voted for; how many people are owed word of it.

        gathered: it is announced already, and waits for digests whose hour has come. idea_id: an idea that is there.
        """
        with self.here():
            with unit_of_work():
                petra = db.session.get_one(User, self.petra_id)
                if idea_id is None:
                    where = queries.get_board(petra, "garden")
                    idea_id = posting.submit(petra, where, title="A seed library", body="").id
                self._vote(idea_id, voters)
            with unit_of_work():
                petra = db.session.get_one(User, self.petra_id)
                words = {"status": "planned", "reason": Reason.COMMITTED, "text": WHY, "date": None, "review_by": None}
                answering.answer(petra, queries.get_idea(petra, idea_id), {**words, "credits": []})
        if gathered:
            self.gather()
        return len(voters) + 1  # Petra hears that her idea was received

    def _vote(self, idea_id: int, voters: list[int]) -> None:
        now = utcnow()
        if len(voters) < 10_000:
            rows = [{"idea_id": idea_id, "user_id": each, "cast_at": now} for each in voters]
            db.session.execute(sa.insert(Vote), rows)
            return
        assert voters == list(range(voters[0], voters[-1] + 1))
        said = sa.select(sa.literal(idea_id), User.id, sa.literal(now, Vote.cast_at.type))
        between = said.where(User.id >= voters[0], User.id <= voters[-1])
        db.session.execute(sa.insert(Vote).from_select(["idea_id", "user_id", "cast_at"], between))

    def reply_by_mail(self, person_id: int, number: int, folder: Path) -> tuple[dict[str, str], str]:
        """A mail by which that person answers on an idea: settings for `take_mail`, and what it says."""
        said = f"Yes, that would help us, number {number}."
        with self.here():
            with unit_of_work():
                petra = db.session.get_one(User, self.petra_id)
                where = queries.get_board(petra, "garden")
                idea_id = posting.submit(petra, where, title=f"A bench, number {number}", body="").id
            to = mail_tokens.address(replying.PURPOSE, f"{person_id}.i{idea_id}")
            sender = db.session.get_one(User, person_id).email
        file = folder / f"{number}.eml"
        head = f"From: {sender}\r\nTo: {to}\r\nMessage-ID: <{number}@example.test>\r\nSubject: Re: A bench\r\n"
        file.write_bytes(f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{said}\r\n".encode())
        return {**self.settings, "MAIL": str(file)}, said

    def comments_saying(self, said: str) -> int:
        with self.here():
            return db.session.scalars(sa.select(sa.func.count()).where(Comment.body == said)).one()

    def announce(self) -> None:
        """Announce all that is due, in this process."""
        with self.here():
            while self._announce_one():
                pass

    def _announce_one(self) -> bool:
        with unit_of_work():
            return fanout.fan_out_next(settings.rooms().notices) is not None

    def gather(self) -> None:
        """Announce all that is due, and let all mail that waits wait for digests whose hour has come."""
        self.announce()
        with self.here(), unit_of_work():
            now = utcnow()
            db.session.execute(
                sa.update(Delivery)
                .where(Delivery.state == State.PENDING.value)
                .values(digest=Gathered.DAILY.value, due_at=now)
            )

    def people(self) -> list[int]:
        with self.here():
            return list(db.session.scalars(sa.select(User.id).where(User.id != self.petra_id).order_by(User.id)))

    def is_done(self) -> bool:
        """Nothing waits, now or later."""
        with self.here():
            return fanout.next_due() is None and sending.next_due() is None

    def wait_until_done(self, process: Any, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self.is_done():
            if not process.is_alive():
                raise RuntimeError(f"The worker ended with {process.exitcode}.")
            if time.monotonic() > deadline:
                raise TimeoutError("The worker does not come to an end.")
            time.sleep(0.05)

    def work_to_the_end(self, timeout: float = 300) -> None:
        """A worker that nobody kills."""
        process = start_worker(self.settings)
        try:
            self.wait_until_done(process, timeout)
        finally:
            stop(process)

    def outlast_leases(self) -> None:
        """What a killed worker had in hand is due, as if its lease had run out: nobody need wait for that."""
        with self.here(), unit_of_work():
            held = Delivery.state == State.PENDING.value, Delivery.lease.is_not(None)
            db.session.execute(sa.update(Delivery).where(*held).values(due_at=utcnow()))

    def work_here(self) -> None:
        """Do all that is due in this process, after which nothing may wait."""
        worker.run_once(self.app)
        assert self.is_done()

    def sent(self) -> list[tuple[str, str]]:
        """What the ledger says was sent by mail: Message-ID and recipient."""
        with self.here():
            rows = db.session.execute(
                sa.select(Delivery.id, Delivery.digest_id, User.email)
                .join(User, User.id == Delivery.user_id)
                .where(Delivery.channel == Channel.EMAIL.value, Delivery.state == State.SENT.value)
            )
            names = {(f"digest-{row.digest_id}" if row.digest_id else f"delivery-{row.id}", row.email) for row in rows}
            return [(f"<{name}@localhost>", email) for name, email in sorted(names)]

    def breaches(self) -> list[Any]:
        with self.here():
            return [breach for check in checker.CHECKS.values() for breach in check()]


def work(settings: dict[str, str], crashpoint: str) -> None:
    """What a worker does, in a process of its own."""
    os.environ["CRASHPOINT"] = crashpoint
    fanout.PIECE = int(settings.get("PIECE", PIECE))
    worker.run(create_app(Config.from_env(settings)))


def take_mail(settings: dict[str, str], crashpoint: str) -> None:
    """What takes the mail that comes in, in a process of its own: MAIL is the file that holds it."""
    os.environ["CRASHPOINT"] = crashpoint
    with create_app(Config.from_env(settings)).app_context():
        mail_doors.take(mail_doors.Handed(Path(settings["MAIL"]).read_bytes()))


def start_worker(
    settings: Mapping[str, str], crashpoint: str = "", work: Callable[[dict[str, str], str], None] = work
) -> Any:
    """A worker as a process of its own that is killed at `crashpoint`, or not at all."""
    process = processes.Process(target=work, args=(dict(settings), crashpoint), daemon=True)
    process.start()
    return process


def stop(process: Any) -> None:
    """End a worker in order; it finishes what it has in hand."""
    if process.is_alive():
        process.terminate()
    process.join(30)
    if process.exitcode is None:
        process.kill()
        process.join()


def kill(process: Any) -> None:
    os.kill(process.pid, signal.SIGKILL)
    process.join()


# --- What must be true afterwards ---


@dataclass
class Verdict:
    """What came of a run; `problems` is empty when all is as it must be."""

    owed: int
    lost: int
    repeated: int
    problems: list[str]


def judge(site: Site, sink: Sink, *, owed: int, may_repeat: int) -> Verdict:
    """Every line was sent, nobody was left out, and no more was repeated than may be."""
    sent = site.sent()
    taken = Counter((number, recipient) for number, recipient, _at in sink.taken)
    lost = [line for line in sent if line not in taken]
    strange = [line for line in taken if line not in set(sent)]
    repeated = sum(count - 1 for count in taken.values())
    problems = [f"{breach.invariant}: {breach.where} {breach.what}" for breach in site.breaches()]
    if len(sent) != owed:
        problems.append(f"{owed} mails were owed, the ledger says {len(sent)}")
    if lost:
        problems.append(f"{len(lost)} mails never arrived, such as {lost[0]}")
    if strange:
        problems.append(f"{len(strange)} mails that the ledger does not know, such as {strange[0]}")
    if repeated > may_repeat:
        problems.append(f"{repeated} mails were repeated, {may_repeat} may be")
    return Verdict(owed, owed - len(taken), repeated, problems)
