"""What people see to themselves: profile and browsers."""

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User, UserSession
from ideas.db import db
from tests.accounts.arranging import PASSWORD, a_person, an_admin, enter, letters_to, sign_in, who_is_in


@pytest.fixture
def mia(client):
    person = a_person(password=PASSWORD)
    enter(client, person)
    return person


def now(person: User) -> User:
    return db.session.get_one(User, person.id, populate_existing=True)


def test_a_profile_is_changed(client, mia):
    typed = {"name": "Mia Möller", "locale": "en", "timezone": "Europe/Berlin", "shown_as_backer": "y"}

    assert client.post("/profile", data=typed).status_code == 303

    person = now(mia)
    assert (person.name, person.locale, person.timezone, person.shown_as_backer) == (
        "Mia Möller",
        "en",
        "Europe/Berlin",
        True,
    )
    assert ">MM</span>" in client.get("/profile").text


def test_a_member_gets_no_title_by_sending_one(client, mia):
    client.post("/profile", data={"name": "Mia", "title": "Head of everything", "locale": "", "timezone": ""})

    assert now(mia).title is None


def test_one_of_the_team_says_what_they_do(app):
    client, petra = app.test_client(), an_admin()
    enter(client, petra)

    client.post("/profile", data={"name": "Petra", "title": "Product lead", "locale": "", "timezone": ""})

    assert now(petra).title == "Product lead"
    assert 'value="Product lead"' in client.get("/profile").text


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "Please fill this in"),
        ({"name": "M" * 81}, "80 fit"),
        ({"name": "Mia\x00"}, "cannot be used"),
        ({"name": "Mia", "timezone": "Mars/Olympus"}, "Choose one of the time zones"),
        ({"name": "Mia", "locale": "../etc"}, "Choose one of the languages"),
    ],
)
def test_what_cannot_be_is_refused_with_the_field_named(client, mia, typed, said):
    answer = client.post("/profile", data={"locale": "", "timezone": "", **typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert now(mia).name == "Mia"


@pytest.mark.parametrize(
    "field", ["site_role", "email", "verified_at", "suspended_at", "company_id", "password_hash", "id"]
)
def test_nothing_else_of_a_person_is_changed_by_sending_it(client, mia, field):
    before = getattr(now(mia), field)

    client.post("/profile", data={"name": "Mia", "locale": "", "timezone": "", field: "admin"})

    assert getattr(now(mia), field) == before


def test_a_person_sees_where_they_are_signed_in_and_ends_one(app, client, mia):
    phone = app.test_client()
    phone.post(
        "/sign-in", data={"email": "mia@example.test", "password": PASSWORD}, headers={"User-Agent": "Pocket/1.0"}
    )
    assert "Pocket/1.0" in client.get("/profile/sessions").text
    row = db.session.scalars(sa.select(UserSession).where(UserSession.browser == "Pocket/1.0")).one()

    assert client.post(f"/profile/sessions/{row.id}/revoke").status_code == 303

    assert who_is_in(phone) is None
    assert who_is_in(client) == "Mia"


def test_a_person_signs_out_everywhere_else(app, client, mia):
    others = [app.test_client() for _ in range(3)]
    for other in others:
        sign_in(other)

    client.post("/profile/sessions/revoke-others")

    assert [who_is_in(other) for other in others] == [None] * 3
    assert who_is_in(client) == "Mia"


def test_nobody_ends_the_sign_in_of_another(app, client, mia):
    charlie = app.test_client()
    enter(charlie, a_person("charlie@example.test", "Charlie"))
    row = db.session.scalars(sa.select(UserSession).where(UserSession.user_id == mia.id)).one()

    assert charlie.post(f"/profile/sessions/{row.id}/revoke").status_code == 404
    charlie.post("/profile/sessions/revoke-others")

    assert who_is_in(client) == "Mia"


def test_a_person_has_a_link_to_change_their_password_sent(client, mia):
    assert 'value="mia@example.test"' in client.get("/profile/sessions").text

    client.post("/reset", data={"email": "mia@example.test"})

    assert letters_to("mia@example.test")[-1].subject.startswith("Choose a new password")
