"""What may be said of endpoints: for pages and for programs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ideas.api import ListQuery
from ideas.schemas import AppSchema, Day, Line, Slug
from ideas.webhooks.kinds import KINDS
from ideas.webhooks.models import State
from ideas.words import _, lazy

_ADDRESS = {"description": "Begins with https://, on port 443 or 8443, and leads to the public network."}
_KINDS = {"description": "What is sent there, such as idea.answered."}
_BOARD = {
    "description": "Slug of a board of whose team you are: only what happens there, and what belongs to no board. "
    "Null: all of yours."
}
_EMAILS = {"description": "Whether people’s e-mail addresses are sent along. For administrators."}


def _kinds(**options: Any) -> fields.List[str]:
    return fields.List(
        fields.String(validate=validate.OneOf(sorted(KINDS), error=lazy("There is no such kind."))),
        validate=validate.Length(min=1, max=2 * len(KINDS), error=lazy("Choose at least one.")),
        metadata=_KINDS,
        **options,
    )


class EndpointWords(AppSchema):
    """An endpoint as it is made."""

    address = Line(longest=500, required=True, metadata=_ADDRESS)
    description = Line(longest=200, load_default="")
    kinds = _kinds(required=True)
    board = Slug(load_default=None, allow_none=True, metadata=_BOARD)
    with_emails = fields.Boolean(load_default=False, metadata=_EMAILS)


class EndpointEdit(AppSchema):
    """What is changed in an endpoint; what is left out stays."""

    address = Line(longest=500, shortest=1, metadata=_ADDRESS)
    description = Line(longest=200)
    kinds = _kinds()
    board = Slug(allow_none=True, metadata=_BOARD)
    with_emails = fields.Boolean(metadata=_EMAILS)

    @validates_schema
    def an_address_stays_one(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("address") == "":
            raise ValidationError(_("Please fill this in."), "address")


class ReplayWords(AppSchema):
    """What is sent again: all that happened within a time of at most 31 days."""

    since = fields.AwareDateTime(required=True, metadata={"description": "RFC 3339, with it."})
    until = fields.AwareDateTime(required=True, metadata={"description": "RFC 3339, without it."})
    only_unsent = fields.Boolean(load_default=True, metadata={"description": "Leave out what arrived."})

    @validates_schema
    def until_comes_later(self, data: dict[str, Any], **_options: Any) -> None:
        if data["until"] <= data["since"]:
            raise ValidationError(_("This must be later than the beginning."), "until")
        if data["until"] - data["since"] > timedelta(days=31):
            raise ValidationError(_("At most 31 days at once."), "until")


class MessagesWanted(ListQuery):
    """Which messages of an endpoint’s log."""

    state = fields.Enum(State, by_value=fields.String, load_default=None, metadata={"description": "One state alone."})


class ReplayDays(AppSchema):
    """The same for a page: days in UTC, both with them."""

    first = Day(required=True)
    last = Day(required=True)
    all_of_it = fields.Boolean(load_default=False)

    @validates_schema
    def days_come_in_order(self, data: dict[str, Any], **_options: Any) -> None:
        if data["last"] < data["first"]:
            raise ValidationError(_("This day comes before the first."), "last")
        if data["last"] - data["first"] > timedelta(days=30):
            raise ValidationError(_("At most 31 days at once."), "last")
