"""The change feed as JSON."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request
from marshmallow import fields, validate

from ideas import api
from ideas.api import READ, Blueprint, OutSchema
from ideas.boards import changes
from ideas.boards.changes import COMMENT_KINDS, KINDS, PERSON_KINDS, RELEASE_KINDS, Line
from ideas.db import unit_of_work
from ideas.paging import PAGE_MOST
from ideas.schemas import AppSchema, UtcTime, when
from ideas.settings import absolute

blueprint = Blueprint("events", __name__, about="What happened, in order, so that a copy of your own stays true.")


class EventsQuery(AppSchema):
    """From where in the feed."""

    after = fields.String(
        validate=validate.Length(max=1000),
        metadata={"description": "The “cursor” you were given last; left out: from the beginning."},
    )
    limit = fields.Integer(
        load_default=PAGE_MOST, validate=validate.Range(1, PAGE_MOST), metadata={"description": "Lines at once."}
    )


class EventOut(OutSchema):
    """Something that happened. It names things; read them where they are, as they are now."""

    id = fields.Integer(metadata={"description": "Grows along the feed; each line has its own."})
    type = fields.String(validate=validate.OneOf(KINDS))
    at = UtcTime()
    board = fields.String(allow_none=True, metadata={"description": "The slug; null for what is on no board."})
    idea_id = fields.Integer(allow_none=True)
    comment_id = fields.Integer(allow_none=True)
    release_id = fields.Integer(allow_none=True)
    person_id = fields.Integer(allow_none=True)
    gone = fields.Boolean(
        metadata={"description": "A tombstone: it is in no list of yours any more. Take it out of your copy."}
    )


class EventsOut(OutSchema):
    """Some of the feed."""

    data = fields.List(fields.Nested(EventOut))
    next = fields.URL(allow_none=True, metadata={"description": "What comes after it; null when that is still to be."})
    cursor = fields.String(metadata={"description": "Keep it, and ask with after=… what happened since."})


_EVENT = {
    "id": 7001,
    "type": "idea.updated",
    "at": "2026-11-22T10:00:00Z",
    "board": "garden",
    "idea_id": 23,
    "comment_id": None,
    "release_id": None,
    "person_id": None,
    "gone": False,
}


@blueprint.route("/events")
@blueprint.needs(READ)
@blueprint.asks(EventsQuery)
@blueprint.gives(EventsOut, example={"data": [_EVENT], "next": None, "cursor": "WzcwMDFd.q8…"})
def list_events(asked: dict[str, Any]) -> Any:
    """Read what happened since

    On the boards in your lists, in an order that never changes: whoever follows it misses nothing and is told nothing
    twice, whatever is written meanwhile. What is gone leaves a tombstone. Votes are not in it: lists have their counts.
    """
    for _round in range(changes.ROUNDS):
        if not changes.are_unplaced():
            break
        with unit_of_work():
            changes.place()
    feed = changes.feed(api.member(), limit=asked["limit"], cursor=asked.get("after"))
    following = absolute(f"{request.path}?{urlencode({**request.args, 'after': feed.cursor})}")
    body = {
        "data": [_shape(line) for line in feed.lines],
        "next": following if feed.has_more else None,
        "cursor": feed.cursor,
    }
    return body, {"Link": f'<{following}>; rel="next"'} if feed.has_more else {}


def _shape(line: Line) -> dict[str, Any]:
    def about(kinds: tuple[str, ...]) -> int | None:
        return line.about_id if line.kind in kinds else None

    return {
        "id": line.place,
        "type": line.kind,
        "at": when(line.at),
        "board": line.board,
        "idea_id": line.idea_id,
        "comment_id": about(COMMENT_KINDS),
        "release_id": about(RELEASE_KINDS),
        "person_id": about(PERSON_KINDS),
        "gone": line.gone,
    }
