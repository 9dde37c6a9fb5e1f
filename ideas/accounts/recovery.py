"""Codes that take the place of a lost factor, each once. The only code that writes `recovery_code`."""

from __future__ import annotations

import secrets
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import tokens
from ideas.accounts.models import User
from ideas.accounts.models_factors import RecoveryCode
from ideas.db import db, utcnow

MANY = 10
# Without the letters that look like digits. 24 of these 32 signs are 120 bits, so that a plain hash is enough.
SIGNS = "0123456789abcdefghjkmnpqrstvwxyz"
LENGTH = 24
GROUP = 6
_MEANT = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


class Left(NamedTuple):
    """How many codes still work, of how many."""

    unused: int
    all: int


def renew(person: User) -> list[str]:
    """New codes, shown this once; the former ones no longer work."""
    forget(person)
    codes = ["".join(secrets.choice(SIGNS) for _ in range(LENGTH)) for _ in range(MANY)]
    now = utcnow()
    db.session.add_all(RecoveryCode(user_id=person.id, code_hash=tokens.hashed(code), created_at=now) for code in codes)
    return [_grouped(code) for code in codes]


def use(person: User, typed: str) -> bool:
    """Is this a code of `person` that was not used. Of two who send the same one, one is right."""
    now = utcnow()
    taken = sa.update(RecoveryCode).where(*_unused(person), RecoveryCode.code_hash == _hash(typed)).values(used_at=now)
    options = {"synchronize_session": False}
    return db.session.scalar(taken.returning(RecoveryCode.id).execution_options(**options)) is not None


def left(person: User) -> Left:
    unused = sa.func.count(sa.case((RecoveryCode.used_at.is_(None), 1)))
    row = db.session.execute(sa.select(unused, sa.func.count()).where(RecoveryCode.user_id == person.id)).one()
    return Left(*row)


def are_of(person: User, codes: list[str]) -> bool:
    """Are all of these codes of `person` that work: to hand them out again while they are on the screen."""
    found = sa.select(sa.func.count()).where(*_unused(person), RecoveryCode.code_hash.in_([*map(_hash, codes)]))
    return bool(codes) and db.session.scalar(found) == len(codes)


def forget(person: User) -> None:
    """No code of theirs works any more."""
    gone = sa.delete(RecoveryCode).where(RecoveryCode.user_id == person.id)
    db.session.execute(gone.execution_options(synchronize_session=False))


def _unused(person: User) -> tuple[sa.ColumnElement[bool], ...]:
    return (RecoveryCode.user_id == person.id, RecoveryCode.used_at.is_(None))


def _hash(typed: str) -> str:
    return tokens.hashed(typed.strip().lower().translate(_MEANT))


def _grouped(code: str) -> str:
    return "-".join(code[start : start + GROUP] for start in range(0, LENGTH, GROUP))
