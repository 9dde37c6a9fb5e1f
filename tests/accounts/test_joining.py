"""Signing up: nothing typed counts before the address is proven, and nobody learns who is known here."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models import Attempt, Letter, Ticket, User
from ideas.db import db
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_imported_person,
    last_link_to,
    letters_to,
    sign_in,
    sign_up,
    who_is_in,
)


def people() -> list[User]:
    return list(db.session.scalars(sa.select(User).order_by(User.id)))


def test_who_signs_up_and_follows_the_link_is_in(client):
    assert sign_up(client).status_code == 303

    link = last_link_to("mia@example.test")
    assert "mia@example.test" in client.get(link).text
    answer = client.post(link)

    assert answer.status_code == 303
    assert who_is_in(client) == "Mia"
    (mia,) = people()
    assert mia.verified_at is not None
    assert not mia.is_imported


def test_signing_up_makes_no_account_before_the_address_is_proven(client):
    sign_up(client)

    assert people() == []
    assert sign_in(client).status_code == 422


def test_one_can_sign_in_with_the_password_typed_when_signing_up(app, client):
    sign_up(client)
    client.post(last_link_to("mia@example.test"))
    other = app.test_client()

    assert sign_in(other).status_code == 303
    assert who_is_in(other) == "Mia"


def test_the_link_works_once(app, client):
    sign_up(client)
    link = last_link_to("mia@example.test")
    client.post(link)

    assert client.post(link).status_code == 404
    assert client.get(link).status_code == 404


def test_the_link_works_for_a_day(client, clock):
    sign_up(client)
    link = last_link_to("mia@example.test")

    clock.shift(timedelta(hours=23, minutes=59))
    assert client.get(link).status_code == 200
    clock.shift(timedelta(minutes=2))
    assert client.get(link).status_code == 404
    assert client.post(link).status_code == 404


def test_a_mail_scanner_spends_nothing(app, client):
    sign_up(client)
    link = last_link_to("mia@example.test")
    scanner = app.test_client()

    for _ in range(100):
        assert scanner.get(link).status_code == 200
        assert scanner.head(link).status_code == 200

    assert people() == []
    assert client.post(link).status_code == 303
    assert who_is_in(client) == "Mia"


def test_a_link_opened_in_another_browser_asks_for_the_password_anew(app, client):
    sign_up(client)
    link = last_link_to("mia@example.test")
    other = app.test_client()

    assert "choose your password here" in other.get(link).text
    assert other.post(link).status_code == 422
    assert people() == []
    assert other.post(link, data={"name": "Mia M", "password": "another password altogether"}).status_code == 303

    assert who_is_in(other) == "Mia M"
    assert sign_in(app.test_client()).status_code == 422
    assert sign_in(app.test_client(), password="another password altogether").status_code == 303


def test_who_signs_up_with_somebody_elses_address_gets_nothing_of_theirs(app):
    """Pre-hijacking: the victim proves the address, the attacker knows the password of the sign-up."""
    attacker, victim = app.test_client(), app.test_client()
    sign_up(attacker, "victim@example.test", name="Attacker", password="the attackers own words")
    link = last_link_to("victim@example.test")
    victim.post("/reset", data={"email": "other@example.test"})  # this browser has a secret of its own

    victim.post(link, data={"name": "Vic", "password": "what the victim chose"})

    assert sign_in(attacker, "victim@example.test", password="the attackers own words").status_code == 422
    assert who_is_in(victim) == "Vic"
    assert who_is_in(attacker) is None


def test_a_second_sign_up_with_the_same_address_cannot_come_back_later(app):
    """Two people sign up with one address; the first proof settles whose it is."""
    first, second = app.test_client(), app.test_client()
    sign_up(first, name="First")
    sign_up(second, name="Second", password="words of somebody else")
    first_link, second_link = (link.text for link in letters_to("mia@example.test"))
    first.post(last_link_of(first_link))

    answer = second.post(last_link_of(second_link))

    assert answer.status_code == 303
    assert answer.location == "/sign-in"
    assert who_is_in(second) is None
    assert [person.name for person in people()] == ["First"]
    assert sign_in(second, password="words of somebody else").status_code == 422


def last_link_of(text: str) -> str:
    return text.partition("http://localhost")[2].split()[0]


def test_who_has_an_account_already_is_told_by_mail_and_nowhere_else(app, client):
    a_person(password=PASSWORD)

    sign_up(client, name="Somebody", password="some other words here")

    (letter,) = letters_to("mia@example.test")
    assert letter.subject == "You already have an account at Answerback"
    assert sign_in(app.test_client(), password="some other words here").status_code == 422
    assert sign_in(app.test_client()).status_code == 303
    client.post(last_link_to("mia@example.test"))
    assert who_is_in(client) == "Mia"


def test_an_imported_person_is_claimed_by_whoever_reads_their_mail(client):
    ole = an_imported_person()

    sign_up(client, "ole@example.test", name="Ole")
    assert not db.session.get_one(User, ole.id, populate_existing=True).is_claimed
    client.post(last_link_to("ole@example.test"))

    (person,) = people()
    assert person.id == ole.id
    assert person.name == "Ole"
    assert person.is_claimed
    assert who_is_in(client) == "Ole"


def test_an_imported_person_is_not_claimed_with_an_attackers_password(app):
    an_imported_person()
    attacker, ole = app.test_client(), app.test_client()
    sign_up(attacker, "ole@example.test", name="Attacker", password="the attackers own words")

    ole.post(last_link_to("ole@example.test"), data={"name": "Ole", "password": "what ole chose himself"})

    assert sign_in(attacker, "ole@example.test", password="the attackers own words").status_code == 422
    assert sign_in(attacker, "ole@example.test", password="what ole chose himself").status_code == 303


def seen(answer):
    """Everything an answer shows, apart from what differs with every request."""
    headers = {name: value for name, value in answer.headers if name not in ("Set-Cookie", "X-Request-Id", "Date")}
    cookies = [value.partition("=")[0] for value in answer.headers.getlist("Set-Cookie")]
    return answer.status_code, headers, cookies, re.sub(r'name="csrf_token" value="[^"]*"', "", answer.text)


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in", "/sign-in/link", "/reset"])
def test_known_unknown_and_unclaimed_addresses_get_the_same_answer(app, path):
    a_person("known@example.test", password=PASSWORD)
    an_imported_person("taken@example.test")
    typed = {"name": "Mia", "password": "a password that is wrong"}

    answers = []
    for email in ("known@example.test", "empty@example.test", "taken@example.test"):
        browser = app.test_client()
        sent = browser.post(path, data={**typed, "email": email})
        shown = browser.get(sent.location) if sent.status_code == 303 else sent
        answers.append((seen(sent), seen(shown)))

    texts = [repr(answer).replace("known@", "X@").replace("empty@", "X@").replace("taken@", "X@") for answer in answers]
    assert texts[0] == texts[1] == texts[2]


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in/link", "/reset"])
def test_known_and_unknown_addresses_cost_the_same_rows(app, path):
    a_person("known@example.test")

    written = []
    for email in ("known@example.test", "empty@example.test"):
        app.test_client().post(path, data={"name": "Mia", "email": email, "password": PASSWORD})
        written.append([len(db.session.scalars(sa.select(table)).all()) for table in (Letter, Ticket, Attempt)])

    assert written == [[1, 1, 3], [2, 2, 6]]


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in/link", "/reset"])
def test_five_mails_an_hour_go_to_an_address_known_or_not(app, clock, path):
    a_person("known@example.test")

    for email in ("known@example.test", "empty@example.test"):
        answers = [
            app.test_client().post(path, data={"name": "Mia", "email": email, "password": PASSWORD}) for _ in range(7)
        ]
        assert [answer.status_code for answer in answers] == [303] * 5 + [429] * 2
        assert int(answers[-1].headers["Retry-After"]) == 3600

    clock.shift(timedelta(hours=1))
    assert app.test_client().post("/sign-in/link", data={"email": "known@example.test"}).status_code == 303


def test_what_was_typed_is_kept_when_something_is_wrong(client):
    answer = sign_up(client, "not an address", name="Mia & Ole", password="short")

    assert answer.status_code == 422
    assert "Mia &amp; Ole" in answer.text
    assert 'value="not an address"' in answer.text
    assert "This is not an e-mail address" in answer.text
    assert "At least 8 characters" in answer.text
    assert "short" not in answer.text


def test_what_was_typed_is_kept_when_it_was_too_often(client):
    for _ in range(5):
        sign_up(client)

    answer = sign_up(client, name="Mia Typed")

    assert answer.status_code == 429
    assert "Mia Typed" in answer.text
    assert "too often" in answer.text


def test_a_name_somebody_typed_is_not_in_the_mail(client):
    """Or sign-up would send anybody's words to anybody."""
    sign_up(client, name="Win at casino.test")

    (letter,) = letters_to("mia@example.test")
    assert "casino" not in letter.text + letter.html + letter.subject


def test_where_sign_up_is_closed_nobody_gets_in_by_themselves(make_app):
    app = make_app(SIGNUP_OPEN="0")
    with app.app_context():
        client = app.test_client()

        assert client.get("/sign-up").status_code == 403
        assert sign_up(client).status_code == 403
        assert letters_to("mia@example.test") == []
