"""What people want to hear, and how they stop it from a mail, without signing in."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from ideas import mail_doors
from ideas.db import db, unit_of_work
from ideas.errors import NotFound
from ideas.ledger import preferences
from ideas.ledger.models import EVERYTHING, Mode, Mute, Preference
from ideas.ledger.preferences import Link, Stop
from ideas.mail_doors import Handed
from tests.ledger.arranging import SUBJECT, World, lines, outcome, person


def link_in(world: World) -> str:
    """The address in the last mail's header that a mail program calls."""
    header = world.transport.sent[-1].headers["List-Unsubscribe"]
    return header.partition(">")[0].removeprefix("<http://localhost")


@pytest.fixture
def strict(app: Flask) -> Flask:
    """Tokens against forged forms are asked for, as in production."""
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def test_one_click_stops_mail_of_that_kind_at_once(world: World, strict: Flask, client: FlaskClient):
    mia = person()
    world.happens((mia, "voter"))
    world.work()
    waiting, other = world.happens((mia, "voter")), world.happens((mia, "voter", "shipped"))
    world.announce()

    answer = client.post(link_in(world), data={"List-Unsubscribe": "One-Click"})

    assert answer.status_code == 200
    assert outcome(mia, "email", waiting) == ("suppressed", "unsubscribed")
    assert outcome(mia, "inbox", waiting) == ("sent", None)
    assert outcome(mia, "email", other) == ("pending", None)
    later = world.happens((mia, "voter"))
    world.announce()
    assert outcome(mia, "email", later) == ("suppressed", "unsubscribed")


def test_a_mail_program_that_calls_from_another_site_is_heard(world: World, strict: Flask, client: FlaskClient):
    world.happens((person(), "voter"))
    world.work()

    answer = client.post(
        link_in(world),
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example.test", "Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 200
    assert db.session.scalar(sa.select(Preference.by_unsubscribing)) is True


def test_opening_the_link_changes_nothing(world: World, client: FlaskClient):
    world.happens((person(), "voter"))
    world.work()

    for _ in range(3):
        answer = client.get(link_in(world))
        assert answer.status_code == 200
        client.head(link_in(world))

    assert "Nothing has changed yet." in answer.text
    assert db.session.scalars(sa.select(Preference)).all() == []
    assert db.session.scalars(sa.select(Mute)).all() == []


@pytest.mark.parametrize(
    ("stop", "email", "inbox"),
    [("subject", "muted", "muted"), ("kind", "unsubscribed", None), ("everything", "unsubscribed", None)],
)
def test_the_page_offers_this_this_kind_and_all(
    world: World, strict: Flask, client: FlaskClient, stop: str, email: str, inbox: str | None
):
    mia = person()
    world.happens((mia, "voter"))
    world.work()
    waiting = world.happens((mia, "voter"))
    world.announce()
    assert f'value="{stop}"' in client.get(link_in(world)).text

    client.post(link_in(world), data={"stop": stop})

    assert outcome(mia, "email", waiting) == ("suppressed", email)
    later = world.happens((mia, "voter"))
    world.announce()
    assert outcome(mia, "email", later) == ("suppressed", email)
    assert outcome(mia, "inbox", later) == (("suppressed", inbox) if inbox else ("sent", None))


@pytest.mark.parametrize("gathered", [False, True], ids=["a single mail", "a digest"])
def test_a_mail_program_that_writes_instead_is_heard(world: World, app: Flask, clock, gathered: bool):
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], mail_in_address="reply@in.example.test")
    mia, ole = person(), person("Ole")
    world.happens(*((each, "voter", "planned", "daily" if gathered else "instant") for each in (mia, ole)))
    world.announce()
    clock.shift(timedelta(days=1))
    world.work()
    [message] = (each for each in world.transport.sent if each.to == mia.email)
    to = message.headers["List-Unsubscribe"].partition("<mailto:")[2].partition("?")[0]
    waiting, other = world.happens((mia, "voter"), (ole, "voter")), world.happens((mia, "voter", "shipped"))
    world.announce()

    came_back = b"Content-Type: multipart/report\r\n\r\nCould not be delivered.\r\n"
    assert mail_doors.take(Handed(came_back, (to,))) == "passed_over"
    forged = to.replace("+", "+a", 1)
    assert mail_doors.take(Handed(b"Subject: unsubscribe\r\n\r\n", (forged,))) == mail_doors.NOBODY
    assert outcome(mia, "email", waiting) == ("pending", None)
    written = b"From: Mia <mia@elsewhere.test>\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n"
    assert mail_doors.take(Handed(written, (to,))) == "stopped"

    assert outcome(mia, "email", waiting) == ("suppressed", "unsubscribed")
    assert outcome(mia, "email", other) == outcome(ole, "email", waiting) == ("pending", None)


def test_unsubscribing_stops_ones_own_mail_alone(world: World):
    mia, ole = person("Mia"), person("Ole")
    world.happens((mia, "voter"), (ole, "voter"))
    world.announce()

    with unit_of_work():
        preferences.unsubscribe(Link(mia.id, "planned", SUBJECT), Stop.EVERYTHING)

    assert outcome(ole, "email") == ("pending", None)


@pytest.mark.parametrize("token", ["", "x", "WzEsInBsYW5uZWQiLCJpZGVhOjciXQ.forged", "é"])
def test_a_forged_link_is_not_found(world: World, client: FlaskClient, token: str):
    assert client.get(f"/u/{token}").status_code == 404
    assert client.post(f"/u/{token}").status_code == 404


def test_every_changed_letter_of_a_link_is_noticed(world: World):
    token = preferences.token(1, "planned", SUBJECT)
    for place, letter in enumerate(token):
        changed = token[:place] + ("A" if letter != "A" else "B") + token[place + 1 :]
        # the last letter of a signature carries two bits that mean nothing
        if place == len(token) - 1:
            continue
        with pytest.raises(NotFound):
            preferences.read(changed)


def test_a_link_is_good_for_years(world: World, clock):
    token = preferences.token(1, "planned", SUBJECT)
    clock.shift(2 * 365 * 86_400)

    assert preferences.read(token) == Link(1, "planned", SUBJECT)


def test_whoever_wants_nothing_at_all_still_does_after_unsubscribing(world: World):
    mia = person()
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.OFF, inbox=Mode.OFF)
        preferences.unsubscribe(Link(mia.id, "planned", SUBJECT), Stop.KIND)

    world.happens((mia, "voter"))
    world.announce()

    assert outcome(mia, "inbox") == ("suppressed", "off")


def test_choosing_oneself_takes_back_having_unsubscribed(world: World):
    mia = person()
    with unit_of_work():
        preferences.unsubscribe(Link(mia.id, "planned", SUBJECT), Stop.KIND)
        preferences.choose(mia, "planned", email=Mode.INSTANT, inbox=None)

    world.happens((mia, "voter"))
    world.announce()

    assert outcome(mia, "email") == ("pending", None)


def test_choosing_what_is_usual_leaves_no_trace(world: World):
    mia = person()
    with unit_of_work():
        preferences.choose(mia, "planned", email=Mode.OFF, inbox=Mode.OFF)
        preferences.choose(mia, "planned", email=None, inbox=None)

    assert preferences.of(mia) == {}


def test_muting_strikes_out_what_waits(world: World):
    mia = person()
    this, other = world.happens((mia, "voter")), world.happens((mia, "voter"), subject="idea:8")
    world.announce()

    with unit_of_work():
        preferences.mute(mia, SUBJECT)

    assert outcome(mia, "email", this) == ("suppressed", "muted")
    assert lines(this)[mia.id, "email"].done_at is not None
    assert outcome(mia, "email", other) == ("pending", None)
    assert preferences.is_muted(mia, SUBJECT)
    assert not preferences.is_muted(mia, "idea:8")
    assert preferences.muted_by(mia) == [SUBJECT]


def test_all_mail_is_one_choice(world: World):
    mia = person()
    with unit_of_work():
        preferences.unsubscribe(Link(mia.id, "planned", SUBJECT), Stop.EVERYTHING)

    assert preferences.of(mia)[EVERYTHING].by_unsubscribing
