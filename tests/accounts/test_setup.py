"""The first administrator, made by a link that is printed once."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import setup
from ideas.accounts.models import AuditEntry, User
from ideas.db import db
from tests.accounts.arranging import PASSWORD, a_person, an_admin, committed, sign_in, who_is_in

pytestmark = pytest.mark.usefixtures("app")

TYPED = {"name": "Petra", "email": "petra@example.test", "password": PASSWORD}


def the_link():
    link = committed(setup.first_admin_link)
    assert link.startswith("http://localhost/setup/")
    return link.removeprefix("http://localhost")


def test_who_has_the_link_becomes_the_administrator(app, client):
    link = the_link()
    assert "Set up this site" in client.get(link).text

    answer = client.post(link, data=TYPED)

    assert answer.status_code == 303
    assert who_is_in(client) == "Petra"
    assert client.get("/manage/people").status_code == 200
    assert sign_in(app.test_client(), "petra@example.test").status_code == 303
    assert "site.set_up" in db.session.scalars(sa.select(AuditEntry.act)).all()


def test_looking_at_the_link_changes_nothing(client):
    link = the_link()

    for _ in range(100):
        assert client.get(link).status_code == 200

    assert client.post(link, data=TYPED).status_code == 303


def test_the_link_works_once(app, client):
    link = the_link()
    client.post(link, data=TYPED)
    other = app.test_client()

    assert other.post(link, data={**TYPED, "email": "eve@example.test"}).status_code == 404
    assert [person.email for person in db.session.scalars(sa.select(User))] == ["petra@example.test"]


def test_there_is_no_link_once_somebody_administers_the_site():
    an_admin()

    assert committed(setup.first_admin_link) is None


def test_a_link_from_before_ends_when_a_new_one_is_made(client):
    former = the_link()

    newer = the_link()

    assert client.get(former).status_code == 404
    assert client.get(newer).status_code == 200


def test_who_was_quicker_is_the_administrator(client):
    link = the_link()
    an_admin("quick@example.test")

    answer = client.post(link, data=TYPED)

    assert answer.status_code == 422
    assert "has an administrator already" in answer.text
    assert who_is_in(client) is None


def test_a_members_address_is_not_taken_over(client):
    a_person("petra@example.test", "Petra the member")
    link = the_link()

    answer = client.post(link, data=TYPED)

    assert answer.status_code == 422
    assert "an account with this address" in answer.text
    assert db.session.scalars(sa.select(User)).one().name == "Petra the member"
    assert client.post(link, data={**TYPED, "email": "other@example.test"}).status_code == 303


def test_the_link_ends_after_a_day(client, clock):
    link = the_link()

    clock.shift(timedelta(hours=24, seconds=1))

    assert client.get(link).status_code == 404


def test_a_weak_password_is_refused_and_the_link_stays(client):
    link = the_link()

    assert client.post(link, data={**TYPED, "password": "password"}).status_code == 422
    assert client.post(link, data={**TYPED, "password": "petra@example.test"}).status_code == 422
    assert client.post(link, data=TYPED).status_code == 303
