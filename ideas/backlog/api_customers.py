"""Companies and people for the team, as JSON: who they are, what they asked for, what became of it, what is owed."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api
from ideas.accounts import schemas_out as accounts_shapes
from ideas.accounts import segments
from ideas.accounts.api_examples import COMPANY, PERSON
from ideas.accounts.models_segments import SLUG_LONGEST, Segment
from ideas.api import Blueprint, ListQuery, list_of
from ideas.backlog import api_examples_customers as examples
from ideas.backlog import customers
from ideas.backlog import schemas_out_customers as shapes
from ideas.backlog.customers import Order
from ideas.boards import api_examples as boards_examples
from ideas.boards import schemas_out as boards_shapes
from ideas.schemas import Id, Line, Slug

READ = "people:read"

blueprint = Blueprint("customers", __name__, about="Customers, and what they asked for. For the team.")


class CompaniesQuery(ListQuery):
    """Which companies, in which order."""

    q = Line(longest=100, load_default="", metadata={"description": "Part of a name, or an id elsewhere."})
    plan = Line(longest=40, load_default="")
    segment = Slug(longest=SLUG_LONGEST, metadata={"description": "Slug of a segment: those with people in it."})
    sort = fields.String(
        load_default=Order.NAME.value,
        validate=validate.OneOf([str(order) for order in Order]),
        metadata={"description": "By revenue or renewal come only those of whom it is known."},
    )


class PeopleQuery(ListQuery):
    """Which people."""

    q = Line(longest=100, load_default="", metadata={"description": "Part of a name, or an id elsewhere."})
    company = Id(load_default=None, metadata={"description": "A company’s id: those who belong to it."})
    segment = Slug(longest=SLUG_LONGEST, metadata={"description": "Slug of a segment: those who belong to it."})


@blueprint.route("/companies")
@blueprint.needs(READ)
@blueprint.asks(CompaniesQuery)
@blueprint.gives(list_of(shapes.CompanyThereOut), example=boards_examples.page({**COMPANY, "people": 12}))
def list_companies(asked: dict[str, Any]) -> Any:
    """List companies

    For anybody who is of a team.
    """
    page = customers.companies(
        api.member(),
        asked=asked["q"],
        plan=asked["plan"],
        segment=_segment(asked),
        order=Order(asked["sort"]),
        limit=asked["limit"],
        cursor=asked.get("cursor"),
    )
    return api.listed(page, shapes.company)


@blueprint.route("/companies/<id:company_id>")
@blueprint.needs(READ)
@blueprint.gives(shapes.CompanyThereOut, example={**COMPANY, "people": 12})
def get_company(company_id: int) -> Any:
    """Read a company"""
    return shapes.company(customers.get_company(api.member(), company_id))


@blueprint.route("/companies/<id:company_id>/ideas")
@blueprint.needs(READ)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.AskedOut), example=boards_examples.page(examples.ASKED))
def list_ideas_of_company(asked: dict[str, Any], company_id: int) -> Any:
    """List what a company asked for

    On the boards whose team you are of, those with most of its people first: what became of each, and what is owed.
    """
    row = customers.get_company(api.member(), company_id)
    page = customers.asked_for(api.member(), row.company, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.asked)


@blueprint.route("/people")
@blueprint.needs(READ)
@blueprint.asks(PeopleQuery)
@blueprint.gives(list_of(accounts_shapes.CustomerOut), example=boards_examples.page(PERSON))
def list_people(asked: dict[str, Any]) -> Any:
    """List people

    The newest first. Addresses are there for administrators alone.
    """
    reader = api.member()
    page = customers.people(
        reader,
        asked=asked["q"],
        company_id=asked["company"],
        segment=_segment(asked),
        limit=asked["limit"],
        cursor=asked.get("cursor"),
    )
    return api.listed(page, lambda row: accounts_shapes.customer(row.person, with_address=reader.is_admin))


@blueprint.route("/people/<id:person_id>")
@blueprint.needs(READ)
@blueprint.gives(accounts_shapes.CustomerOut, example=PERSON)
def get_person(person_id: int) -> Any:
    """Read a person

    Their address is there for administrators alone.
    """
    reader = api.member()
    return accounts_shapes.customer(customers.get_person(reader, person_id), with_address=reader.is_admin)


@blueprint.route("/people/<id:person_id>/contributions")
@blueprint.needs(READ)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.ContributedOut), example=boards_examples.page(boards_examples.RECEIPT))
def list_contributions(asked: dict[str, Any], person_id: int) -> Any:
    """List what a person put in

    On the boards whose team you are of, newest first: each contribution and what became of it.
    """
    person = customers.get_person(api.member(), person_id)
    page = customers.contributions_of(api.member(), person, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, boards_shapes.receipt)


def _segment(asked: dict[str, Any]) -> Segment | None:
    """Raises ValidationError for one that is not there; NotFound for somebody of no team, before anything is said."""
    customers.boards_of(api.member())
    return segments.by_slug(asked["segment"]) if asked.get("segment") else None
