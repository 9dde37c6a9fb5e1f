"""What comes in and goes out about showing a board on other sites."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas.api import OutSchema
from ideas.embed.models import PublishableKey
from ideas.schemas import AppSchema, Origins, UtcTime, when

Shape = dict[str, Any]


class SitesWords(AppSchema):
    """On which sites the board may be shown, as the page asks it."""

    sites = Origins(load_default=list)


class PublishableKeyOut(OutSchema):
    """A key that may stand in the source of public pages."""

    id = fields.Integer()
    key = fields.String(metadata={"description": "The key itself. It opens what visitors may see of the board."})
    created_at = UtcTime()


def key(row: PublishableKey) -> Shape:
    return {"id": row.id, "key": row.token, "created_at": when(row.created_at)}
