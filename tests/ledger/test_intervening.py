"""Whoever runs the site sees what became of telling people, and steps in: each line says why afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result

from ideas import settings
from ideas.accounts.models import AuditEntry
from ideas.boards import labels
from ideas.db import db, unit_of_work
from ideas.ledger import fanout, intervening
from ideas.ledger.models import Delivery
from ideas.mail import MemoryTransport, PermanentFailure
from tests.ledger.arranging import SUBJECT, World, crowd, lines, outcome, person

Command = Callable[..., Result]


def said(result: Result) -> list[str]:
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def audited() -> list[tuple[str, str, Any]]:
    db.session.rollback()
    rows = db.session.execute(sa.select(AuditEntry.act, AuditEntry.subject, AuditEntry.details).order_by(AuditEntry.id))
    return [(row.act, row.subject, row.details) for row in rows if row.act.startswith("ledger.")]


# --- Show ---


def test_an_event_is_shown_with_its_sums_and_its_newest_lines(world: World, ideas_command: Command):
    mia, ole = person("Mia"), person("Ole")
    entry = world.happens((mia, "voter"), (ole, "author"), by=person("Petra"))
    world.transport.answers[str(ole.email)] = PermanentFailure("550 No such user")
    world.work()

    shown = said(ideas_command("ledger", "show", f"entry:{entry}", "--lines", "3"))

    assert shown[0].startswith(f"entry:{entry} tried {SUBJECT} about=1 by=user:")
    assert "owed=2" in shown[0]
    assert {line.strip() for line in shown[1:4]} == {"1 email failed bounced", "1 email sent", "2 inbox sent"}
    assert len(shown[4:]) == 3
    [failed] = [line for line in said(ideas_command("ledger", "show", str(ole.email))) if "failed" in line]
    assert "bounced" in failed
    assert "said=“550 No such user”" in failed


def test_what_is_shown_is_found_by_what_it_happened_to_by_a_message_and_by_a_person(
    world: World, ideas_command: Command
):
    mia, ole = person("Mia"), person("Ole")
    first, second = world.happens((mia, "voter"), (ole, "voter")), world.happens((mia, "voter"))
    world.announce()
    line = lines(first)[mia.id, "email"].id

    by_subject = said(ideas_command("ledger", "show", SUBJECT))
    by_message = said(ideas_command("ledger", "show", f"delivery:{line}"))
    by_person = said(ideas_command("ledger", "show", str(mia.email)))

    assert [each.split()[0] for each in by_subject if each.startswith("entry")] == [f"entry:{first}", f"entry:{second}"]
    assert [each.split()[0] for each in by_message] == [f"delivery:{line}"]
    assert len(by_person) == 4
    assert all(f"to=user:{mia.id} " in each for each in by_person)


def test_an_event_under_way_says_how_much_of_it_is_left(
    world: World, ideas_command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fanout, "PIECE", 4)
    entry = world.happens_to_all(crowd(10))
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)

    assert "pieces_left=3" in said(ideas_command("ledger", "show", f"entry:{entry}"))[0]


@pytest.mark.parametrize(
    ("what", "complaint"),
    [
        ("entry:99", "no such event"),
        ("idea:99", "no such event"),
        ("delivery:99", "no such message"),
        ("nobody@example.test", "Nobody has the address"),
        ("hello", "is none of these"),
        ("entry:0", "is none of these"),
        (f"entry:{2**63}", "is none of these"),
    ],
)
def test_what_the_ledger_does_not_know_is_said_by_name(app, ideas_command: Command, what: str, complaint: str):
    result = ideas_command("ledger", "show", what)

    assert result.exit_code != 0
    assert complaint in result.output


# --- Cancel ---


def test_mail_that_was_called_off_is_not_sent_and_everybody_can_read_why(world: World, ideas_command: Command):
    mia, ole = person("Mia"), person("Ole")
    entry, other = world.happens((mia, "voter"), (ole, "voter")), world.happens((mia, "voter"), subject="idea:8")
    world.announce()

    done = said(ideas_command("ledger", "cancel", f"entry:{entry}", "--because", "The date was wrong"))
    world.work()

    assert done == ["2 messages are called off."]
    assert world.mailed == [mia.email]
    assert outcome(mia, "email", entry) == outcome(ole, "email", entry) == ("suppressed", "cancelled")
    assert outcome(mia, "inbox", entry) == ("sent", None)
    assert outcome(mia, "email", other) == ("sent", None)
    assert audited() == [("ledger.cancelled", f"entry:{entry}", {"because": "The date was wrong", "messages": 2})]
    assert "called off" in labels.told("email", "suppressed", "cancelled")


def test_what_was_not_announced_yet_is_told_in_the_inbox_alone_once_its_mail_was_called_off(
    world: World, ideas_command: Command
):
    mia = person("Mia")
    entry = world.happens((mia, "voter"))

    said(ideas_command("ledger", "cancel", f"entry:{entry}", "--because", "Too much at once"))
    world.work()

    assert outcome(mia, "email", entry) == ("suppressed", "cancelled")
    assert outcome(mia, "inbox", entry) == ("sent", None)
    assert len(audited()) == 1


def test_of_what_is_told_in_pieces_the_rest_gets_no_mail(
    world: World, ideas_command: Command, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fanout, "PIECE", 4)
    entry = world.happens_to_all(crowd(10))
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)
        fanout.go_on(settings.rooms().notices)

    said(ideas_command("ledger", "cancel", f"entry:{entry}", "--because", "The date was wrong"))
    world.work()

    assert world.mailed == []
    assert Counter((line.channel, line.reason) for line in lines(entry).values()) == {
        ("email", "cancelled"): 10,
        ("inbox", None): 10,
    }


def test_all_mail_to_a_person_can_be_called_off(world: World, ideas_command: Command):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    world.announce()

    said(ideas_command("ledger", "cancel", str(mia.email), "--because", "They asked us by telephone"))
    world.work()

    assert world.mailed == [ole.email]
    assert audited()[0][1] == f"user:{mia.id}"


def test_a_mail_that_was_under_way_is_written_down_as_sent(world: World):
    mia = person("Mia")
    entry = world.happens((mia, "voter"))

    class Meanwhile(MemoryTransport):
        def send(self, message: Any, **rest: Any) -> None:
            with unit_of_work():
                intervening.cancel(None, intervening.event(entry), because="Now")
            super().send(message, **rest)

    world.work(Meanwhile())

    assert outcome(mia, "email", entry) == ("sent", None)


def test_a_great_many_are_called_off_in_pieces(world: World, monkeypatch: pytest.MonkeyPatch, ideas_command: Command):
    monkeypatch.setattr(intervening, "AT_ONCE", 3)
    entry = world.happens_to_all(crowd(10))
    world.announce()

    done = said(ideas_command("ledger", "cancel", f"entry:{entry}", "--because", "All of it"))

    assert done == ["10 messages are called off."]
    assert sum(details["messages"] for _act, _subject, details in audited()) == 10
    assert db.session.scalars(sa.select(Delivery.id).where(Delivery.state == "pending")).all() == []


# --- Retry ---


def test_what_failed_is_sent_once_more_to_those_who_still_want_it(world: World, ideas_command: Command):
    mia, ole = person("Mia"), person("Ole")
    entry = world.happens((mia, "voter"), (ole, "voter"))
    for each in (mia, ole):
        world.transport.answers[str(each.email)] = PermanentFailure("550 Refused")
    world.work()
    world.transport.answers.clear()
    world.blind.add(ole.id)

    done = said(ideas_command("ledger", "retry", f"entry:{entry}", "--because", "The relay was mistaken"))
    world.work()

    assert done == ["2 messages are tried again."]
    assert world.mailed == [mia.email]
    assert outcome(mia, "email", entry) == ("sent", None)
    assert outcome(ole, "email", entry) == ("suppressed", "not_visible")
    assert audited() == [("ledger.retried", f"entry:{entry}", {"because": "The relay was mistaken", "messages": 2})]


def test_what_was_sent_is_never_tried_again(world: World, ideas_command: Command):
    mia = person("Mia")
    entry = world.happens((mia, "voter"))
    world.work()

    assert said(ideas_command("ledger", "retry", f"entry:{entry}", "--because", "Once more")) == [
        "0 messages are tried again."
    ]
    world.work()

    assert world.mailed == [mia.email]
    assert audited() == []


def test_what_could_not_be_announced_is_announced_at_once(world: World, ideas_command: Command):
    mia = person("Mia")
    entry = world.happens((mia, "voter"))
    whole, world.audiences[1] = world.audiences[1], [()]
    world.work()
    world.audiences[1] = whole
    world.work()
    assert world.mailed == []

    said(ideas_command("ledger", "retry", f"entry:{entry}", "--because", "It is mended"))
    world.work()

    assert world.mailed == [mia.email]


def test_no_act_without_a_reason(world: World, ideas_command: Command):
    entry = world.happens((person("Mia"), "voter"))

    for act in ("retry", "cancel"):
        assert ideas_command("ledger", act, f"entry:{entry}").exit_code == 2
