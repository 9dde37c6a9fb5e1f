"""Private feeds as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api, api_repeats
from ideas.api import READ, Blueprint, list_of
from ideas.boards import queries
from ideas.db import db, unit_of_work
from ideas.paging import Page
from ideas.sharing import private
from ideas.sharing import schemas as shapes
from ideas.sharing.models import PrivateFeed

WRITE = "feeds:write"

FEED = {
    "id": 3,
    "board": "garden",
    "hint": "x7Qd",
    "created_at": "2026-11-22T10:00:00Z",
    "last_read_at": None,
}
NEW_FEED = {
    **FEED,
    "atom_url": "https://ideas.example.org/feeds/Jb5…x7Qd.atom",
    "calendar_url": "https://ideas.example.org/feeds/Jb5…x7Qd.ics",
}

blueprint = Blueprint("feeds", __name__, about="Feeds of what you may read, each behind an address that is a secret.")


@blueprint.route("/me/feeds")
@blueprint.needs(READ)
@blueprint.gives(list_of(shapes.PrivateFeedOut), example={"data": [FEED], "next": None})
def list_feeds() -> Any:
    """List your private feeds

    The newest first, all on one page, without their addresses.
    """
    return api.listed(Page(private.listed(api.member()), None), shapes.feed)


@blueprint.route("/me/feeds", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.FeedWords, example={"board": "garden"})
@blueprint.gives(shapes.NewPrivateFeedOut, status=201, example=NEW_FEED)
def make_feed(words: dict[str, Any]) -> Any:
    """Make a private feed

    Of a board that you see, or of the ideas that you wrote or follow. Its addresses are shown this once: whoever has
    one reads as you do, until you revoke it. Sent again under the same Idempotency-Key, they are null.
    """
    with unit_of_work():
        row = queries.get_board(api.member(), words["board"]) if words["board"] else None
        made, token = private.make(api.member(), row)
        feed_id = made.id
    api_repeats.shown_once("atom_url", "calendar_url")
    shown = db.session.scalars(private.of(api.member()).where(PrivateFeed.id == feed_id)).one()
    return api.created({**shapes.feed(shown), **shapes.addresses(token)}, f"/me/feeds/{feed_id}")


@blueprint.route("/me/feeds/<id:feed_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def revoke_feed(feed_id: int) -> None:
    """Revoke a private feed

    Its addresses lead nowhere at once.
    """
    with unit_of_work():
        private.revoke(api.member(), feed_id)
