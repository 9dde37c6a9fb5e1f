"""The worker is killed wherever and whenever, and the relay answers as badly as it may: nothing is lost.

python -m bench.nothing_lost [--database sqlite|postgresql] [--people 2000] [--kills 50]
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from bench import stage
from bench.stage import Findings
from ideas import migrating
from ideas.accounts.models import User
from ideas.db import db
from ideas.ledger.models import Channel, Delivery
from tests.ledger import faults
from tests.ledger.faults import Sink, Site
from tests.servers import DROP, HANG, Reply, SmtpSink

LEASE = 2  # seconds: what a killed worker had in hand is taken up again after this
A_NOTICE = 100  # people who are told of one answer while kills come at random
GOOD = 200  # recipients of whom the relay says nothing bad
DELAY_MOST = 60  # seconds that one bad recipient may cost the others

# what the relay says to one recipient each → state and reason afterwards; what is pending is tried again later
BAD: dict[str, tuple[str | Reply, tuple[str, str | None]]] = {
    "421 at the recipient": ("421 4.3.2 Closing", ("pending", None)),
    "450 at the recipient": ("450 4.2.1 Try again", ("pending", None)),
    "550 at the recipient": ("550 5.1.1 No such user", ("failed", "bounced")),
    "hangs at the recipient": (HANG, ("pending", None)),
    "drops at the recipient": (DROP, ("pending", None)),
    "451 after the text": (Reply("451 4.3.0 Later", at_data=True), ("pending", None)),
    "554 after the text": (Reply("554 5.7.1 No", at_data=True), ("failed", "bounced")),
    "drops after the text": (Reply(DROP, at_data=True), ("pending", None)),
    "hangs after the text": (Reply(HANG, at_data=True), ("pending", None)),
}


def main() -> None:
    asked = stage.arguments(
        "Kills the worker at every crash point and at random, and lets the relay answer badly.",
        data=False,
        people={"type": int, "default": 2000, "help": "people told of one answer (2000)"},
        kills={"type": int, "default": 50, "help": "kills at random moments (50)"},
    )
    findings = Findings("Nothing lost")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            at_every_point(findings, kind, fresh(), people=asked.people)
            at_random(findings, kind, fresh(), kills=asked.kills)
            bad_relay(findings, kind, fresh())
    findings.end()


@contextmanager
def site(env: Mapping[str, str], mail_url: str, **settings: str) -> Iterator[Site]:
    """A site without a web server, on a database of its own."""
    with tempfile.TemporaryDirectory() as folder:
        own = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'site.sqlite'}", "INSTANCE_PATH": folder}
        given = {
            **stage.SETTINGS,
            **own,
            **env,
            "BASE_URL": "http://localhost",
            "MAIL_URL": mail_url,
            "SETTLE_MINUTES": "0",
            "SINGLE_MAILS_A_WEEK": "1000000",
            "WORKER_POLL_SECONDS": "0.05",
            "LEASE_SECONDS": str(LEASE),
            "LOG_LEVEL": "error",
            **settings,
        }
        migrating.upgrade(given["DATABASE_URL"])
        made = Site(given)
        yield made
        made.close()


def at_every_point(findings: Findings, kind: str, env: Mapping[str, str], *, people: int) -> None:
    """One fan-out for each crash point, in the middle of which the worker dies there."""
    points = faults.crash_points()
    findings.holds(f"{kind}: crash points", len(points) >= 12, len(points), wanted="at least 12")
    with Sink() as sink, site(env, sink.url) as here:
        here.settle_in(people)
        voters = here.people()
        owed = repeated = 0
        for point in points:
            owed += here.answer(voters, gathered=point.startswith("digest."))
            worker = faults.start_worker(here.settings, f"{point}:{passage(point, people)}")
            worker.join(600)
            died = worker.exitcode == -9
            here.work_to_the_end(timeout=1200)
            may_repeat = 1 if point in faults.IN_FLIGHT else 0
            verdict = faults.judge(here, sink, owed=owed, may_repeat=repeated + may_repeat)
            said = f"{verdict.lost} lost, {verdict.repeated - repeated} repeated"
            repeated = verdict.repeated
            what = f"{kind}: killed at {point} while {people:,} are told"
            problems = verdict.problems if died else [f"it was not reached (exit code {worker.exitcode})"]
            findings.holds(what, not problems, "; ".join([said, *problems]), wanted=f"0 lost, {may_repeat} repeated")


def passage(point: str, people: int) -> int:
    """Which passage of that point is in the middle of things."""
    if point.startswith(("send.", "mail.")) and point != "mail.before_connect":
        return people // 2
    return 5 if point.startswith("claim.") and people >= 500 else 1


def at_random(findings: Findings, kind: str, env: Mapping[str, str], *, kills: int) -> None:
    """Answers keep coming while the worker is killed at moments that nobody chose."""
    chance = random.Random(7)
    with Sink() as sink, site(env, sink.url) as here:
        here.settle_in(A_NOTICE)
        voters = here.people()
        owed = 0
        began = time.monotonic()
        for _ in range(kills):
            owed += here.answer(voters)
            before = len(sink.taken)
            worker = faults.start_worker(here.settings)
            deadline = time.monotonic() + 30
            while len(sink.taken) == before and worker.is_alive() and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.4))
            faults.kill(worker)
        here.work_to_the_end(timeout=1200)
        verdict = faults.judge(here, sink, owed=owed, may_repeat=kills)
        findings.same(f"{kind}: notices while the worker is killed {kills} times", owed, len(here.sent()))
        findings.same(f"{kind}: of these lost", 0, verdict.lost)
        findings.holds(
            f"{kind}: repeated, with the same Message-ID",
            verdict.repeated <= kills,
            verdict.repeated,
            wanted=f"at most one for each kill, {kills}",
        )
        findings.same(f"{kind}: what is wrong with the ledger afterwards", [], verdict.problems)
        findings.note(f"{kind}: seconds for all of it", f"{time.monotonic() - began:.0f}")


def bad_relay(findings: Findings, kind: str, env: Mapping[str, str]) -> None:
    """Some recipients get every bad answer there is; the others must not notice."""
    with SmtpSink() as sink, site(env, sink.url, LEASE_SECONDS="300") as here:
        here.settle_in(GOOD + len(BAD))
        voters = here.people()
        with here.here():
            rows = db.session.execute(sa.select(User.id, User.email).where(User.id.in_(voters)))
            emails = {row.id: str(row.email) for row in rows}
        # spread over the whole list, so that each stands in somebody's way
        chosen = {name: voters[(place + 1) * len(voters) // (len(BAD) + 1)] for place, name in enumerate(BAD)}
        sink.script = {emails[user_id]: BAD[name][0] for name, user_id in chosen.items()}
        good = {email for user_id, email in emails.items() if user_id not in chosen.values()}
        here.answer(voters)
        began = time.time()
        worker = faults.start_worker(here.settings)
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and not arrived(sink, good):
            time.sleep(0.1)
        latest = max((message.at.timestamp() for message in sink.messages), default=began) - began
        outcomes = {name: outcome(here, user_id) for name, user_id in chosen.items()}
        faults.stop(worker)
        count = sum(recipient in good for message in sink.messages for recipient in message.recipients)
        findings.same(f"{kind}: recipients beside {len(BAD)} bad ones, each reached once", len(good), count)
        findings.holds(
            f"{kind}: seconds until the last of them was reached", latest <= DELAY_MOST, f"{latest:.0f}",
            wanted=f"at most {DELAY_MOST}",
        )  # fmt: skip
        for name, (_reply, wanted) in BAD.items():
            findings.same(f"{kind}: the relay {name}", wanted, outcomes[name])


def arrived(sink: SmtpSink, wanted: set[str]) -> bool:
    return wanted <= {recipient for message in sink.messages for recipient in message.recipients}


def outcome(here: Site, user_id: int) -> tuple[str, str | None]:
    """State and reason of that person's mail."""
    with here.here():
        row = db.session.execute(
            sa.select(Delivery.state, Delivery.reason).where(
                Delivery.user_id == user_id, Delivery.channel == Channel.EMAIL.value
            )
        ).one()
    return row.state, row.reason


if __name__ == "__main__":
    main()
