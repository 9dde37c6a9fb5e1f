"""What the API shows of moderation: a schema for each shape, and beside it the function that makes it."""

from __future__ import annotations

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.models_moderating import FlagReason, Hiding
from ideas.boards.models_replying import Doubt
from ideas.boards.queues import Queue
from ideas.boards.schemas_out import PersonOut, Shape, person
from ideas.schemas import UtcTime, when


class FlaggedOut(OutSchema):
    """The team was told."""

    flagged = fields.Boolean()


class AppealOut(OutSchema):
    """What the author asked, and what the team said."""

    words = fields.String()
    at = UtcTime()
    reply = fields.String(allow_none=True)
    settled_at = UtcTime(allow_none=True)


class HidingOut(OutSchema):
    """Why something is hidden, or was."""

    id = fields.Integer()
    idea_id = fields.Integer()
    comment_id = fields.Integer(allow_none=True, metadata={"description": "null when the idea itself is hidden."})
    held = fields.Boolean(metadata={"description": "Waits for a look of the team."})
    reason = fields.String(metadata={"description": "In the words of the team; “” while it is held."})
    signals = fields.List(fields.String(), metadata={"description": "Why it was held."})
    hidden_at = UtcTime()
    restored_at = UtcTime(allow_none=True)
    appeal = fields.Nested(AppealOut, allow_none=True)


class FlagOut(OutSchema):
    """What somebody pointed out."""

    reason = fields.String(validate=validate.OneOf([str(each) for each in FlagReason]))
    words = fields.String()
    by = fields.Nested(PersonOut)
    at = UtcTime()


class PointedOutOut(OutSchema):
    """An idea or a comment with all that is open about it."""

    idea_id = fields.Integer()
    comment_id = fields.Integer(allow_none=True)
    flags = fields.List(fields.Nested(FlagOut))


class MailAsideOut(OutSchema):
    """An answer by mail that somebody has to look at."""

    id = fields.Integer()
    idea_id = fields.Integer()
    meant_from = fields.Nested(PersonOut, metadata={"description": "To whom the message went that it answers."})
    sender = fields.String(metadata={"description": "The address it came from."})
    doubt = fields.String(validate=validate.OneOf([str(each) for each in Doubt]))
    words = fields.String()
    at = UtcTime()


class QueueOut(OutSchema):
    """What waits for a look of the team."""

    held = fields.List(fields.Nested(HidingOut))
    appeals = fields.List(fields.Nested(HidingOut))
    pointed_out = fields.List(fields.Nested(PointedOutOut))
    mail = fields.List(fields.Nested(MailAsideOut))


def hiding(row: Hiding) -> Shape:
    appeal = None
    if row.appealed_at is not None:
        appeal = {
            "words": row.appeal,
            "at": when(row.appealed_at),
            "reply": row.appeal_reply,
            "settled_at": when(row.appeal_settled_at),
        }
    return {
        "id": row.id,
        "idea_id": row.idea_id,
        "comment_id": row.comment_id,
        "held": row.is_held,
        "reason": row.reason,
        "signals": row.signals or [],
        "hidden_at": when(row.hidden_at),
        "restored_at": when(row.restored_at),
        "appeal": appeal,
    }


def queue(waiting: Queue) -> Shape:
    return {
        "held": [hiding(row) for row in waiting.held],
        "appeals": [hiding(row) for row in waiting.appeals],
        "pointed_out": [
            {
                "idea_id": each.idea.id,
                "comment_id": each.comment.id if each.comment else None,
                "flags": [
                    {"reason": flag.reason, "words": flag.words, "by": person(flag.by), "at": when(flag.created_at)}
                    for flag in each.flags
                ],
            }
            for each in waiting.flagged
        ],
        "mail": [
            {
                "id": row.id,
                "idea_id": row.idea_id,
                "meant_from": person(row.user),
                "sender": row.sender or "",
                "doubt": row.doubt,
                "words": row.said or "",
                "at": when(row.received_at),
            }
            for row in waiting.mail
        ],
    }
