"""Many at once do the same work: nobody is told twice, and no line is in two hands.

python -m bench.nothing_twice [--database sqlite|postgresql] [--notices 1000] [--lines 5000]

Faults F9 and F10. The same jobs are given to four processes at once; four workers announce the same thousand events and
send the digests of a thousand people that are due in the same minute; two, four and eight race for one queue.
"""

from __future__ import annotations

import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from bench import stage, unserved
from bench.stage import Findings
from config import Config
from ideas import create_app, mail
from ideas.accounts.models import User
from ideas.boards import posting, queries
from ideas.db import db, unit_of_work
from ideas.ledger import sending, turns, worker
from ideas.ledger.models import Delivery
from tests.ledger import faults
from tests.ledger.faults import Sink, Site

AT_ONCE = 4
RACING = (2, 4, 8)
BUSY_MOST = 5.0  # seconds that anybody may wait for the database


def main() -> None:
    asked = stage.arguments(
        "Lets many do the same work at once.",
        data=False,
        notices={"type": int, "default": 1000, "help": "notices of each kind (1000)"},
        lines={"type": int, "default": 5000, "help": "lines of the queue that is raced for (5000)"},
    )
    findings = Findings("Nothing twice")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            same_jobs(findings, kind, fresh(), notices=asked.notices)
            same_events(findings, kind, fresh(), notices=asked.notices)
            same_digests(findings, kind, fresh(), notices=asked.notices)
            for processes in RACING:
                one_queue(findings, kind, fresh(), processes=processes, lines=asked.lines)
    findings.end()


# --- F9 ---


def same_jobs(findings: Findings, kind: str, env: Mapping[str, str], *, notices: int) -> None:
    with Sink() as sink, unserved.site(env, sink.url, LEASE_SECONDS="300") as here:
        owed = told_and_announced(here, notices)
        running = [faults.start_worker(here.settings, work=do_all_jobs) for _ in range(AT_ONCE)]
        for process in running:
            process.join(600)
        here.work_to_the_end()
        report(findings, f"F9 {kind}: {notices:,} jobs, each given to {AT_ONCE} at once", here, sink, owed)


def do_all_jobs(given: dict[str, str], _crashpoint: str) -> None:
    """Send every line of the ledger, by its id, in the order in which all others do it too."""
    config = Config.from_env(given)
    app = create_app(config)
    working = worker.Worker(app, mail.transport_for(config))
    with app.app_context():
        ids = db.session.scalars(sa.select(Delivery.id).where(turns.pending).order_by(Delivery.id)).all()
    for first in range(0, len(ids), sending.BATCH):
        working.send_some(ids[first : first + sending.BATCH])
    working.finish()


def same_events(findings: Findings, kind: str, env: Mapping[str, str], *, notices: int) -> None:
    with Sink() as sink, unserved.site(env, sink.url, LEASE_SECONDS="300") as here:
        here.settle_in(1)
        with here.here():
            for _ in range(notices):
                with unit_of_work():
                    petra = db.session.get_one(User, here.petra_id)
                    posting.submit(petra, queries.get_board(petra, "garden"), title="A bench", body="")
        work_together(here)
        report(findings, f"F9 {kind}: {notices:,} events, announced by {AT_ONCE} workers at once", here, sink, notices)


def same_digests(findings: Findings, kind: str, env: Mapping[str, str], *, notices: int) -> None:
    with Sink() as sink, unserved.site(env, sink.url, LEASE_SECONDS="300") as here:
        here.settle_in(notices)
        people = here.people()
        for _ in range(2):
            here.answer(people)
        here.gather()
        work_together(here)
        what = f"F9 {kind}: digests of {notices:,} people in the same minute, by {AT_ONCE} workers at once"
        report(findings, what, here, sink, notices + 1)


def work_together(here: Site) -> None:
    running = [faults.start_worker(here.settings) for _ in range(AT_ONCE)]
    here.wait_until_done(running[0], 900)
    for process in running:
        faults.stop(process)


def report(findings: Findings, what: str, here: Site, sink: Sink, owed: int) -> None:
    verdict = faults.judge(here, sink, owed=owed, may_repeat=0)
    said = [f"{verdict.lost} lost, {verdict.repeated} twice", *verdict.problems]
    findings.holds(what, not verdict.problems, "; ".join(said), wanted="0 lost, 0 twice")


def told_and_announced(here: Site, notices: int) -> int:
    here.settle_in(notices)
    owed = here.answer(here.people())
    here.announce()
    return owed


# --- F10 ---


def one_queue(findings: Findings, kind: str, env: Mapping[str, str], *, processes: int, lines: int) -> None:
    with tempfile.TemporaryDirectory() as folder, unserved.site(env, "smtp://127.0.0.1:1?tls=none") as here:
        owed = told_and_announced(here, lines)
        given = {**here.settings, "LEASE_SECONDS": "300", "CLAIMED": folder}
        running = [faults.start_worker(given, work=claim_all) for _ in range(processes)]
        for process in running:
            process.join(600)
        codes = [process.exitcode for process in running]
        claimed = Counter(line for file in Path(folder).glob("*.ids") for line in file.read_text().split())
        longest = max(float(file.read_text()) for file in Path(folder).glob("*.longest"))
    what = f"F10 {kind}: {processes} race for {owed:,} lines"
    findings.same(f"{what}: how they ended", [0] * processes, codes)
    findings.same(f"{what}: lines claimed", owed, len(claimed))
    findings.same(f"{what}: claimed more than once", 0, sum(count > 1 for count in claimed.values()))
    findings.holds(
        f"{what}: seconds that one waited for the database at most",
        longest <= BUSY_MOST,
        f"{longest:.2f}",
        wanted=f"at most {BUSY_MOST:.0f}, and none was turned away",
    )


def claim_all(given: dict[str, str], _crashpoint: str) -> None:
    """Claim and write down as sent until nothing is left; an error of the database ends this with a code."""
    app = create_app(Config.from_env(given))
    longest = 0.0
    name = Path(given["CLAIMED"]) / str(time.monotonic_ns())
    with app.app_context(), name.with_suffix(".ids").open("w") as file:
        while True:
            began = time.monotonic()
            with unit_of_work():
                claim = sending.claim()
            longest = max(longest, time.monotonic() - began)
            if not claim.taken:
                break
            file.writelines(f"{row.delivery.id}\n" for row in claim.rows)
            began = time.monotonic()
            with unit_of_work():
                for row in claim.rows:
                    sending.write_down(claim, row, sending.SENT)
            longest = max(longest, time.monotonic() - began)
    name.with_suffix(".longest").write_text(str(longest))


if __name__ == "__main__":
    main()
