"""A relay answers as badly as it may: what concerns one is tried again or is over, what concerns all costs nobody."""

from __future__ import annotations

import random
import ssl
import time
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from ideas.ledger import sending
from ideas.ledger.breaker import Breaker
from ideas.ledger.models import Failed, State
from ideas.ledger.sending import Outcome
from ideas.mail import SmtpTransport
from tests.ledger import relays
from tests.ledger.arranging import World, person
from tests.servers import SmtpSink
from tests.test_mail import certificate

FROM = "Ideas <no-reply@example.test>"


def transport(url: str, *, command_seconds: float = 0.3, after_data_seconds: float = 0.6) -> SmtpTransport:
    return SmtpTransport(url, FROM, command_seconds=command_seconds, after_data_seconds=after_data_seconds)


def has_tried(addresses: set[str]) -> bool:
    found = relays.lines()
    return all(address in found and found[address].attempts for address in addresses)


def test_each_answer_to_one_recipient_has_its_consequence_and_no_other_notices(world: World):
    """Twenty-odd people of whom the relay says something bad stand among others."""
    people = [person(f"Person {number}") for number in range(60)]
    bad = dict(zip(relays.ANSWERS, people[1::2], strict=False))
    script = {str(who.email): relays.ANSWERS[name][0] for name, who in bad.items()}
    others = {str(who.email) for who in people} - script.keys()
    with SmtpSink(script) as sink:
        world.happens(*((who, "voter") for who in people))
        working = world.worker(transport(sink.url))

        began = time.monotonic()
        done = relays.work_until(working, lambda: has_tried(script.keys() | others), seconds=60)
        working.finish(wait=10)

        assert done, time.monotonic() - began
        found = relays.lines()
        for name, who in bad.items():
            assert found[str(who.email)].outcome == relays.ANSWERS[name][1], name
        assert {found[email].outcome for email in others} == {relays.SENT}
        assert {to: count for to, count in relays.copies(sink).items() if to in others} == dict.fromkeys(others, 1)


@pytest.mark.parametrize("how", relays.DOWN)
def test_a_relay_that_is_no_good_to_anybody_costs_nobody_a_try(world: World, how: str):
    people = [person() for _ in range(3)]
    world.happens(*((who, "voter") for who in people))
    with relays.BrokenRelay(relays.DOWN[how]) as broken, SmtpSink() as good:
        working = world.worker()

        assert relays.while_down(working, transport(broken.url), broken.count) == []
        assert relays.once_well(working, transport(good.url)) == []

        assert relays.copies(good) == dict.fromkeys((str(who.email) for who in people), 1)
        working.finish()


def refuse(*_: object) -> AuthResult:
    return AuthResult(success=False, handled=False)


@pytest.mark.parametrize("how", ["no TLS", "a certificate that nobody vouches for", "a wrong password"])
def test_a_relay_that_cannot_be_trusted_or_does_not_trust_us_costs_nobody_a_try(world: World, how: str, tmp_path: Path):
    options: dict[str, Any] = {}
    if how == "a wrong password":
        options = {"authenticator": refuse, "auth_require_tls": False}
    elif how != "no TLS":
        options["tls_context"] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        options["tls_context"].load_cert_chain(certificate(tmp_path))
    mia = person()
    world.happens((mia, "voter"))
    with SmtpSink(options=options) as bad, SmtpSink() as good:
        url = bad.url.replace("smtp://", "smtp://mia:wrong@") if how == "a wrong password" else bad.url
        url = url if how == "a wrong password" else url.replace("tls=none", "tls=starttls")
        working = world.worker()

        assert relays.while_down(working, transport(url, command_seconds=2), lambda: len(bad._sessions)) == []
        assert relays.once_well(working, transport(good.url)) == []

        assert bad.messages == []
        assert relays.copies(good) == {str(mia.email): 1}
        working.finish()


def test_what_is_refused_for_now_is_tried_for_three_days(world: World):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    with SmtpSink({str(mia.email): "451 4.3.0 Later"}) as sink:
        working = world.worker(transport(sink.url, command_seconds=5))

        tried = relays.tries_of(working, str(mia.email))
        working.finish()

        assert relays.right_pauses(tried) == []
        assert relays.lines()[str(mia.email)].outcome == ("failed", "gave_up")
        assert relays.copies(sink) == {str(ole.email): 1}


def test_one_refusal_in_ten_loses_nobody(world: World):
    people = [person() for _ in range(40)]
    world.happens(*((who, "voter") for who in people))
    moody = relays.Moody(random.Random(7))
    with SmtpSink(moody) as sink:
        working = world.worker(transport(sink.url, command_seconds=5))

        assert relays.all_arrive(working, sink, len(people)) == []

        working.finish()
    assert moody.refused > 0


def test_a_worker_that_drops_what_is_refused_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch):
    """The check of the check: elsewhere one refusal drops every remaining recipient."""
    people = [person() for _ in range(40)]
    world.happens(*((who, "voter") for who in people))
    monkeypatch.setattr(sending, "try_again", lambda *_: Outcome(State.FAILED, Failed.GAVE_UP))
    with SmtpSink(relays.Moody(random.Random(7))) as sink:
        working = world.worker(transport(sink.url, command_seconds=5))

        assert relays.all_arrive(working, sink, len(people)) != []

        working.finish()


def test_a_breaker_that_does_not_open_is_found_out(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Breaker, "is_tripped", lambda *_: False)
    world.happens((person(), "voter"))
    with relays.BrokenRelay(relays.DOWN["greets with 421"]) as broken:
        working = world.worker()

        assert len(relays.while_down(working, transport(broken.url), broken.count)) == 2

        working.finish()
