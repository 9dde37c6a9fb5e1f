"""Everything that is kept about one person, as one archive. Reads only; secrets and their hashes stay here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, Any

import sqlalchemy as sa

from ideas import settings
from ideas.accounts.models import ApiKey, AuditEntry, Company, Letter, Rhythm, Ticket, User, UserSession
from ideas.accounts.models_factors import Passkey, RecoveryCode, Totp
from ideas.accounts.models_identities import Identity
from ideas.accounts.models_invitations import RoleInvitation
from ideas.accounts.models_segments import Segment, SegmentPerson
from ideas.db import db
from ideas.privacy import Part, rows_of, write_archive
from ideas.words import _

BATCH = 500


def write(out: IO[bytes], person: User) -> None:
    """Put all that is kept about `person` into `out` as a zip."""
    rooms = settings.rooms()
    person_id, email = person.id, person.email or ""
    attachments = (file for exporter in rooms.exporters for file in exporter.attachments(person_id))
    introduction = _(
        "This is everything that %(site)s keeps about you: each table as JSON and as CSV. Times are in UTC. "
        "In the CSV files an apostrophe stands before what a spreadsheet would take for a formula.",
        site=settings.brand().site_name,
    )
    write_archive(out, _parts(person_id, email), attachments, introduction=introduction)


def _parts(person_id: int, email: str) -> Iterator[Part]:
    yield from own_parts(person_id, email)
    for exporter in settings.rooms().exporters:
        yield from exporter.parts(person_id)


def stream(statement: sa.Select[*tuple[Any, ...]]) -> Iterator[dict[str, Any]]:
    """The rows of `statement`, some hundred in memory at a time."""
    return rows_of(db.session.execute(statement.execution_options(yield_per=BATCH)))


def own_parts(person_id: int, email: str) -> Iterator[Part]:
    """What this room keeps."""
    yield Part(
        "account",
        _("your name, address, language, time zone, hours for mail, role, company, and what the team knows of you"),
        stream(
            sa.select(
                *(User.id, User.email, User.name, User.title, User.site_role, User.locale, User.timezone),
                *(Rhythm.digest_hour, Rhythm.digest_weekday, Rhythm.quiet_from, Rhythm.quiet_to, User.never_gathered),
                *(User.shown_as_backer, User.created_at, User.verified_at, User.suspended_at, User.is_imported),
                User.mail_stopped,
                User.factor_since,
                Company.name.label("company"),
                *(User.external_id, User.attributes),
            )
            .outerjoin(Company, Company.id == User.company_id)
            .outerjoin(Rhythm, Rhythm.id == User.rhythm_id)
            .where(User.id == person_id)
        ),
    )
    yield Part(
        "sign_ins",
        _("browsers in which you are signed in, with the network address they came from"),
        stream(
            sa.select(
                *(UserSession.id, UserSession.created_at, UserSession.last_seen_at, UserSession.expires_at),
                *(UserSession.browser, UserSession.address, UserSession.by, UserSession.second),
            )
            .where(UserSession.user_id == person_id)
            .order_by(UserSession.id)
        ),
    )
    yield Part(
        "identities",
        _("accounts elsewhere with which you sign in, by the name each provider has for you"),
        stream(
            sa.select(*(Identity.id, Identity.issuer, Identity.subject, Identity.created_at, Identity.last_used_at))
            .where(Identity.user_id == person_id)
            .order_by(Identity.id)
        ),
    )
    yield Part(
        "authenticator_app",
        _("the app that you set up as a second factor, without its key"),
        stream(sa.select(Totp.id, Totp.created_at, Totp.last_used_at).where(Totp.user_id == person_id)),
    )
    yield Part(
        "passkeys",
        _("passkeys that open your account; what they sign with never leaves your devices"),
        stream(
            sa.select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
            .where(Passkey.user_id == person_id)
            .order_by(Passkey.id)
        ),
    )
    yield Part(
        "recovery_codes",
        _("your recovery codes, without the codes themselves, of which only a fingerprint is kept"),
        stream(
            sa.select(RecoveryCode.id, RecoveryCode.created_at, RecoveryCode.used_at)
            .where(RecoveryCode.user_id == person_id)
            .order_by(RecoveryCode.id)
        ),
    )
    yield Part(
        "keys",
        _("API keys you made, without the keys themselves, of which only a fingerprint is kept"),
        stream(
            sa.select(
                *(ApiKey.id, ApiKey.name, ApiKey.hint, ApiKey.scopes, ApiKey.created_at),
                *(ApiKey.last_used_at, ApiKey.expires_at, ApiKey.revoked_at, ApiKey.made_with_id),
            )
            .where(ApiKey.user_id == person_id)
            .order_by(ApiKey.id)
        ),
    )
    yield Part(
        "links",
        _("links that were sent to you: to sign in, to choose a password"),
        stream(
            sa.select(Ticket.id, Ticket.kind, Ticket.created_at, Ticket.expires_at, Ticket.used_at)
            .where(Ticket.user_id == person_id)
            .order_by(Ticket.id)
        ),
    )
    yield Part(
        "letters",
        _("mail about your account; its text is not kept once it is sent"),
        stream(
            sa.select(Letter.id, Letter.recipient, Letter.subject, Letter.created_at, Letter.sent_at, Letter.failed_at)
            .where(Letter.recipient == email, Letter.recipient != "")
            .order_by(Letter.id)
        ),
    )
    yield Part(
        "segments",
        _("questions of the team to which you belong by what is known of you"),
        stream(
            sa.select(Segment.id, Segment.name, Segment.question)
            .join(SegmentPerson, SegmentPerson.segment_id == Segment.id)
            .where(SegmentPerson.user_id == person_id)
            .order_by(Segment.id)
        ),
    )
    yield Part(
        "role_invitations",
        _("invitations to a role on the site that went to you, or that you sent"),
        stream(
            sa.select(
                *(RoleInvitation.id, RoleInvitation.email, RoleInvitation.role, RoleInvitation.created_at),
                *(RoleInvitation.expires_at, RoleInvitation.accepted_at, RoleInvitation.withdrawn_at),
            )
            .where(sa.or_(RoleInvitation.invited_by_id == person_id, RoleInvitation.email == email))
            .order_by(RoleInvitation.id)
        ),
    )
    about, by = AuditEntry.subject == f"person:{person_id}", AuditEntry.actor_id == person_id
    yield Part(
        "audit",
        _("what was done about your account with privilege, and what you did with it yourself"),
        stream(
            sa.select(
                *(AuditEntry.id, AuditEntry.at, AuditEntry.act, AuditEntry.subject, AuditEntry.details),
                by.label("by_you"),
            )
            .where(sa.or_(about, by))
            .order_by(AuditEntry.id)
        ),
    )
