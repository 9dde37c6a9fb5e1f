"""Addresses that get no mail, as JSON, for administrators' programs."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api
from ideas.accounts import suppressions
from ideas.accounts.models import Stopped
from ideas.accounts.schemas import Address
from ideas.accounts.suppressions import Listed
from ideas.api import Blueprint, ListQuery, OutSchema, list_of
from ideas.db import unit_of_work
from ideas.schemas import AppSchema, Line, UtcTime, when

READ = "people:read"
WRITE = "people:write"

blueprint = Blueprint(
    "suppressions", __name__, about="Addresses to which nothing is sent but links to sign in. For administrators."
)

_EXAMPLE = {
    "id": "5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef",
    "email": "ole@example.org",
    "why": "bounced",
    "status": "5.1.1",
    "since": "2026-11-22T10:00:00Z",
}
_REASON = {"description": "Why, in your words; it stands in the log."}
_WHYS = [each.value for each in Stopped]


class SuppressionOut(OutSchema):
    """An address that gets no mail, and why."""

    id = fields.String(metadata={"description": "The address as it is kept: a keyed hash."})
    email = fields.String(allow_none=True, metadata={"description": "null: nobody here has the address any more."})
    why = fields.String(validate=validate.OneOf(_WHYS))
    status = fields.String(metadata={"description": "The code (RFC 3463) that was reported, or empty."})
    since = UtcTime()


class LiftedOut(OutSchema):
    """What keeps mail from the address no more."""

    lifted = fields.List(fields.String(validate=validate.OneOf(_WHYS)))


class SuppressionWords(AppSchema):
    """An address that is known from elsewhere."""

    email = Address(required=True)
    why = fields.Enum(Stopped, by_value=True, required=True)
    reason = Line(required=True, shortest=5, longest=300, metadata=_REASON)


class LiftWords(AppSchema):
    """An address to which mail is to be tried again."""

    email = Address(required=True)
    reason = Line(required=True, shortest=5, longest=300, metadata=_REASON)


def shape(row: Listed) -> dict[str, Any]:
    return {
        "id": row.key,
        "email": row.address,
        "why": row.why.value,
        "status": row.status,
        "since": when(row.since),
    }


@blueprint.route("/suppressions")
@blueprint.needs(READ)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(SuppressionOut), example={"data": [_EXAMPLE], "next": None})
def list_suppressions(asked: dict[str, Any]) -> Any:
    """List addresses that get no mail

    Mail to them came back, or its reader called it junk. One that nobody here has is known by its hash alone.
    For administrators.
    """
    page = suppressions.page(api.member(), limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shape)


@blueprint.route("/suppressions", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(
    SuppressionWords,
    example={"email": "ole@example.org", "why": "bounced", "reason": "It came back at our former provider."},
)
@blueprint.gives(SuppressionOut, status=201, example={**_EXAMPLE, "status": ""})
def add_suppression(words: dict[str, Any]) -> Any:
    """Send nothing to an address any more

    For what another provider knows of it. Links to sign in still go there. One that is on the list already stays as it
    is. For administrators.
    """
    with unit_of_work():
        row = suppressions.add(api.member(), words["email"], words["why"], reason=words["reason"])
    return api.created(shape(row), "/suppressions")


@blueprint.route("/suppressions/lift", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(LiftWords, example={"email": "ole@example.org", "reason": "Their server is back."})
@blueprint.gives(LiftedOut, example={"lifted": ["bounced"]})
def lift_suppression(words: dict[str, Any]) -> Any:
    """Try an address again

    Whatever kept mail from it is forgotten; counting begins anew. For administrators.
    """
    with unit_of_work():
        lifted = suppressions.lift(api.member(), words["email"], reason=words["reason"])
    return {"lifted": [each.value for each in lifted]}
