"""The dashboard: figures over time, each of which opens into the rows behind it, and each as a file."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.errors import NotFound
from ideas.insights import cards, charts, dashboard, scope, views_figures
from ideas.insights.counting import Figure
from ideas.insights.dashboard import Dashboard
from ideas.insights.periods import By
from ideas.insights.schemas import InsightsQuery
from ideas.words import _, lazy

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
    return views_figures.draw("insights/dashboard.html", _measured, _drawing)


@bp.get("/insights/<slug:figure>")
def rows(figure: str) -> ResponseReturnValue:
    return views_figures.show_rows(".rows", (".insights", _("Insights")), HEADS, figure)


@bp.get("/insights/<slug:card>.csv")
def file(card: str) -> ResponseReturnValue:
    found = _measured(signin.member())
    if card == cards.ALL:
        table = cards.everything(found)
    elif card in cards.BY_NAME:
        table = cards.table(found, cards.BY_NAME[card])
    else:
        raise NotFound(_("There is no such file."))
    return views_figures.as_file(table, f"insights-{card}")


def _measured(member: User) -> Dashboard:
    """What is asked for. Raises ValidationError."""
    asked = InsightsQuery().load(views_figures.said())
    return dashboard.measure(scope.of_team(member, asked), asked["by"])


def _drawing(found: Dashboard | None) -> dict[str, Any]:
    def rows_of(figure: Figure, part: Any = None) -> str:
        if found is None:
            return ""
        return views_figures.rows_of(".rows", figure, found.scope if part is None else found.scope_of(part))

    return {
        "by_names": [(by.value, words) for by, words in BY_NAMES.items()],
        "found": found,
        "cards": cards,
        "charts": charts,
        "Figure": Figure,
        "rows_of": rows_of,
        "file": lambda name: url_for(".file", **{**request.args.to_dict(), "card": name}),
    }
