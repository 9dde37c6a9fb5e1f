"""Single-use links that go to an address. The only code that writes `ticket`."""

from __future__ import annotations

import hmac
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ideas.accounts import tokens
from ideas.accounts.errors import LinkSpent
from ideas.accounts.models import Ticket, TicketKind, User
from ideas.db import db, utcnow
from ideas.words import _

# what signs in is short-lived (ASVS 6.6.3); what only proves an address may wait for somebody to read their mail
GOOD_FOR = {
    TicketKind.VERIFY: timedelta(hours=24),
    TicketKind.SIGN_IN: timedelta(minutes=10),
    TicketKind.RESET: timedelta(minutes=10),
    TicketKind.SETUP: timedelta(hours=24),
    TicketKind.OPENID: timedelta(minutes=10),
}


def issue(
    kind: TicketKind,
    *,
    person: User | None = None,
    details: dict[str, Any] | None = None,
    browser: str | None = None,
    unfinished_id: int | None = None,
    is_decoy: bool = False,
) -> str:
    """A link's secret. `browser` is the secret of the browser that asks; `details` is what using the link applies.

    A decoy is spent from the start: it makes the answer for an unknown address cost what a known one costs.
    """
    token = tokens.fresh()
    now = utcnow()
    ticket = Ticket(
        token_hash=tokens.hashed(token),
        kind=kind,
        user_id=person.id if person else None,
        details=details or {},
        browser_hash=tokens.hashed(browser) if browser else None,
        unfinished_id=unfinished_id,
        created_at=now,
        expires_at=now + GOOD_FOR[kind],
        used_at=now if is_decoy else None,
    )
    db.session.add(ticket)
    db.session.flush()  # equal work for a decoy: the row is written here and not on the way out
    return token


def look_at(kind: TicketKind, token: str) -> Ticket:
    """The ticket of a link that still works, unchanged. Raises LinkSpent."""
    statement = sa.select(Ticket).where(*_usable(kind, token)).execution_options(populate_existing=True)
    ticket = db.session.scalar(statement)
    if ticket is None:
        raise _spent()
    return ticket


def use(kind: TicketKind, token: str) -> Ticket:
    """The same, and it works no more: of two who use it at once, one gets it. Raises LinkSpent."""
    # read as an object afterwards: what RETURNING gives is the winner's id, and nothing for the other
    spend = sa.update(Ticket).where(*_usable(kind, token)).values(used_at=utcnow()).returning(Ticket.id)
    ticket_id = db.session.scalar(spend)
    if ticket_id is None:
        raise _spent()
    return db.session.scalars(
        sa.select(Ticket).where(Ticket.id == ticket_id).execution_options(populate_existing=True)
    ).one()


def void(person: User) -> None:
    """No link that went to `person` works any more."""
    _spend_all(Ticket.user_id == person.id)


def void_kind(kind: TicketKind) -> None:
    """No link of this kind works any more, whoever has one."""
    _spend_all(Ticket.kind == kind)


def is_from(ticket: Ticket, browser: str | None) -> bool:
    """Did this browser ask for the link."""
    if ticket.browser_hash is None or browser is None:
        return False
    return hmac.compare_digest(ticket.browser_hash, tokens.hashed(browser))


def _usable(kind: TicketKind, token: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        Ticket.token_hash == tokens.hashed(token),
        Ticket.kind == kind,
        Ticket.used_at.is_(None),
        Ticket.expires_at > utcnow(),
    )


def _spend_all(condition: sa.ColumnElement[bool]) -> None:
    db.session.execute(sa.update(Ticket).where(condition, Ticket.used_at.is_(None)).values(used_at=utcnow()))


def _spent() -> LinkSpent:
    return LinkSpent(_("This link was used already or is too old. Ask for a new one."))
