"""The audit log as JSON, for administrators' programs."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas import api
from ideas.accounts import audit_files, queries
from ideas.accounts.queries import AuditAsked
from ideas.api import Blueprint, ListQuery, OutSchema, list_of
from ideas.schemas import Day, Line, UtcTime

blueprint = Blueprint("audit", __name__, about="What was done with privilege, by whom and when. For administrators.")

_EXAMPLE = {
    "id": 71,
    "at": "2026-11-22T10:00:00Z",
    "actor_id": 2,
    "actor": "Petra",
    "act": "idea.answered",
    "subject": "idea:23",
    "details": {"answer": 5, "status": "planned", "reason": "committed"},
}


class AuditQuery(ListQuery):
    """Which acts."""

    act = Line(longest=60, load_default="", metadata={"description": "Such as idea.hidden."})
    subject = Line(longest=60, load_default="", metadata={"description": "Such as idea:7."})
    actor = Line(longest=100, load_default="", metadata={"description": "Part of a name; “-” is the command line."})
    since = Day(load_default=None, metadata={"description": "A day in UTC, with it."})
    until = Day(load_default=None, metadata={"description": "A day in UTC, with it."})


class AuditEntryOut(OutSchema):
    """A privileged act."""

    id = fields.Integer()
    at = UtcTime()
    actor_id = fields.Integer(allow_none=True, metadata={"description": "null: the command line."})
    actor = fields.String(allow_none=True)
    act = fields.String()
    subject = fields.String()
    details = fields.Dict(keys=fields.String())


@blueprint.route("/audit")
@blueprint.needs("audit:read")
@blueprint.asks(AuditQuery)
@blueprint.gives(list_of(AuditEntryOut), example={"data": [_EXAMPLE], "next": None})
def list_audit(asked: dict[str, Any]) -> Any:
    """List what was done with privilege

    The latest first. For administrators.
    """
    limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
    page = queries.audit(api.member(), AuditAsked(**asked), limit=limit, cursor=cursor)
    return api.listed(page, audit_files.line_of)
