"""The dashboard: figures over time, each of which opens into the rows behind it, and each as a file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import segments, signin
from ideas.errors import NotFound
from ideas.insights import behind, cards, charts, dashboard, scope, tables
from ideas.insights.counting import Figure
from ideas.insights.dashboard import Dashboard
from ideas.insights.periods import By
from ideas.insights.schemas import InsightsQuery, RowsQuery
from ideas.insights.scope import Scope
from ideas.insights.views import FEW
from ideas.words import _, lazy

NARROWING = ("board", "tag", "segment", "company")
BY_NAMES = {By.WEEKS: lazy("by weeks"), By.MONTHS: lazy("by months")}
HEADS = {
    Figure.IDEAS: lazy("Ideas that were posted"),
    Figure.VOTES: lazy("Votes that were cast"),
    Figure.PEOPLE: lazy("People who took part"),
    Figure.NEW: lazy("People who took part for the first time"),
    Figure.ANSWERS: lazy("Answers that were given"),
    Figure.FINALISED: lazy("Ideas that were closed by an answer"),
    Figure.CLOSED: lazy("Closed ideas of which everybody owed was told"),
    Figure.OWED: lazy("People owed word of a closed idea"),
    Figure.DELIVERED: lazy("People told of a closed idea"),
    Figure.HEARD: lazy("Companies whose people took part"),
    Figure.CUSTOMERS: lazy("Companies that have people here"),
}

bp = Blueprint("dashboard", __name__, template_folder="templates")


@bp.get("/insights")
def insights() -> ResponseReturnValue:
    member = signin.member()
    boards = scope.boards_of(member)
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    found, wrong = None, {}
    try:
        found = _measured(member)
    except ValidationError as error:
        wrong = error.messages_dict
    page = render_template(
        "insights/dashboard.html",
        boards=[row.board for row in boards],
        tags=scope.tags_of(tuple(row.board for row in boards)),
        companies=scope.companies_for(member),
        segments=segments.all_of_them(),
        asked=request.args,
        periods=scope.PERIODS,
        usual=str(scope.USUAL_DAYS),
        by_names=[(by.value, words) for by, words in BY_NAMES.items()],
        found=found,
        wrong=wrong,
        few=FEW,
        cards=cards,
        charts=charts,
        Figure=Figure,
        rows_of=lambda figure, part=None: _rows_of(found, figure, part),
        file=lambda name: url_for(".file", **{**request.args.to_dict(), "card": name}),
    )
    return page, 422 if wrong else 200


@bp.get("/insights/<slug:figure>")
def rows(figure: str) -> ResponseReturnValue:
    """The rows behind a figure; the address says of which boards and moments."""
    asked: dict[str, Any] = RowsQuery().load(
        {name: said for name, said in request.args.items() if said and name != "cursor"}
    )
    within = scope.of_rows(signin.member(), asked)
    wanted = _figure(figure)
    page = behind.rows(within, wanted, cursor=request.args.get("cursor"))
    kept: dict[str, Any] = {name: said for name, said in request.args.items() if said and name != "cursor"}
    return render_template(
        "insights/rows.html",
        title=HEADS[wanted],
        figure=wanted,
        scope=within,
        page=page,
        number=behind.number(within, wanted),
        narrowed=[request.args[name] for name in NARROWING if request.args.get(name)],
        dashboard=url_for(".insights", **{name: kept[name] for name in NARROWING if name in kept}),
        next=url_for(".rows", figure=figure, **kept, cursor=page.next) if page.next else None,
        first=url_for(".rows", figure=figure, **kept) if request.args.get("cursor") else None,
    )


@bp.get("/insights/<slug:card>.csv")
def file(card: str) -> ResponseReturnValue:
    found = _measured(signin.member())
    if card == cards.ALL:
        table = cards.everything(found)
    elif card in cards.BY_NAME:
        table = cards.table(found, cards.BY_NAME[card])
    else:
        raise NotFound(_("There is no such file."))
    answer = Response(tables.as_csv(table), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="insights-{card}.csv"'
    return answer


def _measured(member: Any) -> Dashboard:
    """What is asked for. Raises ValidationError."""
    asked = InsightsQuery().load({name: said for name, said in request.args.items() if said})
    return dashboard.measure(scope.of_team(member, asked), asked["by"])


def _figure(said: str) -> Figure:
    if said not in set(Figure):
        raise NotFound(_("There is no such figure."))
    return Figure(said)


def _rows_of(found: Dashboard | None, figure: Figure, part: Any = None) -> str:
    """Where the rows of a figure are, of the whole period or a part."""
    if found is None:
        return ""
    of: Scope = found.scope if part is None else found.scope_of(part)
    narrowed: dict[str, Any] = {name: request.args[name] for name in NARROWING if request.args.get(name)}
    return url_for(".rows", figure=figure.value, **narrowed, begins=of.since.isoformat(), ends=of.until.isoformat())
