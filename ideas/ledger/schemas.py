"""What people may say of how they want to hear: for the page and for programs."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, pre_load, validate, validates_schema

from ideas.schemas import AppSchema, Line, Prose
from ideas.words import _

HOUR = validate.Range(0, 23)


class Hours(AppSchema):
    """At which hours mail comes, by the person's own clock; null (or nothing in a form): as is usual on the site."""

    digest_hour = fields.Integer(
        allow_none=True, validate=HOUR, metadata={"description": "When digests go out; null: as is usual."}
    )
    digest_weekday = fields.Integer(
        allow_none=True,
        validate=validate.Range(0, 6),
        metadata={"description": "The day of weekly digests, 0 is Monday; null: as is usual."},
    )
    quiet_from = fields.Integer(
        allow_none=True, validate=HOUR, metadata={"description": "Single mail waits from this hour on …"}
    )
    quiet_to = fields.Integer(
        allow_none=True, validate=HOUR, metadata={"description": "… to this one; null in both: no quiet hours."}
    )
    gathers = fields.Boolean(
        metadata={"description": "Whether too many single mails in a week come together, in the daily digest."}
    )

    @pre_load
    def nothing_is_usual(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        return {name: None if value == "" else value for name, value in data.items()}

    @validates_schema
    def quiet_hours_have_both_ends(self, data: dict[str, Any], **_options: Any) -> None:
        if "quiet_from" not in data and "quiet_to" not in data:
            return
        begins, ends = data.get("quiet_from"), data.get("quiet_to")
        if (begins is None) != (ends is None):
            wrong = "quiet_from" if begins is None else "quiet_to"
            raise ValidationError(_("Quiet hours need a beginning and an end."), wrong)
        if begins is not None and begins == ends:
            raise ValidationError(_("Quiet hours end at another hour than they begin."), "quiet_to")


class MailWordsSaid(AppSchema):
    """What a kind of mail says in the words of administrators; nothing: the built-in words."""

    subject = Line(longest=150, load_default="")
    opening = Prose(longest=1000, load_default="")
    closing = Prose(longest=1000, load_default="")
