"""What people prove besides their password that it is they."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.db import Base, utcnow


class SignedInBy(StrEnum):
    """How a sign-in was begun."""

    PASSWORD = "password"  # noqa: S105 - the name of a way, no password
    LINK = "link"  # by mail
    RESET = "reset"  # a new password was chosen
    JOINED = "joined"  # the address was proven for the first time, or the site was set up
    PASSKEY = "passkey"  # alone: the device asked who was holding it
    OPENID = "openid"


class Second(StrEnum):
    """What was asked for besides."""

    APP = "app"
    PASSKEY = "passkey"
    RECOVERY = "recovery"


class HalfSignIn(Base):
    """Somebody gave their password or used their link, and has yet to give their second factor: nobody is signed in.

    Written by sessions.py. The cookie holds the token, this row its hash.
    """

    __tablename__ = "half_sign_in"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    by: Mapped[str] = mapped_column(sa.String(10))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class Totp(Base):
    """An app that shows six digits, new ones every half minute (RFC 6238). Written by factors_totp.py.

    secret: sealed, see sealing.py. last_step: the half minute whose digits were used last; none before it counts again.
    """

    __tablename__ = "totp"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), unique=True)
    secret: Mapped[str] = mapped_column(sa.String(300))
    last_step: Mapped[int] = mapped_column(sa.BigInteger)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]


class RecoveryCode(Base):
    """A code that takes the place of a lost factor, once. Kept as a hash. Written by recovery.py."""

    __tablename__ = "recovery_code"
    __table_args__ = (sa.UniqueConstraint("user_id", "code_hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    code_hash: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    used_at: Mapped[datetime | None]


class Passkey(Base):
    """A key that a device or a password manager holds and that signs for this site alone. Written by passkeys.py.

    credential_id, public_key: base64url, as browsers send them. sign_count: how often it signed, as it said last; 0 if
    it does not count.
    """

    __tablename__ = "passkey"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    credential_id: Mapped[str] = mapped_column(sa.String(1400), unique=True)
    public_key: Mapped[str] = mapped_column(sa.String(3000))
    sign_count: Mapped[int] = mapped_column(sa.BigInteger)
    name: Mapped[str] = mapped_column(sa.String(80))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class PasskeyChallenge(Base):
    """What a passkey is asked to sign, once. The cookie holds the token, this row its hash. Written by passkeys.py.

    user_id: whose passkey is asked; None where whoever comes is yet to be known.
    """

    __tablename__ = "passkey_challenge"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    purpose: Mapped[str] = mapped_column(sa.String(10))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    challenge: Mapped[str] = mapped_column(sa.String(100))
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FactorRule(Base):
    """There is a row if the team must have a second factor, from that moment on. Written by factor_rule.py."""

    __tablename__ = "factor_rule"

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    needed_from: Mapped[datetime]
    set_at: Mapped[datetime] = mapped_column(default=utcnow)

    SUBJECT = "factor_rule"  # what it is called in the audit log
