"""Reading for the pages of this room."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts import policy
from ideas.accounts.errors import NoSuchCompany
from ideas.accounts.models import AuditEntry, Company, SiteRole, User
from ideas.db import db
from ideas.errors import NotFound
from ideas.paging import PAGE, Page, read_cursor
from ideas.text import one_line
from ideas.words import _

ROWS = 2 * PAGE  # lines of the administrators' tables are low
TOGETHER = 1000  # of a whole log, so many are in memory


class CompanyRow(NamedTuple):
    """A company and how many people belong to it."""

    company: Company
    people: int


def get_person(reader: User, person_id: int) -> User:
    """A person as administrators see them. Raises NotFound, also for a reader who is none."""
    policy.require_admin(reader)
    person = db.session.scalar(
        sa.select(User).where(User.id == person_id, User.erased_at.is_(None)).options(joinedload(User.company))
    )
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def people(reader: User, *, asked: str = "", role: str = "", cursor: str | None = None) -> Page[User]:
    """People, the newest first, whose name or address contains what was asked."""
    policy.require_admin(reader)
    here = sa.select(User).where(User.erased_at.is_(None))
    statement = here.options(joinedload(User.company)).order_by(User.id.desc())
    if words := _searched(asked):
        statement = statement.where(
            sa.or_(User.name.icontains(words, autoescape=True), User.email.icontains(words, autoescape=True))
        )
    if role in set(SiteRole):
        statement = statement.where(User.site_role == role)
    elif role == "suspended":
        statement = statement.where(User.suspended_at.is_not(None))
    if place := read_cursor("people", cursor):
        statement = statement.where(User.id < place[0])
    rows = db.session.scalars(statement.limit(ROWS + 1)).all()
    return Page.of(rows, ROWS, order="people", key=lambda person: [person.id])


def company_of(person: User) -> Company | None:
    """The company that `person` belongs to: everybody may know their own."""
    return db.session.get(Company, person.company_id) if person.company_id else None


def get_company(reader: User, company_id: int) -> Company:
    policy.require_admin(reader)
    company = db.session.get(Company, company_id)
    if company is None:
        raise NotFound(_("There is no such company."))
    return company


def company_named(name: str) -> Company | None:
    """The company of that name; None for no name. Raises NoSuchCompany."""
    if not name:
        return None
    company = db.session.scalar(sa.select(Company).where(Company.name == name))
    if company is None:
        raise NoSuchCompany(_("There is no company “%(name)s”. Add it under Companies first.", name=name))
    return company


def companies(reader: User, *, asked: str = "", cursor: str | None = None) -> Page[CompanyRow]:
    """Companies by name, each with its number of people."""
    policy.require_admin(reader)
    people_there = sa.select(sa.func.count()).where(User.company_id == Company.id).scalar_subquery()
    statement = sa.select(Company, people_there).order_by(Company.name, Company.id)
    if words := _searched(asked):
        statement = statement.where(Company.name.icontains(words, autoescape=True))
    if place := read_cursor("companies", cursor):
        statement = statement.where(
            sa.tuple_(Company.name, Company.id) > sa.tuple_(*_bound(place, Company.name, Company.id))
        )
    rows = [CompanyRow(*row) for row in db.session.execute(statement.limit(ROWS + 1))]
    return Page.of(rows, ROWS, order="companies", key=lambda row: [row.company.name, row.company.id])


def company_names(reader: User, *, most: int = 200) -> Sequence[str]:
    """Names to offer while typing."""
    policy.require_admin(reader)
    return db.session.scalars(sa.select(Company.name).order_by(Company.name).limit(most)).all()


@dataclass(frozen=True)
class AuditAsked:
    """What is asked of the audit log. actor: part of a name or address, "-" the command line; days are in UTC."""

    act: str = ""
    subject: str = ""
    actor: str = ""
    since: date | None = None
    until: date | None = None


_EVERYTHING = AuditAsked()


def audit(
    reader: User, asked: AuditAsked = _EVERYTHING, *, limit: int = ROWS, cursor: str | None = None
) -> Page[AuditEntry]:
    """Privileged acts, the latest first. Loaded: actor."""
    policy.require_admin(reader)
    statement = sa.select(AuditEntry).options(joinedload(AuditEntry.actor)).order_by(AuditEntry.id.desc())
    if asked.act:
        statement = statement.where(AuditEntry.act == asked.act)
    if asked.subject:
        statement = statement.where(AuditEntry.subject == asked.subject)
    if asked.since:
        statement = statement.where(AuditEntry.at >= datetime.combine(asked.since, time.min, UTC))
    if asked.until:
        statement = statement.where(AuditEntry.at <= datetime.combine(asked.until, time.max, UTC))
    if asked.actor == "-":
        statement = statement.where(AuditEntry.actor_id.is_(None))
    elif words := _searched(asked.actor):
        named = sa.select(User.id).where(
            sa.or_(User.name.icontains(words, autoescape=True), User.email.icontains(words, autoescape=True))
        )
        statement = statement.where(AuditEntry.actor_id.in_(named))
    if place := read_cursor("audit", cursor):
        statement = statement.where(AuditEntry.id < place[0])
    rows = db.session.scalars(statement.limit(limit + 1)).all()
    return Page.of(rows, limit, order="audit", key=lambda entry: [entry.id])


def all_audited(reader: User, asked: AuditAsked) -> Iterator[AuditEntry]:
    """All of it, in pieces, so that a long log fits in memory."""
    cursor = None
    while True:
        page = audit(reader, asked, limit=TOGETHER, cursor=cursor)
        yield from page.rows
        if page.next is None:
            return
        cursor = page.next
        for entry in page.rows:
            db.session.expunge(entry)


def audited_acts(reader: User) -> Sequence[str]:
    """Kinds of acts there are in the log, to filter by."""
    policy.require_admin(reader)
    return db.session.scalars(sa.select(AuditEntry.act).distinct().order_by(AuditEntry.act)).all()


def _searched(asked: str) -> str:
    try:
        return one_line(asked)[:100]
    except ValueError:
        return ""


def _bound(place: Sequence[Any], *columns: Any) -> list[sa.ColumnElement[Any]]:
    return [sa.literal(value, column.type) for value, column in zip(place, columns, strict=True)]
