"""What comes in when somebody asks for figures. Pure: no database, no current person."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.insights.scope import PERIODS, USUAL_DAYS
from ideas.schemas import AppSchema, Day, Id, Slug
from ideas.words import _


class ScopeQuery(AppSchema):
    """Which boards, tag and company, and which period."""

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
