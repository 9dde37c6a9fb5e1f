"""News to many: how fast it is announced and sent, and that it holds up no reply.

python -m bench.fan_out [--database sqlite|postgresql] [--people 500000] [--crowd 100000]

Four figures, each beside its bar. 1,000,000 lines of the ledger against a bare INSERT … SELECT of as many rows into a
table with the same columns, keys and indexes. Mail from end to end against a bare loop: one message over an open
connection to the same mail server, one UPDATE of its line, committed as durably, by the database's own driver. Fifty
single replies while one answer goes to a crowd, half of them under that very idea, against fifty on the idle site. The
worker's memory for a crowd against that for a tenth of it. A worker that takes the oldest mail first is planted at the
end; the bar must see it.
"""

from __future__ import annotations

import re
import smtplib
import socket
import sqlite3
import statistics
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa

from bench import stage, unserved
from bench.stage import Findings
from config import Config
from ideas import create_app, settings
from ideas.accounts.models import User
from ideas.boards import commenting, posting, queries
from ideas.boards.models import Comment
from ideas.db import Base, db, unit_of_work, utcnow
from ideas.ledger import fanout, turns, worker
from ideas.ledger.models import Channel, Delivery, State
from ideas.outbox import OutboxEntry
from tests.ledger import faults
from tests.ledger.faults import Sink, Site

REPLIES = 50
EVERY = 0.6  # seconds between two replies
MAILS = 3_000  # that are counted from end to end
ROWS_BAR = 3.0
END_TO_END_BAR = 0.5
WAIT_BAR = 3.0
MEMORY_BAR = 1.1
PATIENCE = 120.0  # seconds


def main() -> None:
    asked = stage.arguments(
        "Announces to very many people, and posts replies meanwhile.",
        data=False,
        people={"type": int, "default": 500_000, "help": "people told at once, with two lines each (500000)"},
        part={"choices": ["rows", "mail"], "nargs": "+", "help": "these alone"},
        crowd={"type": int, "default": 100_000, "help": "people told while replies are posted (100000)"},
    )
    findings = Findings("News to many")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            if not asked.part or "rows" in asked.part:
                rows(findings, kind, fresh(), people=asked.people)
            if not asked.part or "mail" in asked.part:
                mail(findings, kind, fresh(), crowd=asked.crowd)
    findings.end()


# --- A million lines ---


def rows(findings: Findings, kind: str, env: Mapping[str, str], *, people: int) -> None:
    """Goal 5, the first part: announcing, in one process, in all its transactions."""
    with unserved.site(env, "smtp://127.0.0.1:1?tls=none") as here:
        here.settle_in(people)
        here.answer(here.people())
        with here.here():
            learn()
            times = announce_all()
            entry = db.session.scalars(
                sa.select(Delivery.entry_id).group_by(Delivery.entry_id).order_by(sa.func.count().desc()).limit(1)
            ).one()
            lines = db.session.scalars(sa.select(sa.func.count()).where(Delivery.entry_id == entry)).one()
            bare = bare_insert(entry)
    took = sum(times)
    findings.same(f"{kind}: lines of the ledger for {people:,} people", 2 * people, lines)
    findings.note(f"{kind}: seconds for them, in {len(times)} transactions", f"{took:.1f}")
    findings.note(f"{kind}: seconds for the longest of these", f"{max(times):.2f}")
    findings.note(f"{kind}: seconds for a bare INSERT … SELECT", f"{bare:.1f}")
    findings.holds(
        f"{kind}: announcing against a bare INSERT … SELECT",
        took / bare <= ROWS_BAR,
        f"{took / bare:.2f}",
        wanted=f"at most {ROWS_BAR}",
    )


def announce_all() -> list[float]:
    """Announce all that is due; the seconds of each transaction."""
    times: list[float] = []
    while True:
        began = time.monotonic()
        with unit_of_work():
            done = fanout.fan_out_next(settings.rooms().notices)
        if done is None:
            return times
        times.append(time.monotonic() - began)


def bare_insert(entry_id: int) -> float:
    """Seconds for as many lines in a table like the ledger's, with nothing decided and nobody judged."""
    ledger: Any = Delivery.__table__
    bare: sa.Table = ledger.to_metadata(Base.metadata, name="bare")
    named: list[Any] = [*bare.indexes, *bare.constraints]
    for part in named:
        part.name = sa.sql.quoted_name(str(part.name).replace("delivery", "bare"), None)
    at = sa.literal(utcnow(), Delivery.due_at.type)

    def lines(channel: Channel, state: State) -> sa.Select[Any]:
        source = Delivery.__table__.alias()
        said = (
            *(source.c.entry_id, source.c.user_id, sa.literal(channel.value), source.c.path, source.c.news),
            *(source.c.contribution_kind, source.c.contribution_id, sa.literal(state.value), at),
            *(sa.literal(0), sa.literal(0), sa.literal(0)),
        )
        return sa.select(*said).where(source.c.entry_id == entry_id, source.c.channel == Channel.INBOX.value)

    columns = (
        *("entry_id", "user_id", "channel", "path", "news", "contribution_kind", "contribution_id", "state", "due_at"),
        *("lane", "attempts", "unheard_of"),
    )
    both = sa.union_all(lines(Channel.INBOX, State.SENT), lines(Channel.EMAIL, State.PENDING))
    with unit_of_work():
        bare.create(db.session.connection())
    began = time.monotonic()
    with unit_of_work():
        db.session.execute(sa.insert(bare).from_select(columns, both))
    took = time.monotonic() - began
    with unit_of_work():
        bare.drop(db.session.connection())
    Base.metadata.remove(bare)
    return took


def learn() -> None:
    """Let the database count what it has, as it does by itself now and then."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE"))


# --- Replies meanwhile ---


def mail(findings: Findings, kind: str, env: Mapping[str, str], *, crowd: int) -> None:
    """Replies on the idle site and while a crowd is told, the worker's memory, and mail from end to end."""
    with Sink() as sink, unserved.site(env, sink.url, WORKER_POLL_SECONDS="2", LEASE_SECONDS="300") as here:
        here.settle_in(crowd + 2 * REPLIES + 1)
        people = here.people()
        told, everybody = people[: 2 * REPLIES + 1], people[2 * REPLIES + 1 :]
        quiet, first, second = told[:REPLIES], told[REPLIES:-1:2], told[REPLIES + 1 : -1 : 2]
        _shed, elsewhere = begin_threads(here, [*quiet, *first, told[-1]])
        asked, below = begin_threads(here, second)

        with working(here) as process:
            idle = reply(here, sink, elsewhere[:REPLIES])
        mails = crowd // 20
        with working(here) as process, ThreadPoolExecutor(1) as aside:
            memory = aside.submit(memory_of, process, here, sink, crowd // 10, mails)
            here.answer(everybody[: crowd // 10])
            small = memory.result()
        forget_the_rest(here)

        with working(here) as process, ThreadPoolExecutor(1) as aside:
            memory = aside.submit(memory_of, process, here, sink, crowd, mails)
            here.answer(everybody, idea_id=asked)
            in_turn = zip(below, elsewhere[REPLIES:-1], strict=True)
            busy = reply(here, sink, [each for pair in in_turn for each in pair])
            waiting = still_waiting(here)
            large = memory.result()
            rate = mails_a_second(sink)
        bare = bare_loop(here, sink)
        bar = WAIT_BAR * max(idle)
        planted = unfairly(here, sink, elsewhere[-1:], patience=1.5 * bar)

    seconds = f"at most {WAIT_BAR:.0f} times {max(idle):.2f}"
    findings.note(f"{kind}: seconds that {REPLIES} replies waited on the idle site, half of them at most", middle(idle))
    findings.note(f"{kind}: seconds that the slowest of them waited", f"{max(idle):.2f}")
    findings.note(f"{kind}: the same while {crowd:,} are told, half of them at most", middle(busy))
    findings.holds(f"{kind}: … the slowest", max(busy) <= bar, f"{max(busy):.2f}", wanted=seconds)
    findings.holds(f"{kind}: mails to the crowd that waited behind the last reply", waiting > 0, waiting, wanted="some")
    findings.holds(
        f"{kind}: the slowest with a worker planted that takes the oldest first",
        planted > bar,
        f"{planted:.2f} or more",
        wanted=f"seen: more than {bar:.2f}",
    )
    findings.note(f"{kind}: MB of a worker that told {crowd // 10:,}, after {mails:,} mails", f"{small / 2**20:.1f}")
    findings.holds(
        f"{kind}: MB of a worker that told {crowd:,}",
        large <= MEMORY_BAR * small,
        f"{large / 2**20:.1f}",
        wanted=f"at most {MEMORY_BAR} times as many",
    )
    findings.note(f"{kind}: mails a second, bare loop", f"{bare:.0f}")
    findings.holds(
        f"{kind}: mails a second from end to end, against the bare loop",
        rate / bare >= END_TO_END_BAR,
        f"{rate:.0f}, {rate / bare:.2f}",
        wanted=f"at least {END_TO_END_BAR}",
    )


def middle(seconds: Sequence[float]) -> str:
    return f"{statistics.median(seconds):.2f}"


@contextmanager
def working(here: Site, work: Any = faults.work) -> Iterator[Any]:
    """A worker as a process of its own."""
    process = faults.start_worker({**here.settings, "PIECE": str(fanout.PIECE)}, work=work)
    try:
        yield process
    finally:
        faults.stop(process)


def begin_threads(here: Site, people: Sequence[int]) -> tuple[int, list[tuple[int, str]]]:
    """An idea with a comment of each of these people, to which somebody may reply: (comment, address)."""
    with here.here():
        with unit_of_work():
            petra = db.session.get_one(User, here.petra_id)
            idea = posting.submit(petra, queries.get_board(petra, "garden"), title="A bicycle shed", body="")
            said = [
                {"idea_id": idea.id, "author_id": each, "body": "Yes.", "body_html": "Yes.", "created_at": utcnow()}
                for each in people
            ]
            db.session.execute(sa.insert(Comment), said)
            idea_id = idea.id
        rows = db.session.execute(
            sa.select(Comment.id, User.email)
            .join(User, User.id == Comment.author_id)
            .where(Comment.author_id.in_(people))
            .order_by(Comment.id)
        )
        return idea_id, [(row.id, str(row.email)) for row in rows]


def reply(here: Site, sink: Sink, threads: Sequence[tuple[int, str]]) -> list[float]:
    """Post a reply in each thread, one after the other; the seconds until each of them arrived by mail."""
    posted = {}
    for comment_id, email in threads:
        began = posted[email] = time.monotonic()
        post(here, comment_id)
        time.sleep(max(0.0, began + EVERY - time.monotonic()))
    deadline = time.monotonic() + PATIENCE
    while True:
        arrived = {email: at for _name, email, at in list(sink.taken) if email in posted}
        if len(arrived) == len(posted):
            return [arrived[email] - at for email, at in posted.items()]
        if time.monotonic() > deadline:
            return [arrived.get(email, time.monotonic()) - at for email, at in posted.items()]
        time.sleep(0.02)


def post(here: Site, comment_id: int) -> None:
    with here.here(), unit_of_work():
        petra = db.session.get_one(User, here.petra_id)
        comment = queries.get_comment(petra, comment_id)
        commenting.add(petra, comment.on, body="Thank you, so we will.", parent_id=comment_id)


def unfairly(here: Site, sink: Sink, threads: Sequence[tuple[int, str]], *, patience: float) -> float:
    """Seconds that a reply waits, `patience` if it never came, while a worker takes whatever is oldest."""
    [(comment_id, email)] = threads
    with working(here, work_oldest_first):
        before = len(sink.taken)
        wait_until(lambda: len(sink.taken) > before)
        began = time.monotonic()
        post(here, comment_id)
        while time.monotonic() < began + patience:
            for _name, to, at in list(sink.taken)[before:]:
                if to == email:
                    return at - began
            time.sleep(0.05)
    return patience


def work_oldest_first(given: dict[str, str], _crashpoint: str) -> None:
    """What a worker does that knows no turns."""

    def due() -> sa.Select[int]:
        return (
            sa.select(Delivery.id)
            .where(turns.pending, turns.single, Delivery.due_at <= sa.bindparam("now"), Delivery.lease.is_(None))
            .order_by(Delivery.due_at, Delivery.id)
            .limit(sa.bindparam("most"))
        )

    turns.due = due  # type: ignore[assignment]  # planted
    worker.run(create_app(Config.from_env(given)))


def wait_until(is_so: Any, patience: float = 600.0) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("The worker does not get there.")
        time.sleep(0.05)


# --- Memory and speed ---


def memory_of(process: Any, here: Site, sink: Sink, people: int, mails: int) -> int:
    """Bytes that the worker held at most, once everybody has a line and so many have their mail since this began."""
    before = len(sink.taken)
    wait_until(lambda: len(sink.taken) >= before + mails)
    wait_until(lambda: lines(here) >= people)
    status = Path(f"/proc/{process.pid}/status").read_text()
    [kilobytes] = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kilobytes) * 1024


def lines(here: Site) -> int:
    """How many people were owed word of what was announced last, once all of it is."""
    with here.here():
        newest = sa.select(OutboxEntry.owed).where(OutboxEntry.kind == "answered").order_by(OutboxEntry.id.desc())
        return db.session.scalars(newest.limit(1)).one() or 0


def still_waiting(here: Site) -> int:
    with here.here():
        return db.session.scalars(sa.select(sa.func.count()).where(turns.pending, turns.single)).one()


def forget_the_rest(here: Site) -> None:
    """Nothing of what waits is sent any more."""
    with here.here(), unit_of_work():
        given = {"state": State.SUPPRESSED.value, "reason": "cancelled", "done_at": utcnow()}
        db.session.execute(sa.update(Delivery).where(turns.pending).values(given))


def mails_a_second(sink: Sink) -> float:
    """Of the worker that is at it."""
    first = len(sink.taken)
    wait_until(lambda: len(sink.taken) >= first + MAILS)
    times = [at for _name, _to, at in sink.taken[first : first + MAILS]]
    return (MAILS - 1) / (times[-1] - times[0])


def bare_loop(here: Site, sink: Sink) -> float:
    """Messages of the same size a second over one open connection, each with one committed UPDATE."""
    process = faults.start_worker({**here.settings, "SIZE": str(sink.size)}, work=send_bare)
    before = len(sink.taken)
    process.join(300)
    times = [at for _name, _to, at in sink.taken[before:]]
    return (len(times) - 1) / (times[-1] - times[0])


def send_bare(given: dict[str, str], _crashpoint: str) -> None:
    """What the bare loop does, in a process of its own as a worker is."""
    url = given["DATABASE_URL"]
    database: Any
    if url.startswith("sqlite"):
        database, mark = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None), "?"
        for pragma in ("synchronous=FULL", "secure_delete=ON", "wal_autocheckpoint=4000"):  # as ours are
            database.execute(f"PRAGMA {pragma}")
    else:
        database, mark = psycopg.connect(url, autocommit=True), "%s"
    waiting = "SELECT id FROM delivery WHERE state = 'pending' AND channel = 'email'"
    ids = [row[0] for row in database.execute(f"{waiting} LIMIT {MAILS}")]
    host, port = re.findall(r"smtp://([^:]+):(\d+)", given["MAIL_URL"])[0]
    text = "From: a@example.test\r\n\r\n" + ("x" * 70 + "\r\n") * (int(given["SIZE"]) // 72)
    relay = smtplib.SMTP(host, int(port))
    assert relay.sock is not None
    relay.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for each in ids:
        relay.sendmail("a@example.test", ["b@example.test"], text.encode())
        database.execute(f"UPDATE delivery SET state = 'sent', done_at = due_at WHERE id = {mark}", (each,))
    relay.quit()
    database.close()


if __name__ == "__main__":
    main()
