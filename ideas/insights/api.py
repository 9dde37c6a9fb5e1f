"""Loop health and the dashboard as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import queries
from ideas.errors import NotFound
from ideas.insights import api_examples as examples
from ideas.insights import behind, dashboard, loop_health, scope
from ideas.insights import schemas_out as shapes
from ideas.insights import schemas_out_dashboard as dashboard_shapes
from ideas.insights.counting import Figure
from ideas.insights.schemas import InsightsQuery, RowsQuery, ScopeQuery
from ideas.words import _


class CountedQuery(ListQuery, RowsQuery):
    """Which rows of a figure."""


blueprint = Blueprint("insights", __name__, about="How well the loop is closed: who was told, who waits.")


@blueprint.route("/loop-health")
@blueprint.needs("people:read")
@blueprint.asks(ScopeQuery)
@blueprint.gives(shapes.LoopHealthOut, example=examples.LOOP_HEALTH)
def get_loop_health(asked: dict[str, Any]) -> Any:
    """Read how well the loop is closed

    By board, tag, segment, company and period. For the team; of a company for administrators.
    """
    return shapes.loop_health(loop_health.measure(scope.of_team(api.member(), asked)))


@blueprint.route("/insights")
@blueprint.needs("people:read")
@blueprint.asks(InsightsQuery)
@blueprint.gives(dashboard_shapes.InsightsOut, example=examples.INSIGHTS)
def get_insights(asked: dict[str, Any]) -> Any:
    """Read figures over time

    What came in, what went out and who takes part, in parts of a period, by board, tag, segment and company. Of boards
    with very many votes the figures are up to an hour old. For the team; of a company for administrators.
    """
    by = asked.pop("by")
    return dashboard_shapes.insights(dashboard.measure(scope.of_team(api.member(), asked), by))


@blueprint.route("/insights/<slug:figure>")
@blueprint.needs("people:read")
@blueprint.asks(CountedQuery)
@blueprint.gives(list_of(dashboard_shapes.CountedRowOut), example={"data": [examples.COUNTED], "next": None})
def list_counted(asked: dict[str, Any], figure: str) -> Any:
    """List what a figure counts

    The rows behind it, as many as it says, in the same period or a part of it. For the team.
    """
    limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
    within = scope.of_rows(api.member(), asked)
    if figure not in set(Figure):
        raise NotFound(_("There is no such figure."))
    return api.listed(behind.rows(within, Figure(figure), limit=limit, cursor=cursor), dashboard_shapes.row)


@blueprint.route("/boards/<slug:slug>/loop-health")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.BoardHealthOut, example=examples.BOARD_HEALTH)
def get_board_health(slug: str) -> Any:
    """Read how a board answers

    Over its last year, for everybody who sees the board.
    """
    row = queries.get_board(api.reader(), slug)
    return shapes.board_health(loop_health.measure_in_public(scope.of_public(row)))
