"""One's own account as JSON: profile, browsers, keys. What comes in, and what the API shows."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas import api
from ideas.accounts import policy
from ideas.accounts.models import ApiKey, Company, SiteRole, User, UserSession
from ideas.accounts.models_factors import Second, SignedInBy
from ideas.accounts.schemas import KEY_NAME_LONGEST, NAME_LONGEST, TITLE_LONGEST, require_choices
from ideas.accounts.schemas_out import CompanyNameOut
from ideas.api import OutSchema
from ideas.schemas import AppSchema, Line, UtcTime, when
from ideas.words import _

Shape = dict[str, Any]

DAYS_MOST = 3650


class MeOut(OutSchema):
    """Whose key this is."""

    id = fields.Integer()
    name = fields.String()
    email = fields.String(allow_none=True)
    role = fields.String(validate=validate.OneOf([role.value for role in SiteRole]))
    suspended = fields.Boolean()
    title = fields.String(allow_none=True, metadata={"description": "Stands beside the name of who answers."})
    locale = fields.String(allow_none=True, metadata={"description": "null: as the browser says."})
    timezone = fields.String(allow_none=True, metadata={"description": "null: that of the site."})
    shown_as_backer = fields.Boolean(metadata={"description": "Others see that you back an idea."})
    company = fields.Nested(CompanyNameOut, allow_none=True)
    scopes = fields.List(fields.String(), metadata={"description": "Of the key with which this was asked."})


class MeEdit(AppSchema):
    """What you change of your profile; what is left out stays."""

    name = Line(longest=NAME_LONGEST, metadata={"minLength": 1})
    title = Line(longest=TITLE_LONGEST, allow_none=True, metadata={"description": "For those who answer."})
    locale = fields.String(allow_none=True, metadata={"description": "Such as de or pt-BR; null: as the browser."})
    timezone = fields.String(allow_none=True, metadata={"description": "Such as Europe/Berlin; null: the site's."})
    shown_as_backer = fields.Boolean()

    @validates_schema
    def _makes_sense(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("name") == "":
            raise ValidationError({"name": [_("Please fill this in.")]})
        require_choices(data)


class SessionOut(OutSchema):
    """A browser in which you are signed in."""

    id = fields.Integer()
    browser = fields.String()
    address = fields.String(metadata={"description": "The network address from which it signed in."})
    created_at = UtcTime()
    last_seen_at = UtcTime()
    by = fields.String(
        allow_none=True,
        validate=validate.OneOf([by.value for by in SignedInBy]),
        metadata={"description": "How it was begun; null: before that was written down."},
    )
    second = fields.String(
        allow_none=True,
        validate=validate.OneOf([second.value for second in Second]),
        metadata={"description": "The second factor that was given; null: none."},
    )


class KeyOut(OutSchema):
    """A key of yours, without its secret."""

    id = fields.Integer()
    name = fields.String()
    hint = fields.String(metadata={"description": "How it begins."})
    scopes = fields.List(fields.String())
    created_at = UtcTime()
    last_used_at = UtcTime(allow_none=True)
    expires_at = UtcTime(allow_none=True, metadata={"description": "null: it works until it is revoked."})
    made_with = fields.Integer(
        allow_none=True, metadata={"description": "The key with which it was made: it ends when that one is revoked."}
    )
    is_this = fields.Boolean(metadata={"description": "It is the key with which you ask."})


class NewKeyOut(KeyOut):
    """A key of yours, this once with its secret."""

    key = fields.String(
        allow_none=True,
        metadata={
            "description": "The key itself. It is not shown again: a repeat under the same Idempotency-Key has null."
        },
    )


class KeyWanted(AppSchema):
    """A key to be made."""

    name = Line(required=True, longest=KEY_NAME_LONGEST)
    scopes = fields.List(
        fields.String(validate=validate.OneOf(list(api.SCOPES))),
        required=True,
        validate=validate.Length(min=1, max=len(api.SCOPES)),
        metadata={"description": "At most those of the key with which you ask."},
    )
    days = fields.Integer(
        load_default=90,
        allow_none=True,
        validate=validate.Range(1, DAYS_MOST),
        metadata={"description": "How long it works: never longer than the key with which you ask. null: as long."},
    )


class Overlap(AppSchema):
    """How long the former secret works beside the new one."""

    overlap_minutes = fields.Integer(load_default=60, validate=validate.Range(0, 7 * 24 * 60))


COMPANY_NAMED = {"id": 4, "external_id": "acct-17", "name": "Riverside Allotments"}
ME = {
    "id": 2,
    "name": "Petra",
    "email": "petra@example.org",
    "role": "team",
    "suspended": False,
    "title": "Head gardener",
    "locale": "de",
    "timezone": "Europe/Berlin",
    "shown_as_backer": True,
    "company": COMPANY_NAMED,
    "scopes": ["account:write", "ideas:read"],
}
SESSION = {
    "id": 12,
    "browser": "Firefox on Linux",
    "address": "192.0.2.7",
    "created_at": "2026-11-22T10:00:00Z",
    "last_seen_at": "2026-11-24T08:30:00Z",
    "by": "password",
    "second": "app",
}
KEY = {
    "id": 31,
    "name": "The till in the shop",
    "hint": "ab_sk_Qm4x",
    "scopes": ["ideas:read", "votes:write"],
    "created_at": "2026-11-22T10:00:00Z",
    "last_used_at": None,
    "expires_at": "2027-02-20T10:00:00Z",
    "made_with": 30,
    "is_this": False,
}
NEW_KEY = {**KEY, "key": "ab_sk_Qm4x…"}
KEY_WANTED = {"name": "The till in the shop", "scopes": ["ideas:read", "votes:write"], "days": 90}


def me(person: User, company: Company | None, scopes: frozenset[str]) -> Shape:
    return {
        "id": person.id,
        "name": person.name,
        "email": person.email,
        "role": person.site_role,
        "suspended": person.is_suspended,
        "title": person.title if policy.may_have_title(person) else None,
        "locale": person.locale,
        "timezone": person.timezone,
        "shown_as_backer": person.shown_as_backer,
        "company": {"id": company.id, "external_id": company.external_id, "name": company.name} if company else None,
        "scopes": sorted(scopes),
    }


def browser(row: UserSession, *, called: str) -> Shape:
    return {
        "id": row.id,
        "browser": called,
        "address": row.address,
        "created_at": when(row.created_at),
        "last_seen_at": when(row.last_seen_at),
        "by": row.by or None,
        "second": row.second,
    }


def key(row: ApiKey, *, asking: int) -> Shape:
    """asking: the id of the key with which somebody asks."""
    return {
        "id": row.id,
        "name": row.name,
        "hint": row.hint,
        "scopes": row.scopes.split(","),
        "created_at": when(row.created_at),
        "last_used_at": when(row.last_used_at),
        "expires_at": when(row.expires_at),
        "made_with": row.made_with_id,
        "is_this": row.id == asking,
    }


def new_key(row: ApiKey, token: str, *, asking: int) -> Shape:
    return {**key(row, asking=asking), "key": token}
