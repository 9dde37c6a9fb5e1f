"""Eight processes vote and un-vote on the same ideas while every snapshot of the database must add up.

python -m bench.races [--database sqlite|postgresql]
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from tests.servers import ROOT, RunningApp, environment

PROCESSES = 8
ACTS = 16_000
IDEAS = 20
VOTERS = 60  # for so few, several processes often act for the same person on the same idea
SNAPSHOTS = 1000

WRONG = sa.text(
    "SELECT count(*) FROM idea_rank WHERE vote_count <>"
    " (SELECT count(DISTINCT user_id) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
    " OR (SELECT count(*) FROM vote WHERE vote.idea_id = idea_rank.idea_id) <>"
    " (SELECT count(DISTINCT user_id) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
)


class Done(NamedTuple):
    """What one process did. waits: seconds of each act. errors: what went wrong, in words."""

    acts: int
    changed: int
    longest: float
    p99: float
    errors: list[str]


def main() -> None:
    if len(sys.argv) > 1 and sys.argv[1] == "--vote":
        vote(int(sys.argv[2]), int(sys.argv[3]))
        return
    asked = stage.arguments("Races votes and un-votes against checks of every count.", data=False)
    findings = Findings("Races")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh(), ()) as site:
                show(findings, kind, site)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrange(site, Path(folder))
    begun = time.monotonic()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.races", "--vote", str(number), str(ACTS // PROCESSES)],
            env=environment(site.env),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(PROCESSES)
    ]
    taken, wrong, moved = watch(stage.database_url(site), lambda: any(process.poll() is None for process in processes))
    took = time.monotonic() - begun
    done = [Done(*json.loads(process.communicate()[0])) for process in processes]
    errors = [error for each in done for error in each.errors]
    findings.same(
        f"{kind}: votes and un-votes by {PROCESSES} processes on {IDEAS} ideas", ACTS, sum(d.acts for d in done)
    )
    findings.note(f"{kind}: of these changed something", sum(each.changed for each in done))
    findings.holds(f"{kind}: snapshots taken meanwhile", taken >= SNAPSHOTS, taken, wanted=f"at least {SNAPSHOTS:,}")
    findings.holds(f"{kind}: different states seen in them", moved > 20, moved, wanted="more than 20")
    findings.same(f"{kind}: snapshots in which a count is wrong", 0, wrong)
    findings.same(f"{kind}: “database is locked”", 0, sum("locked" in error for error in errors))
    findings.holds(f"{kind}: other errors", not errors, errors[:3] or "none")
    findings.note(f"{kind}: longest wait for one act, seconds", f"{max(each.longest for each in done):.2f}")
    findings.note(f"{kind}: 99 of 100 acts took less than, seconds", f"{max(each.p99 for each in done):.2f}")
    findings.note(f"{kind}: acts a second", f"{ACTS / took:.0f}")
    findings.holds(f"{kind}: a recount finds nothing to put right", "Put right: 0." in site.ideas("recount"), "none")


def arrange(site: RunningApp, folder: Path) -> None:
    """A board with ideas and voters, by the ordinary way in."""
    site.ideas("board", "create", "races", "--name", "Races")
    ideas, votes = folder / "ideas.csv", folder / "votes.csv"
    ideas.write_text("id,text,author_id\n" + "".join(f"{n},Idea {n},{n % VOTERS}\n" for n in range(IDEAS)))
    pairs = [(idea, voter) for idea in range(IDEAS) for voter in range(VOTERS) if (idea + voter) % 3 == 0]
    votes.write_text("idea_id,voter_id\n" + "".join(f"{idea},{voter}\n" for idea, voter in pairs))
    site.ideas("import", "ideas", str(ideas), "--board", "races")
    site.ideas("import", "votes", str(votes), "--board", "races")


def watch(url: str, running: Callable[[], bool]) -> tuple[int, int, int]:
    """Take snapshots while it runs, at least SNAPSHOTS: how many, how many wrong, how many different states."""
    taken = wrong = 0
    states = set()
    with snapshots(url) as snapshot:
        while running() or taken < SNAPSHOTS:
            with snapshot() as reading:
                wrong += reading.execute(WRONG).scalar_one() > 0
                states.add(
                    tuple(reading.execute(sa.text("SELECT vote_count FROM idea_rank ORDER BY idea_id")).scalars())
                )
            taken += 1
            time.sleep(0.02)  # looking must not slow down those who are looked at
    return taken, wrong, len(states)


@contextlib.contextmanager
def snapshots(url: str) -> Iterator[Callable[[], contextlib.AbstractContextManager[sa.Connection]]]:
    """Gives transactions that read one state of the database from begin to end."""
    engine = sa.create_engine(url)
    options = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
    with engine.connect() as connection:
        connection = connection.execution_options(**options)

        @contextlib.contextmanager
        def snapshot() -> Iterator[sa.Connection]:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # the driver would begin none for reading
            yield connection
            connection.rollback()

        yield snapshot
    engine.dispose()


def vote(number: int, acts: int) -> None:
    """One of the processes: vote and un-vote through the services, and say what came of it."""
    from config import Config
    from ideas import create_app
    from ideas.accounts.models import User
    from ideas.boards import queries, voting
    from ideas.boards.models import Idea
    from ideas.db import db, unit_of_work

    chance = random.Random(number)
    waits: list[float] = []
    errors: list[str] = []
    changed = 0
    with create_app(Config.from_env()).app_context():
        ideas = list(db.session.scalars(sa.select(Idea.id).order_by(Idea.id)))
        voters = list(db.session.scalars(sa.select(User.id).order_by(User.id)))
        db.session.rollback()
        for _act in itertools.repeat(None, acts):
            idea_id, voter_id, on = chance.choice(ideas), chance.choice(voters), chance.random() < 0.5
            begun = time.monotonic()
            try:
                with unit_of_work():
                    voter = db.session.get_one(User, voter_id)
                    row = queries.get_idea(voter, idea_id)
                    (voting.cast if on else voting.retract)(voter, row.idea)
                changed += row.voted != on
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this looks for
                errors.append(repr(error)[:300])
            waits.append(time.monotonic() - begun)
    waits.sort()
    done: Any = Done(len(waits), changed, waits[-1], waits[len(waits) * 99 // 100], errors)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
