"""API keys: a program acts as the person who made it. The only code that writes `api_key`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import contains_eager

from ideas.accounts import audit, policy, tokens
from ideas.accounts.errors import BeyondKey
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
    board_id: None = None  # it opens whatever its person may
    sites: None = None  # programs ask with it, pages do not

    @property
    def name(self) -> str:
        return f"key:{self.id}"

    @property
    def was_used_long_ago(self) -> bool:
        return self.last_used_at is None or utcnow() - self.last_used_at > USED_EVERY


class Made(NamedTuple):
    """A new key, and what opens with it: shown once and kept as a hash."""

    key: ApiKey
    token: str


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
    return _make(person, name, scopes, expires_at=expires_at).token


def make_with(asking: ValidKey, name: str, scopes: Iterable[str], *, days: int | None) -> Made:
    """A key of the same person that a program makes with the key `asking`: it may no more, and works no longer.

    It ends when that one is revoked. days: how long it works; None: as long as that one.
    Raises ValidationError, naming the place, for a scope that `asking` lacks; otherwise as `make`.
    """
    wanted = list(scopes)
    lacks = [_("The key with which you ask lacks this scope.")]
    beyond = {place: lacks for place, scope in enumerate(wanted) if scope not in asking.scopes}
    if beyond:
        raise ValidationError({"scopes": beyond})
    maker = _held(asking.user, asking.id)
    ends = [maker.expires_at, None if days is None else utcnow() + timedelta(days=days)]
    return _make(
        asking.user,
        name,
        wanted,
        expires_at=min((each for each in ends if each is not None), default=None),
        made_with=maker,
    )


def rotate(asking: ValidKey, key_id: int, *, overlap: timedelta) -> Made:
    """A new secret for a key of the same person: name, scopes and end stay, the former works for `overlap` more.

    Keys that were made with the former end with the new one from now on.
    Raises NotFound when it is not theirs, BeyondKey when it may more than `asking`, or works longer.
    """
    policy.require_active(asking.user)
    # both are held, the one with the lower number first, so that two who rotate each other's do not wait for ever
    held = {each: _held(asking.user, each) for each in sorted({asking.id, key_id})}
    former, maker = held[key_id], held[asking.id]
    lasts_longer = maker.expires_at is not None and (former.expires_at is None or former.expires_at > maker.expires_at)
    if lasts_longer or not asking.scopes.issuperset(former.scopes.split(",")):
        raise BeyondKey(_("That key may more than the one with which you ask, or works longer."))
    made = _add(asking.user, former.name, former.scopes.split(","), former.expires_at, former.made_with_id)
    db.session.execute(sa.update(ApiKey).where(ApiKey.made_with_id == former.id).values(made_with_id=made.key.id))
    ends = utcnow() + overlap
    former.expires_at = ends if former.expires_at is None else min(ends, former.expires_at)
    audit.record(asking.user, "key.rotated", f"key:{former.id}", new=made.key.id, name=former.name)
    return made


def _make(
    person: User, name: str, scopes: Iterable[str], *, expires_at: datetime | None, made_with: ApiKey | None = None
) -> Made:
    policy.require_active(person)
    works = sa.or_(ApiKey.expires_at.is_(None), ApiKey.expires_at > utcnow())
    if (db.session.scalar(sa.select(sa.func.count()).select_from(of(person).where(works).subquery())) or 0) >= MOST:
        raise Conflict(_("You have %(most)s keys. Revoke one that is no longer used.", most=MOST))
    return _add(person, name, sorted(set(scopes)), expires_at, made_with.id if made_with else None)


def _add(person: User, name: str, scopes: Sequence[str], expires_at: datetime | None, made_with_id: int | None) -> Made:
    token = PREFIX + tokens.fresh()
    key = ApiKey(
        user_id=person.id,
        name=name,
        token_hash=tokens.hashed(token),
        hint=token[:HINT],
        scopes=",".join(scopes),
        expires_at=expires_at,
        made_with_id=made_with_id,
    )
    db.session.add(key)
    db.session.flush()  # gives the id
    by = {"made_with": made_with_id} if made_with_id else {}
    audit.record(person, "key.made", f"key:{key.id}", name=name, scopes=list(scopes), **by)
    return Made(key, token)


def _held(person: User, key_id: int) -> ApiKey:
    """The key as it is now, which nobody revokes until we are done. Raises NotFound when it is not theirs."""
    key = db.session.scalar(
        sa.select(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == person.id, ApiKey.revoked_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if key is None:
        raise NotFound(_("There is no such key."))
    return key


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
    """The key works no more, nor do those that were made with it. Raises NotFound when it is not theirs."""
    now = utcnow()
    end = (
        sa.update(ApiKey)
        .where(ApiKey.id == key_id, ApiKey.user_id == person.id, ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    if db.session.scalar(end.returning(ApiKey.id)) is None:
        raise NotFound(_("There is no such key."))
    made = sa.select(ApiKey.id).where(ApiKey.made_with_id == key_id).cte("made", recursive=True)
    made = made.union_all(sa.select(ApiKey.id).join(made, ApiKey.made_with_id == made.c.id))
    further = (
        sa.update(ApiKey)
        .where(ApiKey.id.in_(sa.select(made.c.id)), ApiKey.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(ApiKey.id)
        .execution_options(synchronize_session=False)
    )
    with_it = sorted(db.session.scalars(further))
    audit.record(person, "key.revoked", f"key:{key_id}", **({"with_it": with_it} if with_it else {}))
