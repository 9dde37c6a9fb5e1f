"""People and what belongs to them alone."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.db import Base, partial_index, utcnow


class SiteRole(StrEnum):
    """What a person may do everywhere. Being of the team of one board is a membership, see boards."""

    MEMBER = "member"
    TEAM = "team"
    ADMIN = "admin"


class Stopped(StrEnum):
    """Why nothing is sent to an address but links to sign in."""

    BOUNCED = "bounced"  # mail to it came back
    COMPLAINED = "complained"  # its reader called a mail of ours junk


class Company(Base):
    """A customer account that people may belong to, and what another system knows of it; see upserting.py.

    external_id: its id there. monthly_revenue: in the smallest unit of the site's currency, cents of a euro.
    attributes: name → text.
    """

    __tablename__ = "company"
    __table_args__ = (
        partial_index("uq_company_external_id", "external_id", unique=True, where="external_id IS NOT NULL"),
        # the team's list by revenue and by renewal
        partial_index("ix_company_monthly_revenue", "monthly_revenue", "id", where="monthly_revenue IS NOT NULL"),
        partial_index("ix_company_renews_on", "renews_on", "id", where="renews_on IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(120), unique=True)
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    plan: Mapped[str | None] = mapped_column(sa.String(40))
    monthly_revenue: Mapped[int | None] = mapped_column(sa.BigInteger)
    renews_on: Mapped[date | None]
    attributes: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Rhythm(Base):
    """Hours at which some people want mail, and when these come next; see rhythms.py.

    The hours are as the person's clock shows them; NULL: as is usual on the site. The moments are worked out ahead.
    """

    __tablename__ = "rhythm"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(sa.String(80), unique=True)  # all that was chosen: NULLs are not unique
    timezone: Mapped[str | None] = mapped_column(sa.String(60))
    digest_hour: Mapped[int | None] = mapped_column(sa.SmallInteger)
    digest_weekday: Mapped[int | None] = mapped_column(sa.SmallInteger)  # 0 is Monday
    quiet_from: Mapped[int | None] = mapped_column(sa.SmallInteger)
    quiet_to: Mapped[int | None] = mapped_column(sa.SmallInteger)
    daily_at: Mapped[datetime]
    weekly_at: Mapped[datetime]
    quiet_until: Mapped[datetime | None]  # it is quiet now, until then
    good_until: Mapped[datetime] = mapped_column(index=True)  # from then on one of the moments is another


class User(Base):
    """A person. Imported people are unclaimed: they exist, are told of things, and sign in only once they claim."""

    __tablename__ = "user"
    __table_args__ = (
        partial_index("uq_user_external_id", "external_id", unique=True, where="external_id IS NOT NULL"),
        sa.Index(None, "site_role", "id"),  # the few of the team among all customers
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    # folded (see text.folded), so that the unique key sees two spellings of an address as one
    email: Mapped[str | None] = mapped_column(sa.String(254), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    title: Mapped[str | None] = mapped_column(sa.String(80))  # beside the name of one of the team: "Product lead"
    password_hash: Mapped[str | None] = mapped_column(sa.String(200))
    # None: signed up but the address is not proven, or imported and never claimed
    verified_at: Mapped[datetime | None]
    is_imported: Mapped[bool] = mapped_column(default=False)
    site_role: Mapped[str] = mapped_column(sa.String(10), default=SiteRole.MEMBER)
    suspended_at: Mapped[datetime | None]
    company_id: Mapped[int | None] = mapped_column(sa.ForeignKey("company.id"), index=True)
    # what another system calls them, and what it knows of them: name → text; see upserting.py
    external_id: Mapped[str | None] = mapped_column(sa.String(80))
    attributes: Mapped[dict[str, str]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    locale: Mapped[str | None] = mapped_column(sa.String(20))
    timezone: Mapped[str | None] = mapped_column(sa.String(60))
    rhythm_id: Mapped[int | None] = mapped_column(sa.ForeignKey("rhythm.id"))  # None: the site's hours
    # wants each mail by itself, however many there are in a week
    never_gathered: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    shown_as_backer: Mapped[bool] = mapped_column(default=False)
    # what `suppression` says of the address, beside the person, because whole audiences are asked; see suppressions.py
    mail_stopped: Mapped[str | None] = mapped_column(sa.String(12))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    # a tombstone: nobody's name or address, kept so that votes and deliveries add up. Suspended as well, so that
    # whatever refuses somebody suspended refuses it too.
    erased_at: Mapped[datetime | None]
    # beside the person, because every sign-in asks: since when they have a second factor; see factors.py
    factor_since: Mapped[datetime | None]

    company: Mapped[Company | None] = relationship(lazy="raise_on_sql")

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None

    @property
    def is_admin(self) -> bool:
        return self.site_role == SiteRole.ADMIN

    @property
    def is_site_team(self) -> bool:
        """Of the team of every board; an administrator is too."""
        return self.site_role in (SiteRole.TEAM, SiteRole.ADMIN)

    @property
    def is_claimed(self) -> bool:
        return self.verified_at is not None

    @property
    def initials(self) -> str:
        """At most two letters that stand for the person's picture."""
        words = [word for word in self.name.split() if word[0].isalnum()] or ["?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()


class UserSession(Base):
    """One browser in which a person is signed in; the cookie holds the token, this row its hash."""

    __tablename__ = "user_session"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    browser: Mapped[str] = mapped_column(sa.String(200), default="")
    address: Mapped[str] = mapped_column(sa.String(45), default="")
    # how it was begun, see models_factors.py; "": before that was written down
    by: Mapped[str] = mapped_column(sa.String(10), default="", server_default="")
    second: Mapped[str | None] = mapped_column(sa.String(10))

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class TicketKind(StrEnum):
    VERIFY = "verify"  # proves the address of somebody who signed up
    SIGN_IN = "sign_in"  # the magic link
    RESET = "reset"
    SETUP = "setup"  # makes the first administrator
    OPENID = "openid"  # goes along to another site that says who somebody is, and comes back with them


class Ticket(Base):
    """A single-use link sent to an address; hashed at rest. GET shows a button, POST uses it."""

    __tablename__ = "ticket"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(10))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    # what is applied when it is used (a sign-up's name and password hash): nothing of it counts before
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    # hash of a cookie in the browser that asked: a link that somebody else asked for does not sign you in
    browser_hash: Mapped[str | None] = mapped_column(sa.String(64))
    unfinished_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("unfinished_act.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class Attempt(Base):
    """Somebody tried to sign in, sign up or reset: what the limits count, the same for known and unknown addresses."""

    __tablename__ = "attempt"
    __table_args__ = (sa.Index(None, "kind", "who", "at"), sa.Index(None, "at"))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(20))
    who: Mapped[str] = mapped_column(sa.String(64))  # hash of an address of either kind
    at: Mapped[datetime] = mapped_column(default=utcnow)


class UnfinishedAct(Base):
    """What a visitor was about to do when asked to sign in: a vote, a comment, an idea. Done once they have."""

    __tablename__ = "unfinished_act"

    id: Mapped[int] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(40))
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class Letter(Base):
    """A mail of this room on its way; written with its ticket, sent by the worker. Its words go once it is sent.

    They hold a secret link, so none is kept longer than it takes to hand it over. Nobody is sent a letter whose
    link would no longer work: that is `expires_at`.
    """

    __tablename__ = "letter"
    __table_args__ = (
        # the worker asks for what is due
        partial_index("ix_letter_due", "due_at", "id", where="sent_at IS NULL AND failed_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    recipient: Mapped[str] = mapped_column(sa.String(254))
    subject: Mapped[str] = mapped_column(sa.String(200))
    text: Mapped[str] = mapped_column(sa.Text)
    html: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    due_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease: Mapped[str | None] = mapped_column(sa.String(32))  # who is sending it now
    sent_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    error: Mapped[str | None] = mapped_column(sa.String(300))  # what the other side said last
    # by whoever gets it; one that was not is no mail for somebody who wants none
    asked_for: Mapped[bool] = mapped_column(default=True, server_default=sa.true())


class Suppression(Base):
    """An address, as a keyed hash, to which nothing is sent but links to sign in. Written by suppressions.py."""

    __tablename__ = "suppression"

    address: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    why: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    status: Mapped[str] = mapped_column(sa.String(12))  # the code of RFC 3463 that was reported; "" if none was
    since: Mapped[datetime]


class MailReport(Base):
    """Somebody reported of one mail that it did not arrive, or was called junk. Written by suppressions.py.

    mail: what it is called, "d" and a delivery's id, say. address: a keyed hash. counts: it counts against the address.
    """

    __tablename__ = "mail_report"
    __table_args__ = (
        sa.UniqueConstraint("mail", "verdict"),
        sa.Index(None, "address", "received_at"),
        sa.Index(None, "received_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mail: Mapped[str] = mapped_column(sa.String(40))
    verdict: Mapped[str] = mapped_column(sa.String(12))
    status: Mapped[str] = mapped_column(sa.String(12))
    address: Mapped[str] = mapped_column(sa.String(64))
    received_at: Mapped[datetime]
    counts: Mapped[bool]


class ApiKey(Base):
    """Lets a program act as the person who made it, within its scopes and never beyond that person's rights.

    made_with_id: the key with which a program made it; it ends with that one.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    hint: Mapped[str] = mapped_column(sa.String(16))  # the first letters, so that a person knows which key it is
    scopes: Mapped[str] = mapped_column(sa.String(1000))  # separated by commas
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    made_with_id: Mapped[int | None] = mapped_column(sa.ForeignKey("api_key.id", ondelete="SET NULL"), index=True)

    user: Mapped[User] = relationship(lazy="raise_on_sql")


class AuditEntry(Base):
    """A privileged act, written in the transaction of the act."""

    __tablename__ = "audit_entry"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # None: the command line
    act: Mapped[str] = mapped_column(sa.String(60))
    subject: Mapped[str] = mapped_column(sa.String(60), index=True)
    details: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)

    actor: Mapped[User | None] = relationship(lazy="raise_on_sql")
