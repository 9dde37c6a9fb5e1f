"""Eight processes vote and un-vote on the same ideas, one merges them and takes them apart; every snapshot must add up.
A merge that counts whoever voted on both twice is planted, and one that does not note what it merged: both are seen.

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
from collections.abc import Callable, Collection, Iterator
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

# (an idea, itself or one that was merged into it)
_WITHIN = (
    "WITH RECURSIVE within(idea_id, part_id) AS (SELECT id, id FROM idea"
    " UNION SELECT within.idea_id, idea.id FROM idea JOIN within ON idea.merged_into_id = within.part_id) "
)
# I1: a count that is not the number of people with a vote on the idea or a part of it; two votes of one person on one
WRONG = sa.text(
    _WITHIN + "SELECT count(*) FROM idea_rank WHERE vote_count <>"
    " (SELECT count(DISTINCT user_id) FROM vote JOIN within ON within.part_id = vote.idea_id"
    "  WHERE within.idea_id = idea_rank.idea_id)"
    " OR (SELECT count(*) FROM vote WHERE vote.idea_id = idea_rank.idea_id) <>"
    " (SELECT count(DISTINCT user_id) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
)
# I9: an idea that is not listed where its chain ends, or without the merge that says so
ASTRAY = sa.text(
    _WITHIN + "SELECT count(*) FROM idea JOIN idea_rank ON idea_rank.idea_id = idea.id WHERE"
    " listed <> (merged_into_id IS NULL)"
    " OR has_merged <> EXISTS (SELECT 1 FROM idea part WHERE part.merged_into_id = idea.id)"
    " OR (merged_into_id IS NULL) <> (merged_root_id IS NULL)"
    " OR (merged_root_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM within JOIN idea root ON root.id = within.idea_id"
    "  WHERE within.part_id = idea.id AND root.id = idea.merged_root_id AND root.merged_into_id IS NULL))"
    " OR (SELECT count(*) FROM merge WHERE merge.idea_id = idea.id AND merge.into_id = idea.merged_into_id"
    "  AND unmerged_at IS NULL) <> CASE WHEN merged_into_id IS NULL THEN 0 ELSE 1 END"
)
STATE = sa.text("SELECT vote_count, listed FROM idea_rank ORDER BY idea_id")
TEAM = "team@example.test"
# what may be broken on purpose in the process that merges
TWICE = "counts whoever voted on both twice"
UNNOTED = "does not note what was merged"
PLANTS = (TWICE, UNNOTED)
WHY = "They ask for the same, so they are one."


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
    if len(sys.argv) > 1 and sys.argv[1] == "--merge":
        merge(Path(sys.argv[2]), *sys.argv[3:])
        return
    asked = stage.arguments("Races votes and un-votes against checks of every count.", data=False)
    findings = Findings("Races")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            with stage.site(fresh(), ()) as site:
                show(findings, kind, site)
            for plant in PLANTS:
                with stage.site(fresh(), ()) as site:
                    planted(findings, kind, site, plant)
    findings.end()


def show(findings: Findings, kind: str, site: RunningApp) -> None:
    with tempfile.TemporaryDirectory() as folder:
        arrange(site, Path(folder))
        race(findings, kind, site, Path(folder) / "over")


def race(findings: Findings, kind: str, site: RunningApp, over: Path) -> None:
    """over: a file that says that the voters are done."""
    begun = time.monotonic()
    merger = start(site, "--merge", str(over))
    processes = [start(site, "--vote", str(number), str(ACTS // PROCESSES)) for number in range(PROCESSES)]
    taken, wrong, astray, moved = watch(
        stage.database_url(site), lambda seen: seen < SNAPSHOTS or any(process.poll() is None for process in processes)
    )
    took = time.monotonic() - begun
    over.touch()
    merges = Done(*json.loads(merger.communicate()[0]))
    done = [Done(*json.loads(process.communicate()[0])) for process in processes]
    errors = [error for each in (*done, merges) for error in each.errors]
    findings.same(
        f"{kind}: votes and un-votes by {PROCESSES} processes on {IDEAS} ideas", ACTS, sum(d.acts for d in done)
    )
    findings.note(f"{kind}: of these changed something", sum(each.changed for each in done))
    findings.holds(f"{kind}: snapshots taken meanwhile", taken >= SNAPSHOTS, taken, wanted=f"at least {SNAPSHOTS:,}")
    findings.holds(f"{kind}: different states seen in them", moved > 20, moved, wanted="more than 20")
    findings.same(f"{kind}: snapshots in which a count is wrong", 0, wrong)
    findings.same(f"{kind}: snapshots in which a merged idea is astray", 0, astray)
    findings.holds(
        f"{kind}: merges and un-merges meanwhile", merges.changed >= 50, merges.changed, wanted="at least 50"
    )
    with stage.connection(stage.database_url(site)) as connection:
        apart = connection.execute(
            sa.text(
                "SELECT count(*) FROM idea_rank WHERE NOT listed OR has_merged OR vote_count <>"
                " (SELECT count(*) FROM vote WHERE vote.idea_id = idea_rank.idea_id)"
            )
        ).scalar_one()
    findings.same(f"{kind}: all taken apart, ideas that do not count their own votes", 0, apart)
    findings.same(f"{kind}: “database is locked”", 0, sum("locked" in error for error in errors))
    findings.holds(f"{kind}: other errors", not errors, errors[:3] or "none")
    findings.note(f"{kind}: longest wait for one act, seconds", f"{max(each.longest for each in done):.2f}")
    findings.note(f"{kind}: 99 of 100 acts took less than, seconds", f"{max(each.p99 for each in done):.2f}")
    findings.note(f"{kind}: acts a second", f"{ACTS / took:.0f}")
    findings.holds(f"{kind}: a recount finds nothing to put right", "Put right: 0." in site.ideas("recount"), "none")


def planted(findings: Findings, kind: str, site: RunningApp, plant: str) -> None:
    """The same with a merge that is broken: the snapshots must say so."""
    with tempfile.TemporaryDirectory() as folder:
        arrange(site, Path(folder))
        over = Path(folder) / "over"
        merger = start(site, "--merge", str(over), plant)
        voters = [start(site, "--vote", str(number), "300") for number in range(2)]
        _taken, wrong, astray, _moved = watch(
            stage.database_url(site), lambda seen: any(process.poll() is None for process in voters)
        )
        over.touch()
        for process in (merger, *voters):
            process.communicate()
    found = {TWICE: wrong, UNNOTED: astray}[plant]
    findings.holds(f"{kind}: planted, a merge that {plant}: snapshots that say so", found > 0, found, wanted="some")


def start(site: RunningApp, *arguments: str) -> subprocess.Popen[str]:
    """This module as another process."""
    command = [sys.executable, "-m", "bench.races", *arguments]
    return subprocess.Popen(command, env=environment(site.env), cwd=ROOT, stdout=subprocess.PIPE, text=True)


def arrange(site: RunningApp, folder: Path) -> None:
    """A board with ideas and voters, by the ordinary way in."""
    site.ideas("board", "create", "races", "--name", "Races")
    site.ideas("user", "create", TEAM, "--name", "Team", "--team", "races")
    ideas, votes = folder / "ideas.csv", folder / "votes.csv"
    ideas.write_text("id,text,author_id\n" + "".join(f"{n},Idea {n},{n % VOTERS}\n" for n in range(IDEAS)))
    pairs = [(idea, voter) for idea in range(IDEAS) for voter in range(VOTERS) if (idea + voter) % 3 == 0]
    votes.write_text("idea_id,voter_id\n" + "".join(f"{idea},{voter}\n" for idea, voter in pairs))
    site.ideas("import", "ideas", str(ideas), "--board", "races")
    site.ideas("import", "votes", str(votes), "--board", "races")


def watch(url: str, goes_on: Callable[[int], bool]) -> tuple[int, int, int, int]:
    """Take snapshots while it goes on, asked with their number: how many, wrong, astray, how many different states."""
    taken = wrong = astray = 0
    states = set()
    with snapshots(url) as snapshot:
        while goes_on(taken):
            with snapshot() as reading:
                wrong += reading.execute(WRONG).scalar_one() > 0
                astray += reading.execute(ASTRAY).scalar_one() > 0
                states.add(tuple(map(tuple, reading.execute(STATE))))
            taken += 1
            time.sleep(0.02)  # looking must not slow down those who are looked at
    return taken, wrong, astray, len(states)


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
    from ideas.boards.errors import Merged
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
            except Merged:
                pass  # that idea is part of another at the moment, and says so
            except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this looks for
                errors.append(repr(error)[:300])
            waits.append(time.monotonic() - begun)
    waits.sort()
    done: Any = Done(len(waits), changed, waits[-1], waits[len(waits) * 99 // 100], errors)
    print(json.dumps(done))


def merge(over: Path, plant: str = "") -> None:
    """Another process: merge and take apart at random until the voters are done, then take all apart."""
    from marshmallow import ValidationError

    from config import Config
    from ideas import create_app
    from ideas.accounts.models import User
    from ideas.boards import merging, queries, ranking
    from ideas.boards.errors import ChangedMeanwhile, Merged, NotMerged
    from ideas.boards.models import Idea, Vote
    from ideas.db import db, unit_of_work

    chance = random.Random(0)
    waits: list[float] = []
    errors: list[str] = []
    changed = 0

    def act(idea_id: int, into_id: int | None) -> None:
        nonlocal changed
        begun = time.monotonic()
        try:
            with unit_of_work():
                team = db.session.scalars(sa.select(User).where(User.email == TEAM)).one()
                on = queries.get_idea(team, idea_id)
                if into_id is None:
                    merging.unmerge(team, on, text=WHY)
                else:
                    merging.merge(team, on, queries.get_idea(team, into_id), text=WHY)
            changed += 1
        except (Merged, NotMerged, ChangedMeanwhile, ValidationError):
            pass  # not possible as things stand
        except Exception as error:  # noqa: BLE001 - whatever goes wrong is what this looks for
            errors.append(repr(error)[:300])
        waits.append(time.monotonic() - begun)

    def count_all(idea_id: int, parts: Collection[int] = ()) -> int:
        votes = sa.select(sa.func.count()).where(Vote.idea_id.in_([idea_id, *parts]))
        count = db.session.scalars(votes).one()
        ranking._set(idea_id, vote_count=count)
        return count

    if plant == TWICE:
        ranking.count_backers = count_all
    elif plant == UNNOTED:
        ranking.note_parts = lambda idea_id: None

    with create_app(Config.from_env()).app_context():
        ideas = list(db.session.scalars(sa.select(Idea.id).order_by(Idea.id)))
        db.session.rollback()
        while not over.exists():
            one, other = chance.sample(ideas, 2)
            act(one, other if chance.random() < 0.5 else None)
            time.sleep(0.02)
        for idea_id in ideas:
            act(idea_id, None)
    waits.sort()
    done: Any = Done(len(waits), changed, waits[-1], waits[len(waits) * 99 // 100], errors)
    print(json.dumps(done))


if __name__ == "__main__":
    main()
