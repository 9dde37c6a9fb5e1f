"""What the API shows of webhooks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.schemas_out import PersonOut, person
from ideas.schemas import UtcTime, when
from ideas.webhooks.kinds import EVERY
from ideas.webhooks.models import Disabled, Reason, State, WebhookAttempt, WebhookDelivery, WebhookEndpoint

Shape = dict[str, Any]
STATES = ("active", "failing", "paused", "disabled")


class EndpointOut(OutSchema):
    """An address to which is sent what happens."""

    id = fields.Integer()
    address = fields.String()
    description = fields.String()
    kinds = fields.List(fields.String())
    board = fields.String(allow_none=True, metadata={"description": "Slug of a board; null: all of its owner's."})
    with_emails = fields.Boolean()
    state = fields.String(validate=validate.OneOf(STATES))
    disabled_for = fields.String(
        allow_none=True,
        validate=validate.OneOf([each.value for each in Disabled]),
        metadata={"description": "gone: it answered 410; failing: five days of nothing but failures."},
    )
    failing_since = UtcTime(allow_none=True, metadata={"description": "Nothing arrived since then."})
    owner = fields.Nested(PersonOut)
    created_at = UtcTime()


class NewEndpointOut(EndpointOut):
    """A new endpoint with its secret."""

    secret = fields.String(
        allow_none=True,
        metadata={
            "description": "whsec_…, with which what we send is signed. It is not shown again: a repeat under the same "
            "Idempotency-Key has null."
        },
    )


class SecretOut(OutSchema):
    """A new secret."""

    secret = fields.String(
        allow_none=True,
        metadata={"description": "whsec_…, shown this once: null in a repeat under the same Idempotency-Key."},
    )
    former_until = UtcTime(metadata={"description": "Until then the former one signs as well."})


class MessageOut(OutSchema):
    """A message for one endpoint, and what became of it."""

    id = fields.Integer()
    webhook_id = fields.String(metadata={"description": "What the header webhook-id says, on every attempt."})
    kind = fields.String(validate=validate.OneOf(sorted(EVERY)))
    happened_at = UtcTime()
    state = fields.String(validate=validate.OneOf([each.value for each in State]))
    reason = fields.String(allow_none=True, validate=validate.OneOf([each.value for each in Reason]))
    attempts = fields.Integer()
    due_at = UtcTime(allow_none=True, metadata={"description": "When it is tried next; null when it is over."})
    done_at = UtcTime(allow_none=True)


class AttemptOut(OutSchema):
    """One try."""

    at = UtcTime()
    milliseconds = fields.Integer()
    status = fields.Integer(allow_none=True, metadata={"description": "null: there was no answer."})
    answer = fields.String(metadata={"description": "How the answer begins."})
    error = fields.String(metadata={"description": "What went wrong; “” if nothing did."})


class WholeMessageOut(MessageOut):
    """A message with its body and all attempts."""

    body = fields.String(
        metadata={
            "description": "As it was sent; “” before, once somebody in it was erased, and while the endpoint's owner "
            "may not see all that is in it."
        }
    )
    tries = fields.List(fields.Nested(AttemptOut), metadata={"description": "The latest first."})


class TestOut(OutSchema):
    """A test on its way."""

    webhook_id = fields.String(metadata={"description": "What its header webhook-id says."})


class ReplayedOut(OutSchema):
    """How many messages are sent again."""

    replayed = fields.Integer()


def endpoint(row: WebhookEndpoint) -> Shape:
    """Loaded: owner, board."""
    return {
        "id": row.id,
        "address": row.address,
        "description": row.description,
        "kinds": row.kinds,
        "board": row.board.slug if row.board else None,
        "with_emails": row.with_emails,
        "state": row.state,
        "disabled_for": row.disabled_for,
        "failing_since": when(row.failing_since),
        "owner": person(row.owner),
        "created_at": when(row.created_at),
    }


def message(row: WebhookDelivery) -> Shape:
    """Loaded: message."""
    return {
        "id": row.id,
        "webhook_id": row.message.name,
        "kind": row.message.kind,
        "happened_at": when(row.message.happened_at),
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "due_at": when(row.due_at) if row.state == State.PENDING else None,
        "done_at": when(row.done_at),
    }


def whole_message(row: WebhookDelivery, body: str, attempts: Iterable[WebhookAttempt]) -> Shape:
    """Loaded: message."""
    tries = [
        {
            "at": when(each.at),
            "milliseconds": each.milliseconds,
            "status": each.status,
            "answer": each.answer,
            "error": each.error,
        }
        for each in attempts
    ]
    return {**message(row), "body": body, "tries": tries}
