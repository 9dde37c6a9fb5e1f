"""The pages of loop health: all of it for a board's team, as files too, and what everybody may know of a board."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import segments, signin
from ideas.boards import queries
from ideas.boards.waiting import Word
from ideas.errors import NotFound
from ideas.insights import charts, definitions, loop_health, scope, tables
from ideas.insights.loop_health import BoardHealth, LoopHealth
from ideas.insights.schemas import ScopeQuery
from ideas.words import _

FEW = 5  # of fewer, a share says little

bp = Blueprint("insights", __name__, template_folder="templates")


@bp.get("/loop-health")
def health() -> ResponseReturnValue:
    member = signin.member()
    boards = scope.boards_of(member)
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    found, wrong = None, {}
    try:
        found = loop_health.measure(scope.of_team(member, _asked()))
    except ValidationError as error:
        wrong = error.messages_dict
    page = render_template(
        "insights/loop_health.html",
        boards=[row.board for row in boards],
        tags=scope.tags_of(tuple(row.board for row in boards)),
        companies=scope.companies_for(member),
        segments=segments.all_of_them(),
        asked=request.args,
        periods=scope.PERIODS,
        usual=str(scope.USUAL_DAYS),
        health=found,
        wrong=wrong,
        file=lambda name: url_for(".file", **{**request.args.to_dict(), "part": name}),
        **_drawing(found),
        people_parts=found and _people_parts(found),
    )
    return page, 422 if wrong else 200


@bp.get("/loop-health/<slug:part>.csv")
def file(part: str) -> ResponseReturnValue:
    found = loop_health.measure(scope.of_team(signin.member(), _asked()))
    if part not in tables.FILES:
        raise NotFound(_("There is no such file."))
    answer = Response(tables.as_csv(tables.FILES[part](found)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="loop-health-{part}.csv"'
    return answer


@bp.get("/boards/<slug:slug>/loop-health")
def board_health(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.reader(), slug)
    found = loop_health.measure_in_public(scope.of_public(row))
    return render_template("insights/board_health.html", row=row, health=found, **_drawing(found))


def _asked() -> dict[str, Any]:
    """What the filters say; one that was left empty asks for nothing."""
    asked: dict[str, Any] = ScopeQuery().load({name: said for name, said in request.args.items() if said})
    return asked


def _drawing(found: BoardHealth | None) -> dict[str, Any]:
    """What the templates draw figures with."""
    names = {"charts": charts, "definitions": definitions, "tables": tables, "few": FEW, "Word": Word}
    if found is None:
        return names
    last = charts.last_day(found.waits.values())
    together, weeks = charts.weeks(found.capacity.weeks)
    quiet = [(sum(each.ideas for each in some), sum(each.late for each in some)) for some in tables.by_silence(found)]
    return {
        **names,
        "last_day": last,
        "lines": charts.still_waiting([(word.value, wait) for word, wait in found.waits.items()], last),
        "week_bars": weeks,
        "weeks_together": together,
        "quiet_bars": charts.heights(quiet, ("all", "late")),
    }


def _people_parts(found: LoopHealth) -> list[charts.Bar]:
    people = found.people_closed
    others = sum(people.suppressed.values()) - people.opted_out
    numbers = {
        "told": people.delivered,
        "waiting": people.pending,
        "out": people.opted_out,
        "failed": people.undeliverable,
        "others": others,
    }
    return charts.parts(charts.Part(kind, number) for kind, number in numbers.items())
