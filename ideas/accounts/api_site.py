"""How the site is called and looks, as JSON."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import fields
from werkzeug.exceptions import UnsupportedMediaType

from ideas import api, pictures, settings
from ideas.accounts import branding, policy
from ideas.accounts.models_brand import SITE_NAME_LONGEST
from ideas.accounts.schemas import Accent
from ideas.accounts.views_branding import show_at_once
from ideas.api import Blueprint, OutSchema
from ideas.db import unit_of_work
from ideas.http import takes_picture
from ideas.schemas import AppSchema, Line
from ideas.words import _

WRITE = "site:write"

blueprint = Blueprint(
    "site", __name__, about="How the site is called and looks, and how its team signs in. For administrators."
)


class BrandOut(OutSchema):
    """What was chosen, and what people see."""

    site_name = fields.String(allow_none=True, metadata={"description": "null: as the settings say."})
    accent = fields.String(allow_none=True, metadata={"description": "#rrggbb; null: as the settings say."})
    has_logo = fields.Boolean(metadata={"description": "A picture was chosen here."})
    shown_name = fields.String()
    shown_accent = fields.String()


class BrandEdit(AppSchema):
    """What changes; what is left out stays, and null is as the settings say."""

    site_name = Line(longest=SITE_NAME_LONGEST, allow_none=True)
    accent = Accent(allow_none=True, metadata={"description": "A colour with which links can be read: #rrggbb."})


_EXAMPLE = {
    "site_name": "Ideas of the allotments",
    "accent": "#0b6b5f",
    "has_logo": True,
    "shown_name": "Ideas of the allotments",
    "shown_accent": "#0b6b5f",
}
_FILE: dict[str, Any] = {
    "required": True,
    "description": "The picture itself, with its content type.",
    "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in pictures.TYPES},
}


@blueprint.route("/brand")
@blueprint.needs(WRITE)
@blueprint.gives(BrandOut, example=_EXAMPLE)
def get_brand() -> Any:
    """Read how the site is called and looks

    For administrators.
    """
    return _shown()


@blueprint.route("/brand", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(BrandEdit, example={"accent": "#0b6b5f"})
@blueprint.gives(BrandOut, example=_EXAMPLE)
def edit_brand(changes: dict[str, Any]) -> Any:
    """Give the site a name and a colour

    Every page and mail has them from then on. What is left out stays. For administrators.
    """
    with unit_of_work():
        now = branding.kept(api.member())
        words = {"site_name": now.site_name, "accent": now.accent} | changes
        branding.choose(api.member(), **{name: value or None for name, value in words.items()}, picture=None)
    show_at_once()
    return _shown()


@blueprint.route("/brand/logo", method="PUT")
@blueprint.needs(WRITE)
@blueprint.gives(BrandOut, example=_EXAMPLE)
@blueprint.takes_file(_FILE)
@takes_picture
def put_logo() -> Any:
    """Give the site a logo

    JPEG, PNG, WebP or GIF; it is encoded anew. For administrators.
    """
    policy.require_admin(api.member())
    if request.mimetype not in pictures.TYPES:
        raise UnsupportedMediaType(_("Send a picture: image/jpeg, image/png, image/webp or image/gif."))
    picture = branding.logo_from(request.get_data())
    with unit_of_work():
        now = branding.kept(api.member())
        branding.choose(api.member(), site_name=now.site_name, accent=now.accent, picture=picture)
    show_at_once()
    return _shown()


@blueprint.route("/brand/logo", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def drop_logo() -> None:
    """Take the logo away

    The one of the settings is shown again, or our mark. For administrators.
    """
    with unit_of_work():
        branding.drop_logo(api.member())
    show_at_once()


def _shown() -> dict[str, Any]:
    kept, seen = branding.kept(api.member()), settings.brand()
    return {
        "site_name": kept.site_name,
        "accent": kept.accent,
        "has_logo": kept.logo_version is not None,
        "shown_name": seen.site_name,
        "shown_accent": seen.accent,
    }
