"""What comes in and goes out about feeds."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas.api import OutSchema
from ideas.schemas import AppSchema, Slug, UtcTime, when
from ideas.settings import absolute
from ideas.sharing.models import PrivateFeed

Shape = dict[str, Any]


class FeedWords(AppSchema):
    """A private feed as somebody makes it. board: "" or null for the ideas that they wrote or follow."""

    board = Slug(
        load_default=None,
        allow_none=True,
        metadata={"description": "Slug of a board that you see; null: the ideas that you wrote or follow."},
    )


class PrivateFeedOut(OutSchema):
    """A feed behind an address that is a secret."""

    id = fields.Integer()
    board = fields.String(
        allow_none=True, metadata={"description": "Slug of the board; null: the ideas that you wrote or follow."}
    )
    hint = fields.String(metadata={"description": "The last characters of the secret in its address."})
    created_at = UtcTime()
    last_read_at = UtcTime(allow_none=True, metadata={"description": "To the hour; null: never."})


class NewPrivateFeedOut(PrivateFeedOut):
    """The same with its addresses, which are shown this once."""

    atom_url = fields.URL(allow_none=True, metadata={"description": "Null when the request is sent again."})
    calendar_url = fields.URL(allow_none=True, metadata={"description": "Its dates, for a calendar; null likewise."})


def feed(row: PrivateFeed) -> Shape:
    return {
        "id": row.id,
        "board": row.board.slug if row.board else None,
        "hint": row.hint,
        "created_at": when(row.created_at),
        "last_read_at": when(row.last_used_at),
    }


def addresses(token: str) -> Shape:
    """Where a feed is read by feed readers and by calendars."""
    return {"atom_url": absolute(f"/feeds/{token}.atom"), "calendar_url": absolute(f"/feeds/{token}.ics")}
