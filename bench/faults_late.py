"""F17 of `bench.faults`: a worker sleeps through its lease, another does its work, and then it wakes.

What it finds of its own in the ledger is nobody's but the other's, so it changes no line; what it had not handed over,
it hands over no more. Only what the relay had when it fell asleep, and the ledger did not know yet, comes twice, with
the same Message-ID: whether the relay took that, nobody but the sleeper could tell.
"""

from __future__ import annotations

import fcntl
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import stage, unserved
from bench.stage import Findings
from ideas import mail
from ideas.db import db, utcnow
from ideas.ledger import beats, sending
from ideas.ledger.models import Delivery, State, WorkerBeat
from tests.ledger import faults
from tests.ledger.faults import LEASE, Sink, Site

# where it falls asleep, with nothing open that would keep others out, and at which passage
POINTS = {
    "claim.after_commit": 1,
    "mail.before_connect": 1,
    "send.before": 3,
    "mail.before_recipient": 3,
    "mail.before_data": 3,
    "mail.before_end": 3,
    "mail.after_accepted": 3,
    "send.after": 3,
}
AWAKE = 1.0  # seconds in which it finds its lease gone, and looks for other work

Key = tuple[str, str]  # Message-ID and recipient


@dataclass
class Nap:
    """What came of one. in_hand: what the relay had and the ledger did not know; twice: what was sent again."""

    in_hand: set[Key]
    twice: Counter[Key]
    late_rows: int  # of the ledger, changed by who came too late
    late_mails: int
    refused: int  # outcomes that it wanted to write down, and the fence did not let it


def asleep(
    findings: Findings,
    kind: str,
    fresh: Callable[[], Mapping[str, str]],
    *,
    points: Sequence[str] = tuple(POINTS),
    times: int = 10,
    people: int = 30,
) -> None:
    """At each point between its transactions, and at `times` moments that nobody chose."""
    what = f"F17 {kind}"
    chance = random.Random(17)
    with Sink(pause=0.02) as sink, unserved.site(fresh(), sink.url, LEASE_SECONDS=str(LEASE)) as here:
        here.settle_in(people)
        voters = here.people()
        naps, owed = [], 0
        for point in (*points, *[None] * times):
            owed += here.answer(voters)
            naps.append(nap(here, sink, point, chance))
        verdict = faults.judge(here, sink, owed=owed, may_repeat=sum(len(each.in_hand) for each in naps))
        sent = len(here.sent())
    findings.note(f"{what}: slept through its lease, at {len(points)} points and {times} moments", len(naps))
    findings.same(f"{what}: mails owed, and recorded as sent once each", owed, sent)
    findings.same(f"{what}: lost", 0, verdict.lost)
    findings.same(f"{what}: lines of the ledger that the late worker changed", 0, sum(each.late_rows for each in naps))
    findings.same(f"{what}: mails that the late worker handed over", 0, sum(each.late_mails for each in naps))
    refused = sum(each.refused for each in naps)
    findings.holds(f"{what}: outcomes that it wanted to write down", refused > 0, refused, wanted="more than 0")
    in_hand = sum(len(each.in_hand) for each in naps)
    findings.note(f"{what}: mails in the hands of the relay, and not in the ledger, when it fell asleep", in_hand)
    findings.same(
        f"{what}: of these came twice, with the same Message-ID",
        in_hand,
        sum(each.twice[key] for each in naps for key in each.in_hand),
    )
    findings.same(
        f"{what}: of all others came twice",
        0,
        sum(count for each in naps for key, count in each.twice.items() if key not in each.in_hand),
    )
    findings.same(f"{what}: what is wrong with the ledger afterwards", [], verdict.problems)
    planted(findings, what, fresh, people=people)


def planted(findings: Findings, what: str, fresh: Callable[[], Mapping[str, str]], *, people: int) -> None:
    """A worker without the fence, and one that does not look at the clock at last: each is found out."""
    with Sink(pause=0.02) as sink, unserved.site(fresh(), sink.url, LEASE_SECONDS=str(LEASE)) as here:
        here.settle_in(people)
        voters = here.people()
        here.answer(voters)
        unfenced = nap(here, sink, "send.after", random.Random(1), work=_work_without_fence)
        here.answer(voters)
        unlooking = nap(here, sink, "mail.before_end", random.Random(2), work=_work_without_looking)
    findings.holds(
        f"{what}: planted, a worker without the fence: lines that it changed",
        unfenced.late_rows > 0,
        unfenced.late_rows,
        wanted="more than 0",
    )
    findings.holds(
        f"{what}: planted, a worker that hands over without a last look: mails too late, and twice",
        unlooking.late_mails > 0 and bool(unlooking.twice.keys() - unlooking.in_hand),
        unlooking.late_mails,
        wanted="more than 0",
    )


def nap(
    here: Site,
    sink: Sink,
    point: str | None,
    chance: random.Random,
    *,
    work: Callable[[dict[str, str], str], None] = faults.work,
) -> Nap:
    """What is due is begun by a worker that falls asleep at `point`, ended by another, and then the first one wakes."""
    before, refused = len(sink.taken), _refused(here)
    zombie = faults.start_worker(here.settings, f"{point}:{POINTS[point]}:STOP" if point else "", work)
    if point:
        wait_until_asleep(zombie.pid)
    else:
        until_taken(sink, before + chance.randint(1, 15))
        time.sleep(chance.uniform(0, 0.03))
        put_to_sleep(here, zombie.pid)
    time.sleep(0.1)  # what it had sent by then is read
    in_hand = {(number, to) for number, to, _at in sink.taken[before:]} - recorded(here)
    time.sleep(LEASE + 0.5)
    here.work_to_the_end()
    settled, arrived = ledger(here), len(sink.taken)
    os.kill(zombie.pid, signal.SIGCONT)
    time.sleep(AWAKE)
    found = ledger(here)
    late_mails = len(sink.taken) - arrived
    faults.stop(zombie)
    counts = Counter((number, to) for number, to, _at in sink.taken[before:])
    return Nap(
        in_hand,
        Counter({key: count - 1 for key, count in counts.items() if count > 1}),
        sum(row != settled.get(number) for number, row in found.items()),
        late_mails,
        _refused(here) - refused,
    )


def wait_until_asleep(pid: int, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while True:
        state = subprocess.run(
            ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
        ).stdout
        if state.startswith("T"):
            return
        if not state or time.monotonic() > deadline:
            raise TimeoutError("The worker does not come to where it is to fall asleep.")
        time.sleep(0.02)


def put_to_sleep(here: Site, pid: int) -> None:
    """Now, or a moment later: in the middle of a commit nobody else gets at what it has, so its lease is not lost."""
    for _ in range(200):
        os.kill(pid, signal.SIGSTOP)
        wait_until_asleep(pid)
        if not is_writing(here):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.005)
    raise TimeoutError("The worker is always in the middle of a commit.")


def is_writing(here: Site) -> bool:
    """Is anybody in the middle of a transaction that has written?"""
    url = sa.make_url(here.settings["DATABASE_URL"])
    if url.get_backend_name() == "sqlite":
        with Path(f"{url.database}.turn").open("a") as turn:
            try:
                fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False
    with stage.connection(here.settings["DATABASE_URL"]) as asking:
        writers = (
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_xid IS NOT NULL"
            " AND pid <> pg_backend_pid()"
        )
        return int(asking.execute(sa.text(writers)).scalar_one()) > 0


def until_taken(sink: Sink, count: int, timeout: float = 60) -> None:
    deadline = time.monotonic() + timeout
    while len(sink.taken) < count:
        if time.monotonic() > deadline:
            raise TimeoutError("The relay was not given enough in time.")
        time.sleep(0.002)


def recorded(here: Site) -> set[Key]:
    """What the ledger knows to be sent."""
    return set(here.sent())


def ledger(here: Site) -> dict[int, tuple[Any, ...]]:
    """Every line as it stands, in all its columns."""
    with here.here():
        return {row.id: tuple(row) for row in db.session.execute(sa.select(Delivery.__table__))}


def _refused(here: Site) -> int:
    """How often workers that have ended found that a line was not theirs any more."""
    with here.here():
        former = db.session.get(WorkerBeat, beats.FORMER)
        return int(former.outcomes.get("not_mine", 0)) if former is not None else 0


# --- What is planted ---


def _work_without_fence(given: dict[str, str], crashpoint: str) -> None:
    def write_down(
        claim: sending.Claim, row: sending.Claimed, outcome: sending.Outcome, following: sending.Claimed | None = None
    ) -> sending.Written:
        del claim, following
        db.session.execute(
            sa.update(Delivery)
            .where(Delivery.id == row.delivery.id)
            .values(state=outcome.state.value, reason=outcome.reason, lease=None, done_at=utcnow())
            .execution_options(synchronize_session=False)
        )
        return sending.Written(outcome.state is State.SENT, goes_on=True)

    sending.write_down = write_down
    faults.work(given, crashpoint)


def _work_without_looking(given: dict[str, str], crashpoint: str) -> None:
    mail._is_over = lambda until: False
    faults.work(given, crashpoint)
