"""`ideas doctor mail`: what a real name server says of the sender, in plain words; and a test that really leaves."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ideas import mail_tokens
from ideas.cli import program
from ideas.ledger import bounces, names
from ideas.ledger.names import Names
from ideas.mail_reports import Report, Verdict
from tests.nameserver import NameServer, Zone
from tests.servers import SmtpSink

KEY = base64.b64encode(b"x" * 294).decode()
GOOD: dict[tuple[str, str], Sequence[str]] = {
    ("ideas.example", "MX"): ["10 mx.ideas.example."],
    ("ideas.example", "TXT"): ['"v=spf1 include:relay.example -all"', '"some other text"'],
    ("relay.example", "TXT"): ['"v=spf1 ip4:127.0.0.0/8 ip4:192.0.2.0/24 ~all"'],
    ("relay.example", "A"): ["192.0.2.25"],
    ("k1._domainkey.ideas.example", "TXT"): [f'"v=DKIM1; k=rsa; p={KEY[:200]}" "{KEY[200:]}"'],
    ("_dmarc.ideas.example", "TXT"): ['"v=DMARC1; p=reject; rua=mailto:postmaster@ideas.example"'],
}
SITE = {
    "MAIL_FROM": "Ideas <no-reply@ideas.example>",
    "BASE_URL": "https://ideas.example",
    "MAIL_IN_SECRET": "a secret for mail that comes in",
}


@contextmanager
def asked(zone: Zone) -> Iterator[Names]:
    with NameServer(zone) as server:
        yield Names(names.resolver(server.address))


@pytest.fixture
def look(make_app: Any) -> Callable[..., Result]:
    """Run the command on a site whose domain says `zone` on top of what is right."""

    def run(zone: Mapping[tuple[str, str], Sequence[str]] | None = None, *words: str, **settings: str) -> Result:
        with SmtpSink() as sink, NameServer({**GOOD, **(zone or {})}) as server:
            app = make_app(**{"MAIL_URL": sink.url, **SITE, **settings})
            answer = CliRunner().invoke(
                program(), ["doctor", "mail", "--nameserver", server.address, "--selector", "k1", *words], obj=app
            )
            run.messages = sink.messages  # type: ignore[attr-defined]  # what left, for the test
            return answer

    return run


def test_all_is_well(look: Any):
    answer = look()

    assert answer.exit_code == 0, answer.output
    assert "All is well." in answer.output
    for part in ("Relay: well", "Sender: well", "SPF: well", "DKIM: well", "DMARC: well"):
        assert part in answer.output


def test_a_test_leaves_for_the_address_that_was_named(look: Any):
    answer = look(None, "--to", "Mia@example.test", BOUNCE_ADDRESS="bounce@ideas.example")

    assert answer.exit_code == 0, answer.output
    [message] = look.messages
    assert message.recipients == ("mia@example.test",)
    assert message.message["Subject"] == "A test of Answerback"
    assert "Authentication-Results" in message.message.get_content()
    assert message.sender.startswith("bounce+")
    assert "A test is on its way to mia@example.test" in answer.output


@pytest.mark.parametrize(
    ("zone", "settings", "said"),
    [
        ({("ideas.example", "TXT"): []}, {}, "does not say who may send for it. Add the TXT record: v=spf1"),
        (
            {("ideas.example", "TXT"): ['"v=spf1 -all"', '"v=spf1 mx -all"']},
            {},
            "has 2 SPF records; then none counts",
        ),
        ({("ideas.example", "TXT"): ['"v=spf1 include:relay.example +all"']}, {}, "allows everybody (+all)"),
        ({("ideas.example", "TXT"): ['"v=spf1 include:relay.example"']}, {}, "has no end"),
        ({("ideas.example", "TXT"): ['"v=spf1 include:gone.example -all"']}, {}, "gone.example, which has no SPF"),
        ({("ideas.example", "TXT"): ['"v=spf1 ipv4:192.0.2.1 -all"']}, {}, "“ipv4:192.0.2.1” in the record"),
        ({("ideas.example", "TXT"): ['"v=spf1 ip4:192.0.2 -all"']}, {}, "is no address"),
        ({("ideas.example", "TXT"): ['"v=spf1 include:ideas.example -all"']}, {}, "with more than 10 none counts"),
        ({("k1._domainkey.ideas.example", "TXT"): []}, {}, "There is no key at k1._domainkey.ideas.example"),
        ({("k1._domainkey.ideas.example", "TXT"): ['"v=DKIM1; p="']}, {}, "was withdrawn"),
        ({("k1._domainkey.ideas.example", "TXT"): ['"v=DKIM1; p=abc!"']}, {}, "is damaged"),
        ({("k1._domainkey.ideas.example", "TXT"): [f'"k=dsa; p={KEY[:200]}"']}, {}, "no key that mail servers know"),
        ({("_dmarc.ideas.example", "TXT"): []}, {}, "Begin with the TXT record at _dmarc.ideas.example"),
        ({("_dmarc.ideas.example", "TXT"): ['"v=DMARC1; rua=mailto:x@y.example"']}, {}, "does not say p=none"),
        ({("_dmarc.ideas.example", "TXT"): ['"v=DMARC1; p=none"', '"v=DMARC1; p=reject"']}, {}, "has 2 DMARC"),
        ({("ideas.example", "MX"): ["0 ."]}, {}, "Nobody takes mail for ideas.example"),
        (
            {("in.ideas.example", "TXT"): ['"v=spf1 include:relay.example -all"']},
            {"BOUNCE_ADDRESS": "bounce@in.ideas.example"},
            "Nobody takes mail for in.ideas.example",
        ),
        ({}, {"MAIL_FROM": "no-reply@localhost"}, "which is no domain of the internet"),
        ({}, {"MAIL_URL": "folder:mail"}, "MAIL_URL is a folder"),
        ({}, {"MAIL_URL": "smtp://127.0.0.1:1"}, "The relay cannot be reached"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_do(look: Any, zone: Zone, settings: dict[str, str], said: str):
    answer = look(zone, **settings)

    assert answer.exit_code == 1
    assert said in answer.output, answer.output


@pytest.mark.parametrize(
    ("zone", "settings", "said"),
    [
        ({("_dmarc.ideas.example", "TXT"): ['"v=DMARC1; p=none; rua=mailto:x@y.example"']}, {}, "says p=none"),
        ({("_dmarc.ideas.example", "TXT"): ['"v=DMARC1; p=reject"']}, {}, "asks for no reports"),
        ({("k1._domainkey.ideas.example", "TXT"): [f'"p={KEY[:196]}"']}, {}, "1024 bits or fewer"),
        (
            {("k1._domainkey.ideas.example", "TXT"): [f'"t=y; p={KEY[:200]}" "{KEY[200:]}"']},
            {},
            "only tried out (t=y)",
        ),
        ({}, {"MAIL_IN_SECRET": ""}, "reported to MAIL_FROM alone"),
        ({}, {"BASE_URL": "http://localhost"}, "no button to unsubscribe"),
        (
            {
                ("reports.other.example", "TXT"): ['"v=spf1 include:relay.example -all"'],
                ("reports.other.example", "MX"): ["10 mx.ideas.example."],
            },
            {"BOUNCE_ADDRESS": "bounce@reports.other.example"},
            "so SPF does not count for it",
        ),
    ],
)
def test_what_could_be_better_is_a_note(look: Any, zone: Zone, settings: dict[str, str], said: str):
    answer = look(zone, **settings)

    assert answer.exit_code == 0, answer.output
    assert said in answer.output


def test_without_a_selector_it_says_that_it_cannot_look(make_app: Any):
    with SmtpSink() as sink, NameServer(GOOD) as server:
        app = make_app(MAIL_URL=sink.url, **SITE)
        answer = CliRunner().invoke(program(), ["doctor", "mail", "--nameserver", server.address], obj=app)

    assert answer.exit_code == 0, answer.output
    assert "--selector NAME" in answer.output


def test_programs_are_told_the_same(look: Any):
    said = json.loads(look({("_dmarc.ideas.example", "TXT"): []}, "--json").stdout)

    assert said["well"] is False
    assert [name for name, lines in said["wrong"].items() if lines] == ["DMARC"]


def test_a_name_server_that_is_silent_is_said(make_app: Any, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(names, "SECONDS", 0.3)
    with SmtpSink() as sink, NameServer({}, is_silent=True) as server:
        app = make_app(MAIL_URL=sink.url, **SITE)
        answer = CliRunner().invoke(program(), ["doctor", "mail", "--nameserver", server.address], obj=app)

    assert answer.exit_code == 1
    assert len(re.findall("The name servers do not answer for", answer.output)) >= 3


@pytest.mark.parametrize(
    ("words", "said"), [(["--to", "x"], "is not an e-mail address"), (["--nameserver", "x:y"], "")]
)
def test_wrong_words_are_wrong_usage(ideas_command: Any, words: list[str], said: str):
    answer = ideas_command("doctor", "mail", *words)

    assert answer.exit_code == 2
    assert said in answer.output


def test_the_doctor_himself_is_still_there(ideas_command: Any):
    answer = ideas_command("doctor")

    assert "Database:" in answer.output


# --- SPF, as RFC 7208 has it ---

SPF = [
    ("v=spf1 ip4:192.0.2.0/24 -all", True),
    ("v=spf1 ip4:192.0.2.24 -all", False),
    ("v=spf1 -ip4:192.0.2.25 +ip4:192.0.2.0/24 -all", False),
    ("v=spf1 a:relay.example -all", True),
    ("v=spf1 a -all", False),
    ("v=spf1 a:near.example/28 -all", True),
    ("v=spf1 mx:ideas.example -all", True),
    ("v=spf1 include:relay.example ~all", True),
    ("v=spf1 redirect=relay.example", True),
    ("v=spf1 redirect=relay.example -all", False),
    ("v=spf1 ip6:2001:db8::/32 -all", False),
    ("v=spf1 exists:relay.example -all", True),
    ("v=spf1 exists:%{i}.relay.example -all", False),
    ("v=spf1 ?ip4:192.0.2.25 -all", False),
    ("V=SPF1 IP4:192.0.2.25 -ALL", True),
    ("v=spf1", False),
]


@pytest.mark.parametrize(("record", "is_named"), SPF)
def test_whether_a_record_names_a_machine(record: str, is_named: bool):
    zone = {
        **GOOD,
        ("x.example", "TXT"): [f'"{record}"'],
        ("near.example", "A"): ["192.0.2.30"],
        ("mx.ideas.example", "A"): ["192.0.2.25"],
    }
    with asked(zone) as server:
        found = names.spf(server, "x.example", [ip_address("192.0.2.25")])

    assert found.names is is_named
    assert found.problems == []


def test_the_policy_of_the_domain_above_counts():
    zone = {("_dmarc.example.org", "TXT"): ['"v=DMARC1; p=none; sp=reject"']}
    with asked(zone) as server:
        assert names.dmarc(server, "mail.ideas.example.org").policy == "reject"
        assert names.dmarc(server, "example.org").policy == "none"


def test_reports_about_a_test_have_no_effect(make_app: Any):
    app = make_app(BOUNCE_ADDRESS="bounce@in.example.test")
    with app.app_context():
        address = mail_tokens.for_reports("t1")
        assert address is not None
        assert mail_tokens.read(address) == ("b", "t1")
        assert bounces.take(Report(Verdict.NOBODY), "t1") == "unknown"
