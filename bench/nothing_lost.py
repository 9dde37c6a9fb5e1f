"""The worker is killed wherever and whenever, and the relay answers as badly as it may: nothing is lost.

python -m bench.nothing_lost [--database sqlite|postgresql] [--people 400] [--kills 50] [--notices 20000]

Faults F1, F2 and F7, and F2 once more with the work carried by Celery over a real Redis, which forgets everything.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from bench import stage, unserved
from bench.stage import Findings
from ideas.accounts.models import User
from ideas.db import db
from ideas.ledger.models import Channel, Delivery
from tests.ledger import carriers, faults
from tests.ledger.faults import Sink, Site
from tests.servers import DROP, HANG, RedisServer, Reply, SmtpSink

RESUMES_WITHIN = 60.0  # seconds after a worker is there again
WORKERS = {"sqlite": 2, "postgresql": 4}  # while kills come at random
DRAIN_BAR = 0.9  # of the calm rate
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
        people={"type": int, "default": 400, "help": "people told of one answer (400)"},
        kills={"type": int, "default": 50, "help": "kills at random moments (50)"},
        notices={"type": int, "default": 20_000, "help": "notices while they come (20000)"},
        part={"choices": ["F1", "F2", "F7", "carried"], "nargs": "+", "help": "these alone"},
    )
    parts = asked.part or ["F1", "F2", "F7", "carried"]
    findings = Findings("Nothing lost")
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            if "F1" in parts:
                at_every_point(findings, kind, fresh(), people=asked.people)
                replies(findings, kind, fresh())
            if "F2" in parts:
                at_random(findings, kind, fresh(), kills=asked.kills, notices=asked.notices)
            if "F7" in parts:
                bad_relay(findings, kind, fresh())
            if "carried" in parts:
                carried(findings, kind, fresh(), kills=max(5, asked.kills // 5), notices=asked.notices // 10)
    findings.end()


def at_every_point(findings: Findings, kind: str, env: Mapping[str, str], *, people: int) -> None:
    """One fan-out for each crash point, in the middle of which the worker dies there; for digests once more."""
    points = faults.crash_points()
    single = [(point, False) for point in points if not point.startswith("digest.")]
    ways = single + [(point, True) for point in points if point.startswith(("digest.", "send.", "mail."))]
    replied = faults.crash_points_of_replies()
    findings.holds(f"{kind}: crash points", len(points + replied) >= 25, len(points + replied), wanted="at least 25")
    with Sink() as sink, unserved.site(env, sink.url, PIECE=str(max(people // 4, 2))) as here:
        here.settle_in(people)
        voters = here.people()
        owed = repeated = 0
        longest = 0.0
        for point, gathered in ways:
            owed += here.answer(voters, gathered=gathered)
            worker = faults.start_worker(here.settings, f"{point}:{passage(point, people, gathered=gathered)}")
            worker.join(600)
            died, before, again = worker.exitcode == -9, len(sink.taken), time.monotonic()
            here.work_to_the_end(timeout=1200)
            if len(sink.taken) > before:
                longest = max(longest, sink.taken[before][2] - again)
            may_repeat = 1 if point in faults.IN_FLIGHT else 0
            verdict = faults.judge(here, sink, owed=owed, may_repeat=repeated + may_repeat)
            said = f"{verdict.lost} lost, {verdict.repeated - repeated} repeated"
            repeated = verdict.repeated
            what = f"{kind}: killed at {point} while {people:,} {'get digests' if gathered else 'are told'}"
            problems = verdict.problems if died else [f"it was not reached (exit code {worker.exitcode})"]
            findings.holds(what, not problems, "; ".join([said, *problems]), wanted=f"0 lost, {may_repeat} repeated")
        findings.holds(
            f"{kind}: seconds until a worker that was started again sent something, at most",
            longest <= RESUMES_WITHIN,
            f"{longest:.1f}",
            wanted=f"at most {RESUMES_WITHIN:.0f}",
        )


def passage(point: str, people: int, *, gathered: bool) -> int:
    """Which passage of that point is in the middle of things."""
    if point.startswith(("send.", "mail.")) and point != "mail.before_connect":
        return people // 2
    if point.startswith("digest.") and people >= 200:
        return 3
    return 5 if point.startswith("claim.") and people >= 500 and not gathered else 1


def replies(findings: Findings, kind: str, env: Mapping[str, str]) -> None:
    """Whoever takes a mail that comes in is killed; whoever handed it over had no answer and comes again."""
    with unserved.site(env, "smtp://127.0.0.1:1?tls=none", MAIL_IN_ADDRESS="reply@in.example.test") as here:
        here.settle_in(1)
        [person] = here.people()
        for number, point in enumerate(faults.crash_points_of_replies()):
            with tempfile.TemporaryDirectory() as folder:
                given, said = here.reply_by_mail(person, number, Path(folder))
                codes = []
                for crash in (point, "", ""):
                    process = faults.start_worker(given, crash, work=faults.take_mail)
                    process.join(60)
                    codes.append(process.exitcode)
            findings.same(f"{kind}: killed at {point}: how the three who took it ended", [-9, 0, 0], codes)
            findings.same(f"{kind}: killed at {point}: comments of it", 1, here.comments_saying(said))


def at_random(findings: Findings, kind: str, env: Mapping[str, str], *, kills: int, notices: int) -> None:
    """Answers keep coming while workers are killed at moments that nobody chose; then the rest is sent in peace."""
    chance = random.Random(7)
    with Sink() as sink, unserved.site(env, sink.url, PIECE="100") as here:
        here.settle_in(max(notices // kills, 2))
        voters = here.people()
        workers = [faults.start_worker(here.settings) for _ in range(WORKERS[kind])]
        owed = 0
        for _ in range(kills):
            owed += here.answer(voters)
            before = len(sink.taken)
            deadline = time.monotonic() + 30
            while len(sink.taken) == before and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.4))
            victim = chance.randrange(len(workers))
            faults.kill(workers[victim])
            workers[victim] = faults.start_worker(here.settings)
        drained = rate(here, sink, workers)
        verdict = faults.judge(here, sink, owed=owed, may_repeat=kills)
        findings.same(f"{kind}: notices while {len(workers)} workers are killed {kills} times", owed, len(here.sent()))
        findings.same(f"{kind}: of these lost", 0, verdict.lost)
        findings.holds(
            f"{kind}: repeated, with the same Message-ID",
            verdict.repeated <= kills,
            verdict.repeated,
            wanted=f"at most one for each kill, {kills}",
        )
        findings.same(f"{kind}: what is wrong with the ledger afterwards", [], verdict.problems)
        for _ in range(max(1, 3_000 // len(voters))):
            here.answer(voters)
        calm = rate(here, sink, workers)
        for worker in workers:
            faults.stop(worker)
    findings.note(f"{kind}: mails a second of {len(workers)} workers that nobody kills", f"{calm:.0f}")
    findings.holds(
        f"{kind}: mails a second after the last kill, against that",
        drained / calm >= DRAIN_BAR,
        f"{drained:.0f}, {drained / calm:.2f}",
        wanted=f"at least {DRAIN_BAR}",
    )


def rate(here: Site, sink: Sink, workers: Sequence[Any]) -> float:
    """Mails a second, from now until nothing waits, without the time in which the last leases run out."""
    before = len(sink.taken)
    while not here.is_done():
        if not any(worker.is_alive() for worker in workers):
            raise RuntimeError("All workers ended.")
        time.sleep(0.1)
    times = sorted(at for _name, _to, at in sink.taken[before:])
    most = times[: max(len(times) * 95 // 100, 2)]
    return (len(most) - 1) / (most[-1] - most[0])


def carried(findings: Findings, kind: str, env: Mapping[str, str], *, kills: int, notices: int) -> None:
    """F2 carried by Celery: carriers are killed with all their processes, and Redis forgets everything."""
    chance = random.Random(11)
    with Sink() as sink, RedisServer() as redis, unserved.site(env, sink.url, BROKER_URL=redis.url) as here:
        here.settle_in(max(notices // kills, 2))
        voters = here.people()
        owed = 0
        schedulers = [carriers.start(here.settings, "schedule") for _ in range(2)]
        for _ in range(kills):
            owed += here.answer(voters)
            carrier = carriers.start(here.settings, "carry", "--processes", "2")
            before, deadline = len(sink.taken), time.monotonic() + 60
            while len(sink.taken) == before and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(chance.uniform(0, 0.4))
            carriers.kill(carrier)
            redis.empty()
        carrier = carriers.start(here.settings, "carry", "--processes", "2")
        deadline = time.monotonic() + 600
        while not here.is_done() and time.monotonic() < deadline:
            time.sleep(0.1)
        for process in (carrier, *schedulers):
            carriers.end(process)
        verdict = faults.judge(here, sink, owed=owed, may_repeat=2 * kills)
    what = f"{kind}: carried by Celery, two schedulers, {kills} times all carriers killed and Redis emptied"
    findings.same(f"{what}: notices lost", 0, verdict.lost)
    findings.holds(
        f"{kind}: carried: repeated, with the same Message-ID",
        verdict.repeated <= 2 * kills,
        verdict.repeated,
        wanted=f"at most one for each process killed, {2 * kills}",
    )
    findings.same(f"{kind}: carried: what is wrong with the ledger afterwards", [], verdict.problems)


def bad_relay(findings: Findings, kind: str, env: Mapping[str, str]) -> None:
    """Some recipients get every bad answer there is; the others must not notice."""
    with SmtpSink() as sink, unserved.site(env, sink.url, LEASE_SECONDS="300") as here:
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
