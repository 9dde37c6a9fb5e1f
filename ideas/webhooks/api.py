"""Webhooks as JSON: endpoints, their secrets, their log."""

from __future__ import annotations

from typing import Any

from ideas import api, api_repeats
from ideas.api import Blueprint, list_of
from ideas.db import unit_of_work
from ideas.schemas import when
from ideas.webhooks import api_examples as examples
from ideas.webhooks import endpoints, queries
from ideas.webhooks import schemas_out as shapes
from ideas.webhooks.schemas import EndpointEdit, EndpointWords, MessagesWanted, ReplayWords

MANAGE = "webhooks:manage"

blueprint = Blueprint("webhooks", __name__, about="Addresses of yours to which is sent what happens. For the team.")


@blueprint.route("/webhooks")
@blueprint.needs(MANAGE)
@blueprint.gives(list_of(shapes.EndpointOut, paged=False), example={"data": [examples.ENDPOINT]})
def list_webhooks() -> Any:
    """List webhook endpoints

    Yours; for administrators all. For the team.
    """
    return {"data": [shapes.endpoint(row) for row in endpoints.every(api.member())]}


@blueprint.route("/webhooks", method="POST")
@blueprint.needs(MANAGE)
@blueprint.takes(EndpointWords, example=examples.WORDS)
@blueprint.gives(shapes.NewEndpointOut, status=201, example={**examples.ENDPOINT, "secret": examples.SECRET})
def add_webhook(said: dict[str, Any]) -> Any:
    """Add a webhook endpoint

    The secret is shown this once. The endpoint hears of the boards of whose team you are. For the team.
    """
    with unit_of_work():
        endpoint, secret = endpoints.add(api.member(), said)
        endpoint_id = endpoint.id
    api_repeats.shown_once("secret")
    return api.created({**_endpoint(endpoint_id), "secret": secret}, f"/webhooks/{endpoint_id}")


@blueprint.route("/webhooks/<id:webhook_id>")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.EndpointOut, example=examples.ENDPOINT)
def get_webhook(webhook_id: int) -> Any:
    """Read a webhook endpoint

    For the team.
    """
    return _endpoint(webhook_id)


@blueprint.route("/webhooks/<id:webhook_id>", method="PATCH")
@blueprint.needs(MANAGE)
@blueprint.takes(EndpointEdit, example=examples.EDIT)
@blueprint.gives(shapes.EndpointOut, example={**examples.ENDPOINT, **examples.EDIT})
def edit_webhook(said: dict[str, Any], webhook_id: int) -> Any:
    """Change a webhook endpoint

    What is left out stays. For the team.
    """
    with unit_of_work():
        endpoints.change(api.member(), webhook_id, said)
    return _endpoint(webhook_id)


@blueprint.route("/webhooks/<id:webhook_id>", method="DELETE")
@blueprint.needs(MANAGE)
@blueprint.gives_nothing
def remove_webhook(webhook_id: int) -> None:
    """Remove a webhook endpoint

    Its log is gone with it. For the team.
    """
    with unit_of_work():
        endpoints.remove(api.member(), webhook_id)


@blueprint.route("/webhooks/<id:webhook_id>/pause", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.EndpointOut, example={**examples.ENDPOINT, "state": "paused"})
def pause_webhook(webhook_id: int) -> Any:
    """Pause a webhook endpoint

    What happens meanwhile waits, for thirty days at most. For the team.
    """
    with unit_of_work():
        endpoints.pause(api.member(), webhook_id)
    return _endpoint(webhook_id)


@blueprint.route("/webhooks/<id:webhook_id>/resume", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.EndpointOut, example=examples.ENDPOINT)
def resume_webhook(webhook_id: int) -> Any:
    """Send to a webhook endpoint again

    After it was paused or disabled. For the team.
    """
    with unit_of_work():
        endpoints.resume(api.member(), webhook_id)
    return _endpoint(webhook_id)


@blueprint.route("/webhooks/<id:webhook_id>/secret", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(
    shapes.SecretOut, status=201, example={"secret": examples.SECRET, "former_until": "2026-11-23T10:00:00Z"}
)
def rotate_webhook_secret(webhook_id: int) -> Any:
    """Make a new secret

    For 24 hours the former one signs as well. For the team.
    """
    with unit_of_work():
        secret = endpoints.rotate(api.member(), webhook_id)
    api_repeats.shown_once("secret")
    return {"secret": secret, "former_until": when(endpoints.get(api.member(), webhook_id).former_until)}


@blueprint.route("/webhooks/<id:webhook_id>/test", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.TestOut, status=202, example={"webhook_id": examples.MESSAGE["webhook_id"]})
def send_test_webhook(webhook_id: int) -> Any:
    """Send a test

    A message of the kind webhook.test goes out in a moment; the log says what became of it. For the team.
    """
    with unit_of_work():
        return {"webhook_id": endpoints.send_test(api.member(), webhook_id).name}


@blueprint.route("/webhooks/<id:webhook_id>/messages")
@blueprint.needs(MANAGE)
@blueprint.asks(MessagesWanted)
@blueprint.gives(list_of(shapes.MessageOut), example={"data": [examples.MESSAGE], "next": None})
def list_webhook_messages(asked: dict[str, Any], webhook_id: int) -> Any:
    """List what was sent to a webhook endpoint

    Of the last thirty days, the latest first, with what waits. For the team.
    """
    page = queries.messages(
        api.member(), webhook_id, state=asked["state"], limit=asked["limit"], cursor=asked.get("cursor")
    )
    return api.listed(page, shapes.message)


@blueprint.route("/webhooks/<id:webhook_id>/messages/<id:message_id>")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.WholeMessageOut, example=examples.WHOLE_MESSAGE)
def get_webhook_message(webhook_id: int, message_id: int) -> Any:
    """Read what was sent, and each attempt

    For the team.
    """
    line = queries.message(api.member(), webhook_id, message_id)
    return shapes.whole_message(line, queries.body(line), queries.attempts(line))


@blueprint.route("/webhooks/<id:webhook_id>/messages/<id:message_id>/replay", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.MessageOut, example={**examples.MESSAGE, **examples.AGAIN})
def replay_webhook_message(webhook_id: int, message_id: int) -> Any:
    """Send a message again

    With the same webhook-id, and with the same body unless you may no longer see all that is in it. For the team.
    """
    with unit_of_work():
        endpoints.replay(api.member(), webhook_id, message_id)
    return shapes.message(queries.message(api.member(), webhook_id, message_id))


@blueprint.route("/webhooks/<id:webhook_id>/replay", method="POST")
@blueprint.needs(MANAGE)
@blueprint.takes(ReplayWords, example=examples.REPLAY)
@blueprint.gives(shapes.ReplayedOut, example={"replayed": 12})
def replay_webhook(said: dict[str, Any], webhook_id: int) -> Any:
    """Send again what happened within a time

    What did not arrive, or all; at most 10,000 messages at once. For the team.
    """
    with unit_of_work():
        return {"replayed": endpoints.replay_range(api.member(), webhook_id, **said)}


def _endpoint(endpoint_id: int) -> shapes.Shape:
    return shapes.endpoint(endpoints.get(api.member(), endpoint_id))
