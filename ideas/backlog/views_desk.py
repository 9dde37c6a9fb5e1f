"""The team's list: asked for by its address, so that every question can be kept, shared and come back to."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from werkzeug.datastructures import MultiDict

from ideas.accounts import segment_questions as questions
from ideas.accounts import signin
from ideas.accounts.models_segments import Segment
from ideas.backlog import asking, desk, files, keeping, labels
from ideas.backlog.asking import Asked, Column, Order, Weights
from ideas.backlog.models_views import BacklogView
from ideas.boards import evidence
from ideas.boards.models import Stage
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.looks import money
from ideas.paging import Page
from ideas.rounds import RoundDue
from ideas.words import _

ROWS = 50
COUNT = "backlog.count"  # the round that counts, as the room registers it

bp = Blueprint("desk", __name__, template_folder="templates")


@bp.get("/team/backlog")
def backlog() -> ResponseReturnValue:
    return show(url_for(".backlog"))


def show(here: str, view: BacklogView | None = None) -> ResponseReturnValue:
    """The list at the address `here`, as it asks for it; where it asks nothing, as `view` keeps it."""
    opened = desk.open_for(signin.member())
    args = _args(view)
    weights = Weights(**view.weights) if view else Weights()
    page: Page[desk.Line] = Page([], None)
    wrong: dict[str, Any] = {}
    wanted = Asked()
    try:
        wanted = _asked(args, weights)
        page = desk.lines(opened, wanted, limit=ROWS, cursor=request.args.get("cursor"))
    except ValidationError as error:
        wrong = error.messages_dict
    drawn = render_template(
        "backlog/desk.html",
        desk=opened,
        page=page,
        unheard=evidence.unheard_on([line.id for line in page.rows]),
        asked=wanted,
        wrong=wrong,
        args=args,
        view=view,
        title=view.name if view else "",
        views=keeping.all_for(opened.person),
        may_change=view is not None and keeping.may_change(opened.person, view),
        query=urlencode([pair for pair in args.items(multi=True) if pair[1]]),
        columns=columns(args, weights),
        all_columns=list(Column),
        labels=labels,
        weights=wanted.weights,
        weights_named=[(name, weight) for name, weight in vars(wanted.weights).items() if weight],
        now=utcnow(),
        **choices(opened, wanted),
        **chosen_segment(opened, wanted),
        counted_at=db.session.get(RoundDue, COUNT),
        filters=sorted({*wanted.narrows, *(["board"] if wanted.board else [])}),
        **addresses(here, args, page),
    )
    return drawn, 422 if wrong else 200


@bp.get("/team/backlog/export.<slug:kind>")
def export(kind: str) -> ResponseReturnValue:
    """The whole list that is asked for, as a file. `view`: whose points it has."""
    member = signin.member()
    desk.boards_of(member)
    if kind not in _FILES:
        raise NotFound(_("There is no such file."))
    make, mimetype = _FILES[kind]
    number = request.args.get("view", "")
    view = keeping.get(member, int(number)) if number.isdecimal() and len(number) < 10 else None
    weights = keeping.weights_of(view) if view else Weights()
    wanted = _asked(_args(view), weights)
    answer = Response(stream_with_context(make(member, wanted)), mimetype=mimetype)
    answer.headers["Content-Disposition"] = f'attachment; filename="backlog.{kind}"'
    return answer


_FILES = {"csv": (files.as_csv, "text/csv"), "ndjson": (files.as_ndjson, "application/x-ndjson")}


def choices(opened: desk.Desk, wanted: Asked) -> dict[str, Any]:
    """What can be chosen in the form: pairs of what is sent and its words."""
    missing = {Order.POINTS} if not wanted.weights else set()
    missing |= {Order.REACH} if not wanted.segment else set()
    orders = [order for order in Order if order not in missing]
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
        "segments_named": [(each.slug, each.name) for each in opened.segments],
    }


def _args(view: BacklogView | None) -> MultiDict[str, str]:
    """What is asked: by the address, or by the view if that names nothing but a place in the list."""
    said = [(name, value) for name, value in request.args.items(multi=True) if name not in ("cursor", "view")]
    if not said and view is not None:
        said = [*view.asked.items(), *(("column", column) for column in view.columns)]
    return MultiDict(said)


def _asked(args: MultiDict[str, str], weights: Weights) -> Asked:
    """A filter that was left empty asks for nothing. A view with weights goes by them. Raises ValidationError."""
    said = {name: value for name, value in args.items() if value and name in asking.FIELDS}
    return asking.kept_or_said({}, said, weights)


def chosen_segment(opened: desk.Desk, wanted: Asked) -> dict[str, Any]:
    """The segment that is asked for, and what it asks."""
    found = next((each for each in opened.segments if each.slug == wanted.segment), None)
    return {"segment": found, "segment_words": segment_words(found) if found else ""}


def segment_words(segment: Segment) -> str:
    """What a segment asks, as people say it."""
    return questions.in_words(questions.read(segment.question), money)


def columns(args: MultiDict[str, str], weights: Weights) -> list[Column]:
    """Those that are named, in that order; whatever is weighed, the votes stand beside it."""
    named = [Column(name) for name in args.getlist("column") if name in set(Column)]
    first, *others = asking.USUAL
    special = [*([Column.POINTS] if weights else []), *([Column.REACH] if args.get("segment") else [])]
    usual = [first, *special, *others]
    chosen = list(dict.fromkeys(named)) or usual
    return chosen if Column.VOTES in chosen else [Column.VOTES, *chosen]


def addresses(here: str, args: MultiDict[str, str], page: Page[Any]) -> dict[str, Any]:
    """Where this list goes on, begins, and what it is in another order."""
    kept = [(name, value) for name, value in args.items(multi=True) if value]

    def with_(**changes: str) -> str:
        pairs = [(name, value) for name, value in kept if name not in changes]
        pairs += [(name, value) for name, value in changes.items() if value]
        return f"{here}?{urlencode(pairs)}" if pairs else here

    return {
        "here": here,
        "with_": with_,
        "next": with_(cursor=page.next) if page.next else None,
        "first": with_() if request.args.get("cursor") else None,
    }
