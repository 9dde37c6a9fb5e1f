"""Choosing how and when to hear: on the page, by a link from a mail, by program."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from ideas import settings
from ideas.accounts import rhythms
from ideas.accounts.models import User
from ideas.accounts.rhythms import Chosen
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import preferences
from ideas.ledger.models import Mode
from tests.accounts.arranging import enter
from tests.ledger.arranging import SUBJECT, World, lines, outcome, person

HOURS = {"digest_hour": "18", "digest_weekday": "", "quiet_from": "22", "quiet_to": "7", "gathers": "y"}


@pytest.fixture
def mia(world: World) -> User:
    return person("Mia Member", email="mia@example.test")


@pytest.fixture
def strict(app: Flask) -> Flask:
    app.config["WTF_CSRF_ENABLED"] = True
    return app


def link_to(world: World, mia: User) -> str:
    """The address of the choices in a mail to Mia."""
    world.happens((mia, "voter"))
    world.work()
    text = world.transport.sent[-1].text
    found = re.search(r"http://localhost(/choices/\S+)", text)
    assert found
    assert found[1] in world.transport.sent[-1].html
    return found[1]


# --- The page ---


def test_hours_are_chosen_and_what_waits_moves(world: World, client: FlaskClient, mia: User, clock):
    clock.move_to(datetime(2026, 3, 3, 12, tzinfo=UTC))
    enter(client, mia)
    entry = world.happens((mia, "voter", "planned", "daily"))
    world.announce()

    answer = client.post("/settings/notifications/hours", data=HOURS)

    assert answer.status_code == 303
    assert rhythms.of(db.session.get_one(User, mia.id)) == Chosen(18, None, 22, 7)
    assert lines(entry)[mia.id, "email"].due_at == datetime(2026, 3, 3, 18, tzinfo=UTC)
    page = client.get("/settings/notifications").text
    assert re.search(r'<option selected value="18"', page)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"quiet_to": ""}, "Quiet hours need a beginning and an end."),
        ({"quiet_from": "7"}, "Quiet hours end at another hour than they begin."),
        ({"digest_hour": "24"}, "Not a valid choice"),
    ],
)
def test_hours_that_make_no_sense_are_refused_by_name(world: World, client: FlaskClient, mia: User, wrong, said):
    enter(client, mia)

    answer = client.post("/settings/notifications/hours", data=HOURS | wrong)

    assert answer.status_code == 422
    assert said in answer.text
    assert rhythms.of(db.session.get_one(User, mia.id)) == Chosen()


def test_another_time_zone_moves_what_waits(world: World, client: FlaskClient, mia: User, clock):
    clock.move_to(datetime(2026, 3, 3, 12, tzinfo=UTC))
    enter(client, mia)
    entry = world.happens((mia, "voter", "planned", "daily"))
    world.announce()

    client.post("/profile", data={"name": "Mia Member", "locale": "", "timezone": "Asia/Tokyo"})

    assert lines(entry)[mia.id, "email"].due_at == datetime(2026, 3, 3, 23, tzinfo=UTC)


def test_whoever_wants_each_by_itself_gets_what_was_gathered(app: Flask, world: World, client: FlaskClient, mia: User):
    app.config["ANSWERBACK"] = replace(app.config["ANSWERBACK"], single_mails_a_week=1)
    enter(client, mia)
    for number in range(3):
        world.happens((mia, "voter"), subject=f"idea:{number}")
    world.work()
    assert len(world.mailed) == 1

    client.post("/settings/notifications/hours", data={**dict.fromkeys(HOURS, ""), "gathers": ""})
    world.work()

    assert len(world.mailed) == 3


# --- By a link ---


def test_the_link_works_without_signing_in(world: World, strict: Flask, client: FlaskClient, mia: User):
    link = link_to(world, mia)
    page = client.get(link)
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "private, no-store"
    assert page.headers["Referrer-Policy"] == "no-referrer"

    stranger = strict.test_client()
    answer = stranger.post(
        link,
        data={"email_planned": "weekly", "inbox_planned": "y", "email_shipped": "usual", "inbox_shipped": "y"},
        headers={"Origin": "null"},
    )

    assert answer.status_code == 303
    assert answer.headers["Location"] == link
    assert preferences.of(mia)["planned"].email == Mode.WEEKLY
    assert stranger.post(f"{link}/hours", data=HOURS).status_code == 303
    assert rhythms.of(db.session.get_one(User, mia.id)).digest_hour == 18
    waiting = world.happens((mia, "voter", "shipped"))
    world.announce()
    assert stranger.post(f"{link}/mail", data={"on": "0"}).status_code == 303
    assert outcome(mia, "email", waiting) == ("suppressed", "unsubscribed")
    assert stranger.get("/settings/notifications").status_code == 303  # nobody is signed in by it


def test_opening_the_link_changes_nothing(world: World, client: FlaskClient, mia: User):
    link = link_to(world, mia)

    for _ in range(100):
        assert client.get(link).status_code == 200
    for act in ("hours", "mail", "unmute"):
        assert client.get(f"{link}/{act}").status_code in (404, 405)

    assert preferences.of(mia) == {}


def test_the_link_shows_nothing_that_only_its_owner_may_see(world: World, client: FlaskClient, mia: User):
    settings.rooms().name_subjects = lambda reader, subjects: (
        {SUBJECT: ("The private title", "http://localhost/ideas/7")} if reader else {}
    )
    with unit_of_work():
        preferences.mute(mia, SUBJECT)
    link = preferences.choices_path(mia.id)
    assert link

    page = client.get(link).text

    for private in ("The private title", "mia@example.test", "Mia Member"):
        assert private not in page
    assert "Something that only some may see" in page
    client.post(f"{link}/unmute", data={"subject": SUBJECT})
    assert preferences.muted_by(mia) == []


def test_the_page_that_stops_mail_shows_a_title_to_its_reader_alone(world: World, client: FlaskClient, mia: User):
    settings.rooms().name_subjects = lambda reader, subjects: (
        {SUBJECT: ("The private title", "http://localhost/ideas/7")} if reader else {}
    )
    path = f"/u/{preferences.token(mia.id, 'planned', SUBJECT)}"
    assert "The private title" not in client.get(path).text

    enter(client, mia)

    assert "The private title" in client.get(path).text


@pytest.mark.parametrize("token", ["x", "WzEsImFiYyIsMV0.forged", "é"])
def test_a_forged_link_is_not_found(world: World, client: FlaskClient, token: str):
    assert client.get(f"/choices/{token}").status_code == 404
    assert client.post(f"/choices/{token}/mail", data={"on": "0"}).status_code == 404


def test_a_link_that_stops_mail_is_none_to_choices_nor_the_reverse(world: World, client: FlaskClient, mia: User):
    stopping = preferences.token(mia.id, "planned", SUBJECT)
    choosing = (preferences.choices_path(mia.id) or "").removeprefix("/choices/")

    assert client.get(f"/choices/{stopping}").status_code == 404
    assert client.post(f"/u/{choosing}").status_code == 404


@pytest.mark.parametrize(
    ("later", "works"),
    [(timedelta(days=60), True), (timedelta(days=180, seconds=59), True), (timedelta(days=180, seconds=61), False)],
)
def test_the_link_is_good_for_half_a_year(world: World, client: FlaskClient, mia: User, clock, later, works: bool):
    link = preferences.choices_path(mia.id)
    clock.shift(later)

    assert (client.get(link or "").status_code == 200) is works


@pytest.mark.parametrize("back", [timedelta(seconds=60), timedelta(hours=1), timedelta(days=1)])
def test_the_link_works_by_a_clock_that_is_behind(world: World, client: FlaskClient, mia: User, clock, back: timedelta):
    link = preferences.choices_path(mia.id)
    clock.shift(-back)

    assert client.get(link or "").status_code == 200


def test_the_link_ends_with_the_address_and_with_the_person(world: World, client: FlaskClient, mia: User):
    link = preferences.choices_path(mia.id) or ""
    mia.email = "other@example.test"
    db.session.commit()
    assert client.get(link).status_code == 404

    newer = preferences.choices_path(mia.id) or ""
    assert client.get(newer).status_code == 200
    mia.erased_at = utcnow()
    db.session.commit()
    assert client.get(newer).status_code == 404
