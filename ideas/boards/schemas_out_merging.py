"""What the API shows of ideas that are one: a schema for each shape, and beside it the function that makes it."""

from __future__ import annotations

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.models import Idea
from ideas.boards.models_merging import Merge
from ideas.boards.parts import Together
from ideas.boards.schemas_out import IdeaNamed, Shape, SpeakerOut, idea_named, speaker
from ideas.ledger.models import Path
from ideas.schemas import UtcTime, when


class MergeEndOut(OutSchema):
    """That an idea stands for itself again, and why."""

    at = UtcTime()
    by = fields.Nested(SpeakerOut)
    text = fields.String(metadata={"description": "Markdown. Empty when it was undone before anybody was told."})
    text_html = fields.String(metadata={"description": "Safe HTML."})
    announced_at = UtcTime(allow_none=True, metadata={"description": "null until people are being told."})


class MergeOut(OutSchema):
    """One idea became part of another."""

    id = fields.Integer()
    idea = fields.Nested(IdeaNamed, metadata={"description": "The idea that became part of the other."})
    into = fields.Nested(IdeaNamed)
    text = fields.String(metadata={"description": "Why. Markdown."})
    text_html = fields.String(metadata={"description": "Safe HTML."})
    by = fields.Nested(SpeakerOut)
    merged_at = UtcTime()
    announced_at = UtcTime(allow_none=True, metadata={"description": "null until people are being told."})
    ended = fields.Nested(MergeEndOut, allow_none=True, metadata={"description": "null while it stands."})


class MergePathOut(OutSchema):
    """So many people, and how they are connected with it."""

    path = fields.String(validate=validate.OneOf([str(each) for each in Path]))
    people = fields.Integer()


class MergeLeftOutOut(OutSchema):
    """So many people who would not be told, and why."""

    reason = fields.String()
    people = fields.Integer()


class MergeReachOut(OutSchema):
    """Whom the news would reach now: each person once, by the strongest path."""

    email = fields.Integer()
    inbox = fields.Integer(metadata={"description": "Those who read it in their inbox alone."})
    paths = fields.List(fields.Nested(MergePathOut))
    left_out = fields.List(fields.Nested(MergeLeftOutOut))


class MergePreviewOut(OutSchema):
    """What two ideas would be as one; nothing is changed."""

    idea = fields.Nested(IdeaNamed, metadata={"description": "The idea that would become part of the other."})
    into = fields.Nested(IdeaNamed)
    vote_count = fields.Integer(metadata={"description": "How many people back either."})
    told = fields.Nested(MergeReachOut)


def merge(row: Merge) -> Shape:
    ended = None
    if row.unmerged_at is not None:
        ended = {
            "at": when(row.unmerged_at),
            "by": speaker(row.unmerged_by or row.by),
            "text": row.unmerge_text,
            "text_html": row.unmerge_text_html,
            "announced_at": when(row.unmerge_entry.fanned_out_at) if row.unmerge_entry else None,
        }
    return {
        "id": row.id,
        "idea": idea_named(row.idea),
        "into": idea_named(row.into),
        "text": row.text,
        "text_html": row.text_html,
        "by": speaker(row.by),
        "merged_at": when(row.merged_at),
        "announced_at": when(row.entry.fanned_out_at) if row.entry else None,
        "ended": ended,
    }


def merge_preview(idea: Idea, into: Idea, together: Together) -> Shape:
    told = together.told
    return {
        "idea": idea_named(idea),
        "into": idea_named(into),
        "vote_count": together.backers,
        "told": {
            "email": told.email,
            "inbox": told.inbox,
            "paths": [{"path": path, "people": people} for path, people in told.paths],
            "left_out": [{"reason": reason, "people": people} for reason, people in told.left_out],
        },
    }
