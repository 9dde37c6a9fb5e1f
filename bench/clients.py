"""Clients that keep asking a site while bad things happen to it, as programs behind a proxy do: they name what they
want done and try again until they are answered. What they were told is kept, to be held against the database."""

from __future__ import annotations

import http.client
import json
import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from bench import stage
from config import Config
from ideas import api, create_app
from ideas.accounts import keys
from ideas.accounts.models import SiteRole, User
from ideas.boards import boardkeeping, posting, queries
from ideas.boards.schemas import BoardWords
from ideas.db import db, unit_of_work, utcnow
from tests.servers import RunningApp, environment

PATIENCE = 30.0  # seconds in which a request is tried again and again
PAUSE = 0.1  # between two tries
AGAIN = {409, 502, 503}  # answers that ask to try again


@dataclass
class Told:
    """What the clients were told. said: words of a comment → the id that was answered. unsaid: never answered."""

    asked: int = 0
    retried: int = 0
    failed: int = 0
    said: dict[str, int] = field(default_factory=dict)
    unsaid: set[str] = field(default_factory=set)
    statuses: Counter[int] = field(default_factory=Counter)
    first_after: float | None = None  # when the first request was answered after `mark`
    slowest: float = 0.0
    marked: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    def mark(self) -> None:
        """From now on the next good answer is waited for."""
        with self.lock:
            self.marked, self.first_after = time.monotonic(), None

    def note(self, begun: float, status: int | None) -> None:
        with self.lock:
            now = time.monotonic()
            self.slowest = max(self.slowest, now - begun)
            if status is not None:
                self.statuses[status] += 1
            # begun afterwards, so that it cannot be an answer that was under way
            if self.marked is not None and self.first_after is None and status in (200, 201) and begun > self.marked:
                self.first_after = now - self.marked


class Client:
    """One program with one connection that it keeps open."""

    def __init__(self, url: str, key: str, told: Told, seed: int) -> None:
        self.address = urlsplit(url).netloc
        self.key = key
        self.told = told
        self.chance = random.Random(seed)
        self.connection: http.client.HTTPConnection | None = None

    def act(self, idea_ids: list[int]) -> None:
        """Read, vote or say something."""
        idea_id, what = self.chance.choice(idea_ids), self.chance.random()
        if what < 0.4:
            self.ask("GET", f"/api/v1/ideas/{idea_id}")
        elif what < 0.6:
            self.ask(self.chance.choice(["PUT", "DELETE"]), f"/api/v1/ideas/{idea_id}/vote")
        else:
            self.say(idea_id)

    def say(self, idea_id: int) -> None:
        words = f"words {uuid.uuid4()}"
        with self.told.lock:
            self.told.unsaid.add(words)
        answer = self.ask("POST", f"/api/v1/ideas/{idea_id}/comments", {"body": words}, key=str(uuid.uuid4()))
        if answer is not None:
            with self.told.lock:
                self.told.unsaid.discard(words)
                self.told.said[words] = json.loads(answer)["id"]

    def ask(self, method: str, path: str, body: Any = None, key: str | None = None) -> bytes | None:
        """The answer, tried again for as long as that makes sense; None when there was none to be had."""
        headers = {"Authorization": f"Bearer {self.key}"}
        if body is not None:
            headers |= {"Content-Type": "application/json"}
        if key is not None:
            headers |= {"Idempotency-Key": key}
        sent = json.dumps(body).encode() if body is not None else None
        with self.told.lock:
            self.told.asked += 1
        deadline = time.monotonic() + PATIENCE
        while True:
            begun = time.monotonic()
            status, answer = self._try(method, path, sent, headers)
            self.told.note(begun, status)
            if status is not None and 200 <= status < 300:
                return answer
            again = status is None or status in AGAIN
            if not again or time.monotonic() > deadline:
                with self.told.lock:
                    self.told.failed += 1
                return None
            with self.told.lock:
                self.told.retried += 1
            time.sleep(PAUSE)

    def _try(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int | None, bytes]:
        try:
            if self.connection is None:
                self.connection = http.client.HTTPConnection(self.address, timeout=PATIENCE)
            self.connection.request(method, path, body=body, headers=headers)
            answer = self.connection.getresponse()
            content = answer.read()
            if answer.will_close:
                self.close()
            return answer.status, content
        except (OSError, http.client.HTTPException):
            self.close()
            return None, b""

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
            self.connection = None


@contextmanager
def load(url: str, key: str, idea_ids: list[int], *, clients: int, pause: float = 0.0) -> Iterator[Told]:
    """So many clients at work inside the block; at its end each is waited for."""
    told, ended = Told(), threading.Event()

    def work(number: int) -> None:
        client = Client(url, key, told, number)
        while not ended.is_set():
            client.act(idea_ids)
            ended.wait(pause)
        client.close()

    threads = [threading.Thread(target=work, args=[number]) for number in range(clients)]
    for thread in threads:
        thread.start()
    try:
        yield told
    finally:
        ended.set()
        for thread in threads:
            thread.join(PATIENCE * 3)


def wait_for_comments(told: Told, count: int, timeout: float = 60) -> None:
    """Until so many more were said. Raises TimeoutError."""
    wanted = len(told.said) + count
    deadline = time.monotonic() + timeout
    while len(told.said) < wanted:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{len(told.said)} comments in {timeout:g} s, {wanted} wanted. Answers: {told.statuses}")
        time.sleep(0.02)


def settle_in(site: RunningApp, ideas: int = 5) -> tuple[str, list[int]]:
    """A board with ideas, made past the web server, and somebody who takes part: their key, the ideas."""
    app = create_app(Config.from_env(environment(site.env)))
    with app.app_context():
        now = utcnow()
        with unit_of_work():
            mia, ole = (
                User(name=name, email=f"{name}@example.test", verified_at=now, site_role=SiteRole.ADMIN, created_at=now)
                for name in ("mia", "ole")
            )
            db.session.add_all([mia, ole])
            db.session.flush()
            boardkeeping.make(mia, BoardWords().load({"slug": "load", "name": "Load"}))
        with unit_of_work():
            mia, ole = db.session.scalars(sa.select(User).order_by(User.id)).all()
            where = queries.get_board(mia, "load")
            made = [posting.submit(mia, where, title=f"Idea number {n}", body="").id for n in range(ideas)]
            key = keys.make(ole, "load", api.SCOPES)
        db.session.remove()
        db.engine.dispose()
    return key, made


@dataclass
class Verdict:
    """What the database says about what clients were told."""

    missing: int  # acknowledged and not there, or under another id
    doubled: int  # there more than once
    unasked: int  # there and never asked for
    wrong_counts: int


def judge(url: str, told: Told) -> Verdict:
    with stage.connection(url) as reading:
        rows = reading.execute(sa.text("SELECT id, body FROM comment WHERE body LIKE 'words %'")).all()
        wrong = reading.execute(
            sa.text(
                "SELECT count(*) FROM idea_rank WHERE vote_count <>"
                " (SELECT count(*) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
                " OR comment_count <> (SELECT count(*) FROM comment WHERE comment.idea_id = idea_rank.idea_id)"
            )
        ).scalar_one()
    there: dict[str, list[int]] = {}
    for row in rows:
        there.setdefault(row.body, []).append(row.id)
    return Verdict(
        missing=sum(there.get(words) != [number] for words, number in told.said.items()),
        doubled=sum(len(ids) > 1 for ids in there.values()),
        unasked=sum(words not in told.said and words not in told.unsaid for words in there),
        wrong_counts=wrong,
    )
