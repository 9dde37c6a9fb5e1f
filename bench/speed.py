"""How fast pages are, as ratios of CPU time in one run: a bare Flask "hello" is 1.

A board of many ideas is written into a fresh database; each kind of request is then asked through the whole
application, taking turns with "hello", so that a machine that slows down slows all alike. CPU is that of this process:
on PostgreSQL the server's own is not in it. Growth compares with a board of a hundredth of the ideas.

python -m bench.speed [--database sqlite|postgresql] [--ideas 20000] [--votes 200000]
"""

from __future__ import annotations

import itertools
import random
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from bench import stage
from bench.stage import Findings
from config import Config
from ideas import create_app
from ideas.accounts import keys, people
from ideas.boards import boardkeeping, posting, ranking
from ideas.boards.models import Board, Idea, IdeaRank, SourceKind, Vote
from ideas.db import db, unit_of_work, utcnow
from ideas.paging import write_cursor
from tests.servers import RunningApp

ROUNDS = 60  # of each request, after as many to warm up
HELLO_A_ROUND = 20  # one is too short for the clock
SHARE = 100  # the small board has so many times fewer ideas
FIRST = 500  # rows in a statement
WORDS = [
    *("bed", "shed", "seed", "water", "shift", "rota", "tool", "map", "bell", "gate"),
    *("path", "bench", "frost", "bloom", "root", "leaf", "soil", "rain", "hedge", "pot"),
]


def main() -> None:
    asked = stage.arguments(
        "Measures requests as ratios of a bare Flask answer.",
        data=False,
        ideas={"type": int, "default": 20_000, "help": "on the large board"},
        votes={"type": int, "default": 200_000, "help": "on the large board"},
    )
    findings = Findings(f"Speed with {asked.ideas:,} ideas and {asked.votes:,} votes; CPU, Flask hello = 1")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh(), ()) as site:
                measure(findings, kind, site, asked.ideas, asked.votes)
    findings.end()


def measure(findings: Findings, kind: str, site: RunningApp, ideas: int, votes: int) -> None:
    app = create_app(Config.from_env({**stage.SETTINGS, "INSTANCE_PATH": str(site.folder), **site.env}))
    random.seed(7)
    with app.app_context():
        key = fill("large", ideas, votes)
        fill("small", ideas // SHARE, votes // SHARE)
        db.session.execute(sa.text("ANALYZE"))
        db.session.commit()
        deep = deep_cursor("large", ideas)
        large, small = (db.session.scalars(middle(slug)).one() for slug in ("large", "small"))
        page = f"/ideas/{large}-{db.session.get_one(Idea, large).slug}"
        db.session.remove()
    client = app.test_client()
    hello = bare().test_client()

    def get(address: str, **headers: str) -> Callable[[], Any]:
        return lambda: client.get(address, headers=headers)

    validator = client.get("/api/v1/ideas?board=large").headers["ETag"]
    bearer = {"Authorization": f"Bearer {key}"}
    unvoted = (f"/api/v1/ideas/{large + place}/vote" for place in itertools.count())
    ratios = compare(
        hello,
        {
            "list as JSON": get("/api/v1/ideas?board=large"),
            "the same, not changed (304)": get("/api/v1/ideas?board=large", **{"If-None-Match": validator}),
            "list as JSON, of a hundredth": get("/api/v1/ideas?board=small"),
            "list as JSON, far down": get(f"/api/v1/ideas?board=large&cursor={deep}"),
            "list as a page": get("/boards/large"),
            "list as a page, of a hundredth": get("/boards/small"),
            "one idea as a page": get(page),
            "one idea as JSON": get(f"/api/v1/ideas/{large}"),
            "one idea as JSON, of a hundredth": get(f"/api/v1/ideas/{small}"),
            "search as a page": get("/boards/large?q=water+fro"),
            "vote with a key": lambda: client.put(next(unvoted), headers=bearer),
        },
    )
    for what, ratio in ratios.items():
        findings.note(f"{kind}: {what}", f"{ratio:.1f}")
    for what, many, few, most in (
        ("a page far down against the first", "list as JSON, far down", "list as JSON", 1.5),
        ("a list against one of a hundredth of the ideas", "list as JSON", "list as JSON, of a hundredth", 1.5),
        ("the same as a page", "list as a page", "list as a page, of a hundredth", 1.5),
        ("an idea against one among a hundredth", "one idea as JSON", "one idea as JSON, of a hundredth", 1.5),
    ):
        ratio = ratios[many] / ratios[few]
        findings.holds(f"{kind}: {what}", ratio <= most, f"{ratio:.2f}", wanted=f"at most {most}")
    with app.app_context():
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


def bare() -> Flask:
    app = Flask("hello")
    app.add_url_rule("/", "hello", lambda: "hello")
    return app


def compare(hello: FlaskClient, requests: dict[str, Callable[[], Any]]) -> dict[str, float]:
    """What each request costs in the middle of ROUNDS, where "hello" is 1."""
    taken: dict[str, list[float]] = {name: [] for name in requests}
    greetings: list[float] = []
    for round_ in range(2 * ROUNDS):
        with clocked() as cost:
            for _ in range(HELLO_A_ROUND):
                hello.get("/")
        if round_ >= ROUNDS:
            greetings.append(cost[0] / HELLO_A_ROUND)
        for name, request in requests.items():
            with clocked() as cost:
                answer = request()
            if answer.status_code not in (200, 304):
                raise RuntimeError(f"{name} answered {answer.status_code}.")
            if round_ >= ROUNDS:
                taken[name].append(cost[0])
    one = statistics.median(greetings)
    return {name: statistics.median(times) / one for name, times in taken.items()}


@contextmanager
def clocked() -> Iterator[list[float]]:
    """CPU seconds of this process inside."""
    cost = [0.0]
    before = time.process_time()
    yield cost
    cost[0] = time.process_time() - before


def middle(slug: str) -> sa.Select[int]:
    """Some idea of the board that is neither its first nor its last."""
    return sa.select(sa.func.min(Idea.id) + 7).join(Idea.board).where(Board.slug == slug)


def deep_cursor(slug: str, ideas: int) -> str:
    """The cursor of a page nine tenths down."""
    row = db.session.execute(
        sa.select(IdeaRank.hot, IdeaRank.idea_id)
        .join(Board, Board.id == IdeaRank.board_id)
        .where(Board.slug == slug)
        .order_by(IdeaRank.hot.desc(), IdeaRank.idea_id.desc())
        .offset(ideas * 9 // 10)
        .limit(1)
    ).one()
    return write_cursor("trending", [row.hot, row.idea_id])


def fill(slug: str, ideas: int, votes: int) -> str:
    """A board with so many ideas and votes, unevenly spread; a key of one of its people."""
    now = utcnow()
    with unit_of_work():
        board = boardkeeping.make(None, {"slug": slug, "name": slug, "answer_within_days": 14})
        author = people.create(f"author@{slug}.example", "Ada")
        voters = people.add_unclaimed([people.Unclaimed(f"Voter {number}") for number in range(max(50, votes // 20))])
        key = keys.make(author, "bench", ["votes:write", "ideas:read"])
        ids: list[int] = []
        for chunk in chunks(range(ideas)):
            drafts = [
                posting.Draft(author.id, *text(), now - timedelta(minutes=place), SourceKind.IMPORT) for place in chunk
            ]
            ids += [idea.id for idea in posting.write_all(board, drafts)]
            db.session.flush()
            db.session.expunge_all()
            board = db.session.merge(board)
        cast = {(ids[int(ideas * random.random() ** 3)], random.choice(voters)) for _ in range(votes)}
        for chunk in chunks(sorted(cast)):
            rows = [{"idea_id": idea, "user_id": voter, "cast_at": long_ago(now)} for idea, voter in chunk]
            db.session.execute(sa.insert(Vote), rows)
        ranking.recount(board.id)
    return key


def text() -> tuple[str, str]:
    """A title and a body."""
    words = random.choices(WORDS, k=45)
    return " ".join(words[:5]).capitalize(), " ".join(words[5:])


def long_ago(now: datetime) -> datetime:
    return now - timedelta(hours=random.randint(1, 5000))


def chunks(rows: Any) -> Iterator[Any]:
    for start in range(0, len(rows), FIRST):
        yield rows[start : start + FIRST]


if __name__ == "__main__":
    main()
