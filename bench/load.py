"""Many at once: votes as ratios of a bare INSERT, and a crowd of clients whose throughput must not collapse."""

from __future__ import annotations

import asyncio
import itertools
import json
import multiprocessing
import random
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from bench import stage
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import keys, people
from ideas.boards import voting
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.db import db, unit_of_work
from tests.servers import RunningApp

VOTERS = 8
VOTE_SECONDS = 4.0
VOTE_ROUNDS = 3
READY = 2_000  # ideas each voter has at hand
VOTE_BAR = 0.75

CLIENTS = (10, 50, 100, 200)
CROWD_SECONDS = 20.0
CROWD_BAR = 0.7


# --- Votes without HTTP ---


def votes(findings: Findings, kind: str, site: RunningApp, ideas: Sequence[int]) -> None:
    """Goal 4: eight people vote at once, spread over the ideas, against as many that insert two numbers.

    The INSERT stands in `unit_of_work`, which waits in line on SQLite and commits durably on both: the least that an
    act of this product does otherwise. A vote is the transaction that the product makes of it, past the session and as
    durable. Beside it, without a bar, stands the ratio to the same INSERT by the database's own driver, committed as
    durably, where SQLite lets writers wait by its own lottery.
    """
    settings = {**stage.SETTINGS, **site.env}
    with stage.connection(stage.database_url(site)) as connection:
        connection.execute(sa.text("CREATE TABLE bare (idea_id INTEGER, user_id INTEGER)"))
        connection.commit()
    rates: dict[str, list[float]] = {what: [] for what in _DO}
    for round_ in range(VOTE_ROUNDS):
        for what in rates:
            rates[what].append(_together(what, settings, ideas, round_) / VOTE_SECONDS)
    bare, plain, vote = (sorted(rates[what])[VOTE_ROUNDS // 2] for what in ("bare", "plain", "vote"))
    findings.note(f"{kind}: bare INSERTs a second, {VOTERS} clients", f"{bare:.0f}")
    findings.note(f"{kind}: the same by the driver alone", f"{plain:.0f}")
    findings.note(f"{kind}: votes a second, {VOTERS} clients", f"{vote:.0f}")
    findings.holds(
        f"{kind}: votes against bare INSERTs",
        vote / bare >= VOTE_BAR,
        f"{vote / bare:.2f}",
        wanted=f"at least {VOTE_BAR}",
    )
    findings.note(f"{kind}: votes against bare INSERTs by the driver alone", f"{vote / plain:.2f}")
    with stage.connection(stage.database_url(site)) as connection:
        findings.same(f"{kind}: ideas whose count is not the number of their votes", 0, connection.scalar(_WRONG))


_counted = sa.select(Vote.idea_id, sa.func.count().label("votes")).group_by(Vote.idea_id).subquery()
_WRONG = (
    sa.select(sa.func.count())
    .select_from(IdeaRank)
    .outerjoin(_counted, _counted.c.idea_id == IdeaRank.idea_id)
    .where(IdeaRank.vote_count != sa.func.coalesce(_counted.c.votes, 0))
)


def _together(what: str, settings: Mapping[str, str], ideas: Sequence[int], round_: int) -> int:
    """How many all of them did within VOTE_SECONDS."""
    processes = multiprocessing.get_context("spawn")
    ready, done = processes.Barrier(VOTERS), processes.Queue()
    running = []
    for place in range(VOTERS):
        mine = random.Random(place * 100 + round_).sample(list(ideas), READY)
        name = f"{what} {place} {round_}"
        running.append(processes.Process(target=_DO[what], args=(dict(settings), name, mine, ready, done)))
    for process in running:
        process.start()
    total = sum(int(done.get(timeout=120)) for _ in running)
    for process in running:
        process.join(30)
    return total


def _vote(settings: dict[str, str], name: str, mine: list[int], ready: Any, done: Any) -> None:
    app = create_app(Config.from_env(settings))
    with app.app_context():
        with unit_of_work():
            voter = people.create(f"{name.replace(' ', '.')}@example.test", name)
        db.session.refresh(voter)
        ideas = db.session.scalars(sa.select(Idea).where(Idea.id.in_(mine)).options(joinedload(Idea.status))).all()
        db.session.expunge_all()
        takes = [idea for idea in ideas if idea.status.takes_votes]

        def cast(place: int) -> None:
            idea = takes[place % len(takes)]
            if voting.cast_at_once(voter, idea) is None:
                with unit_of_work():
                    voting.cast(voter, idea)

        done.put(_for_a_while(cast, ready))


def _insert(settings: dict[str, str], name: str, mine: list[int], ready: Any, done: Any) -> None:
    app = create_app(Config.from_env(settings))
    with app.app_context():
        statement = sa.text("INSERT INTO bare (idea_id, user_id) VALUES (:idea, :user)")

        def insert(place: int) -> None:
            with unit_of_work():
                db.session.execute(statement, {"idea": mine[place % len(mine)], "user": place})

        done.put(_for_a_while(insert, ready))


def _insert_by_driver(settings: dict[str, str], name: str, mine: list[int], ready: Any, done: Any) -> None:
    app = create_app(Config.from_env(settings))
    with app.app_context():
        connection: Any = db.engine.raw_connection().driver_connection  # prepared as all others are
        if is_sqlite := db.engine.dialect.name == "sqlite":
            connection.isolation_level = None
        else:
            connection.autocommit = True
        mark = "?" if is_sqlite else "%s"
        statement = f"INSERT INTO bare (idea_id, user_id) VALUES ({mark}, {mark})"
        done.put(_for_a_while(lambda place: connection.execute(statement, (mine[place % len(mine)], place)), ready))


def _for_a_while(act: Callable[[int], object], ready: Any) -> int:
    act(0)
    ready.wait(60)
    end = time.monotonic() + VOTE_SECONDS
    for place in itertools.count(1):
        act(place)
        if time.monotonic() > end:
            return place
    return 0


_DO = {"bare": _insert, "plain": _insert_by_driver, "vote": _vote}


# --- A crowd ---


def crowd(findings: Findings, kind: str, site: RunningApp, ideas: Sequence[int]) -> None:
    """Goal 6: 90 % reads, 8 % votes, 2 % posts and comments, by ever more clients."""
    tokens = _keys(site)
    rates = {}
    for clients in CLIENTS:
        done, bad = asyncio.run(_crowd(site.url, clients, tokens, ideas))
        rates[clients] = done / CROWD_SECONDS
        findings.note(f"{kind}: {clients} clients, requests a second", f"{rates[clients]:.0f}")
        findings.same(f"{kind}: {clients} clients, answers with 5xx or none", 0, bad)
    most = CLIENTS[-1]
    best = max(rates[clients] for clients in CLIENTS[:-1])
    share = rates[most] / best
    findings.holds(
        f"{kind}: throughput with {most} clients against the best with fewer",
        share >= CROWD_BAR,
        f"{share:.2f}",
        wanted=f"at least {CROWD_BAR}",
    )


def _keys(site: RunningApp) -> list[str]:
    app = create_app(Config.from_env({**stage.SETTINGS, **site.env}))
    with app.app_context(), unit_of_work():
        scopes = ["ideas:read", "ideas:write", "votes:write", "comments:write"]
        return [
            keys.make(people.create(f"client{place}@example.test", f"Client {place}"), "crowd", scopes)
            for place in range(CLIENTS[-1])
        ]


async def _crowd(url: str, clients: int, tokens: Sequence[str], ideas: Sequence[int]) -> tuple[int, int]:
    """How many requests were answered within CROWD_SECONDS, and how many badly."""
    end = time.monotonic() + CROWD_SECONDS
    results = await asyncio.gather(*(_client(url, place, tokens[place], ideas, end) for place in range(clients)))
    return sum(done for done, _bad in results), sum(bad for _done, bad in results)


async def _client(url: str, place: int, token: str, ideas: Sequence[int], end: float) -> tuple[int, int]:
    parts = urlsplit(url)
    chance = random.Random(place)
    done = bad = 0
    reader: asyncio.StreamReader | None = None
    writer: asyncio.StreamWriter | None = None
    while time.monotonic() < end:
        if reader is None or writer is None:
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        try:
            writer.write(_request(chance, token, ideas, parts.netloc))
            await writer.drain()
            status, keeps = await _answer(reader)
        except (OSError, asyncio.IncompleteReadError):
            status, keeps = 0, False
        done += 1
        bad += status >= 500 or status == 0
        if not keeps:
            writer.close()
            writer = None
    if writer is not None:
        writer.close()
    return done, bad


def _request(chance: random.Random, token: str, ideas: Sequence[int], host: str) -> bytes:
    idea, dice = chance.choice(ideas), chance.random()
    body = b""
    method, path, key = "GET", f"/ideas/{idea}", False
    if dice < 0.4:
        path = f"/boards/large?sort={chance.choice(('trending', 'top', 'new'))}"
    elif dice < 0.7:
        path = "/api/v1/ideas?board=large"
    elif dice < 0.9:
        path = f"/api/v1/ideas/{idea}"
    elif dice < 0.98:
        method, path, key = "PUT", f"/api/v1/ideas/{idea}/vote", True
    elif dice < 0.99:
        method, path, key = "POST", f"/api/v1/ideas/{idea}/comments", True
        body = json.dumps({"body": f"I would use this too, number {chance.random()}."}).encode()
    else:
        method, path, key = "POST", "/api/v1/ideas", True
        body = json.dumps({"board": "large", "title": f"A wish numbered {chance.random()}"}).encode()
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    if body:
        lines.append("Content-Type: application/json")
    if key:
        lines.append(f"Authorization: Bearer {token}")
    return "\r\n".join([*lines, "", ""]).encode() + body


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bool]:
    """The status, and whether the connection stays open."""
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    status = int(head[0].split()[1])
    headers = {
        name.lower(): value.strip() for name, _colon, value in (line.partition(":") for line in head[1:] if line)
    }
    if length := int(headers.get("content-length", 0)):
        await reader.readexactly(length)
    return status, headers.get("connection", "").lower() != "close"
