"""The team's list: asked for by its address, so that every question can be kept, shared and come back to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.backlog import asking, desk, labels
from ideas.backlog.asking import Asked, Column, Order
from ideas.boards.models import Stage
from ideas.db import db, utcnow
from ideas.paging import Page
from ideas.rounds import RoundDue
from ideas.words import _

ROWS = 50
COUNT = "backlog.count"  # the round that counts, as the room registers it

bp = Blueprint("desk", __name__, template_folder="templates")


@bp.get("/team/backlog")
def backlog() -> ResponseReturnValue:
    opened = desk.open_for(signin.member())
    page: Page[desk.Line] = Page([], None)
    wrong: dict[str, Any] = {}
    wanted = Asked()
    try:
        wanted = asked_by_address()
        page = desk.lines(opened, wanted, limit=ROWS, cursor=request.args.get("cursor"))
    except ValidationError as error:
        wrong = error.messages_dict
    drawn = render_template(
        "backlog/desk.html",
        desk=opened,
        page=page,
        asked=wanted,
        wrong=wrong,
        args=request.args,
        columns=columns(),
        all_columns=list(Column),
        labels=labels,
        weights=wanted.weights,
        now=utcnow(),
        **choices(opened, wanted),
        counted_at=db.session.get(RoundDue, COUNT),
        filters=sorted({*wanted.narrows, *(["board"] if wanted.board else [])}),
        **addresses(page),
    )
    return drawn, 422 if wrong else 200


def choices(opened: desk.Desk, wanted: Asked) -> dict[str, Any]:
    """What can be chosen in the form: pairs of what is sent and its words."""
    orders = [order for order in Order if order is not Order.POINTS or wanted.weights]
    people = [(person.id, person.name) for person in opened.team]
    return {
        "orders": orders,
        "orders_named": [(order.value, labels.ORDERS[order]) for order in orders],
        "boards_named": [(row.board.slug, row.board.name) for row in opened.boards],
        "stages_named": [(stage.value, labels.STAGES[stage]) for stage in Stage],
        "statuses_named": [(row.slug, row.name) for row in opened.one_each("status")],
        "tags_named": [(row.slug, row.name) for row in opened.one_each("tag")],
        "owners_named": [(asking.ME, _("Me")), (asking.NOBODY, _("Nobody")), *people],
        "plans_named": [(plan, plan) for plan in opened.plans],
    }


def asked_by_address() -> Asked:
    """What the address asks for; a filter that was left empty asks for nothing. Raises ValidationError."""
    said = {name: value for name, value in request.args.items() if value and name in _FIELDS}
    return asking.asked(asking.AskedQuery().load(said))


_FIELDS = {field.data_key or name for name, field in asking.AskedQuery().load_fields.items()}


def columns() -> list[Column]:
    """Those that the address names, in its order; whatever is weighed, the votes stand beside it."""
    named = [Column(name) for name in request.args.getlist("column") if name in set(Column)]
    chosen = list(dict.fromkeys(named)) or list(asking.USUAL)
    return chosen if Column.VOTES in chosen else [Column.VOTES, *chosen]


def addresses(page: Page[Any]) -> dict[str, Any]:
    """Where this list goes on, begins, and what it is in another order."""
    kept = [(name, value) for name, value in request.args.items(multi=True) if value and name != "cursor"]
    here = url_for(".backlog")

    def with_(**changes: str) -> str:
        pairs = [(name, value) for name, value in kept if name not in changes]
        pairs += [(name, value) for name, value in changes.items() if value]
        return f"{here}?{urlencode(pairs)}" if pairs else here

    return {
        "here": here,
        "with_": with_,
        "kept": kept,
        "next": with_(cursor=page.next) if page.next else None,
        "first": with_() if request.args.get("cursor") else None,
    }
