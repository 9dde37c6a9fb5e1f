"""F16 of `bench.faults`: messages that cannot be made or sent."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa

from bench import unserved
from bench.stage import Findings
from config import Config
from ideas import create_app, settings
from ideas.accounts.models import User
from ideas.db import db, unit_of_work
from ideas.ledger import worker
from ideas.ledger.models import Channel, Delivery
from ideas.outbox import Notice, OutboxEntry
from tests.ledger import faults
from tests.ledger.faults import Sink, Site

TRIES_MOST = 10
UNTOUCHED = 60  # seconds within which everybody else has their mail


# --- F16: poison ---

# what is wrong with a person, as a column and its value
PEOPLE: dict[str, dict[str, Any]] = {
    "an address without @": {"email": "nobody"},
    "an address with a line break": {"email": "mia@example.test\r\nBcc: all@example.test"},
    "an address of two": {"email": "mia@example.test, ole@example.test"},
    "an address with angle brackets": {"email": "<mia@example.test>"},
    "an address that no encoding holds": {"email": "mi\u00e4@ex\u00e4mple..test"},
    "an address that is empty": {"email": ""},
    "an address of blanks": {"email": "   "},
    "a name with a line break": {"name": "Mia\r\nBcc: all@example.test"},
    "a name of control characters": {"name": "Mia\x01\x7f\x1b[31m"},
    "a language that is none": {"locale": "xx_NONE"},
    "a time zone that is none": {"timezone": "Mars/Olympus"},
}
# what is wrong with a line of the ledger, or with the announcement behind it
LINES: dict[str, dict[str, Any]] = {
    "a kind of news that is none": {"news": "nothing"},
    "a way to the news that is none": {"path": "by_accident"},
    "a contribution that is gone": {"contribution_kind": "comment", "contribution_id": 2_000_000_000},
    "a contribution of no kind": {"contribution_kind": "song", "contribution_id": 1},
}
ENTRIES: dict[str, dict[str, Any]] = {
    "an event of no kind": {"kind": "nothing"},
    "an event about what is gone": {"about_id": 2_000_000_000},
    "a subject that is gone": {"subject": "idea:2000000000"},
    "a subject that is none": {"subject": "nonsense"},
}
# notices that are broken in our own code: a template with a hole, words that fail, one that kills whoever makes it
BROKEN = ("a template that is not there", "a template with a hole", "words that fail", "words that kill the worker")


def poisoned(findings: Findings, kind: str, fresh: Callable[[], Mapping[str, str]], *, healthy: int = 100) -> None:
    """Each kind of poison in the middle of a notice to many: it ends by itself, and the others get their mail."""
    what = f"F16 {kind}"
    pills = [*PEOPLE, *LINES, *ENTRIES, *BROKEN]
    findings.holds(f"{what}: kinds of poison", len(pills) >= 20, len(pills), wanted="at least 20")
    with Sink() as sink, unserved.site(fresh(), sink.url) as here:
        here.settle_in(healthy + len(pills))
        people = here.people()
        for person_id in people:
            here.answer([person_id])  # an announcement each, so that each can be poisoned alone
        with here.here():
            worker.Worker(here.app, _Nowhere())._announce()
            while _waiting():
                worker.Worker(here.app, _Nowhere())._announce()
        victims = dict(zip(pills, people[:: max(1, len(people) // len(pills))], strict=False))
        lines = poison(here, victims)
        good = {f"p{people.index(person)}@example.test" for person in people if person not in victims.values()}
        begun = time.monotonic()
        process = faults.processes.Process(target=_work_with_broken_notices, args=(dict(here.settings),), daemon=True)
        process.start()
        deaths = 0
        served: float | None = None
        deadline = begun + 240
        while time.monotonic() < deadline:
            if not process.is_alive():
                deaths += 1  # one of the pills kills: whoever looks after the worker starts it again
                process = faults.processes.Process(
                    target=_work_with_broken_notices, args=(dict(here.settings),), daemon=True
                )
                process.start()
            if served is None and good <= {to for _number, to, _at in sink.taken}:
                served = time.monotonic() - begun
            if served is not None and all(state != "pending" for state, *_ in outcomes(here, lines).values()):
                break
            time.sleep(0.05)
        faults.stop(process)
        reached = {to for _number, to, _at in sink.taken}
        findings.same(f"{what}: others who were to get mail, and got it", len(good), len(good & reached))
        findings.holds(
            f"{what}: seconds until all of them had it",
            served is not None and served <= UNTOUCHED,
            f"{served or 999:.0f}",
            wanted=f"at most {UNTOUCHED}",
        )
        ended = outcomes(here, lines)
        for name, (state, reason, tries) in ended.items():
            findings.holds(
                f"{what}: {name}", state != "pending" and tries <= TRIES_MOST, f"{state} {reason or ''}, {tries} tries",
                wanted=f"an end within {TRIES_MOST} tries",
            )  # fmt: skip
        findings.holds(
            f"{what}: workers that one of them killed", 0 < deaths <= TRIES_MOST, deaths, wanted=f"at most {TRIES_MOST}"
        )
        findings.same(f"{what}: what is wrong with the ledger afterwards", [], [b.what for b in here.breaches()])


class _Nowhere:
    """A way for mail that is never gone."""

    def send(self, message: Any, *, until: Any = None) -> None:
        raise AssertionError("nothing is sent here")

    def close(self) -> None: ...

    def check(self) -> None: ...


def _waiting() -> bool:
    waiting = sa.select(sa.func.count()).where(OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None))
    return bool(db.session.scalar(waiting))


def poison(here: Site, victims: Mapping[str, int]) -> dict[str, int]:
    """Put each kind into the ledger; the line in which it is."""
    lines = {}
    with here.here():
        for name, person_id in victims.items():
            with unit_of_work():
                line = db.session.scalars(
                    sa.select(Delivery)
                    .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
                    .where(
                        Delivery.user_id == person_id,
                        Delivery.channel == Channel.EMAIL.value,
                        OutboxEntry.kind == "answered",
                    )
                ).one()
                lines[name] = line.id
                if name in PEOPLE:
                    change: sa.Update = sa.update(User).where(User.id == person_id).values(**PEOPLE[name])
                elif name in LINES:
                    change = sa.update(Delivery).where(Delivery.id == line.id).values(**LINES[name])
                elif name in ENTRIES:
                    change = sa.update(OutboxEntry).where(OutboxEntry.id == line.entry_id).values(**ENTRIES[name])
                else:
                    kind = f"broken{BROKEN.index(name)}"
                    change = sa.update(OutboxEntry).where(OutboxEntry.id == line.entry_id).values(kind=kind)
                db.session.execute(change.execution_options(synchronize_session=False))
    return lines


def outcomes(here: Site, lines: Mapping[str, int]) -> dict[str, tuple[str, str | None, int]]:
    """State, reason and tries of each of these lines."""
    with here.here():
        rows = {
            row.id: (row.state, row.reason, row.attempts)
            for row in db.session.execute(
                sa.select(Delivery.id, Delivery.state, Delivery.reason, Delivery.attempts).where(
                    Delivery.id.in_(lines.values())
                )
            )
        }
    return {name: rows[line] for name, line in lines.items()}


def _work_with_broken_notices(given: dict[str, str]) -> None:
    app = create_app(Config.from_env(given))
    with app.app_context():
        rooms = settings.rooms()
        answered = rooms.notices["answered"]

        def holey(batch: Any) -> Mapping[int, Mapping[str, Any]]:
            return {each.id: {"sender": "Petra", "url": "http://localhost/"} for each in batch}

        def fails(batch: Any) -> Mapping[int, Mapping[str, Any]]:
            raise ZeroDivisionError

        def kills(batch: Any) -> Mapping[int, Mapping[str, Any]]:
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError

        def of(words: Callable[[Any], Mapping[int, Mapping[str, Any]]], template: str) -> Notice:
            return Notice(answered.audience, answered.visible, words, template)

        broken = [
            of(holey, "nowhere"),
            of(holey, answered.template),
            of(fails, answered.template),
            of(kills, answered.template),
        ]
        rooms.notices = {**rooms.notices, **{f"broken{place}": notice for place, notice in enumerate(broken)}}
    worker.run(app)
