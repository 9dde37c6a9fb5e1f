"""How somebody who has an account proves who they are: by password, by a link, by choosing a new password.

Each does the same work, whether the address is known or not.
"""

from __future__ import annotations

from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import letters, passwords, people, tickets, writing
from ideas.accounts.errors import OtherBrowser
from ideas.accounts.joining import Asked
from ideas.accounts.models import Ticket, TicketKind, User
from ideas.db import db
from ideas.errors import NotFound
from ideas.settings import absolute
from ideas.words import _


class Known(NamedTuple):
    """Somebody who gave the right password; `new_hash` if theirs is to be kept in today's way."""

    user_id: int
    new_hash: str | None


def who(email: str, password: str) -> Known | None:
    """Who has this address and this password. Slow: call it outside a unit of work."""
    found = db.session.execute(sa.select(User.id, User.password_hash).where(User.email == email)).one_or_none()
    user_id, kept = found or (None, None)
    if not passwords.is_right(password, kept) or user_id is None or kept is None:
        return None
    return Known(user_id, passwords.hashed(password) if passwords.is_outdated(kept) else None)


def welcome(known: Known) -> User:
    """The person who gave the right password, as they are now."""
    person = db.session.get(User, known.user_id, populate_existing=True)
    if person is None:
        raise NotFound(_("There is no such person."))
    if known.new_hash:
        people.rehash(person, known.new_hash)
    return person


def send_link(email: str, asked: Asked) -> None:
    """Send a link that signs in, if the address is known. It works in the browser that asked alone."""
    _send(TicketKind.SIGN_IN, email, asked)


def send_reset(email: str, asked: Asked) -> None:
    """Send a link to choose a new password, if the address is known."""
    _send(TicketKind.RESET, email, asked)


def use_link(token: str, *, browser: str | None) -> tuple[User, Ticket]:
    """Whom the link signs in, and the link. Raises LinkSpent; OtherBrowser, and then it is not used up."""
    ticket = tickets.look_at(TicketKind.SIGN_IN, token)
    if not tickets.is_from(ticket, browser):
        raise OtherBrowser(_("This link was asked for in another browser and works only there."))
    tickets.use(TicketKind.SIGN_IN, token)
    person = owner(ticket)
    people.prove(person)
    return person, ticket


def reset(token: str, password_hash: str) -> tuple[User, Ticket]:
    """Set a new password: every sign-in and link before it ends, and the person is told. Raises LinkSpent.

    It works in any browser: whoever reads the mail of the address chooses the password; nothing typed before counts.
    """
    ticket = tickets.use(TicketKind.RESET, token)
    person = owner(ticket)
    people.prove(person)
    people.set_password(person, password_hash)
    if person.email:
        letters.write(person.email, writing.password_changed(), good_for=tickets.GOOD_FOR[TicketKind.VERIFY])
    return person, ticket


def link_by_hand(person: User) -> str:
    """An address that the operator hands to `person`: it chooses a password and signs in, once, in any browser."""
    return absolute(f"/reset/{tickets.issue(TicketKind.RESET, person=person)}")


def owner(ticket: Ticket) -> User:
    """Whose link it is."""
    return db.session.scalars(sa.select(User).where(User.id == ticket.user_id)).one()


def _send(kind: TicketKind, email: str, asked: Asked) -> None:
    person = people.by_email(email)
    token = tickets.issue(
        kind,
        person=person,
        details={"path": asked.path},
        browser=asked.browser,
        unfinished_id=asked.unfinished_id,
        is_decoy=person is None,
    )
    words = writing.sign_in(token) if kind == TicketKind.SIGN_IN else writing.reset(token)
    if person is None:
        letters.write_decoy(words, good_for=tickets.GOOD_FOR[kind])
    else:
        letters.write(email, words, good_for=tickets.GOOD_FOR[kind])
