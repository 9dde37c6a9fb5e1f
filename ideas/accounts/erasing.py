"""Forgetting a person for good: what is theirs goes, what others need stays and names nobody.

The person's row becomes a tombstone, so that votes and deliveries still add up. Each room forgets its own part through
`settings.Rooms.erasers`. A journal outside the database says who was erased, so that the restored backup of an earlier
day forgets them again: `replay`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ideas import happenings, mailroom, repeats, settings
from ideas.accounts import audit, people, policy, segments
from ideas.accounts.limits import of_person
from ideas.accounts.models import (
    ApiKey,
    Attempt,
    AuditEntry,
    Company,
    Letter,
    SiteRole,
    Ticket,
    UnfinishedAct,
    User,
    UserSession,
)
from ideas.accounts.models_factors import HalfSignIn, Passkey, PasskeyChallenge, RecoveryCode, Totp
from ideas.accounts.models_identities import Identity
from ideas.accounts.models_invitations import RoleInvitation
from ideas.db import db, leave_no_trace
from ideas.errors import NotAllowed
from ideas.privacy import Leaving
from ideas.text import folded
from ideas.words import _

JOURNAL = "erased.jsonl"
FACTORS = (Totp, Passkey, PasskeyChallenge, RecoveryCode)


@dataclass(frozen=True)
class Line:
    """One erasure in the journal. check: which person had that number, without saying who."""

    person_id: int
    check: str
    with_text: bool


def journal() -> Path:
    """Where erasures are written down beside the database."""
    return settings.current().instance_path / JOURNAL


def erase(actor: User | None, person: User, *, with_text: bool) -> Leaving | None:
    """Forget `person`: themselves, an administrator or the command line (None) asked for it. It cannot be undone.

    Stands in a unit of work; what it gives goes to `finish` afterwards. None when they were erased already.
    with_text: what they wrote goes too, where others said something to it as well.
    Raises NotAllowed for an administrator, who gives up the role first so that one always remains.
    """
    person = people.locked(person.id)
    if actor is not None and actor.id != person.id:
        policy.require_admin(actor)
    if person.site_role == SiteRole.ADMIN:
        raise NotAllowed(_("An administrator is not erased. Another administrator takes that role away first."))
    if person.erased_at is not None:
        return None
    # before the commit, because afterwards nothing may come between: a line too many is one whom nobody finds
    _write_down(Line(person.id, check_of(person), with_text))
    leaving = _forget(person, with_text=with_text)
    by_themselves = actor is not None and actor.id == person.id
    audit.record(actor, "person.erased", people.subject(person), with_text=with_text, by_themselves=by_themselves)
    happenings.tell("person.erased", None, person.id, with_text=with_text)
    return leaving


def finish(*leaving: Leaving | None) -> None:
    """Once it is committed: delete files, and on SQLite overwrite what the rows left behind. In no transaction."""
    for each in filter(None, leaving):
        for act in each.afterwards:
            act()
    leave_no_trace()


def replay(path: Path) -> list[Leaving]:
    """Forget everybody again whom the journal at `path` names and this database still knows.

    Stands in a unit of work, after a backup was restored and before anybody is served; what it gives goes to `finish`.
    """
    forgotten = []
    for line in lines(path):
        person = db.session.get(User, line.person_id, with_for_update=True, populate_existing=True)
        # a number may have been given again since: the check says that it is the same person
        if person is None or person.erased_at is not None or check_of(person) != line.check:
            continue
        forgotten.append(_forget(person, with_text=line.with_text))
        audit.record(None, "person.erased", people.subject(person), with_text=line.with_text, after_restore=True)
    return forgotten


def lines(path: Path) -> Iterator[Line]:
    """What the journal says; a last line that a power cut left half written was never acted on."""
    if not path.exists():
        return
    for text in path.read_text(encoding="ascii").splitlines():
        try:
            yield Line(**json.loads(text))
        except (ValueError, TypeError):
            continue


def check_of(person: User) -> str:
    """Tells apart two people who had the same number, and says nothing of them."""
    return hashlib.sha256(f"{person.id} {person.created_at.isoformat()}".encode()).hexdigest()


def _write_down(line: Line) -> None:
    path = journal()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(line.__dict__).encode("ascii") + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _forget(person: User, *, with_text: bool) -> Leaving:
    leaving = Leaving(
        id=person.id,
        name=person.name,
        email=person.email,
        is_namesake=_has_namesake(person),
        with_text=with_text,
        former=_("Former member"),
    )
    db.session.flush()  # the rooms write in SQL
    for forget in settings.rooms().erasers:
        forget(leaving)
    repeats.forget(leaving)
    _forget_in_log(leaving)
    _forget_account(leaving)
    _forget_in_letters(leaving)
    _forget_in_companies(leaving)
    db.session.flush()  # or it would be forgotten with what was read
    db.session.expire_all()  # what was read of the rows before is old now
    people.bury(person, name=leaving.former)
    db.session.flush()  # the caller records the act after it
    leaving.afterwards.append(lambda: mailroom.forget(leaving))
    return leaving


def _has_namesake(person: User) -> bool:
    name = folded(person.name)
    others = sa.select(User.name).where(User.id != person.id, sa.func.length(User.name) == len(person.name))
    return any(
        folded(other) == name
        for other in db.session.scalars(others.where(User.name.icontains(person.name, autoescape=True)))
    )


def _forget_account(leaving: Leaving) -> None:
    """Sign-ins, links, keys, letters, counted tries, and what was begun and not finished."""
    theirs = sa.or_(Ticket.user_id == leaving.id, Ticket.details["email"].as_string() == (leaving.email or ""))
    begun = db.session.scalars(sa.select(Ticket.unfinished_id).where(theirs, Ticket.unfinished_id.is_not(None))).all()
    statements = [
        *(sa.delete(each).where(each.user_id == leaving.id) for each in (UserSession, HalfSignIn, *FACTORS)),
        sa.delete(Ticket).where(theirs),
        sa.delete(UnfinishedAct).where(UnfinishedAct.id.in_(begun)),
        sa.delete(ApiKey).where(ApiKey.user_id == leaving.id),
        sa.delete(Identity).where(Identity.user_id == leaving.id),
    ]
    if leaving.email:
        statements += [
            sa.delete(Letter).where(Letter.recipient == leaving.email),
            sa.delete(RoleInvitation).where(RoleInvitation.email == leaving.email),
            sa.delete(Attempt).where(of_person(leaving.email)),
        ]
    for statement in statements:
        db.session.execute(statement.execution_options(synchronize_session=False))


def _forget_in_letters(leaving: Leaving) -> None:
    """Letters to others may name them: an invitation that they sent."""
    for column in (Letter.subject, Letter.text, Letter.html):
        for letter in db.session.scalars(sa.select(Letter).where(leaving.may_stand_in(column))):
            setattr(letter, column.key, leaving.rewritten(getattr(letter, column.key)))


def _forget_in_companies(leaving: Leaving) -> None:
    """What is known of a company may name them, as whom to call, and so may a segment that asks for it."""
    for company in db.session.scalars(sa.select(Company).where(leaving.may_stand_in(Company.attributes))):
        company.attributes = leaving.rewritten_json(company.attributes)
    segments.forget(leaving)


def _forget_in_log(leaving: Leaving) -> None:
    """The log keeps who did what to whom by number; what it says about this person in words goes."""
    mine = {f"key:{key_id}" for key_id in db.session.scalars(sa.select(ApiKey.id).where(ApiKey.user_id == leaving.id))}
    mine.add(f"person:{leaving.id}")
    rows = sa.select(AuditEntry).where(sa.or_(AuditEntry.subject.in_(mine), leaving.may_stand_in(AuditEntry.details)))
    for entry in db.session.scalars(rows):
        is_about_them = entry.subject in mine
        details = leaving.rewritten_json(entry.details)
        entry.details = {k: v for k, v in details.items() if not is_about_them or _is_wordless(v)}


def _is_wordless(value: object) -> bool:
    return value is None or isinstance(value, bool | int) or value in list(SiteRole)
