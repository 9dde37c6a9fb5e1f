"""Somebody comes by the word of a host: who they are here, and what the host says of them. The only code that writes
`embed_identity` and `embed_spent`.

Who they are is issuer and subject, and nothing else. The first time, a proven address on both sides leads to the
account that is here already; otherwise they are somebody new, unclaimed as imported people are.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.accounts import addresses, audit, letters, locks, people, tickets, upserting, writing
from ideas.accounts.models import Company, TicketKind, User
from ideas.accounts.people import Unclaimed
from ideas.accounts.schemas import NAME_LONGEST, is_language
from ideas.accounts.schemas_customers import CompanyRow
from ideas.db import db, insert_once, utcnow
from ideas.embed import sessions
from ideas.embed.claims import LEEWAY, Claims, Employer
from ideas.embed.errors import TokenRefused
from ideas.embed.models import HostIdentity, SpentToken
from ideas.errors import NotFound
from ideas.text import one_line
from ideas.words import _, addressing

_KNOWN = (
    sa.select(HostIdentity, User)
    .join(User, HostIdentity.user_id == User.id)
    .where(HostIdentity.issuer == sa.bindparam("issuer"), HostIdentity.subject == sa.bindparam("subject"))
    .options(joinedload(User.company))
)


def arrive(board_id: int, claims: Claims) -> User:
    """The person of these claims, as the host says they are; their token is used up. In a unit of work.

    Raises TokenRefused for a token that was used before, TeamNotSignedIn.
    """
    _spend(board_id, claims)
    person = _known(claims)
    if person is None:
        locks.hold(f"arriving {claims.issuer} {claims.subject}")
        person = _known(claims) or _first_time(claims)
    sessions.require_customer(person)
    _put(board_id, person, claims)
    return person


def digest(board_id: int, claims: Claims) -> str:
    """By which a token that was used is known again."""
    return hashlib.sha256(f"{board_id} {claims.issuer} {claims.token_name}".encode()).hexdigest()


def sweep() -> None:
    """Forget tokens that have expired: those are refused anyway. In a unit of work."""
    over = sa.delete(SpentToken).where(SpentToken.expires_at < utcnow())
    db.session.execute(over.execution_options(synchronize_session=False))


def _spend(board_id: int, claims: Claims) -> None:
    if not insert_once(SpentToken, digest=digest(board_id, claims), expires_at=claims.expires_at + 2 * LEEWAY):
        raise TokenRefused("used", _("This token was used before. Sign a new one each time."))


def mine(person: User) -> Sequence[HostIdentity]:
    """The hosts that sign `person` in, the oldest first."""
    rows = sa.select(HostIdentity).where(HostIdentity.user_id == person.id).order_by(HostIdentity.id)
    return db.session.scalars(rows).all()


def remove(person: User, identity_id: int) -> str:
    """That host signs `person` in no more, and says no more who they are; its site. They are told by mail.

    Whom it means is somebody of their own from now on, or the next token would lead back by the address.
    Raises NotFound when it is not theirs.
    """
    identity = db.session.scalar(
        sa.select(HostIdentity).where(HostIdentity.id == identity_id, HostIdentity.user_id == person.id)
    )
    if identity is None:
        raise NotFound(_("There is no such account."))
    identity.user_id = people.add_unclaimed([Unclaimed(_("Somebody"), None)])[0]
    sessions.end_all(person.id)
    name = site_of(identity.issuer)
    audit.record(person, "host_identity.removed", people.subject(person), issuer=identity.issuer)
    _tell(person, writing.identity_removed(name))
    return name


def site_of(issuer: str) -> str:
    """By what people know the host."""
    return urlsplit(issuer).netloc or issuer


def _known(claims: Claims) -> User | None:
    """Whom the host's name means; None for somebody new, and where it meant an account that became somebody else's."""
    row = db.session.execute(_KNOWN, {"issuer": claims.issuer, "subject": claims.subject}).one_or_none()
    if row is None:
        return None
    identity: HostIdentity = row[0]
    person: User = row[1]
    if _has_passed_on(identity, person, claims):
        db.session.delete(identity)
        db.session.flush()
        return None
    return person


def _has_passed_on(identity: HostIdentity, person: User, claims: Claims) -> bool:
    """Whether the account was claimed after the host came to know them, by an address that is not the one which the
    host says now.

    Where both say the same address, they are one from now on, as whoever had an account before.
    """
    email = _proven(claims)
    if not email or person.verified_at is None or identity.created_at >= person.verified_at:
        return False
    if email != person.email:
        return True
    identity.created_at = utcnow()
    _note_linked(person, claims.issuer)
    return False


def _note_linked(person: User, issuer: str) -> None:
    audit.record(person, "host_identity.linked", people.subject(person), issuer=issuer)
    _tell(person, writing.identity_linked(site_of(issuer)))


def _tell(person: User, words: letters.Words) -> None:
    if person.email:
        with addressing(person):
            letters.write(person.email, words, good_for=tickets.GOOD_FOR[TicketKind.VERIFY])


def _first_time(claims: Claims) -> User:
    email = _proven(claims)
    here = people.by_email(email) if email else None
    if here is not None and (here.is_claimed or here.is_imported) and not _is_another(here, claims):
        sessions.require_customer(here)
        if here.factor_since is not None:
            raise TokenRefused(
                "second-factor",
                _("This account has a second factor, so no address alone leads to it. Sign in through the window."),
            )
        person_id = here.id
        if here.is_claimed:
            _note_linked(here, claims.issuer)
    else:
        # An address that is somebody else's here, or that nobody has proven yet, makes nobody that person.
        person_id = people.add_unclaimed([Unclaimed(_name(claims), email if here is None else None)])[0]
    db.session.add(HostIdentity(issuer=claims.issuer, subject=claims.subject, user_id=person_id))
    db.session.flush()
    return db.session.scalars(sa.select(User).where(User.id == person_id).options(joinedload(User.company))).one()


def _is_another(person: User, claims: Claims) -> bool:
    """Whether the host knows that person by another name already: addresses pass from one to another."""
    known = sa.select(HostIdentity.id).where(HostIdentity.user_id == person.id, HostIdentity.issuer == claims.issuer)
    return db.session.scalar(known.limit(1)) is not None


def _proven(claims: Claims) -> str | None:
    """The address that the host says is theirs; one that it did not prove may be anybody's."""
    if not (claims.email and claims.email_verified):
        return None
    try:
        return addresses.email(claims.email)
    except ValueError:
        return None


def _name(claims: Claims) -> str:
    """Never made of an address: names are public."""
    return _fitting(claims.name) or _("Somebody")


def _fitting(name: str | None) -> str:
    try:
        return one_line(name or "")[:NAME_LONGEST].strip()
    except ValueError:
        return ""


def _put(board_id: int, person: User, claims: Claims) -> None:
    """What the host says of them is known here, by the service that other systems use; what is the same costs nothing.

    A company that cannot be taken, because another has its name, say, keeps nobody from signing in.
    """
    by = f"board:{board_id}"
    said: dict[str, Any] = {}
    if (name := _fitting(claims.name)) and not person.is_claimed and person.name != name:
        said["name"] = name
    email = _proven(claims)
    if email and email != person.email and not person.is_claimed:
        # what it was before is not theirs any more, says whoever said that it was
        is_free = people.by_email(email) is None
        if (person.email is None or people.take_address(person)) and is_free:
            said["email"] = email
    if claims.says_companies:
        taken = [each.id for each in claims.companies if _put_company(each, by)]
        first = taken[0] if taken else None
        if first != (person.company.external_id if person.company else None) and (first or not claims.companies):
            said["company"] = first
    if said:
        upserting.put_known(person, said, by=by)
    locale = (claims.locale or "").replace("-", "_")
    if locale and person.locale is None and is_language(locale):
        people.choose_language(person, locale)


def _put_company(employer: Employer, by: str) -> bool:
    """The company is as the host says; False when it cannot be."""
    row = {"external_id": employer.id}
    row |= {{"mrr": "monthly_revenue"}.get(name, name): value for name, value in employer.said.items()}
    if row.get("name") is None:
        row.pop("name", None)
    try:
        said = CompanyRow().load(row)
    except ValidationError:
        raise TokenRefused("form", _("What the token says of a company cannot be kept.")) from None
    here = db.session.scalar(sa.select(Company).where(Company.external_id == employer.id))
    if here is not None and all(getattr(here, name) == value for name, value in said.items()):
        return True
    if here is None:
        said.setdefault("name", employer.id)
    return not upserting.put_companies(None, [said], by=by).wrong or here is not None
