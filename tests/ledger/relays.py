"""Relays that answer as badly as they may, and what must be true of mail meanwhile. For tests and `bench.relay`.

Nothing here knows whether seconds are short (tests) or those of the product (evidence): that is the transport's affair.
"""

from __future__ import annotations

import itertools
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Self

import sqlalchemy as sa

from ideas import mail
from ideas.accounts.models import User
from ideas.db import at, db, utcnow
from ideas.ledger import worker
from ideas.ledger.models import Channel, Delivery, State
from tests.servers import DRIP, DROP, HANG, Reply, SmtpSink

RETRIED, REFUSED, SENT = ("pending", None), ("failed", "bounced"), ("sent", None)

# what the relay says to one recipient each → state and reason after the first try
ANSWERS: dict[str, tuple[Reply, tuple[str, str | None]]] = {
    **{
        f"{code.split()[0]} {'after the text' if at_data else 'at the recipient'}": (
            Reply(code, at_data=at_data),
            RETRIED if code.startswith("4") else REFUSED,
        )
        for at_data in (False, True)
        for code in (
            *("421 4.3.2 Closing", "450 4.2.1 Try again", "451 4.3.0 Later", "452 4.2.2 Full"),
            *("550 5.1.1 No such user", "552 5.2.2 Full for good", "554 5.0.0 No"),
        )
    },
    "5.7.1 at the recipient": (Reply("550 5.7.1 Not from you"), REFUSED),
    "5.7.26 after the text": (Reply("550 5.7.26 Unauthenticated", at_data=True), REFUSED),
    "drops at the recipient": (Reply(DROP), RETRIED),
    "drops before its 250": (Reply(DROP, at_data=True), RETRIED),
    "takes it and drops before its 250": (Reply(DROP, at_data=True, kept=True), RETRIED),
    "drops after its 250": (Reply("250 OK", at_data=True, kept=True, leaves=True), SENT),
    "falls silent at the recipient": (Reply(HANG), RETRIED),
    "falls silent after the text": (Reply(HANG, at_data=True), RETRIED),
    "says a byte a second at the recipient": (Reply(DRIP), RETRIED),
    "says a byte a second after the text": (Reply(DRIP, at_data=True), RETRIED),
}
REPEATED = "takes it and drops before its 250"  # it arrives twice, under one name: nobody can know better


# --- Relays that are no good to anybody ---

GREETING = b"220 relay.test\r\n"
EHLO = b"250-relay.test\r\n250 SMTPUTF8\r\n"

# what it says to: nothing yet, EHLO, MAIL
DOWN: dict[str, tuple[bytes, bytes, bytes]] = {
    "greets with 421": (b"421 4.3.2 Too busy\r\n", EHLO, b""),
    "greets with 554": (b"554 5.3.2 Go away\r\n", EHLO, b""),
    "says nothing": (b"", b"", b""),
    "says a byte a second": (b"220-" + b"." * 200, b"", b""),
    "hangs up at once": (b"drop", b"", b""),
    "falls silent after EHLO": (GREETING, b"", b""),
    "refuses the sender for now": (GREETING, EHLO, b"450 4.7.1 Not you, not now\r\n"),
    "refuses the sender for good": (GREETING, EHLO, b"550 5.7.1 Not you\r\n"),
    "says 421 to the sender": (GREETING, EHLO, b"421 4.3.2 Bye\r\n"),
    "hangs up at the sender": (GREETING, EHLO, b"drop"),
}


@dataclass
class BrokenRelay:
    """A relay on loopback that says the same few things to everybody, alive inside `with`. asked: connections."""

    says: tuple[bytes, bytes, bytes]
    asked: int = 0

    def __enter__(self) -> Self:
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.1)
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(5)
        self._server.close()

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self._server.getsockname()[1]}?tls=none"

    def count(self) -> int:
        return self.asked

    def _accept(self) -> None:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                connection, _ = self._server.accept()
                self.asked += 1
                thread = threading.Thread(target=self._talk, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(0.1)
            if not self._say(connection, self.says[0]):
                return
            for answer in (self.says[1], self.says[2], b"500 5.5.1 What?\r\n"):
                if not self._hear(connection) or not self._say(connection, answer):
                    return
            self._ended.wait(60)

    def _say(self, connection: socket.socket, words: bytes) -> bool:
        """False when the conversation is over."""
        if words == b"drop":
            return False
        if not words:
            self._ended.wait(300)
            return False
        if words.endswith(b"."):  # no end: a drip
            for byte in words:
                connection.sendall(bytes([byte]))
                if self._ended.wait(1):
                    return False
            return False
        connection.sendall(words)
        return True

    def _hear(self, connection: socket.socket) -> bool:
        while not self._ended.is_set():
            with suppress(TimeoutError):
                return bool(connection.recv(4096))
        return False


# --- What is asked of the ledger ---


class Line(NamedTuple):
    """A person's mail."""

    state: str
    reason: str | None
    attempts: int
    due_at: datetime
    error: str | None

    @property
    def outcome(self) -> tuple[str, str | None]:
        return self.state, self.reason


def lines() -> dict[str, Line]:
    """Address → the newest e-mail line of whoever has it."""
    db.session.rollback()
    columns = (Delivery.state, Delivery.reason, Delivery.attempts, Delivery.due_at, Delivery.error)
    rows = db.session.execute(
        sa.select(User.email, *columns)
        .join(User, User.id == Delivery.user_id)
        .where(Delivery.channel == Channel.EMAIL.value)
        .order_by(Delivery.id)
    )
    found = {str(row[0]): Line(*row[1:]) for row in rows}
    db.session.rollback()
    return found


def arrived(sink: SmtpSink) -> Counter[tuple[str, str]]:
    """(Message-ID, recipient) → how often."""
    return Counter((str(each.message["Message-ID"]), to) for each in sink.messages for to in each.recipients)


def copies(sink: SmtpSink) -> Counter[str]:
    return Counter(to for each in sink.messages for to in each.recipients)


# --- What is done ---


def work_until(working: worker.Worker, is_done: Callable[[], bool], *, seconds: float) -> bool:
    """Take turns in real time; False when it took longer."""
    deadline = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > deadline:
            return False
        if not working.turn():
            time.sleep(0.02)
    return True


def work_off(working: worker.Worker) -> None:
    """Take turns as long as there is something to do now."""
    while working.turn() or working.undecided:
        if working.undecided:
            time.sleep(0.02)


def tries_of(working: worker.Worker, address: str) -> list[datetime]:
    """When mail to that address is tried, by a clock that jumps to each next time, until it is over."""
    tried: list[datetime] = []
    moment = utcnow()
    while len(tried) < 200:
        with at(moment):
            work_off(working)
        line = lines()[address]
        if line.attempts > len(tried):
            tried.append(moment)
        if line.state != State.PENDING:
            return tried
        moment = max(line.due_at, moment + timedelta(seconds=1))
    return tried


def right_pauses(tried: list[datetime]) -> list[str]:
    """What is wrong with these times: after 1, 5, 15, 30 and 60 minutes, then every hour, for at least 72 hours."""
    pauses = [round((later - earlier) / timedelta(minutes=1)) for earlier, later in itertools.pairwise(tried)]
    wanted = [1, 5, 15, 30, *[60] * max(0, len(pauses) - 4)]
    problems = [] if pauses == wanted else [f"pauses of {pauses[:8]}… minutes"]
    if not tried or tried[-1] - tried[0] < timedelta(hours=72):
        problems.append("given up before 72 hours")
    return problems


@dataclass
class Moody:
    """A script that refuses one in ten for now, at the recipient or after the text; asked: recipient → how often."""

    chance: random.Random
    share: float = 0.1
    asked: Counter[str] = field(default_factory=Counter)
    refused: int = 0

    def __call__(self, recipient: str) -> Reply | None:
        self.asked[recipient] += 1
        if self.chance.random() >= self.share:
            return None
        self.refused += 1
        return Reply("451 4.3.0 Not now", at_data=self.chance.random() < 0.5)


def all_arrive(working: worker.Worker, sink: SmtpSink, owed: int) -> list[str]:
    """Work off what is due, again and again as time goes by: each mail arrives once, and nobody is given up."""
    moment = utcnow()
    for _ in range(100):
        with at(moment):
            work_off(working)
        waiting = [line for line in lines().values() if line.state == State.PENDING]
        if not waiting:
            break
        moment = max(moment + timedelta(seconds=1), min(line.due_at for line in waiting))
    found = arrived(sink)
    problems = []
    if len(found) != owed:
        problems.append(f"{owed - len(found)} of {owed} mails never arrived")
    if any(count > 1 for count in found.values()):
        problems.append(f"{sum(count - 1 for count in found.values())} mails came twice")
    wrong = Counter(line.outcome for line in lines().values()) - Counter({SENT: len(lines())})
    if wrong:
        problems.append(f"the ledger says {dict(wrong)}")
    return problems


def while_down(working: worker.Worker, bad: mail.Transport, asked: Callable[[], int]) -> list[str]:
    """The relay is no good to anybody: it is left alone, nobody's attempt is spent, and nothing is lost."""
    working.transport = bad
    before = lines()
    working.turn()
    problems = []
    first = asked()
    for _ in range(5):
        working.turn()
    if not working.breaker.is_tripped(utcnow()):
        problems.append("it is not left alone")
    if asked() != first:
        problems.append(f"it was asked {asked() - first} times more in the same minute")
    bad.close()
    spent = [address for address, line in lines().items() if line.attempts > before.get(address, line).attempts]
    waiting: Mapping[str, Line] = {address: line for address, line in lines().items() if line.state == State.PENDING}
    if any(line.attempts for line in waiting.values()) or spent:
        problems.append("attempts were spent")
    if not waiting:
        problems.append("nothing waits any more")
    return problems


def once_well(working: worker.Worker, good: mail.Transport) -> list[str]:
    """A minute later the relay is well: all that waited arrives."""
    working.transport = good
    assert working.breaker.closed_until is not None
    with at(max(utcnow(), working.breaker.closed_until) + timedelta(seconds=1)):
        work_off(working)
    wrong = [line.outcome for line in lines().values() if line.outcome != SENT]
    return [f"the ledger says {wrong[:3]}"] if wrong else []
