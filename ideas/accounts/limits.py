"""How often one may try. The only code that writes `attempt`.

The same for known and unknown addresses, or the limit itself would tell which is which.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import locks
from ideas.accounts.models import Attempt
from ideas.db import db, utcnow
from ideas.errors import TooMany
from ideas.words import ngettext


class Limit(NamedTuple):
    """How many tries of one kind fit into `within`.

    per_person: for one e-mail address from one network address. from_everywhere: for one e-mail address in all; it is
    wider, so that one stranger alone cannot use up what somebody else needs to come in. per_network: for one network
    address in all; wider too, because an office or a school is one.
    """

    kind: str
    per_person: int
    from_everywhere: int
    per_network: int
    within: timedelta


SIGN_IN = Limit("sign_in", per_person=10, from_everywhere=50, per_network=50, within=timedelta(minutes=15))
MAIL = Limit("mail", per_person=5, from_everywhere=20, per_network=50, within=timedelta(hours=1))
# Guesses at six digits, of which three are right at a time, by somebody who has the password already.
FACTOR = Limit("factor", per_person=10, from_everywhere=20, per_network=50, within=timedelta(hours=1))
PASSKEY = Limit("passkey", per_person=200, from_everywhere=200, per_network=200, within=timedelta(hours=1))
KEEP = Limit("keep", per_person=60, from_everywhere=60, per_network=60, within=timedelta(hours=1))
OPENID = Limit("openid", per_person=100, from_everywhere=100, per_network=100, within=timedelta(minutes=15))

EXPORT = Limit("export", per_person=5, from_everywhere=5, per_network=50, within=timedelta(hours=1))
INVITE = Limit("invite", per_person=5, from_everywhere=5, per_network=100, within=timedelta(hours=1))

HALF = 32  # of the hash's 64 letters: the tries of one person begin alike

LONGEST = max(limit.within for limit in (SIGN_IN, MAIL, FACTOR, PASSKEY, KEEP, OPENID, EXPORT, INVITE))


def spend(limit: Limit, *, network: str, email: str | None = None, is_known: bool = False) -> Sequence[int]:
    """Count one try; give back what `refund` takes.

    is_known: whoever has that address has signed in before in the browser that tries. Such browsers have a budget of
    their own, or many strangers together could keep people out of their accounts (OWASP calls this device cookies).
    Raises TooMany, and counts nothing, when there were as many as fit already.
    """
    if email is not None and is_known:
        whos = {_of_person(email, "known"): limit.per_person}
    else:
        whos = {_hashed("network", network): limit.per_network}
        if email is not None:
            whos[_of_person(email, "everywhere")] = limit.from_everywhere
            whos[_of_person(email, f"network {network}")] = limit.per_person
    locks.hold(*whos)
    now = utcnow()
    for who, most in whos.items():
        newest = sa.select(Attempt.at).where(
            Attempt.kind == limit.kind, Attempt.who == who, Attempt.at > now - limit.within
        )
        times = db.session.scalars(newest.order_by(Attempt.at.desc()).limit(most)).all()
        if len(times) == most:
            raise _too_many(math.ceil((times[-1] + limit.within - now).total_seconds()))
    rows = [Attempt(kind=limit.kind, who=who, at=now) for who in whos]
    db.session.add_all(rows)
    db.session.flush()  # the caller keeps the ids
    return [row.id for row in rows]


def refund(tries: Sequence[int]) -> None:
    """Uncount what `spend` counted: it went well, so it was no guess."""
    db.session.execute(sa.delete(Attempt).where(Attempt.id.in_(tries)))


def of_person(email: str) -> sa.ColumnElement[bool]:
    """SQL: a try that was counted for that e-mail address."""
    return Attempt.who.startswith(_person(email))


def _of_person(email: str, what: str) -> str:
    return _person(email) + _hashed("part", what)[:HALF]


def _person(email: str) -> str:
    """One mailbox is one person, whatever stands between a plus and the at."""
    local, _at, host = email.rpartition("@")
    return _hashed("person", f"{local.partition('+')[0]}@{host}")[:HALF]


def _too_many(seconds: int) -> TooMany:
    minutes = max(1, math.ceil(seconds / 60))
    words = ngettext(
        "That was too often in a short time. Try again in %(num)s minute.",
        "That was too often in a short time. Try again in %(num)s minutes.",
        minutes,
    )
    return TooMany(words, retry_after=max(1, seconds))


def _hashed(kind: str, who: str) -> str:
    return hashlib.sha256(f"{kind} {who}".encode()).hexdigest()
