"""Lines of the ledger as JSON. Which subject they are about, and who may read them, the room above decides."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.ledger.models import Channel, Delivery, Path, State
from ideas.schemas import UtcTime, when


class RecipientOut(OutSchema):
    """Who is told."""

    id = fields.Integer()
    name = fields.String()


class DeliveryOut(OutSchema):
    """One person, one event, one channel, and what became of it."""

    id = fields.Integer()
    event = fields.String(metadata={"description": "What happened: answered, commented, …"})
    person = fields.Nested(RecipientOut)
    path = fields.String(
        validate=validate.OneOf([str(each) for each in Path]),
        metadata={"description": "How the person is connected with the news; the strongest way counts."},
    )
    channel = fields.String(validate=validate.OneOf([str(each) for each in Channel]))
    state = fields.String(validate=validate.OneOf([str(each) for each in State]))
    reason = fields.String(allow_none=True, metadata={"description": "Why it was suppressed or failed."})
    attempts = fields.Integer()
    due_at = UtcTime()
    done_at = UtcTime(allow_none=True)


def delivery(row: Delivery) -> dict[str, Any]:
    """entry and user are loaded."""
    return {
        "id": row.id,
        "event": row.entry.kind,
        "person": {"id": row.user.id, "name": row.user.name},
        "path": row.path,
        "channel": row.channel,
        "state": row.state,
        "reason": row.reason,
        "attempts": row.attempts,
        "due_at": when(row.due_at),
        "done_at": when(row.done_at),
    }
