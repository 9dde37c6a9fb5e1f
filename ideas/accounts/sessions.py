"""Browsers in which people are signed in, or halfway. The only code that writes `user_session` and `half_sign_in`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts import tokens
from ideas.accounts.models import User, UserSession
from ideas.accounts.models_factors import FactorRule, HalfSignIn, SignedInBy
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.settings import current, rooms
from ideas.words import _

IDLE = timedelta(days=14)  # a browser that was not seen for so long is signed out, whatever SESSION_DAYS says
FRESH = timedelta(minutes=15)  # after it, what cannot be taken back asks again who is there
HALF = timedelta(minutes=10)  # so long a second factor may take
SEEN_EVERY = timedelta(minutes=5)  # "last seen" is no more exact than this, so that reading seldom writes

# beside whatever else is asked of a sign-in, so that it costs no question: whether the team must have a second factor
FACTOR_NEEDED_FROM = sa.select(FactorRule.needed_from).scalar_subquery()


class Current(NamedTuple):
    """The sign-in of a browser and whose it is. Plain values beside the person: they outlive a rollback."""

    session_id: int
    created_at: datetime
    last_seen_at: datetime
    by: str
    second: str | None
    factor_needed_from: datetime | None
    person: User


_CURRENT = (
    sa.select(
        *(UserSession.id, UserSession.created_at, UserSession.last_seen_at, UserSession.by, UserSession.second),
        FACTOR_NEEDED_FROM,
        User,
    )
    .join(User, User.id == UserSession.user_id)
    .where(
        UserSession.token_hash == sa.bindparam("token_hash"),
        UserSession.expires_at > sa.bindparam("now", type_=UserSession.expires_at.type),
        UserSession.last_seen_at > sa.bindparam("idle_since", type_=UserSession.last_seen_at.type),
    )
)


def open_for(
    person: User,
    *,
    browser: str,
    network_address: str,
    by: str = "",
    second: str | None = None,
    proved_at: datetime | None = None,
) -> tuple[UserSession, str]:
    """A sign-in of `person` in a browser, and the secret that the browser keeps.

    by: one of SignedInBy, "" where nobody knows; second: one of Second, if one was asked for.
    proved_at: when they proved who they are, if it was not just now.
    """
    token = tokens.fresh()
    now = utcnow()
    row = UserSession(
        token_hash=tokens.hashed(token),
        user_id=person.id,
        created_at=proved_at or now,
        last_seen_at=now,
        expires_at=now + timedelta(days=current().session_days),
        browser=browser[:200],
        address=network_address[:45],
        by=by,
        second=second,
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
    """Sign `person` out of every browser but the one they are in, and of what is halfway."""
    db.session.execute(sa.delete(UserSession).where(UserSession.user_id == person.id, UserSession.id != (but or 0)))
    _end_elsewhere(person)


def revoke_all(person: User) -> None:
    db.session.execute(sa.delete(UserSession).where(UserSession.user_id == person.id))
    _end_elsewhere(person)


def end(token: str) -> None:
    """Sign out the browser that holds `token`."""
    db.session.execute(sa.delete(UserSession).where(UserSession.token_hash == tokens.hashed(token)))


# --- Halfway ---


def begin_half(person: User, *, by: SignedInBy) -> str:
    """`person` has yet to give their second factor; the secret by which their browser goes on."""
    token = tokens.fresh()
    now = utcnow()
    half = HalfSignIn(
        token_hash=tokens.hashed(token), user_id=person.id, by=by.value, created_at=now, expires_at=now + HALF
    )
    db.session.add(half)
    return token


def find_half(token: str | None) -> HalfSignIn | None:
    """The half that a browser's secret stands for, while it may be completed. Loaded: user."""
    if not token:
        return None
    return db.session.scalar(
        sa.select(HalfSignIn)
        .where(HalfSignIn.token_hash == tokens.hashed(token), HalfSignIn.expires_at > utcnow())
        .options(joinedload(HalfSignIn.user))
        .execution_options(populate_existing=True)
    )


def end_half(half: HalfSignIn) -> bool:
    """It is completed; of two who complete it at once, one does."""
    gone = sa.delete(HalfSignIn).where(HalfSignIn.id == half.id).returning(HalfSignIn.id)
    return db.session.scalar(gone.execution_options(synchronize_session=False)) is not None


def _end_elsewhere(person: User) -> None:
    _end_halves(person)
    for tell in rooms().signed_out:
        tell(person.id)


def _end_halves(person: User) -> None:
    gone = sa.delete(HalfSignIn).where(HalfSignIn.user_id == person.id)
    db.session.execute(gone.execution_options(synchronize_session=False))
