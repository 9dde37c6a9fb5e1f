"""The team's pages about companies and people: who they are, what they asked for, what became of it, what is owed."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models_segments import Segment
from ideas.backlog import customers, segmenting
from ideas.backlog.customers import Order
from ideas.backlog.owing import Debt
from ideas.boards import labels, sayings
from ideas.errors import NotFound
from ideas.text import readable
from ideas.words import _

bp = Blueprint("customers", __name__, template_folder="templates")


@bp.get("/team/companies")
def companies() -> ResponseReturnValue:
    asked = {name: readable(request.args.get(name, "")) for name in ("q", "plan")}
    order = _order(request.args.get("sort", ""))
    reader = signin.member()
    there = segmenting.all_for(reader)
    segment = _segment(there)
    page = customers.companies(
        reader,
        asked=asked["q"],
        plan=asked["plan"],
        segment=segment,
        order=order,
        cursor=request.args.get("cursor"),
    )
    return render_template(
        "backlog/companies.html",
        page=page,
        asked=asked,
        order=order,
        plans=customers.plans(reader),
        segments=there,
        segment=segment,
        **_ways(
            ".companies",
            page.next,
            q=asked["q"],
            plan=asked["plan"],
            segment=segment.slug if segment else "",
            sort=_named(order),
        ),
    )


@bp.get("/team/companies/<int:company_id>")
def company(company_id: int) -> ResponseReturnValue:
    reader = signin.member()
    row = customers.get_company(reader, company_id)
    page = customers.asked_for(reader, row.company, cursor=request.args.get("cursor"))
    return render_template(
        "backlog/company.html", row=row, page=page, Debt=Debt, **_ways(".company", page.next, company_id=company_id)
    )


@bp.get("/team/companies/<int:company_id>/people")
def company_people(company_id: int) -> ResponseReturnValue:
    reader = signin.member()
    row = customers.get_company(reader, company_id)
    page = customers.people(reader, company_id=row.company.id, cursor=request.args.get("cursor"))
    ways = _ways(".company_people", page.next, company_id=company_id)
    return render_template("backlog/company_people.html", row=row, page=page, **ways)


@bp.get("/team/people")
def people() -> ResponseReturnValue:
    asked = readable(request.args.get("q", ""))
    there = segmenting.all_for(signin.member())
    segment = _segment(there)
    page = customers.people(signin.member(), asked=asked, segment=segment, cursor=request.args.get("cursor"))
    ways = _ways(".people", page.next, q=asked, segment=segment.slug if segment else "")
    return render_template("backlog/people.html", page=page, asked=asked, segments=there, segment=segment, **ways)


@bp.get("/team/people/<int:person_id>")
def person(person_id: int) -> ResponseReturnValue:
    reader = signin.member()
    whom = customers.get_person(reader, person_id)
    page = customers.contributions_of(reader, whom, cursor=request.args.get("cursor"))
    return render_template(
        "backlog/person.html",
        person=whom,
        page=page,
        noted=[] if request.args.get("cursor") else customers.evidence_of(reader, whom),
        kinds=labels.EVIDENCE_WORDS,
        say=sayings,
        outcome=labels.outcome,
        **_ways(".person", page.next, person_id=person_id),
    )


def _segment(there: list[Segment]) -> Segment | None:
    """The segment that the address asks for. Raises NotFound for one that is not there."""
    asked = request.args.get("segment", "")
    if not asked:
        return None
    if found := next((each for each in there if each.slug == asked), None):
        return found
    raise NotFound(_("There is no such segment."))


def _order(said: str) -> Order:
    return Order(said) if said in set(Order) else Order.NAME


def _named(order: Order) -> str:
    return "" if order == Order.NAME else order.value


def _ways(endpoint: str, cursor: str | None, **values: Any) -> dict[str, str | None]:
    """Where the next page is, and the first if this is another."""
    kept = {name: value for name, value in values.items() if value != ""}
    return {
        "next": url_for(endpoint, **kept, cursor=cursor) if cursor else None,
        "first": url_for(endpoint, **kept) if request.args.get("cursor") else None,
    }
