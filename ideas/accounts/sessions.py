"""Browsers in which people are signed in. The only code that writes `user_session`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import tokens
from ideas.accounts.models import User, UserSession
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.settings import current
from ideas.words import _

IDLE = timedelta(days=14)  # a browser that was not seen for so long is signed out, whatever SESSION_DAYS says
FRESH = timedelta(minutes=15)  # after it, what cannot be taken back asks again who is there
SEEN_EVERY = timedelta(minutes=5)  # "last seen" is no more exact than this, so that reading seldom writes


class Current(NamedTuple):
    """The sign-in of a browser and whose it is. Plain values beside the person: they outlive a rollback."""

    session_id: int
    created_at: datetime
    last_seen_at: datetime
    person: User


_CURRENT = (
    sa.select(UserSession.id, UserSession.created_at, UserSession.last_seen_at, User)
    .join(User, User.id == UserSession.user_id)
    .where(
        UserSession.token_hash == sa.bindparam("token_hash"),
        UserSession.expires_at > sa.bindparam("now", type_=UserSession.expires_at.type),
        UserSession.last_seen_at > sa.bindparam("idle_since", type_=UserSession.last_seen_at.type),
    )
)


def open_for(person: User, *, browser: str, network_address: str) -> tuple[UserSession, str]:
    """A sign-in of `person` in a browser, and the secret that the browser keeps."""
    token = tokens.fresh()
    now = utcnow()
    row = UserSession(
        token_hash=tokens.hashed(token),
        user_id=person.id,
        created_at=now,
        last_seen_at=now,
        expires_at=now + timedelta(days=current().session_days),
        browser=browser[:200],
        address=network_address[:45],
    )
    db.session.add(row)
    db.session.flush()  # gives the id
    return row, token


def find(token: str) -> Current | None:
    """Whose browser holds `token`, in one query; None when it is revoked, too old or was not used for too long."""
    now = utcnow()
    row = db.session.execute(
        _CURRENT, {"token_hash": tokens.hashed(token), "now": now, "idle_since": now - IDLE}
    ).one_or_none()
    return Current(*row) if row else None


def is_open(session_id: int | None) -> bool:
    """Whether that sign-in has not ended since it was found."""
    return db.session.scalar(sa.select(UserSession.id).where(UserSession.id == session_id)) is not None


def was_seen_long_ago(current_session: Current) -> bool:
    return utcnow() - current_session.last_seen_at > SEEN_EVERY


def is_fresh(current_session: Current) -> bool:
    return utcnow() - current_session.created_at < FRESH


def seen(session_id: int) -> None:
    """Note that the browser was here, once in SEEN_EVERY however many requests it makes at once."""
    now = utcnow()
    db.session.execute(
        sa.update(UserSession)
        .where(UserSession.id == session_id, UserSession.last_seen_at < now - SEEN_EVERY)
        .values(last_seen_at=now)
    )


def of(person: User) -> sa.Select[UserSession]:
    """The browsers in which `person` is signed in, the latest first."""
    now = utcnow()
    return (
        sa.select(UserSession)
        .where(UserSession.user_id == person.id, UserSession.expires_at > now, UserSession.last_seen_at > now - IDLE)
        .order_by(UserSession.last_seen_at.desc(), UserSession.id.desc())
    )


def revoke(person: User, session_id: int) -> None:
    """Sign `person` out of one browser. Raises NotFound when it is not theirs."""
    gone = (
        sa.delete(UserSession)
        .where(UserSession.id == session_id, UserSession.user_id == person.id)
        .returning(UserSession.id)
    )
    if db.session.scalar(gone) is None:
        raise NotFound(_("This browser is signed out already."))


def revoke_others(person: User, *, but: int | None) -> None:
    """Sign `person` out of every browser but the one they are in."""
    db.session.execute(sa.delete(UserSession).where(UserSession.user_id == person.id, UserSession.id != (but or 0)))


def revoke_all(person: User) -> None:
    db.session.execute(sa.delete(UserSession).where(UserSession.user_id == person.id))


def end(token: str) -> None:
    """Sign out the browser that holds `token`."""
    db.session.execute(sa.delete(UserSession).where(UserSession.token_hash == tokens.hashed(token)))
