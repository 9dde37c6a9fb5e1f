"""What became of things, as JSON: one's own receipts, and for the team the lines of the ledger."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import api_examples as examples
from ideas.boards import policy, queries, receipts
from ideas.boards import schemas_out as shapes
from ideas.db import unit_of_work
from ideas.ledger import preferences, report
from ideas.ledger.api import DeliveryOut, delivery

blueprint = Blueprint("told", __name__, about="What became of contributions, and who was told of it.")


@blueprint.route("/me/receipts")
@blueprint.needs(READ)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.ReceiptOut), example=examples.page(examples.RECEIPT))
def list_receipts(asked: dict[str, Any]) -> Any:
    """List what became of your contributions

    Newest contribution first: the answer, how yours was used, and when and how you were told.
    """
    page = receipts.receipts_of(api.member(), limit=asked["limit"], cursor=asked.get("cursor"))
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
