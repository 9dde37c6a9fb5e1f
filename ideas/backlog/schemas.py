"""What comes in, for pages and API alike."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.backlog.models import SOURCE_LONGEST
from ideas.schemas import AppSchema, Line
from ideas.words import _

IMPACTS = (0.25, 0.5, 1.0, 2.0, 3.0)
REACH_MOST = 1_000_000_000
EFFORT_LEAST, EFFORT_MOST = 0.1, 1_000


def _said(words: str) -> dict[str, str]:
    return {"description": words}


class EstimateWords(AppSchema):
    """What the team thinks of an idea. Each number has its source: a study, an interview, a guess."""

    reach = fields.Integer(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, REACH_MOST),
        metadata=_said("People it reaches in a quarter; null to count its voters."),
    )
    reach_source = Line(longest=SOURCE_LONGEST, load_default="")
    impact = fields.Float(
        required=True,
        validate=validate.OneOf(IMPACTS),
        metadata=_said("How much it changes for each of them: 0.25 minimal, 0.5 low, 1 medium, 2 high, 3 massive."),
    )
    impact_source = Line(longest=SOURCE_LONGEST, required=True)
    confidence = fields.Integer(
        required=True,
        validate=validate.Range(1, 100),
        metadata=_said("How sure you are of all this, in per cent: 100 high, 80 medium, 50 low."),
    )
    confidence_source = Line(longest=SOURCE_LONGEST, required=True)
    effort = fields.Float(
        required=True,
        validate=validate.Range(EFFORT_LEAST, EFFORT_MOST),
        metadata=_said("Weeks of one person."),
    )
    effort_source = Line(longest=SOURCE_LONGEST, required=True)

    @validates_schema
    def _sourced(self, loaded: dict[str, Any], **_values: Any) -> None:
        if loaded.get("reach") is not None and not loaded.get("reach_source"):
            raise ValidationError({"reach_source": [_("Say where this number is from.")]})
