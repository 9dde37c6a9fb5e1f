"""How somebody comes to have an account: they ask, the address is proven, and only then does what they typed count."""

from __future__ import annotations

from typing import NamedTuple

from ideas.accounts import letters, people, tickets, writing
from ideas.accounts.models import Ticket, TicketKind, User


class Joining(NamedTuple):
    """What a visitor typed to sign up. `password_hash` is made before, as it takes long."""

    email: str
    name: str
    password_hash: str


class Asked(NamedTuple):
    """Where a link was asked for: the browser's secret, what was begun there, and the page to go back to."""

    browser: str
    unfinished_id: int | None
    path: str


def sign_up(who: Joining, asked: Asked) -> None:
    """Send a link that proves the address. Somebody who has an account gets one that signs in instead.

    The same rows are written for both, and nothing tells the one who asks which it was.
    """
    person = people.by_email(who.email)
    if person is not None and person.is_claimed:
        token = _ticket(TicketKind.SIGN_IN, person, asked, {})
        words = writing.already_here(token)
        good_for = tickets.GOOD_FOR[TicketKind.SIGN_IN]
    else:
        token = _ticket(TicketKind.VERIFY, person, asked, who._asdict())
        words = writing.verify(token)
        good_for = tickets.GOOD_FOR[TicketKind.VERIFY]
    letters.write(who.email, words, good_for=good_for)


def typed_name(ticket: Ticket) -> str:
    """The name somebody signed up with: a proposal, where it was not this browser that did."""
    return str(ticket.details.get("name", ""))


def verify(
    token: str, *, browser: str | None, name: str | None = None, password_hash: str | None = None
) -> tuple[User, Ticket]:
    """The account of a proven address, new or claimed, and the link that proved it.

    In the browser that signed up, the password is the one typed there. In any other it is the one given here, and
    nothing typed before counts: whoever signed up may have used an address that is not theirs.
    Raises LinkSpent, AddressTaken when the address was proven meanwhile, ValueError when the password is missing.
    """
    ticket = tickets.use(TicketKind.VERIFY, token)
    if tickets.is_from(ticket, browser):
        name = name or ticket.details["name"]
        password_hash = password_hash or ticket.details["password_hash"]
    if not name or not password_hash:
        raise ValueError("Another browser signed up, so a name and a password must be chosen here.")
    # a second link for the same address finds it taken: what somebody else typed never comes back
    return people.claim(ticket.details["email"], name, password_hash), ticket


def _ticket(kind: TicketKind, person: User | None, asked: Asked, details: dict[str, str]) -> str:
    return tickets.issue(
        kind,
        person=person,
        details={**details, "path": asked.path},
        browser=asked.browser,
        unfinished_id=asked.unfinished_id,
    )
