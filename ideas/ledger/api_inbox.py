"""One's inbox as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, OutSchema, list_of
from ideas.db import unit_of_work
from ideas.ledger import queries
from ideas.ledger.queries import InboxItem
from ideas.schemas import AppSchema, Slug, UtcTime, when

READ_MOST = 100
NUMBER_MOST = 2**62  # lines of the ledger have larger numbers than other things

blueprint = Blueprint("inbox", __name__, about="What you were told.")


class InboxOut(OutSchema):
    """A piece of news for you."""

    id = fields.Integer()
    news = fields.String(metadata={"description": "The kind of news, such as shipped."})
    subject = fields.String(metadata={"description": "What it is about, such as idea:23."})
    html = fields.String(metadata={"description": "What it says, as safe HTML; its links are within the site."})
    told_at = UtcTime()
    read = fields.Boolean()


class InboxWanted(ListQuery):
    """How much of it, and of which board."""

    board = Slug(metadata={"description": "Slug of the board whose news it is; left out: of all."})


class WhatWasRead(AppSchema):
    """Which pieces of news you have seen."""

    board = Slug(load_default=None, allow_none=True, metadata={"description": "Slug of the board whose news it is."})

    ids = fields.List(
        fields.Integer(validate=validate.Range(1, NUMBER_MOST)),
        allow_none=True,
        load_default=None,
        validate=validate.Length(max=READ_MOST),
        metadata={"description": "Left out: all there are."},
    )


@blueprint.route("/me/inbox")
@blueprint.needs(READ)
@blueprint.asks(InboxWanted)
@blueprint.gives(
    list_of(InboxOut),
    example={
        "data": [
            {
                "id": 7001,
                "news": "shipped",
                "subject": "idea:23",
                "html": '<p><a href="https://ideas.example.org/ideas/23-book-a-bed">Book a bed</a> is there.</p>',
                "told_at": "2026-11-22T10:00:00Z",
                "read": False,
            }
        ],
        "next": None,
    },
)
def list_inbox(asked: dict[str, Any]) -> Any:
    """List what you were told

    The newest first; what you may not see any more is left out.
    """
    page = queries.inbox_for(api.member(), limit=asked["limit"], cursor=asked.get("cursor"), board=asked.get("board"))
    return api.listed(page, _shape)


@blueprint.route("/me/inbox/read", method="POST")
@blueprint.needs("notifications:write")
@blueprint.takes(WhatWasRead, example={"ids": [7001]})
@blueprint.gives_nothing
def mark_read(which: dict[str, Any]) -> None:
    """Say that you have read your news

    Some of it, or all.
    """
    with unit_of_work():
        queries.mark_read(api.member(), which["ids"], board=which["board"])


def _shape(item: InboxItem) -> dict[str, Any]:
    return {
        "id": item.id,
        "news": item.news,
        "subject": item.subject,
        "html": str(item.words),
        "told_at": when(item.told_at),
        "read": item.is_read,
    }
