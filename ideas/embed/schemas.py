"""What comes in and goes out about showing a board on other sites."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.accounts.models import User
from ideas.accounts.schemas import Accent
from ideas.api import OutSchema
from ideas.boards.models import Board
from ideas.embed import claims
from ideas.embed.checking import Finding
from ideas.embed.models import Algorithm, Host, PublishableKey
from ideas.schemas import AppSchema, Line, Origin, Origins, Slug, UtcTime, when
from ideas.words import _

Shape = dict[str, Any]
LABEL_LONGEST = 40  # characters on a button


class SitesWords(AppSchema):
    """On which sites the board may be shown, as the page asks it."""

    sites = Origins(load_default=list)


class HostWords(AppSchema):
    """How the host signs who somebody is, as the page asks it."""

    issuer = Line(longest=200, load_default="")
    algorithm = fields.Enum(Algorithm, by_value=fields.String, load_default=Algorithm.HS256)
    keys_address = Line(longest=500, load_default="")


class CheckWords(AppSchema):
    """Which page, and which token, shall be looked at."""

    address = Line(longest=2000, load_default="", metadata={"description": "Of a page that anybody may read."})
    token = fields.String(
        load_default="",
        validate=validate.Length(max=claims.LONGEST),
        metadata={"description": "A signed identity; it is not used up."},
    )

    @validates_schema
    def _something(self, data: dict[str, Any], **_options: Any) -> None:
        if not data.get("address") and not (data.get("token") or "").strip():
            raise ValidationError({"address": [_("Say which page, or give a token.")]})


class LookWords(AppSchema):
    """How the widget shall look on a page, as the page asks it; what is empty is as it comes."""

    theme = fields.String(load_default="", validate=validate.OneOf(["", "light", "dark"]))
    launcher = fields.String(load_default="", validate=validate.OneOf(["", "start"]))
    lang = fields.String(load_default="")
    label = Line(longest=LABEL_LONGEST, load_default="")
    accent = Accent(load_default="")


class FindingOut(OutSchema):
    """One thing that was looked at."""

    code = fields.String(metadata={"description": "What it is, for programs."})
    good = fields.Boolean()
    detail = fields.String(metadata={"description": "What is so, and what to do about it."})


class FindingsOut(OutSchema):
    """What there is to say of a page and of a token."""

    data = fields.List(fields.Nested(FindingOut))


class WindowWords(AppSchema):
    """Which page asks who somebody is."""

    board = Slug(required=True)
    origin = Origin(required=True)
    state = fields.String(required=True, validate=validate.Regexp(r"^[A-Za-z0-9_-]{8,200}$"))


class EmbedEdit(AppSchema):
    """On which sites a board is shown, and how their host says who somebody is; what is left out stays."""

    sites = Origins(metadata={"description": "Origins, such as https://www.example.org."})
    issuer = Line(
        longest=200,
        allow_none=True,
        metadata={"description": "What its tokens say as “iss”; null: it signs nobody in."},
    )
    algorithm = fields.Enum(Algorithm, by_value=fields.String)
    keys_address = Line(
        longest=500,
        allow_none=True,
        metadata={"description": "Where the host publishes its keys (JWKS); not for HS256."},
    )


class TokenOfHost(AppSchema):
    """Somebody's signed identity."""

    board = Slug(required=True, metadata={"description": "Slug of the board whose key this is."})
    token = fields.String(
        required=True,
        validate=validate.Length(1, 8 * claims.LONGEST),
        metadata={"description": "A JWT that the host signed a moment ago for this one use."},
    )


class EmbedOut(OutSchema):
    """On which sites a board is shown, and how their host says who somebody is."""

    sites = fields.List(fields.String())
    issuer = fields.String(allow_none=True)
    algorithm = fields.String(validate=validate.OneOf([each.value for each in Algorithm]))
    keys_address = fields.String(allow_none=True)
    has_secret = fields.Boolean(metadata={"description": "Whether a secret was made."})
    former_secret_until = UtcTime(allow_none=True, metadata={"description": "Until when the former one counts too."})


class EmbedSecretOut(OutSchema):
    """The secret with which the host signs; shown this once."""

    secret = fields.String(allow_none=True, metadata={"description": "Null when the request is sent again."})
    former_until = UtcTime(allow_none=True)


class SignedInPerson(OutSchema):
    """Who is signed in, as others see them."""

    id = fields.Integer()
    name = fields.String()


class SignedInOut(OutSchema):
    """Somebody is signed in on pages of this origin."""

    token = fields.String(metadata={"description": "Send it as Authorization: Bearer ab_wt_… and keep it in memory."})
    expires_at = UtcTime()
    person = fields.Nested(SignedInPerson)


class PublishableKeyOut(OutSchema):
    """A key that may stand in the source of public pages."""

    id = fields.Integer()
    key = fields.String(metadata={"description": "The key itself. It opens what visitors may see of the board."})
    created_at = UtcTime()


def key(row: PublishableKey) -> Shape:
    return {"id": row.id, "key": row.token, "created_at": when(row.created_at)}


def host(board: Board, row: Host, *, has_secret: bool, now: datetime) -> Shape:
    former = row.former_until if row.former_until and row.former_until > now else None
    return {
        "sites": board.embed_sites,
        "issuer": row.issuer,
        "algorithm": row.algorithm,
        "keys_address": row.keys_address,
        "has_secret": has_secret,
        "former_secret_until": when(former),
    }


def signed_in(token: str, expires_at: datetime, person: User) -> Shape:
    return {"token": token, "expires_at": when(expires_at), "person": {"id": person.id, "name": person.name}}


def findings(rows: Sequence[Finding]) -> Shape:
    return {"data": [{"code": row.code, "good": row.is_good, "detail": row.said} for row in rows]}
