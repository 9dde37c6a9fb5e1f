"""F7: a relay answers as badly as it may, to some or to all, for a moment or for days: nobody is lost or held up.

python -m bench.relay [--database sqlite|postgresql] [--people 500]
"""

from __future__ import annotations

import itertools
import random
import ssl
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import sqlalchemy as sa
from aiosmtpd.smtp import AuthResult

from bench import stage, unserved
from bench.stage import Findings
from ideas.accounts.models import User
from ideas.db import db
from ideas.ledger import sending, worker
from ideas.ledger.breaker import Breaker
from ideas.ledger.models import Failed, State
from ideas.ledger.sending import Outcome
from ideas.mail import AFTER_DATA_SECONDS, COMMAND_SECONDS, SmtpTransport
from tests.ledger import relays
from tests.ledger.faults import Site
from tests.servers import SmtpSink

FROM = "Ideas <no-reply@localhost>"
NOWHERE = "smtp://127.0.0.1:1?tls=none"
COMMAND_MOST, AFTER_DATA_MOST = 30, 120  # seconds
DELAY_MOST = 60  # seconds that one bad recipient may cost the others
TURN_MOST = 2 * COMMAND_MOST  # seconds until a relay that is no good to anybody is known as such
GOOD = 100  # recipients among whom the bad ones stand
A_FEW = 5


def main() -> None:
    asked = stage.arguments(
        "A relay that refuses, drops, drips and stalls, at each point of a conversation.",
        data=False,
        people={"type": int, "default": 500, "help": "people of whom one in ten is refused for now (500)"},
    )
    findings = Findings("A bad relay")
    findings.holds("seconds for one command", COMMAND_SECONDS <= COMMAND_MOST, COMMAND_SECONDS, wanted="at most 30")
    wanted = f"at most {AFTER_DATA_MOST}"
    findings.holds("… after the text", AFTER_DATA_SECONDS <= AFTER_DATA_MOST, AFTER_DATA_SECONDS, wanted=wanted)
    with stage.databases(asked) as databases:
        for kind, fresh in databases.items():
            one_recipient_each(findings, kind, fresh())
            for_three_days(findings, kind, fresh())
            one_in_ten(findings, kind, fresh(), people=asked.people)
            nobodys_relay(findings, kind, fresh)
            planted(findings, kind, fresh)
    findings.end()


@contextmanager
def working(env: Mapping[str, str], people: int) -> Iterator[tuple[Site, worker.Worker, list[str]]]:
    """A site on which so many people are owed word of one answer, and a worker in this process."""
    with unserved.site(env, NOWHERE, LEASE_SECONDS="300") as here:
        here.settle_in(people)
        voters = here.people()
        with here.here():
            rows = db.session.execute(sa.select(User.email).where(User.id.in_(voters)).order_by(User.id))
            addresses = [str(row.email) for row in rows]
        here.answer(voters)
        with here.here():
            each = worker.Worker(here.app, SmtpTransport(NOWHERE, FROM))
            yield here, each, addresses
            each.finish(wait=1)


def one_recipient_each(findings: Findings, kind: str, env: Mapping[str, str]) -> None:
    """Each bad answer to somebody else, all in the midst of people of whom the relay says nothing bad."""
    with working(env, GOOD + len(relays.ANSWERS)) as (here, each, addresses), SmtpSink() as sink:
        step = len(addresses) // (len(relays.ANSWERS) + 1)
        bad = {name: addresses[(place + 1) * step] for place, name in enumerate(relays.ANSWERS)}
        sink.script = {address: relays.ANSWERS[name][0] for name, address in bad.items()}
        others = set(addresses) - set(bad.values())
        each.transport = SmtpTransport(sink.url, FROM)
        began = time.time()
        relays.work_until(each, lambda: _is_tried(relays.lines(), addresses), seconds=400)
        relays.work_until(each, lambda: not each.undecided, seconds=150)
        took = time.time() - began
        found, copies = relays.lines(), relays.copies(sink)
        for name, address in bad.items():
            findings.same(f"{kind}: the relay {name}", relays.ANSWERS[name][1], found[address].outcome)
        findings.same(f"{kind}: others among them, each reached once", len(others), sum(copies[to] for to in others))
        times = [began, *sorted(each.at.timestamp() for each in sink.messages if each.recipients[0] in others)]
        gap = max(later - earlier for earlier, later in itertools.pairwise(times))
        findings.holds(
            f"{kind}: seconds for which one of them held up the others, at most",
            gap <= DELAY_MOST,
            f"{gap:.0f}",
            wanted=f"at most {DELAY_MOST}",
        )
        findings.note(f"{kind}: seconds until each of {len(bad)} bad answers was dealt with", f"{took:.0f}")
        # the relay is well again: who was refused for now is reached, who was refused for good is not asked
        sink.script = {}
        relays.all_arrive(each, sink, len(found))
        wanted = {address: 1 for name, address in bad.items() if relays.ANSWERS[name][1] != relays.REFUSED}
        wanted[bad[relays.REPEATED]] = relays.lines()[bad[relays.REPEATED]].attempts  # it has it each time
        came = relays.copies(sink)
        findings.same(f"{kind}: those refused for now, later", wanted, {to: came[to] for to in wanted})
        never = [address for name, address in bad.items() if relays.ANSWERS[name][1] == relays.REFUSED]
        findings.same(f"{kind}: those refused for good, tried again", 0, sum(came[to] for to in never))
        names = {str(m.message["Message-ID"]) for m in sink.messages if m.recipients[0] == bad[relays.REPEATED]}
        findings.same(f"{kind}: names of the mail that came twice", 1, len(names))
        outcomes = Counter(line.outcome for line in relays.lines().values())
        expected = Counter({relays.SENT: len(found) - len(never), relays.REFUSED: len(never)})
        findings.same(f"{kind}: what the ledger says of all in the end", expected, outcomes)
        findings.same(f"{kind}: what is wrong with the ledger", [], here.breaches())


def _is_tried(lines: Mapping[str, relays.Line], addresses: list[str]) -> bool:
    return all(address in lines and lines[address].attempts for address in addresses)


def for_three_days(findings: Findings, kind: str, env: Mapping[str, str]) -> None:
    """One mailbox is full for days."""
    with working(env, A_FEW) as (_here, each, addresses), SmtpSink({"p0@example.test": "452 4.2.2 Full"}) as sink:
        each.transport = SmtpTransport(sink.url, FROM)
        tried = relays.tries_of(each, "p0@example.test")
        findings.same(f"{kind}: what is wrong with the times of {len(tried)} tries", [], relays.right_pauses(tried))
        findings.note(f"{kind}: hours until it is given up", f"{(tried[-1] - tried[0]).total_seconds() / 3600:.1f}")
        line = relays.lines()["p0@example.test"]
        findings.same(f"{kind}: the ledger says of it", ("failed", "gave_up"), line.outcome)
        others = sum(relays.copies(sink)[to] for to in addresses[1:])
        findings.same(f"{kind}: the others, each reached once", len(addresses) - 1, others)


def one_in_ten(findings: Findings, kind: str, env: Mapping[str, str], *, people: int) -> None:
    """One answer in ten is “not now”, at the recipient or after the text, whoever it is."""
    moody = relays.Moody(random.Random(11))
    with working(env, people) as (here, each, _addresses), SmtpSink(moody) as sink:
        each.transport = SmtpTransport(sink.url, FROM)
        problems = relays.all_arrive(each, sink, people + 1)
        findings.same(f"{kind}: of {people:,} people, {moody.refused} times refused for now", [], problems)
        findings.holds(f"{kind}: … which are about one in ten", moody.refused > people / 20, moody.refused)
        findings.same(f"{kind}: what is wrong with the ledger afterwards", [], here.breaches())


def nobodys_relay(findings: Findings, kind: str, fresh: Callable[[], Mapping[str, str]]) -> None:
    """The relay itself is unreachable, silent, rude or not to be trusted: nobody's mail spends a try on that."""
    with tempfile.TemporaryDirectory() as folder:
        certificate = _certificate(Path(folder))
        with working(fresh(), A_FEW) as (here, each, addresses):
            for name, says in relays.DOWN.items():
                with relays.BrokenRelay(says) as broken:
                    _down(findings, f"{kind}: a relay that {name}", here, each, broken.url, broken.count)
            for name, (options, change) in _untrusted(certificate).items():
                with SmtpSink(options=options) as sink:
                    url = change(sink.url)
                    _down(findings, f"{kind}: {name}", here, each, url, partial(_sessions, sink))
                    findings.same(f"{kind}: {name}, mail that it got", 0, len(sink.messages))
            _down(findings, f"{kind}: nobody listens", here, each, NOWHERE, lambda: 0)
            with SmtpSink() as good:
                problems = relays.once_well(each, SmtpTransport(good.url, FROM))
                findings.same(f"{kind}: once there is a good one", [], problems)
                reached = sum(relays.copies(good)[to] for to in addresses)
                findings.same(f"{kind}: … everybody is reached once", len(addresses), reached)
                tries = {line.attempts for line in relays.lines().values()}
                findings.same(f"{kind}: … with the first try", {1}, tries)


def _sessions(sink: SmtpSink) -> int:
    return len(sink._sessions)


def _down(findings: Findings, what: str, here: Site, each: worker.Worker, url: str, asked: Callable[[], int]) -> None:
    each.breaker.reset()
    began = time.monotonic()
    problems = relays.while_down(each, SmtpTransport(url, FROM), asked)
    took = time.monotonic() - began
    found = "; ".join(problems) or f"left alone after {took:.0f} s"
    findings.holds(what, not problems and took <= TURN_MOST, found, wanted=f"left alone within {TURN_MOST} s, 0 tries")


def _untrusted(certificate: Path) -> dict[str, tuple[dict[str, Any], Callable[[str], str]]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def refuse(*_: object) -> AuthResult:
        return AuthResult(success=False, handled=False)

    return {
        "TLS that is not offered": ({}, lambda url: url.replace("tls=none", "tls=starttls")),
        "a certificate that nobody vouches for": (
            {"tls_context": context},
            lambda url: url.replace("tls=none", "tls=starttls"),
        ),
        "TLS with one that speaks none": ({}, lambda url: url.replace("smtp:", "smtps:").partition("?")[0]),
        "a password that is refused": (
            {"authenticator": refuse, "auth_require_tls": False},
            lambda url: url.replace("smtp://", "smtp://mia:wrong@"),
        ),
    }


def _certificate(folder: Path) -> Path:
    """A certificate and its key, signed by itself."""
    file, key = folder / "certificate.pem", folder / "key.pem"
    subject = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1")
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(file)], check=True, capture_output=True)
    file.write_text(file.read_text() + key.read_text())
    return file


def planted(findings: Findings, kind: str, fresh: Callable[[], Mapping[str, str]]) -> None:
    """Two workers that are broken on purpose: each is found out."""
    drops = mock.patch.object(sending, "try_again", return_value=Outcome(State.FAILED, Failed.GAVE_UP))
    with working(fresh(), 60) as (_here, each, _addresses), SmtpSink(relays.Moody(random.Random(3))) as sink, drops:
        each.transport = SmtpTransport(sink.url, FROM)
        problems = relays.all_arrive(each, sink, 61)
        findings.holds(f"{kind}: planted: who is refused once is dropped", bool(problems), "; ".join(problems))
    never = mock.patch.object(Breaker, "is_tripped", return_value=False)
    with working(fresh(), A_FEW) as (_here, each, _addresses), never:
        with relays.BrokenRelay(relays.DOWN["greets with 421"]) as broken:
            problems = relays.while_down(each, SmtpTransport(broken.url, FROM), broken.count)
        findings.holds(f"{kind}: planted: a relay that is down is asked again", bool(problems), "; ".join(problems))


if __name__ == "__main__":
    main()
