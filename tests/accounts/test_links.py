"""Links that sign in and links to choose a new password."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import tickets, tokens
from ideas.accounts.errors import LinkSpent
from ideas.accounts.models import Ticket, TicketKind, User
from ideas.db import db, unit_of_work, utcnow
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_imported_person,
    enter,
    last_link_to,
    letters_to,
    sign_in,
    who_is_in,
)


def ask(client, path="/sign-in/link", **typed):
    return client.post(path, data={"email": "mia@example.test", **typed})


def test_a_link_signs_in_in_the_browser_that_asked_for_it(client):
    a_person()
    ask(client, next="/ideas/7")

    link = last_link_to("mia@example.test")
    assert "sign in as mia@example.test" in client.get(link).text
    assert who_is_in(client) is None
    answer = client.post(link)

    assert answer.location == "/ideas/7"
    assert who_is_in(client) == "Mia"


def test_a_link_works_once(client):
    a_person()
    ask(client)
    link = last_link_to("mia@example.test")
    client.post(link)
    client.post("/sign-out")

    assert client.post(link).status_code == 404
    assert who_is_in(client) is None


@pytest.mark.parametrize("path", ["/sign-in/link", "/reset"])
def test_a_link_works_for_ten_minutes(client, clock, path):
    a_person()
    ask(client, path)
    link = last_link_to("mia@example.test")

    clock.shift(timedelta(minutes=9, seconds=59))
    assert client.get(link).status_code == 200
    clock.shift(timedelta(seconds=2))
    assert client.get(link).status_code == 404
    assert client.post(link, data={"password": PASSWORD}).status_code == 404


@pytest.mark.parametrize("path", ["/sign-in/link", "/reset"])
def test_mail_scanners_leave_a_link_as_it_was(app, client, path):
    a_person()
    ask(client, path)
    link = last_link_to("mia@example.test")

    for browser in (app.test_client(), client):
        for _ in range(50):
            assert browser.get(link).status_code == 200
            assert browser.head(link).status_code == 200

    assert client.post(link, data={"password": PASSWORD}).status_code == 303
    assert who_is_in(client) == "Mia"


def test_a_link_in_another_browser_explains_and_offers_one_for_this(app, client):
    a_person()
    ask(client)
    link = last_link_to("mia@example.test")
    other = app.test_client()

    for _ in range(2):
        assert "belongs to another browser" in other.get(link).text
        assert other.post(link).status_code == 409
        ask(other, "/reset")  # now it has a secret of its own
    assert who_is_in(other) is None
    ask(other)
    other.post(last_link_to("mia@example.test"))

    assert who_is_in(other) == "Mia"
    client.post(link)
    assert who_is_in(client) == "Mia"


def test_somebody_elses_link_signs_nobody_in(app):
    """An attacker asks for a link to their own account and gets a victim to press it."""
    a_person("eve@example.test", "Eve")
    attacker, victim = app.test_client(), app.test_client()
    ask(attacker, email="eve@example.test")

    victim.post(last_link_to("eve@example.test"))

    assert who_is_in(victim) is None


def test_a_link_is_kept_as_a_hash(client):
    a_person()
    ask(client)
    token = last_link_to("mia@example.test").rpartition("/")[2]

    (ticket,) = db.session.scalars(sa.select(Ticket))
    assert token not in repr((ticket.token_hash, ticket.details, ticket.browser_hash))


@pytest.mark.parametrize("token", ["x", "a" * 500, "%00", "..%2F..", "%F0%9F%8C%B1", "%ED%A0%80"])
@pytest.mark.parametrize("kind", ["link", "verify", "reset", "setup"])
def test_a_made_up_link_is_like_one_that_is_used_up(client, kind, token):
    for answer in (client.get(f"/{kind}/{token}"), client.post(f"/{kind}/{token}", data={"password": PASSWORD})):
        assert answer.status_code == 404


def test_a_link_of_one_kind_is_none_of_another(client):
    a_person()
    ask(client)
    token = last_link_to("mia@example.test").rpartition("/")[2]

    assert client.get(f"/reset/{token}").status_code == 404
    assert client.get(f"/verify/{token}").status_code == 404
    assert client.get(f"/setup/{token}").status_code == 404


def test_no_letter_goes_to_an_unknown_address(client):
    ask(client)
    ask(client, "/reset")

    assert letters_to("mia@example.test") == []


def test_the_decoy_for_an_unknown_address_opens_nothing(client, monkeypatch):
    monkeypatch.setattr(tokens, "fresh", lambda: "known-token")

    ask(client)

    assert db.session.scalar(sa.select(Ticket.token_hash)) == tokens.hashed("known-token")
    assert client.get("/link/known-token").status_code == 404
    assert client.post("/link/known-token").status_code == 404


def test_an_imported_person_is_claimed_by_a_link(client):
    an_imported_person()
    ask(client, email="ole@example.test")

    client.post(last_link_to("ole@example.test"))

    assert who_is_in(client) == "voter 17"
    assert db.session.scalars(sa.select(User)).one().is_claimed


def test_a_suspended_person_may_come_in_to_read(client):
    a_person(suspended_at=utcnow())
    ask(client)

    client.post(last_link_to("mia@example.test"))

    assert who_is_in(client) == "Mia"


def test_a_new_password_counts_and_the_old_one_no_more(app, client):
    a_person(password=PASSWORD)
    ask(client, "/reset")

    answer = client.post(last_link_to("mia@example.test"), data={"password": "an altogether new one"})

    assert answer.status_code == 303
    assert who_is_in(client) == "Mia"
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), password="an altogether new one").status_code == 303


def test_a_new_password_ends_every_sign_in_and_every_link_before(app, client):
    mia = a_person(password=PASSWORD)
    thief = app.test_client()
    enter(thief, mia)
    ask(thief)
    thiefs_link = last_link_to("mia@example.test")
    ask(client, "/reset")

    client.post(last_link_to("mia@example.test"), data={"password": "an altogether new one"})

    assert who_is_in(thief) is None
    assert thief.post(thiefs_link).status_code == 404


def test_a_new_password_is_told_by_mail(client):
    a_person(password=PASSWORD)
    ask(client, "/reset")

    client.post(last_link_to("mia@example.test"), data={"password": "an altogether new one"})

    letter = letters_to("mia@example.test")[-1]
    assert letter.subject == "Your password for Answerback was changed"
    assert "altogether" not in letter.text


def test_a_weak_new_password_leaves_the_link_as_it_was(client):
    a_person(password=PASSWORD)
    ask(client, "/reset")
    link = last_link_to("mia@example.test")

    assert client.post(link, data={"password": "password1"}).status_code == 422
    assert client.post(link, data={"password": "an altogether new one"}).status_code == 303


def test_a_reset_works_in_any_browser(app, client):
    """Whoever reads the mail chooses the password: nothing that the one who asked typed is in it."""
    a_person(password=PASSWORD)
    ask(client, "/reset")
    phone = app.test_client()

    phone.post(last_link_to("mia@example.test"), data={"password": "an altogether new one"})

    assert who_is_in(phone) == "Mia"
    assert who_is_in(client) is None


def test_of_two_who_use_a_link_at_once_one_gets_it(app):
    mia = a_person()
    with unit_of_work():
        token = tickets.issue(TicketKind.RESET, person=mia)
    with unit_of_work():
        tickets.use(TicketKind.RESET, token)

    with pytest.raises(LinkSpent), unit_of_work():
        tickets.use(TicketKind.RESET, token)


def test_an_empty_address_is_asked_for(client):
    answer = ask(client, email="")

    assert answer.status_code == 422
    assert "Please enter your e-mail address" in answer.text
