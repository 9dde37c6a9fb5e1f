"""The first administrator: made by a link that is printed once, because there are no default accounts."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.accounts import audit, locks, people, tickets
from ideas.accounts.errors import SetUpAlready
from ideas.accounts.models import SiteRole, TicketKind, User
from ideas.db import db
from ideas.settings import absolute
from ideas.words import _


def has_admin() -> bool:
    return bool(db.session.scalar(sa.select(sa.exists().where(User.site_role == SiteRole.ADMIN))))


def first_admin_link() -> str | None:
    """The address at which the first administrator is made; None when there is one. Earlier such links end."""
    if has_admin():
        return None
    tickets.void_kind(TicketKind.SETUP)
    return absolute(f"/setup/{tickets.issue(TicketKind.SETUP)}")


def make_first_admin(token: str, *, email: str, name: str, password_hash: str) -> User:
    """Raises LinkSpent, SetUpAlready when somebody was quicker, AddressTaken for a member's address."""
    locks.hold("first administrator")
    if has_admin():
        raise SetUpAlready(_("This site has an administrator already. Sign in, or ask them for a role."))
    tickets.use(TicketKind.SETUP, token)
    person = people.claim(email, name, password_hash)
    people.set_role(None, person, SiteRole.ADMIN)
    audit.record(person, "site.set_up", people.subject(person))
    return person
