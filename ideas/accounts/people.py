"""Writes `user` and `company`; beside it stands upserting.py alone, for what another system knows of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.accounts import addresses, audit, locks, passwords, policy, rhythms, sessions, suppressions, tickets
from ideas.accounts.errors import AddressTaken, NameTaken
from ideas.accounts.models import Company, SiteRole, User
from ideas.db import INSERTS, db, insert_once, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.words import _

BATCH = 500  # rows of one statement; SQLite takes 32,766 parameters
NOTHING_KNOWN: Mapping[str, str] = MappingProxyType({})


class Unclaimed(NamedTuple):
    """A person as a source names them. Without an address nobody can claim this row.

    external_id: one that nobody here has.
    """

    name: str
    email: str | None = None
    title: str | None = None
    company_id: int | None = None
    external_id: str | None = None
    attributes: Mapping[str, str] = NOTHING_KNOWN
    shown_as_backer: bool = False
    created_at: datetime | None = None

    def values(self) -> dict[str, Any]:
        """As a row of `user`."""
        values = self._asdict()
        return {
            **values,
            "attributes": dict(self.attributes),
            "created_at": self.created_at or utcnow(),
            "is_imported": True,
        }


class FormerCompany(NamedTuple):
    """A company as another system or another site knows it; neither its name nor its id there is taken here."""

    name: str
    external_id: str | None
    plan: str | None
    monthly_revenue: int | None
    renews_on: date | None
    attributes: Mapping[str, str]
    created_at: datetime


def create(
    email: str,
    name: str,
    *,
    password: str | None = None,
    site_role: SiteRole = SiteRole.MEMBER,
    company: Company | None = None,
    title: str | None = None,
    shown_as_backer: bool = False,
) -> User:
    """A person whose address needs no proof, because the operator vouches for it: the command line, the demo.

    An unclaimed person with that address becomes this one.
    Raises AddressTaken when somebody has an account with it, ValueError when it is none.
    """
    person = claim(email, name, passwords.hashed(password) if password else None)
    person.site_role = site_role
    person.company_id = company.id if company else person.company_id
    person.title = title
    person.shown_as_backer = shown_as_backer
    if site_role != SiteRole.MEMBER:
        audit.record(None, "person.created", subject(person), role=str(site_role))
    db.session.flush()  # what the caller adds refers to the row
    return person


def claim(email: str, name: str, password_hash: str | None) -> User:
    """The person of a proven address: a new one, or the unclaimed one that an import left. Raises AddressTaken."""
    email = addresses.email(email)
    now = utcnow()
    if insert_once(User, email=email, name=name, password_hash=password_hash, verified_at=now):
        suppressions.apply_to([email])
        return _proved(_locked(User.email == email))
    person = _locked(User.email == email)
    if person.is_claimed:
        raise AddressTaken(_("There is an account with this address already."))
    person.name = name
    person.password_hash = password_hash
    person.verified_at = now
    return _proved(person)


def prove(person: User) -> None:
    """The address was proven by a link that came to it; an imported person is somebody's from now on."""
    person.verified_at = person.verified_at or utcnow()
    _proved(person)


def _proved(person: User) -> User:
    db.session.flush()  # or what is read anew would be without what was written just now
    suppressions.proved(person)
    return person


def add_unclaimed(people: Iterable[Unclaimed]) -> list[int]:
    """The ids of a person for each of `people`, in order. An address that is known is that person, claimed or not."""
    rows = [each._replace(email=addresses.email(each.email) if each.email else None) for each in people]
    insert = INSERTS[db.session.get_bind().dialect.name]
    known: dict[str, int] = {}
    for start in range(0, len(rows), BATCH):
        batch = {row.email: row for row in rows[start : start + BATCH] if row.email}
        if batch:
            new = [row.values() for row in batch.values()]
            db.session.execute(insert(User).on_conflict_do_nothing(), new)
        found = db.session.execute(sa.select(User.email, User.id).where(User.email.in_(batch)))
        known.update((email, user_id) for email, user_id in found if email)
        suppressions.apply_to(batch)
    nameless = [User(**row.values()) for row in rows if row.email is None]
    db.session.add_all(nameless)
    db.session.flush()  # gives the ids
    ids = iter(person.id for person in nameless)
    return [known[row.email] if row.email else next(ids) for row in rows]


def give_address(person: User, email: str) -> bool:
    """`person`, who came without an address and is unclaimed, is reached at `email` from now on.

    False, and nothing changes, when somebody else is.
    """
    email = addresses.email(email)
    taken = sa.select(User.id).where(User.email == email)
    given = db.session.scalar(
        sa.update(User)
        .where(
            *(User.id == person.id, User.email.is_(None), User.verified_at.is_(None), User.erased_at.is_(None)),
            ~taken.exists(),
        )
        .values(email=email)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    if given is not None:
        suppressions.apply_to([email])
    db.session.expire(person)
    return given is not None


def take_address(person: User) -> bool:
    """`person`, who is unclaimed, is reached at their address no more; whoever proves it is somebody else.

    False, and nothing changes, once they have claimed their account.
    """
    taken = db.session.scalar(
        sa.update(User)
        .where(User.id == person.id, User.verified_at.is_(None))
        .values(email=None, mail_stopped=None)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )
    db.session.expire(person)
    if taken is not None:
        tickets.void(person)
    return taken is not None


def by_email(email: str) -> User | None:
    """Whoever is known under this address, claimed or not. For services: people must not learn who is."""
    return db.session.scalar(sa.select(User).where(User.email == email))


def edit_profile(
    person: User,
    *,
    name: str,
    locale: str | None,
    timezone: str | None,
    shown_as_backer: bool,
    title: str | None = None,
) -> None:
    """What people say of themselves. A title is kept only for those who speak for the team."""
    person.name = name
    person.locale = locale
    rhythms.choose(person, rhythms.of(person), timezone=timezone)
    person.shown_as_backer = shown_as_backer
    if policy.may_have_title(person):
        person.title = title


def choose_language(person: User, code: str) -> None:
    """What is said to `person` comes in that language, until they choose another."""
    person.locale = code[:20]


def choose_hours(person: User, hours: rhythms.Chosen, *, gathers: bool) -> None:
    """When `person` wants mail, by their own clock; and whether too much of it in a week may come together."""
    rhythms.choose(person, hours, timezone=person.timezone)
    person.never_gathered = not gathers


def set_password(person: User, password_hash: str) -> None:
    """A new password ends every sign-in and every link that came before it."""
    person.password_hash = password_hash
    sessions.revoke_all(person)
    tickets.void(person)


def rehash(person: User, password_hash: str) -> None:
    """The same password, kept with today's parameters."""
    person.password_hash = password_hash


def note_factor(person: User, since: datetime | None) -> None:
    """Since when they have a second factor; None: they have none. For factors.py."""
    person.factor_since = since


def suspend(actor: User | None, person: User, *, reason: str) -> None:
    """`person` reads, but takes no part any more. Raises NotAllowed for oneself."""
    _require(actor, person)
    if person.is_suspended:
        return
    person.suspended_at = utcnow()
    sessions.revoke_all(person)
    tickets.void(person)
    audit.record(actor, "person.suspended", subject(person), reason=reason)


def unsuspend(actor: User | None, person: User) -> None:
    _require(actor, person)
    if not person.is_suspended or person.erased_at is not None:
        return
    person.suspended_at = None
    audit.record(actor, "person.unsuspended", subject(person))


def set_role(actor: User | None, person: User, role: SiteRole) -> None:
    """What `person` may do site-wide. Their sign-ins end, so that no browser keeps former rights."""
    _require(actor, person)
    if not person.is_claimed and role != SiteRole.MEMBER:
        raise NotAllowed(_("Nobody has claimed this account yet, so nobody can hold a role in it."))
    if person.site_role == role:
        return
    audit.record(actor, "person.role_changed", subject(person), before=person.site_role, after=str(role))
    person.site_role = role
    sessions.revoke_all(person)


def set_title(actor: User | None, person: User, title: str | None) -> None:
    if actor is not None:
        policy.require_admin(actor)
    if (person.title or None) == (title or None):
        return
    audit.record(actor, "person.title_changed", subject(person), before=person.title, after=title or None)
    person.title = title or None


def set_company(actor: User | None, person: User, company: Company | None) -> None:
    """`person` belongs to `company`, or to none."""
    if actor is not None:
        policy.require_admin(actor)
    after = company.id if company else None
    if person.company_id == after:
        return
    audit.record(actor, "person.company_changed", subject(person), before=person.company_id, after=after)
    person.company_id = after


def create_company(actor: User | None, name: str) -> Company:
    """Raises NameTaken."""
    if actor is not None:
        policy.require_admin(actor)
    if not insert_once(Company, name=name):
        raise NameTaken(_("There is a company with this name already."))
    company = db.session.scalars(sa.select(Company).where(Company.name == name)).one()
    audit.record(actor, "company.created", f"company:{company.id}", name=name)
    return company


def take_over_companies(companies: Sequence[FormerCompany]) -> list[int]:
    """Put companies of another system down; their ids, in order."""
    rows = [Company(**{**each._asdict(), "attributes": dict(each.attributes)}) for each in companies]
    db.session.add_all(rows)
    db.session.flush()  # gives the ids
    return [row.id for row in rows]


def rename_company(actor: User | None, company: Company, name: str) -> None:
    """Raises NameTaken."""
    if actor is not None:
        policy.require_admin(actor)
    if company.name == name:
        return
    locks.hold("company names")  # an update has no "on conflict", so nobody else may take the name meanwhile
    if db.session.scalar(sa.select(Company.id).where(Company.name == name)) is not None:
        raise NameTaken(_("There is a company with this name already."))
    audit.record(actor, "company.renamed", f"company:{company.id}", before=company.name, after=name)
    company.name = name


def bury(person: User, *, name: str) -> None:
    """Leave a tombstone: a row without a name, an address or anything else that is somebody's. For erasing.py."""
    now = utcnow()
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    person.name = name
    person.email = person.title = person.password_hash = person.locale = person.timezone = None
    person.company_id = person.verified_at = person.rhythm_id = person.mail_stopped = person.external_id = None
    person.attributes = {}
    person.site_role = SiteRole.MEMBER
    person.is_imported = person.shown_as_backer = person.never_gathered = False
    person.created_at = day
    person.factor_since = None
    person.erased_at = person.suspended_at = now


def locked(person_id: int) -> User:
    """The person as they are now, whom nobody else changes until we are done. Raises NotFound."""
    return _locked(User.id == person_id)


def subject(person: User) -> str:
    """The person's name in the audit log."""
    return f"person:{person.id}"


def _require(actor: User | None, person: User) -> None:
    """Decide on the rights of `person` as they are now. None acts for the command line, which may do anything.

    All administrators are locked first: of two who take each other's role at once, the second no longer is one.
    """
    if actor is None:
        return
    admins = sa.select(User).where(User.site_role == SiteRole.ADMIN).order_by(User.id).with_for_update()
    db.session.scalars(admins.execution_options(populate_existing=True)).all()
    db.session.refresh(actor)
    policy.require_admin(actor)
    policy.require_other(actor, person)


def _locked(condition: sa.ColumnElement[bool]) -> User:
    person = db.session.scalar(
        sa.select(User).where(condition).with_for_update().execution_options(populate_existing=True)
    )
    if person is None:
        raise NotFound(_("There is no such person."))
    return person
