"""The pages of loop health: all of it for a board's team, as files too, and what everybody may know of a board."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.waiting import Word
from ideas.errors import NotFound
from ideas.insights import charts, definitions, loop_health, scope, tables, views_figures
from ideas.insights.behind_health import HEADS, Counted
from ideas.insights.loop_health import BoardHealth, LoopHealth
from ideas.insights.schemas import ScopeQuery
from ideas.words import _

bp = Blueprint("insights", __name__, template_folder="templates")


@bp.get("/loop-health")
def health() -> ResponseReturnValue:
    return views_figures.draw("insights/loop_health.html", _measured, _team_drawing)


@bp.get("/loop-health/<slug:figure>")
def rows(figure: str) -> ResponseReturnValue:
    return views_figures.show_rows(".rows", (".health", _("Loop health")), HEADS, figure)


@bp.get("/loop-health/<slug:part>.csv")
def file(part: str) -> ResponseReturnValue:
    found = _measured(signin.member())
    if part not in tables.FILES:
        raise NotFound(_("There is no such file."))
    return views_figures.as_file(tables.FILES[part](found), f"loop-health-{part}")


@bp.get("/boards/<slug:slug>/loop-health")
def board_health(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.reader(), slug)
    found = loop_health.measure_in_public(scope.of_public(row))
    return render_template("insights/board_health.html", row=row, health=found, **_drawing(found))


def _measured(member: User) -> LoopHealth:
    """What is asked for. Raises ValidationError."""
    return loop_health.measure(scope.of_team(member, ScopeQuery().load(views_figures.said())))


def _team_drawing(found: LoopHealth | None) -> dict[str, Any]:
    def rows_of(figure: str) -> str:
        return views_figures.rows_of(".rows", Counted(figure), found.scope) if found else ""

    return {
        "health": found,
        "file": lambda name: url_for(".file", **{**request.args.to_dict(), "part": name}),
        "people_parts": found and _people_parts(found),
        **_drawing(found),
        "rows_of": rows_of,
    }


def _drawing(found: BoardHealth | None) -> dict[str, Any]:
    """What the templates draw figures with."""
    names = {
        "charts": charts,
        "definitions": definitions,
        "tables": tables,
        "few": views_figures.FEW,
        "Word": Word,
        "rows_of": None,
    }
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
