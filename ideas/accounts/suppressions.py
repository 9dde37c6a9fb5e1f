"""Addresses to which no mail is sent but links to sign in. The only code that writes `suppression` and `mail_report`.

It also writes whose they are (`user.mail_stopped`), which statements that judge many people at once ask. An address is
kept as a keyed hash alone: the list outlives the account, so that whoever complained is left alone also when somebody
imports or invites them again, and tells nobody who they were.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ideas import mail_reports, settings
from ideas.accounts import addresses, audit, locks, policy
from ideas.accounts.models import MailReport, Stopped, Suppression, User
from ideas.db import db, insert_once, utcnow
from ideas.errors import NotFound
from ideas.mail_reports import Verdict
from ideas.paging import Page, read_cursor
from ideas.words import _

FAILURES_MOST = 5  # mails that did not arrive …
FAILURES_WITHIN = timedelta(days=14)  # … in so long
REPORTS_KEPT = timedelta(days=90)
FORGOTTEN_AT_ONCE = 500


class Listed(NamedTuple):
    """One entry of the list. address: of whoever has it here, None when nobody does."""

    key: str
    why: Stopped
    status: str
    since: datetime
    address: str | None


# --- What is reported ---


def note(mail: str, address: str, verdict: Verdict, *, status: str = "") -> bool:
    """Somebody reports that of a mail to that address; False when it was reported before, which changes nothing.

    mail: what it is called, so that a report that comes twice, or by two ways, counts once.
    An address without a mailbox gets nothing any more, nor does one from which five mails in two weeks came back, nor
    that of whoever complained.
    """
    key = hashed(address)
    locks.hold(f"mail reports {key}")  # of two that are the fifth together, one sees it
    values = {"status": status[:12], "address": key, "received_at": utcnow(), "counts": True}
    if not insert_once(MailReport, mail=mail, verdict=verdict.value, **values):
        return False
    if verdict is Verdict.COMPLAINT:
        _stop(address, Stopped.COMPLAINED, status)
    elif verdict is Verdict.NOBODY or (verdict is Verdict.REFUSED and _failures(address) >= FAILURES_MOST):
        _stop(address, Stopped.BOUNCED, status)
    return True


def refused(mail: str, address: str, words: str) -> None:
    """A relay refused a mail to that address for good, with these words, while it was handed over."""
    status = mail_reports.status_in(words)
    note(mail, address, mail_reports.verdict_of(status), status=status)


def _failures(address: str) -> int:
    statement = sa.select(sa.func.count(sa.distinct(MailReport.mail))).where(
        MailReport.address.in_(_keys(address)),
        MailReport.verdict == Verdict.REFUSED.value,
        MailReport.counts,
        MailReport.received_at > utcnow() - FAILURES_WITHIN,
    )
    return db.session.scalars(statement).one()


def forget() -> bool:
    """Delete reports of long ago; True when there are more of them."""
    old = sa.select(MailReport.id).where(MailReport.received_at < utcnow() - REPORTS_KEPT).limit(FORGOTTEN_AT_ONCE)
    gone = sa.delete(MailReport).where(MailReport.id.in_(old)).returning(MailReport.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all()) == FORGOTTEN_AT_ONCE


def _stop(address: str, why: Stopped, status: str) -> None:
    insert_once(Suppression, address=hashed(address), why=why.value, status=status[:12], since=utcnow())
    _write_whose(address)


# --- Who is on the list ---


def why(address: str) -> Stopped | None:
    """Why nothing is sent to that address, None if it is; a complaint weighs more than a mail that came back."""
    return _whys([address]).get(_spelled(address))


def apply_to(emails: Collection[str]) -> None:
    """People came to have these addresses: what is known of those holds for them."""
    if len(emails) == 1:  # of an import, nobody complains in the very moment in which it is made
        locks.hold(*(f"mail reports {hashed(email)}" for email in emails))
    for email, found in _whys(emails).items():
        db.session.execute(_whose(email).values(mail_stopped=found.value))


def page(actor: User, *, limit: int, cursor: str | None) -> Page[Listed]:
    """The list for administrators. Raises NotFound for anybody else."""
    policy.require_admin(actor)
    after = read_cursor("suppressions", cursor)
    rows = listed(limit=limit + 1, after=(after[0], after[1]) if after else None)
    return Page.of(rows, limit, order="suppressions", key=lambda row: (row.key, row.why.value))


def listed(*, limit: int = 1000, after: tuple[str, str] | None = None) -> list[Listed]:
    """The list, by key; `after` is key and reason of the last one that was seen."""
    place = sa.tuple_(Suppression.address, Suppression.why)
    statement = sa.select(Suppression).order_by(Suppression.address, Suppression.why).limit(limit)
    if after is not None:
        statement = statement.where(place > sa.tuple_(*after))
    rows = db.session.scalars(statement).all()
    if not rows:
        return []
    stopped = sa.select(User.email).where(User.mail_stopped.is_not(None), User.email.is_not(None))
    owners = {key: str(email) for email in db.session.scalars(stopped) for key in _keys(str(email))}
    return [Listed(row.address, Stopped(row.why), row.status, row.since, owners.get(row.address)) for row in rows]


def differing(*, most: int) -> list[tuple[int, Stopped | None, Stopped | None]]:
    """People of whom something else is kept than the list says: (id, what is kept, what the list says)."""
    kept = {str(email): (id_, stopped) for id_, email, stopped in db.session.execute(_KEPT)}
    keys = set(db.session.scalars(sa.select(Suppression.address)))
    # who is not on the list is not looked up there
    of_list = [email for email in kept if any(key in keys for key in _keys(email))] if keys else []
    found = _whys(of_list)
    wrong = [
        (id_, Stopped(stopped) if stopped else None, found.get(email))
        for email, (id_, stopped) in kept.items()
        if stopped != found.get(email)
    ]
    return wrong[:most]


_KEPT = sa.select(User.id, User.email, User.mail_stopped).where(User.email.is_not(None)).order_by(User.id)


def since(person: User) -> datetime | None:
    """Since when `person` gets no mail, for the reason that is kept with them."""
    if person.mail_stopped is None or person.email is None:
        return None
    return db.session.scalar(
        sa.select(sa.func.min(Suppression.since)).where(
            Suppression.address.in_(_keys(person.email)), Suppression.why == person.mail_stopped
        )
    )


# --- Off the list again ---


def proved(person: User) -> None:
    """A mail arrived after all: `person` used the link in it. A complaint stays, which says nothing of arriving."""
    if person.email is not None and person.mail_stopped is not None:
        _lift(person.email, [Stopped.BOUNCED])
        db.session.refresh(person, ["mail_stopped"])


def wanted_again(person: User) -> None:
    """`person` wants mail again, though they complained. What came back from their address stays that way."""
    if person.email is not None and person.mail_stopped is not None:
        _lift(person.email, [Stopped.COMPLAINED])
        db.session.refresh(person, ["mail_stopped"])


def add(actor: User, email: str, why: Stopped, *, reason: str) -> Listed:
    """Nothing is sent to that address from now on: somebody knows it from elsewhere. The entry, new or not.

    Raises NotFound for who is no administrator, NotAllowed, ValueError when it is no address.
    """
    policy.require_admin(actor)
    email = addresses.email(email)
    key = hashed(email)
    locks.hold(f"mail reports {key}")
    if insert_once(Suppression, address=key, why=why.value, status="", since=utcnow()):
        _write_whose(email)
        audit.record(actor, "suppression.added", _subject(email), why=why.value, reason=reason)
    row = db.session.get_one(Suppression, (key, why.value))
    return Listed(row.address, why, row.status, row.since, email if _person_id(email) is not None else None)


def lift(actor: User | None, email: str, *, reason: str) -> list[Stopped]:
    """Mail to that address is tried again: somebody of the team (None: the command line) knows better; what is lifted.

    Raises NotFound when it is not on the list, NotAllowed, ValueError when it is no address.
    """
    if actor is not None:
        policy.require_admin(actor)
    email = addresses.email(email)
    lifted = _lift(email, list(Stopped))
    if not lifted:
        raise NotFound(_("Nothing keeps mail from this address."))
    audit.record(actor, "suppression.lifted", _subject(email), why=[each.value for each in lifted], reason=reason)
    return lifted


def _subject(email: str) -> str:
    """Whose it is; of somebody who is not here the log says the hash: the address itself is nowhere else."""
    person_id = _person_id(email)
    return f"person:{person_id}" if person_id is not None else f"address:{hashed(email)[:32]}"


def _person_id(email: str) -> int | None:
    return db.session.scalar(sa.select(User.id).where(User.email == email))


def _lift(email: str, whys: Sequence[Stopped]) -> list[Stopped]:
    keys = _keys(email)
    gone = db.session.scalars(
        sa.delete(Suppression)
        .where(Suppression.address.in_(keys), Suppression.why.in_([each.value for each in whys]))
        .returning(Suppression.why)
        .execution_options(synchronize_session=False)
    ).all()
    if Stopped.BOUNCED in whys:
        # it begins anew with none; they stay, so that one that is repeated is known
        db.session.execute(
            sa.update(MailReport)
            .where(MailReport.address.in_(keys), MailReport.counts)
            .values(counts=False)
            .execution_options(synchronize_session=False)
        )
    _write_whose(email)
    return sorted({Stopped(each) for each in gone})


def _write_whose(address: str) -> None:
    found = why(address)
    db.session.execute(_whose(_spelled(address)).values(mail_stopped=found.value if found else None))


def _whose(email: str) -> sa.Update:
    return sa.update(User).where(User.email == email).execution_options(synchronize_session=False)


# --- Addresses as they are kept ---


def hashed(address: str) -> str:
    """How an address is kept: with a key, because addresses can be guessed one after the other."""
    return _hashed(_spelled(address), settings.current().secret_key)


def _keys(address: str) -> list[str]:
    """Every form in which it may be kept, by all keys that were in use."""
    return [_hashed(_spelled(address), key) for key in settings.current().secret_keys]


def _hashed(spelled: str, key: str) -> str:
    return hmac.new(f"an address that gets no mail: {key}".encode(), spelled.encode(), hashlib.sha256).hexdigest()


def _spelled(address: str) -> str:
    try:
        return addresses.email(address)
    except ValueError:
        return address.strip().lower()


def _whys(emails: Collection[str]) -> dict[str, Stopped]:
    by_key = {key: _spelled(email) for email in emails for key in _keys(email)}
    if not by_key:
        return {}
    rows = db.session.execute(
        sa.select(Suppression.address, Suppression.why).where(Suppression.address.in_(list(by_key)))
    )
    found: dict[str, Stopped] = {}
    for key, reason in rows:
        email = by_key[key]
        found[email] = Stopped.COMPLAINED if Stopped.COMPLAINED in (reason, found.get(email)) else Stopped(reason)
    return found
