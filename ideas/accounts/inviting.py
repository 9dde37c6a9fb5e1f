"""The only code that writes `role_invitation`: administrators invite people to a role on the whole site, by mail.

A role is worth more than a membership, so the link alone is not enough: whoever uses it is signed in with the address
it went to, and whoever sent it is still an administrator.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.accounts import addresses, audit, letters, people, policy, tokens
from ideas.accounts.models import SiteRole, User
from ideas.accounts.models_invitations import RoleInvitation
from ideas.db import db, utcnow
from ideas.errors import NotAllowed, NotFound
from ideas.words import _

LASTS = timedelta(days=7)
SHOWN = 100
_RANKS = list(SiteRole)


def invite(actor: User, *, email: str, role: SiteRole) -> RoleInvitation:
    """Send a link to `email`. It is kept only as a hash; an earlier one to that address no longer works.

    Raises ValidationError when `email` is no address, or the one who has it holds that role or a greater one.
    """
    policy.require_admin(actor)
    if role not in (SiteRole.TEAM, SiteRole.ADMIN):
        raise ValidationError({"role": [_("Everybody who signs up is a member; choose another role.")]})
    try:
        address = addresses.email(email)
    except ValueError:
        raise ValidationError({"email": [_("This is not an e-mail address we can write to.")]}) from None
    known = people.by_email(address)
    if known is not None and _RANKS.index(SiteRole(known.site_role)) >= _RANKS.index(role):
        raise ValidationError({"email": [_("%(name)s holds this role already, or a greater one.", name=known.name)]})
    now = utcnow()
    db.session.execute(
        sa.update(RoleInvitation).where(RoleInvitation.email == address, *_open()).values(withdrawn_at=now)
    )
    token = tokens.fresh()
    invitation = RoleInvitation(
        email=address,
        role=role.value,
        token_hash=tokens.hashed(token),
        invited_by_id=actor.id,
        created_at=now,
        expires_at=now + LASTS,
    )
    db.session.add(invitation)
    letters.write(address, _words(actor, role, token), good_for=LASTS, asked_for=False)
    db.session.flush()  # gives the id
    audit.record(actor, "role.invited", _subject(invitation), email=address, role=role.value)
    return invitation


def _words(actor: User, role: SiteRole, token: str) -> letters.Words:
    site = settings.brand().site_name
    return letters.Words(
        subject=_("You are invited to the team of %(site)s", site=site),
        before=[_("%(person)s invites you to the team of %(site)s.", person=actor.name, site=site), means(role)],
        button=_("See the invitation"),
        url=settings.absolute(f"/roles/{token}"),
        after=[
            _("The link works once, for %(days)s days, for whoever signs in with this address.", days=LASTS.days),
            _("If you did not expect this, ignore it: nothing happens unless you accept."),
        ],
    )


def means(role: SiteRole) -> str:
    """What somebody with that role does."""
    if role is SiteRole.ADMIN:
        return _("As an administrator you keep boards and people, and everything else of the site.")
    return _("As one of the team you answer ideas on every board.")


def withdraw(actor: User, invitation_id: int) -> None:
    """Its link no longer works. Raises NotFound when it was used, withdrawn or has run out."""
    policy.require_admin(actor)
    statement = sa.update(RoleInvitation).where(RoleInvitation.id == invitation_id, *_open())
    address = db.session.scalar(statement.values(withdrawn_at=utcnow()).returning(RoleInvitation.email))
    if address is None:
        raise NotFound(_("This invitation is not open any more."))
    audit.record(actor, "role.invitation_withdrawn", f"role_invitation:{invitation_id}", email=address)


def open_ones(reader: User) -> Sequence[RoleInvitation]:
    """Those whose link still works, newest first, at most SHOWN. Loaded: invited_by."""
    policy.require_admin(reader)
    statement = sa.select(RoleInvitation).where(*_open()).order_by(RoleInvitation.id.desc()).limit(SHOWN)
    return db.session.scalars(statement.options(joinedload(RoleInvitation.invited_by))).all()


def look_at(token: str) -> RoleInvitation:
    """What the link with `token` offers. Reading it uses nothing up. Raises NotFound as `accept` does."""
    return _offered(RoleInvitation.token_hash == tokens.hashed(token))


def _offered(which: sa.ColumnElement[bool]) -> RoleInvitation:
    statement = sa.select(RoleInvitation).where(which, *_open())
    found = db.session.scalar(statement.options(joinedload(RoleInvitation.invited_by)))
    if found is None or not found.invited_by.is_admin or found.invited_by.is_suspended:
        raise _none()
    return found


def accept(person: User, token: str) -> SiteRole:
    """`person` holds the role from now on; the link is used up. Who holds a greater one keeps it.

    Raises NotFound when the link was used, withdrawn or is too old, or whoever sent it is no administrator any more;
    NotAllowed for somebody with another address, whose trying uses nothing up.
    """
    return _accept(person, look_at(token))


def _accept(person: User, offered: RoleInvitation) -> SiteRole:
    policy.require_active(person)
    if person.email != offered.email:
        raise NotAllowed(_("This invitation went to another address. Sign in with that one."))
    # one statement, so that of two who follow the link at once one is first
    taken = sa.update(RoleInvitation).where(RoleInvitation.id == offered.id, *_open()).values(accepted_at=utcnow())
    if db.session.scalar(taken.returning(RoleInvitation.id)) is None:
        raise _none()
    audit.record(person, "role.invitation_accepted", _subject(offered), person=person.id, role=offered.role)
    role = SiteRole(offered.role)
    if _RANKS.index(SiteRole(person.site_role)) < _RANKS.index(role):
        people.set_role(offered.invited_by, person, role)
    return role


def resume(person: User, details: dict[str, Any]) -> str:
    """Accept it for somebody who followed the link and had to sign in first; the address to go to.

    What is kept meanwhile names the invitation and not its secret, which stands nowhere but in the mail.
    """
    return begins_at(_accept(person, _offered(RoleInvitation.id == details["invitation"])))


def begins_at(role: SiteRole) -> str:
    """The page on which somebody with that role begins."""
    return "/manage/boards" if role is SiteRole.ADMIN else "/"


def _open() -> list[sa.ColumnElement[bool]]:
    return [
        RoleInvitation.accepted_at.is_(None),
        RoleInvitation.withdrawn_at.is_(None),
        RoleInvitation.expires_at > utcnow(),
    ]


def _none() -> NotFound:
    return NotFound(_("This invitation was used or withdrawn, or it is too old. Ask for a new one."))


def _subject(invitation: RoleInvitation) -> str:
    return f"role_invitation:{invitation.id}"
