"""What comes in, for pages and API alike."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ideas.backlog import asking
from ideas.backlog.asking import NOBODY, AskedQuery, Column
from ideas.backlog.models import SOURCE_LONGEST
from ideas.backlog.models_views import NAME_LONGEST
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST, Reason
from ideas.schemas import AppSchema, Day, Id, Line, Prose, Slug
from ideas.words import _

IMPACTS = (0.25, 0.5, 1.0, 2.0, 3.0)
REACH_MOST = 1_000_000_000
EFFORT_LEAST, EFFORT_MOST = 0.1, 1_000
POINTS_MOST = 1_000_000
TAGS_MOST = 10


def _said(words: str) -> dict[str, str]:
    return {"description": words}


def _points(words: str) -> fields.Float:
    return fields.Float(load_default=0.0, validate=validate.Range(0, POINTS_MOST), metadata=_said(words))


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


class WeightsWords(AppSchema):
    """How many points each amount is worth; none of it adds nothing."""

    votes = _points("For each vote.")
    breadth = _points("For each independent supporter.")
    value = _points("For each 1,000 of the currency, of a month's revenue.")
    priority = _points("For each point of priority.")
    lately = _points("For each vote in the last 30 days.")

    @post_load
    def _those_that_count(self, loaded: dict[str, Any], **_values: Any) -> dict[str, float]:
        return {name: weight for name, weight in loaded.items() if weight}


class AskedWords(AskedQuery):
    """What a view asks of the list, kept as it was said."""

    @post_load
    def _as_it_was_said(self, loaded: dict[str, Any], **_values: Any) -> dict[str, Any]:
        return asking.said(loaded)


class ViewWords(AppSchema):
    """A list that is kept."""

    name = Line(longest=NAME_LONGEST, required=True, metadata=_said("What people call it."))
    shared = fields.Boolean(attribute="is_shared", load_default=False, metadata=_said("Everybody who answers sees it."))
    asked = fields.Nested(AskedWords, load_default=dict, metadata=_said("As the list is asked for."))
    columns = fields.List(
        fields.Enum(Column, by_value=fields.String),
        load_default=list,
        validate=validate.Length(max=len(Column)),
        metadata=_said("What the page shows, in that order; the votes always stand among them."),
    )
    weights = fields.Nested(WeightsWords, load_default=dict, metadata=_said("Points, by which “points” orders."))

    @post_load
    def _plain(self, loaded: dict[str, Any], **_values: Any) -> dict[str, Any]:
        if "columns" in loaded:
            loaded["columns"] = [str(column) for column in loaded["columns"]]
        return loaded


class ViewEdit(ViewWords):
    """What is changed of a view; what is left out stays."""

    name = Line(longest=NAME_LONGEST, metadata={"minLength": 1})
    shared = fields.Boolean(attribute="is_shared")
    asked = fields.Nested(AskedWords)
    columns = fields.List(fields.Enum(Column, by_value=fields.String), validate=validate.Length(max=len(Column)))
    weights = fields.Nested(WeightsWords)

    @validates_schema
    def _named(self, loaded: dict[str, Any], **_values: Any) -> None:
        if loaded.get("name") == "":
            raise ValidationError({"name": [_("Please fill this in.")]})


class ChosenWords(AppSchema):
    """What is done to several ideas at once."""

    owner = fields.String(load_default="", validate=validate.Regexp(rf"^({NOBODY}|[1-9][0-9]{{0,8}})?$"))
    add = fields.List(Slug(longest=40), load_default=list, validate=validate.Length(max=TAGS_MOST))
    off = fields.List(Slug(longest=40), load_default=list, validate=validate.Length(max=TAGS_MOST))


class OwnWords(AppSchema):
    """With words of its own for some of the chosen ideas, by their numbers."""

    own = fields.Dict(keys=Id(), values=Prose(longest=TEXT_LONGEST), load_default=dict)


class MoveWords(OwnWords):
    """Where several ideas are moved to, why, and what their people read."""

    status = Slug(required=True)
    reason = fields.Enum(Reason, by_value=True, required=True)
    text = Prose(longest=TEXT_LONGEST, load_default="")
    date = Day(load_default=None, allow_none=True)


class MergeWords(OwnWords):
    """Which of several ideas stays, and what both sides of each read."""

    into = Id(required=True)
    text = Prose(longest=TEXT_LONGEST, required=True)


class ShipWords(OwnWords):
    """The draft that takes several ideas in, or what a new one is called."""

    release = Id(load_default=None, allow_none=True)
    title = Line(longest=TITLE_LONGEST, load_default="")


class TagsWords(AppSchema):
    """The tags of an idea: exactly these."""

    tags = fields.List(
        Slug(longest=40),
        required=True,
        validate=validate.Length(max=TAGS_MOST),
        metadata=_said("Slugs of the board's tags."),
    )


class OwnerWords(AppSchema):
    """Who owes an idea its next word."""

    owner = Id(required=True, allow_none=True, metadata=_said("Somebody of the board's team; null for nobody."))
