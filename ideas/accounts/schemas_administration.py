"""What administrators' programs say of people and roles, and what the API shows of them."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.accounts.models import SiteRole, User
from ideas.accounts.models_invitations import RoleInvitation
from ideas.accounts.schemas import TITLE_LONGEST, CompanyName
from ideas.accounts.schemas_out import CompanyNameOut
from ideas.api import OutSchema
from ideas.schemas import AppSchema, Id, Line, UtcTime, when

Shape = dict[str, Any]

ROLES = [role.value for role in SiteRole]


class AccountOut(OutSchema):
    """A person as administrators see them."""

    id = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    role = fields.String(validate=validate.OneOf(ROLES), metadata={"description": "On the whole site."})
    title = fields.String(allow_none=True)
    company = fields.Nested(CompanyNameOut, allow_none=True)
    suspended_at = UtcTime(allow_none=True)


class RoleInvitationOut(OutSchema):
    """An invitation to a role whose link still works."""

    id = fields.Integer()
    email = fields.String()
    role = fields.String(validate=validate.OneOf(ROLES))
    created_at = UtcTime()
    expires_at = UtcTime()


class BelongingEdit(AppSchema):
    """Where somebody belongs and how they are called; what is left out stays."""

    company = Id(allow_none=True, metadata={"description": "The number of a company; null for none."})
    title = Line(longest=TITLE_LONGEST, allow_none=True, metadata={"description": "Beside the name; null for none."})


class NewCompany(CompanyName):
    """A company by its name."""


ACCOUNT = {
    "id": 9,
    "name": "Ole",
    "email": "ole@example.org",
    "role": "member",
    "title": None,
    "company": {"id": 4, "external_id": "acct-17", "name": "Riverside Allotments"},
    "suspended_at": None,
}
INVITATION = {
    "id": 3,
    "email": "ada@example.org",
    "role": "team",
    "created_at": "2026-11-22T10:00:00Z",
    "expires_at": "2026-11-29T10:00:00Z",
}


def account(person: User) -> Shape:
    """Loaded of the person: company."""
    at = person.company
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.site_role,
        "title": person.title,
        "company": {"id": at.id, "external_id": at.external_id, "name": at.name} if at else None,
        "suspended_at": when(person.suspended_at),
    }


def invitation(row: RoleInvitation) -> Shape:
    return {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "created_at": when(row.created_at),
        "expires_at": when(row.expires_at),
    }
