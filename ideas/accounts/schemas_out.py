"""What the API shows of companies and people: a schema for each shape, and beside it what puts a row into it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas.accounts.models import Company, User
from ideas.accounts.upserting import Outcome
from ideas.api import OutSchema
from ideas.settings import current

Shape = dict[str, Any]


class CompanyOut(OutSchema):
    """A customer account, as another system and the team know it."""

    id = fields.Integer()
    external_id = fields.String(allow_none=True, metadata={"description": "Its id in the other system."})
    name = fields.String()
    plan = fields.String(allow_none=True)
    monthly_revenue = fields.Integer(
        allow_none=True, metadata={"description": "In the smallest unit of `currency`: cents of a euro."}
    )
    currency = fields.String()
    renews_on = fields.Date(allow_none=True)
    attributes = fields.Dict(keys=fields.String(), values=fields.String())


class CompanyNameOut(OutSchema):
    """Which company somebody belongs to."""

    id = fields.Integer()
    external_id = fields.String(allow_none=True)
    name = fields.String()


class CustomerOut(OutSchema):
    """A person, as another system and the team know them."""

    id = fields.Integer()
    external_id = fields.String(allow_none=True, metadata={"description": "Their id in the other system."})
    name = fields.String()
    email = fields.String(allow_none=True, metadata={"sometimes": True, "description": "For administrators alone."})
    company = fields.Nested(CompanyNameOut, allow_none=True)
    attributes = fields.Dict(keys=fields.String(), values=fields.String())
    has_account = fields.Boolean(metadata={"description": "They proved their address; until then they are unclaimed."})


class PutOut(OutSchema):
    """How many of several rows were new, changed something, or said what was there already."""

    added = fields.Integer()
    changed = fields.Integer()
    same = fields.Integer()


def company(row: Company) -> Shape:
    return {
        "id": row.id,
        "external_id": row.external_id,
        "name": row.name,
        "plan": row.plan,
        "monthly_revenue": row.monthly_revenue,
        "currency": current().currency,
        "renews_on": row.renews_on.isoformat() if row.renews_on else None,
        "attributes": row.attributes,
    }


def customer(person: User, *, with_address: bool) -> Shape:
    """Loaded of the person: company."""
    at = person.company
    address = {"email": person.email} if with_address else {}
    return {
        "id": person.id,
        "external_id": person.external_id,
        "name": person.name,
        **address,
        "company": {"id": at.id, "external_id": at.external_id, "name": at.name} if at else None,
        "attributes": person.attributes,
        "has_account": person.is_claimed,
    }


def put(outcome: Outcome[Any]) -> Shape:
    return {"added": outcome.added, "changed": outcome.changed, "same": outcome.same}
