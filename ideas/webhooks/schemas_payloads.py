"""The data of each kind of webhook, as payloads.py makes it."""

from __future__ import annotations

from marshmallow import Schema, fields

from ideas.api import OutSchema
from ideas.boards.schemas_out import AnswerOut, CommentOut, IdeaNamed, IdeaOut, PersonOut, StageOut
from ideas.boards.schemas_out_releases import ReleaseOut
from ideas.ledger.api import DeliveryOut


class HappenedOut(OutSchema):
    """What is common to all."""

    sequence = fields.Integer(
        metadata={"description": "Grows: of two about the same thing, the greater was told later."}
    )
    shortened = fields.List(
        fields.String(),
        metadata={"sometimes": True, "description": "Places of texts that were cut to keep the body below 20 kB."},
    )


class IdeaHappenedOut(HappenedOut):
    """An idea as it is when this is sent first."""

    idea = fields.Nested(IdeaOut)


class IdeaAnsweredOut(IdeaHappenedOut):
    """An idea, the answer that it got, and what it was before."""

    previous_status = fields.Nested(StageOut)
    answer = fields.Nested(AnswerOut)


class IdeaMergedOut(IdeaHappenedOut):
    """The idea that became part of another, or no longer is, and that other."""

    other = fields.Nested(IdeaNamed)
    text = fields.String(metadata={"description": "Why, in the team’s words: Markdown."})
    by = fields.Nested(PersonOut, allow_none=True)


class VoteHappenedOut(HappenedOut):
    """Who backs an idea, or no longer does, and how many do."""

    idea_id = fields.Integer()
    voted = fields.Boolean()
    vote_count = fields.Integer()
    person = fields.Nested(PersonOut, allow_none=True)


class CommentHappenedOut(HappenedOut):
    """A comment as it is when this is sent first."""

    comment = fields.Nested(CommentOut)


class ReleasePublishedOut(HappenedOut):
    """A release."""

    release = fields.Nested(ReleaseOut)


class DeliveryFailedOut(HappenedOut):
    """Somebody who could not be told, and of what."""

    idea_id = fields.Integer(allow_none=True)
    delivery = fields.Nested(DeliveryOut)


class NumberOut(OutSchema):
    """Somebody of whom a number is left."""

    id = fields.Integer()


class PersonErasedOut(HappenedOut):
    """Whom to forget."""

    person = fields.Nested(NumberOut)
    with_text = fields.Boolean(metadata={"description": "What they wrote goes too."})


class TestHappenedOut(HappenedOut):
    """Nothing happened."""

    words = fields.String()


SCHEMAS: dict[str, type[Schema]] = {
    **dict.fromkeys(("idea.created", "idea.updated", "idea.hidden", "idea.restored", "idea.deleted"), IdeaHappenedOut),
    "idea.answered": IdeaAnsweredOut,
    **dict.fromkeys(("idea.merged", "idea.unmerged"), IdeaMergedOut),
    **dict.fromkeys(("vote.created", "vote.deleted", "vote.confirmed"), VoteHappenedOut),
    **dict.fromkeys(("comment.created", "comment.updated", "comment.deleted"), CommentHappenedOut),
    "release.published": ReleasePublishedOut,
    "delivery.failed": DeliveryFailedOut,
    "person.erased": PersonErasedOut,
    "webhook.test": TestHappenedOut,
}
