"""What became of things, as JSON: one's own receipts, and for the team the lines of the ledger."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, OutSchema, list_of
from ideas.boards import api_examples as examples
from ideas.boards import api_reading, following, policy, queries, receipts
from ideas.boards import schemas_out as shapes
from ideas.boards.api_ideas import Ids
from ideas.db import unit_of_work
from ideas.ledger import preferences, report
from ideas.ledger.api import DeliveryOut, delivery
from ideas.schemas import AppSchema, Slug


class FollowsWanted(AppSchema):
    """Which ideas are asked about."""

    ideas = Ids(load_default=list)


class ReceiptsWanted(ListQuery):
    """How many, and of which board."""

    board = Slug(metadata={"description": "Slug of the board on which you contributed; left out: on all."})


class FollowsOut(OutSchema):
    """What you follow."""

    ideas = fields.List(fields.Integer(), metadata={"description": "Those of the ideas you asked about."})
    boards = fields.List(fields.String(), metadata={"description": "The slugs of all boards you follow."})


blueprint = Blueprint("told", __name__, about="What became of contributions, and who was told of it.")


@blueprint.route("/me/receipts")
@blueprint.needs(READ)
@blueprint.asks(ReceiptsWanted)
@blueprint.gives(list_of(shapes.ReceiptOut), example=examples.page(examples.RECEIPT))
def list_receipts(asked: dict[str, Any]) -> Any:
    """List what became of your contributions

    Newest contribution first: the answer, how yours was used, and when and how you were told.
    """
    page = receipts.receipts_of(api.member(), limit=asked["limit"], cursor=asked.get("cursor"), slug=asked.get("board"))
    return api.listed(page, shapes.receipt)


@blueprint.route("/ideas/<id:idea_id>/deliveries")
@blueprint.needs("people:read")
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(DeliveryOut), example=examples.page(examples.DELIVERY))
def list_deliveries(asked: dict[str, Any], idea_id: int) -> Any:
    """List who was told of an idea

    For the team: each line of the ledger, newest first.
    """
    on = queries.get_idea(api.member(), idea_id)
    policy.require_team(on.standing)
    page = report.deliveries(on.idea.subject, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, delivery)


@blueprint.route("/ideas/<id:idea_id>/mute", method="PUT")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def mute_idea(idea_id: int) -> None:
    """Hear nothing more of an idea

    Neither by e-mail nor in your inbox, not even what waits to be sent. Muting twice is muting once.
    """
    with unit_of_work():
        preferences.mute(api.member(), queries.get_idea(api.member(), idea_id).idea.subject)


@blueprint.route("/ideas/<id:idea_id>/mute", method="DELETE")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def unmute_idea(idea_id: int) -> None:
    """Hear of an idea again

    Also of one that you cannot see any more; whether there is one is not said.
    """
    with unit_of_work():
        preferences.unmute(api.member(), f"idea:{idea_id}")


@blueprint.route("/me/follows")
@blueprint.needs(READ)
@blueprint.asks(FollowsWanted)
@blueprint.gives(FollowsOut, example={"ideas": [23], "boards": ["garden"]})
def list_follows(asked: dict[str, Any]) -> Any:
    """Ask which of some ideas you follow, and which boards

    Apart from the ideas themselves, so that those can be the same for everyone.
    """
    me = api.member()
    boards = [row.board.slug for row in queries.list_boards(me) if row.follows]
    return {"ideas": api_reading.follows_among(me, asked["ideas"]), "boards": boards}


@blueprint.route("/ideas/<id:idea_id>/follow", method="PUT")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def follow_idea(idea_id: int) -> None:
    """Hear of everything on an idea

    Apart from voting. Following twice is following once.
    """
    with unit_of_work():
        following.follow_idea(api.member(), queries.get_idea(api.member(), idea_id).idea)


@blueprint.route("/ideas/<id:idea_id>/follow", method="DELETE")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def unfollow_idea(idea_id: int) -> None:
    """No longer follow an idea"""
    with unit_of_work():
        following.unfollow_idea(api.member(), queries.get_idea(api.member(), idea_id).idea)


@blueprint.route("/boards/<slug:slug>/follow", method="PUT")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def follow_board(slug: str) -> None:
    """Hear of every new idea on a board"""
    with unit_of_work():
        following.follow_board(api.member(), queries.get_board(api.member(), slug).board)


@blueprint.route("/boards/<slug:slug>/follow", method="DELETE")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def unfollow_board(slug: str) -> None:
    """No longer follow a board"""
    with unit_of_work():
        following.unfollow_board(api.member(), queries.get_board(api.member(), slug).board)
