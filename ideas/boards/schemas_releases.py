"""What comes in of releases, for pages and API alike."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.boards import policy
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST, Reason, Stage
from ideas.boards.schemas import CREDITS_MOST, NewCredit
from ideas.schemas import AppSchema, Day, Id, Line, Prose
from ideas.words import _

IDEAS_MOST = 50
SHIPPING = tuple(reason for reason, rule in policy.REASONS.items() if rule.stages and Stage.SHIPPED in rule.stages)


class ReleaseLine(AppSchema):
    """How an idea is answered when the release that it is in is published."""

    reason = fields.Enum(Reason, by_value=True, load_default=Reason.SHIPPED)
    text = Prose(longest=TEXT_LONGEST, required=True)
    credits = fields.List(fields.Nested(NewCredit), load_default=list, validate=validate.Length(max=CREDITS_MOST))

    @validates_schema
    def _ships(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("reason") not in SHIPPING:
            raise ValidationError({"reason": [_("A release says that something is there. Choose a reason for that.")]})
        least, has = policy.REASONS[data["reason"]].shortest, len(data.get("text", ""))
        if has < least:
            words = _("Say a little more: at least %(least)s characters, and this has %(has)s.", least=least, has=has)
            raise ValidationError({"text": [words]})

    @validates_schema
    def _each_once(self, data: dict[str, Any], **_options: Any) -> None:
        named = [(credit["kind"], credit["id"]) for credit in data.get("credits", [])]
        if len(named) != len(set(named)):
            raise ValidationError({"credits": [_("Each contribution is credited once.")]})


class IdeaLine(ReleaseLine):
    """The same, with the idea."""

    idea = Id(required=True, metadata={"description": "Its number."})


class ReleaseWords(AppSchema):
    """A release as it is written."""

    title = Line(longest=TITLE_LONGEST, required=True)
    body = Prose(longest=TEXT_LONGEST, load_default="")
    date = Day(
        load_default=None, allow_none=True, metadata={"description": "Left out: the day on which it is published."}
    )
