"""What tests of this room arrange and look for, in a line each."""

import re
from datetime import timedelta
from typing import Any

import pyotp
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ideas.accounts import factors, factors_totp, passwords, tickets
from ideas.accounts.models import Letter, SiteRole, TicketKind, User
from ideas.db import db, unit_of_work, utcnow
from tests.factories import UserFactory

PASSWORD = "four words in a row"


def a_person(email: str | None = "mia@example.test", name: str = "Mia", *, password: str | None = None, **values: Any):
    """Somebody with a proven address; with `password=PASSWORD` they can type one."""
    kept = passwords.hashed(password) if password else None
    return UserFactory(email=email, name=name, password_hash=kept, **values)


def an_admin(email: str = "petra@example.test", name: str = "Petra", **values: Any):
    return a_person(email, name, site_role=SiteRole.ADMIN, **values)


def an_imported_person(email: str = "ole@example.test", name: str = "voter 17"):
    return a_person(email, name, verified_at=None, is_imported=True)


def letters_to(email: str) -> list[Letter]:
    return list(db.session.scalars(sa.select(Letter).where(Letter.recipient == email).order_by(Letter.id)))


def link_in(letter: Letter) -> str:
    """The path of the link that a letter carries."""
    found = re.search(r"http://localhost(/(?:verify|link|reset)/\S+)", letter.text)
    assert found, letter.text
    return found[1]


def last_link_to(email: str) -> str:
    return link_in(letters_to(email)[-1])


def sign_up(client: FlaskClient, email: str = "mia@example.test", **typed: str) -> TestResponse:
    return client.post("/sign-up", data={"name": "Mia", "email": email, "password": PASSWORD, **typed})


def sign_in(client: FlaskClient, email: str = "mia@example.test", **typed: str) -> TestResponse:
    return client.post("/sign-in", data={"email": email, "password": PASSWORD, **typed})


def who_is_in(client: FlaskClient) -> str | None:
    """The name on the profile page of whoever is signed in there."""
    answer = client.get("/profile")
    if answer.status_code != 200:
        return None
    found = re.search(r'name="name"[^>]*value="([^"]*)"', answer.text)
    assert found, answer.text
    return found[1]


def enter(client: FlaskClient, person: User) -> None:
    """Sign `person` in, by a link of this browser."""
    with client.session_transaction() as cookie:
        cookie["browser"] = "this browser"
    with unit_of_work():
        token = tickets.issue(TicketKind.SIGN_IN, person=db.session.merge(person), browser="this browser")
    assert client.post(f"/link/{token}").status_code == 303


class App:
    """An authenticator app on somebody's phone, whose clock may be off."""

    def __init__(self, key: str) -> None:
        self.totp = pyotp.TOTP(key.replace(" ", ""))

    def shows(self, *, later: int = 0) -> str:
        """The six digits now, or so many seconds later."""
        return self.totp.at(utcnow() + timedelta(seconds=later))


def an_app_of(person: User) -> App:
    """`person` has set up an app, with the digits of the half minute before."""
    offer = factors_totp.offer(person)
    app = App(offer.key)
    with unit_of_work():
        factors.add_app(db.session.merge(person), offer.sealed, app.shows(later=-30), here=None)
    return app


def codes_of(person: User) -> list[str]:
    """New recovery codes of somebody with a factor."""
    with unit_of_work():
        return factors.renew_codes(db.session.merge(person))


def committed(function: Any, *arguments: Any, **options: Any) -> Any:
    """Call a service as an edge does: in a unit of work of its own."""
    with unit_of_work():
        return function(*arguments, **options)
