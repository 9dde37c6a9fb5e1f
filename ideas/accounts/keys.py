"""API keys: a program acts as the person who made it. The only code that writes `api_key`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from ideas.accounts import audit, policy, tokens
from ideas.accounts.models import ApiKey, User
from ideas.db import db, utcnow
from ideas.errors import Conflict, NotFound
from ideas.words import _

PREFIX = "ab_sk_"  # so that a key that leaked into a file is recognised as one
HINT = len(PREFIX) + 4
MOST = 50  # keys of one person that work at the same time
USED_EVERY = timedelta(minutes=1)  # "last used" is no more exact than this, so that reading seldom writes


@dataclass(frozen=True)
class ValidKey:
    """A key that works now: whose it is and what it is for."""

    id: int
    user: User
    scopes: frozenset[str]
    last_used_at: datetime | None

    @property
    def was_used_long_ago(self) -> bool:
        return self.last_used_at is None or utcnow() - self.last_used_at > USED_EVERY


_FIND = (
    sa.select(ApiKey)
    .join(User, User.id == ApiKey.user_id)
    .options(contains_eager(ApiKey.user))
    .where(
        ApiKey.token_hash == sa.bindparam("token_hash"),
        ApiKey.revoked_at.is_(None),
        sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > sa.bindparam("now", type_=ApiKey.created_at.type)),
    )
)


def make(person: User, name: str, scopes: Iterable[str], *, expires_at: datetime | None = None) -> str:
    """A new key of `person`; the key itself, which is shown this once and kept as a hash.

    Raises NotAllowed for a suspended person, Conflict when they have very many.
    """
    policy.require_active(person)
    if (db.session.scalar(sa.select(sa.func.count()).select_from(of(person).subquery())) or 0) >= MOST:
        raise Conflict(_("You have %(most)s keys. Revoke one that is no longer used.", most=MOST))
    token = PREFIX + tokens.fresh()
    wanted = sorted(set(scopes))
    key = ApiKey(
        user_id=person.id,
        name=name,
        token_hash=tokens.hashed(token),
        hint=token[:HINT],
        scopes=",".join(wanted),
        expires_at=expires_at,
    )
    db.session.add(key)
    db.session.flush()  # gives the id
    audit.record(person, "key.made", f"key:{key.id}", name=name, scopes=wanted)
    return token


def find(token: str) -> ValidKey | None:
    """What `token` opens, with its person, in one query; None when it is unknown, revoked or too old."""
    if not token.startswith(PREFIX):
        return None
    key = db.session.scalar(_FIND, {"token_hash": tokens.hashed(token), "now": utcnow()})
    if key is None:
        return None
    return ValidKey(key.id, key.user, frozenset(key.scopes.split(",")), key.last_used_at)


def note_use(key_id: int) -> None:
    """Note that the key is in use, once in USED_EVERY however many requests come with it at once."""
    now = utcnow()
    unnoted = sa.or_(ApiKey.last_used_at.is_(None), ApiKey.last_used_at < now - USED_EVERY)
    db.session.execute(sa.update(ApiKey).where(ApiKey.id == key_id, unnoted).values(last_used_at=now))


def of(person: User) -> sa.Select[ApiKey]:
    """The keys of `person` that are not revoked, the newest first."""
    return sa.select(ApiKey).where(ApiKey.user_id == person.id, ApiKey.revoked_at.is_(None)).order_by(ApiKey.id.desc())


def revoke(person: User, key_id: int) -> None:
    """The key works no more. Raises NotFound when it is not theirs."""
    end = (
        sa.update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == person.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=utcnow())
    )
    if db.session.scalar(end.returning(ApiKey.id)) is None:
        raise NotFound(_("There is no such key."))
    audit.record(person, "key.revoked", f"key:{key_id}")
