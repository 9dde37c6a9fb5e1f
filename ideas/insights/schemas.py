"""What comes in when somebody asks for figures. Pure: no database, no current person."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.accounts.models_segments import SLUG_LONGEST
from ideas.insights.periods import By
from ideas.insights.scope import PERIODS, USUAL_DAYS
from ideas.schemas import AppSchema, Day, Id, Slug
from ideas.words import _


class ScopeQuery(AppSchema):
    """Which boards, tag, company and segment, and which period."""

    board = Slug(
        load_default=None,
        metadata={"description": "The slug of a board; without it, all boards whose team you are of."},
    )
    tag = Slug(
        load_default=None,
        metadata={"description": "The slug of a tag: only ideas that carry it."},
    )
    company = Id(
        load_default=None,
        metadata={"description": "A company’s id: ideas that its people wrote, and those people. For administrators."},
    )
    segment = Slug(
        longest=SLUG_LONGEST,
        load_default=None,
        metadata={"description": "The slug of a segment: ideas that its people wrote, and those people."},
    )
    period = fields.String(
        load_default=str(USUAL_DAYS),
        validate=validate.OneOf(PERIODS),
        metadata={"description": "So many days until now, or “ever”. Not asked where “from” is given."},
    )
    first = Day(data_key="from", load_default=None, metadata={"description": "The first day, in UTC."})
    last = Day(
        data_key="to", load_default=None, metadata={"description": "The last day, in UTC; until now without it."}
    )

    @validates_schema
    def _in_order(self, loaded: dict[str, Any], **_values: Any) -> None:
        if loaded["first"] and loaded["last"] and loaded["first"] > loaded["last"]:
            raise ValidationError({"to": [_("The last day is before the first.")]})


class InsightsQuery(ScopeQuery):
    """Which boards, tag, company and segment, which period, and in which parts."""

    by = fields.Enum(
        By,
        by_value=fields.String,
        load_default=By.WEEKS,
        metadata={"description": "Parts of the period: weeks that begin with it, or months of the calendar."},
    )


class RowsQuery(ScopeQuery):
    """Which rows of a figure: those of the whole period, or of a part of it."""

    begins = fields.AwareDateTime(metadata={"description": "From that moment on, in place of “from”."})
    ends = fields.AwareDateTime(metadata={"description": "Until that moment, which is not included."})

    @validates_schema
    def _a_part(self, loaded: dict[str, Any], **_values: Any) -> None:
        begins, ends = loaded.get("begins"), loaded.get("ends")
        if begins and ends and begins > ends:
            raise ValidationError({"ends": [_("The end is before the beginning.")]})
