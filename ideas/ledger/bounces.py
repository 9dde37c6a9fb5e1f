"""What becomes of mail after it left: it came back, or its reader called it junk.

A report changes the ledger's lines of the mail that it is about, and what is known of the address: see suppressions.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from ideas.accounts import addresses, letters, suppressions
from ideas.accounts.models import Stopped, User
from ideas.db import db, utcnow
from ideas.ledger import preferences, sending
from ideas.ledger.models import Channel, Delivery, Digest, Failed, State, Suppressed
from ideas.mail_reports import Report, Verdict
from ideas.outbox import OutboxEntry

SINGLE, DIGEST, LETTER = "d", "g", letters.NAMED  # before an id: what a mail is called in reports about it

WHY = {Stopped.BOUNCED: Suppressed.ADDRESS_BOUNCED, Stopped.COMPLAINED: Suppressed.COMPLAINED}


class Meant(StrEnum):
    """What a report meant."""

    TAKEN = "taken"
    REPEATED = "repeated"  # it was reported before
    UNKNOWN = "unknown"  # of no mail and no address that is known here


@dataclass(frozen=True)
class _Mail:
    """A mail of ours. lines: a condition for what the ledger has of it, None for a letter."""

    name: str
    address: str
    user_id: int | None = None
    lines: sa.ColumnElement[bool] | None = None


def take(report: Report, about: str | None) -> Meant:
    """Take a report. about: the mail's name, as only we could have written it; without, who reports is to be trusted.

    The same report again, by whatever way, changes nothing.
    """
    mail = _named(about) if about is not None else _by_message_id(report.message_id) or _last_to(report)
    if mail is None:
        return Meant.UNKNOWN
    if not suppressions.note(mail.name, mail.address, report.verdict, status=report.status):
        return Meant.REPEATED
    if mail.name.startswith(LETTER):
        _write_to_letter(mail, report)
    elif mail.lines is not None:
        _write_down(mail.lines, report)
    stop_waiting(mail.address)
    return Meant.TAKEN


def refused(name: str, address: str, words: str) -> None:
    """The relay refused that mail for good, with these words; the ledger says so already."""
    suppressions.refused(name, address, words)
    stop_waiting(address)


def stop_waiting(address: str) -> None:
    """If nothing is sent to that address any more, strike out what waits for it."""
    why = suppressions.why(address)
    person_id = db.session.scalar(sa.select(User.id).where(User.email == _spelled(address))) if why else None
    if why is not None and person_id is not None:
        preferences.strike_out(person_id, WHY[why])


def link_of(name: str) -> preferences.Link | None:
    """What the link that stops mail knows in that mail; None if nothing is kept of it any more."""
    kind, number = name[:1], name[1:]
    if kind not in (SINGLE, DIGEST) or not number.isdecimal() or len(number) > 18:
        return None
    if kind == DIGEST:
        user_id = db.session.scalar(sa.select(Digest.user_id).where(Digest.id == int(number)))
        return preferences.Link(user_id, "", f"{preferences.DIGEST}{number}") if user_id else None
    row = db.session.execute(
        sa.select(Delivery.user_id, Delivery.news, OutboxEntry.subject)
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .where(Delivery.id == int(number), Delivery.channel == Channel.EMAIL.value)
    ).one_or_none()
    return preferences.Link(row.user_id, row.news, row.subject) if row else None


def _write_down(lines: sa.ColumnElement[bool], report: Report) -> None:
    """Of what was sent, or is being sent in this moment: its report may be quicker than whoever sends it."""
    under_way = sa.and_(Delivery.state == State.PENDING.value, Delivery.attempts > 0)
    left = sa.or_(Delivery.state == State.SENT.value, under_way)
    now = utcnow()
    values: dict[str, Any]
    if report.verdict is Verdict.COMPLAINT:
        told_at = sa.func.coalesce(Delivery.done_at, sa.literal(now, Delivery.due_at.type))
        values = {"state": State.SENT.value, "reason": Suppressed.COMPLAINED.value, "done_at": told_at}
    else:
        words = " ".join(filter(None, (report.status, report.said)))
        values = {
            "state": State.FAILED.value,
            "reason": Failed.BOUNCED.value,
            "error": words[: sending.ERROR_LONGEST] or None,
            "done_at": now,
        }
    # without the lease, whoever is still sending it writes nothing down over this
    db.session.execute(
        sa.update(Delivery).where(lines, left).values(**values, lease=None).execution_options(synchronize_session=False)
    )


def _write_to_letter(mail: _Mail, report: Report) -> None:
    if report.verdict is not Verdict.COMPLAINT:
        letters.came_back(int(mail.name[1:]), " ".join(filter(None, (report.status, report.said))))


# --- Which mail it is ---


def _named(name: str) -> _Mail | None:
    kind, digits = name[:1], name[1:]
    if not digits.isdecimal() or len(digits) > 18:
        return None
    number = int(digits)
    if kind == LETTER:
        address = letters.recipient(number)
        return _Mail(name, address) if address else None
    if kind == SINGLE:
        owner = sa.select(Delivery.user_id).where(Delivery.id == number, Delivery.channel == Channel.EMAIL.value)
        return _to_person(name, owner, Delivery.id == number)
    if kind == DIGEST:
        owner = sa.select(Digest.user_id).where(Digest.id == number)
        return _to_person(name, owner, Delivery.digest_id == number)
    return None


def _to_person(name: str, owner: sa.Select[int], lines: sa.ColumnElement[bool]) -> _Mail | None:
    row = db.session.execute(sa.select(User.id, User.email).where(User.id == owner.scalar_subquery())).one_or_none()
    # of somebody erased nothing is known but that they were told
    return None if row is None or row.email is None else _Mail(name, row.email, row.id, lines)


_KINDS = {"delivery": SINGLE, "digest": DIGEST, "letter": LETTER}


def _by_message_id(message_id: str) -> _Mail | None:
    kind, _dash, rest = message_id.partition("@")[0].partition("-")
    return _named(f"{_KINDS[kind]}{rest.partition('.')[0]}") if kind in _KINDS else None


def _last_to(report: Report) -> _Mail | None:
    """What was last sent to that address before, for providers that do not say which mail they mean.

    The address counts also when nobody here has it: it may have been a letter's.
    """
    address = _spelled(report.address)
    if not address:
        return None
    at = report.at or utcnow()
    left: Sequence[sa.ColumnElement[bool]] = (
        User.email == address,
        Delivery.channel == Channel.EMAIL.value,
        Delivery.state.in_([State.SENT.value, State.FAILED.value]),
        Delivery.first_tried_at <= at,
    )
    last = db.session.execute(
        sa.select(Delivery.id, Delivery.digest_id)
        .join(User, User.id == Delivery.user_id)
        .where(*left)
        .order_by(Delivery.first_tried_at.desc(), Delivery.id.desc())
        .limit(1)
    ).one_or_none()
    if last is not None:
        return _named(f"{DIGEST}{last.digest_id}" if last.digest_id else f"{SINGLE}{last.id}")
    when = at.strftime("%Y%m%d%H%M%S") if report.at else at.strftime("%Y%m%d")
    return _Mail(f"{suppressions.hashed(address)[:20]}.{when}", address)


def _spelled(address: str) -> str:
    try:
        return addresses.email(address)
    except ValueError:
        return ""
