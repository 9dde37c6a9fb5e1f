"""What is begun before signing in is done afterwards, whichever way somebody comes in."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import request
from marshmallow import ValidationError

from ideas.accounts import signin, tidying
from ideas.accounts.models import UnfinishedAct, User
from ideas.db import db
from ideas.errors import Conflict
from ideas.settings import rooms
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_imported_person,
    committed,
    last_link_to,
    sign_in,
    sign_up,
    who_is_in,
)

pytestmark = pytest.mark.own_app  # adds pages and an act to it


@pytest.fixture
def done(app):
    """What was done, by whom: filled by an act that the site knows as "wave"."""
    acts = []

    def wave(person, details):
        if details.get("broken") == "rule":
            person.name = "changed halfway"
            db.session.flush()
            raise Conflict("This idea takes no waves any more.")
        if details.get("broken") == "input":
            raise ValidationError({"body": ["Too long a wave."]})
        acts.append((person.email, details["to"]))
        return f"/waved/{details['to']}"

    rooms().resumers["wave"] = wave

    @app.post("/wave")
    def begin():
        if signin.reader() is None:
            return signin.ask_to_sign_in("wave", dict(request.form))
        return wave(signin.member(), dict(request.form))

    @app.get("/draft")
    def draft():
        return signin.draft("wave") or {}

    return acts


def begin(client, **details):
    answer = client.post(
        "/wave", data={"to": "idea-7", **details}, headers={"Referer": "http://localhost/ideas/7?sort=new"}
    )
    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/ideas/7?sort%3Dnew"
    return answer


def test_it_is_carried_through_a_password(client, done):
    a_person(password=PASSWORD)
    begin(client)
    assert "What you began is kept" in client.get("/sign-in").text

    answer = sign_in(client)

    assert answer.location == "/waved/idea-7"
    assert done == [("mia@example.test", "idea-7")]


def test_it_is_carried_through_a_link(client, done):
    a_person()
    begin(client)
    client.post("/sign-in/link", data={"email": "mia@example.test"})

    answer = client.post(last_link_to("mia@example.test"))

    assert answer.location == "/waved/idea-7"
    assert done == [("mia@example.test", "idea-7")]


def test_it_is_carried_through_signing_up(client, done):
    begin(client)
    sign_up(client)

    answer = client.post(last_link_to("mia@example.test"))

    assert answer.location == "/waved/idea-7"
    assert done == [("mia@example.test", "idea-7")]


def test_it_is_carried_through_claiming_an_imported_account(client, done):
    an_imported_person()
    begin(client)
    sign_up(client, "ole@example.test")

    client.post(last_link_to("ole@example.test"))

    assert done == [("ole@example.test", "idea-7")]


def test_it_is_carried_into_the_browser_in_which_the_mail_is_read(app, client, done):
    begin(client, body="I wave at this idea.")
    sign_up(client)
    phone = app.test_client()
    link = last_link_to("mia@example.test")

    assert "I wave at this idea." in phone.get(link).text
    answer = phone.post(link, data={"name": "Mia", "password": PASSWORD, "resume": "y"})

    assert answer.location == "/waved/idea-7"
    assert done == [("mia@example.test", "idea-7")]


def test_what_somebody_else_began_is_not_done_unless_one_wants_it(app, client, done):
    begin(client, body="Words that an attacker would like Mia to say.")
    sign_up(client)
    mia = app.test_client()

    answer = mia.post(last_link_to("mia@example.test"), data={"name": "Mia", "password": PASSWORD})

    assert answer.location == "/"
    assert done == []


def test_a_link_for_another_browser_carries_nothing_over(app, client, done):
    """Or anybody could put words into the mouth of whoever presses "send a link for this browser"."""
    a_person()
    begin(client)
    client.post("/sign-in/link", data={"email": "mia@example.test"})
    other = app.test_client()
    other.post(last_link_to("mia@example.test"))
    other.post("/sign-in/link", data={"email": "mia@example.test"})

    other.post(last_link_to("mia@example.test"))

    assert who_is_in(other) == "Mia"
    assert done == []


def test_it_is_done_once(app, client, done):
    a_person(password=PASSWORD)
    begin(client)
    client.post("/sign-in/link", data={"email": "mia@example.test"})
    link = last_link_to("mia@example.test")

    sign_in(client)
    client.post("/sign-out")
    sign_in(client)
    client.post(link)

    assert len(done) == 1


def test_wrong_tries_in_between_do_not_lose_it(client, done):
    a_person(password=PASSWORD)
    begin(client)

    sign_in(client, password="wrong words here")
    sign_in(client)

    assert len(done) == 1


@pytest.mark.parametrize(
    ("broken", "reason"), [("rule", "This idea takes no waves any more."), ("input", "Too long a wave.")]
)
def test_what_cannot_be_done_does_not_keep_one_out(client, done, broken, reason):
    a_person(password=PASSWORD)
    begin(client, broken=broken, body="My long wave.", back="/profile")

    answer = sign_in(client)

    assert answer.location == "/profile"
    page = client.get("/profile").text
    assert "You are signed in, but one thing could not be done" in page
    assert reason in page
    assert db.session.scalars(sa.select(User.name)).one() == "Mia"
    assert client.get("/draft").json["body"] == "My long wave."
    assert client.get("/draft").json["body"] == "My long wave."


def test_what_could_not_be_done_is_not_tried_again(client, done):
    a_person(password=PASSWORD)
    begin(client, broken="rule")
    sign_in(client)
    client.post("/sign-out")

    assert sign_in(client, next="/profile").location == "/profile"
    assert "could not be done" not in client.get("/profile").text


def test_a_long_text_is_kept_on_the_server_and_not_in_the_cookie(client, done):
    begin(client, body="ü" * 20_000)

    assert len(client.get_cookie("session").value) < 1000
    a_person(password=PASSWORD)
    sign_in(client)
    assert len(done) == 1


def test_the_latest_thing_begun_is_the_one_that_is_done(client, done):
    a_person(password=PASSWORD)
    begin(client)
    begin(client, to="idea-8")

    sign_in(client)

    assert done == [("mia@example.test", "idea-8")]
    assert list(db.session.scalars(sa.select(UnfinishedAct))) == []


def test_an_act_nobody_knows_any_more_is_dropped(client, done):
    a_person(password=PASSWORD)
    begin(client)
    del rooms().resumers["wave"]

    assert sign_in(client, next="/profile").location == "/profile"
    assert who_is_in(client) == "Mia"


def test_what_nobody_finishes_is_deleted_after_a_week(client, done, clock):
    begin(client)
    clock.shift(timedelta(days=6))
    committed(tidying.sweep)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(UnfinishedAct)) == 1

    clock.shift(timedelta(days=2))
    committed(tidying.sweep)

    assert db.session.scalar(sa.select(sa.func.count()).select_from(UnfinishedAct)) == 0


def test_one_network_cannot_fill_the_table(app, done):
    codes = [app.test_client().post("/wave", data={"to": "idea-7"}).status_code for _ in range(62)]

    assert codes == [303] * 60 + [429] * 2


@pytest.mark.parametrize(
    "referrer", ["https://evil.test/x", "http://localhost.evil.test/x", "http://localhost//evil.test", ""]
)
def test_a_page_of_another_site_is_not_come_back_to(client, done, referrer):
    answer = client.post("/wave", data={"to": "idea-7"}, headers={"Referer": referrer})

    assert answer.location == "/sign-in?next=/"


def test_an_invitation_opens_sign_up_where_it_is_closed(make_app):
    app = make_app(SIGNUP_OPEN="0")
    with app.app_context():

        @app.get("/invited")
        def invited():
            return signin.ask_to_sign_in("invitation", {"token": "t"})

        client = app.test_client()
        client.get("/invited")

        assert client.get("/sign-up").status_code == 200
        assert sign_up(client).status_code == 303
