"""What the API shows of segments."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.accounts.models_segments import Segment
from ideas.accounts.segment_questions import About, How, Match
from ideas.api import OutSchema
from ideas.schemas import UtcTime, when

Shape = dict[str, Any]


class ConditionOut(OutSchema):
    """One condition, as it was sent."""

    about = fields.String(validate=validate.OneOf([str(about) for about in About]))
    name = fields.String(metadata={"sometimes": True, "description": "Of an attribute."})
    how = fields.String(data_key="is", validate=validate.OneOf([str(how) for how in How]))
    value = fields.Raw(
        metadata={
            "sometimes": True,
            "description": "A list of texts, a number of days, or an amount.",
            "anyOf": [{"type": "number"}, {"type": "array", "items": {"type": "string"}}],
        }
    )


class QuestionOut(OutSchema):
    """Who belongs: people of whom all, or any, of the conditions hold."""

    match = fields.String(validate=validate.OneOf([str(match) for match in Match]))
    conditions = fields.List(fields.Nested(ConditionOut))


class SegmentOut(OutSchema):
    """A question over people and companies that is kept."""

    id = fields.Integer()
    slug = fields.String(metadata={"description": "By which lists are narrowed; it stays when the name changes."})
    name = fields.String()
    question = fields.Nested(QuestionOut)
    people = fields.Integer()
    companies = fields.Integer(metadata={"description": "Of those people."})
    counted_at = UtcTime(allow_none=True, metadata={"description": "null while it is being counted."})


def segment(row: Segment) -> Shape:
    return {
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "question": row.question,
        "people": row.people,
        "companies": row.companies,
        "counted_at": when(row.counted_at),
    }
