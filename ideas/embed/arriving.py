"""Somebody comes by the word of a host: who they are here, and what the host says of them. The only code that writes
`embed_identity` and `embed_spent`.

Who they are is issuer and subject, and nothing else. The first time, a proven address on both sides leads to the
account that is here already; otherwise they are somebody new, unclaimed as imported people are.
"""

from __future__ import annotations

import hashlib
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.accounts import addresses, locks, people, upserting
from ideas.accounts.models import Company, User
from ideas.accounts.people import Unclaimed
from ideas.accounts.schemas import NAME_LONGEST, is_language
from ideas.accounts.schemas_customers import CompanyRow
from ideas.db import db, insert_once, utcnow
from ideas.embed import sessions
from ideas.embed.claims import LEEWAY, Claims, Employer
from ideas.embed.errors import TokenRefused
from ideas.embed.models import HostIdentity, SpentToken
from ideas.text import one_line
from ideas.words import _

_KNOWN = (
    sa.select(User)
    .join(HostIdentity, HostIdentity.user_id == User.id)
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


def _known(claims: Claims) -> User | None:
    return db.session.scalar(_KNOWN, {"issuer": claims.issuer, "subject": claims.subject})


def _first_time(claims: Claims) -> User:
    email = _proven(claims)
    here = people.by_email(email) if email else None
    if here is not None and (here.is_claimed or here.is_imported) and not _is_another(here, claims):
        sessions.require_customer(here)
        person_id = here.id
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
    if email and person.email is None and not person.is_claimed and people.by_email(email) is None:
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
