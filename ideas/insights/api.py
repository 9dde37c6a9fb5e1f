"""Loop health as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import READ, Blueprint
from ideas.boards import queries
from ideas.insights import api_examples as examples
from ideas.insights import loop_health, scope
from ideas.insights import schemas_out as shapes
from ideas.insights.schemas import ScopeQuery

blueprint = Blueprint("insights", __name__, about="How well the loop is closed: who was told, who waits.")


@blueprint.route("/loop-health")
@blueprint.needs("people:read")
@blueprint.asks(ScopeQuery)
@blueprint.gives(shapes.LoopHealthOut, example=examples.LOOP_HEALTH)
def get_loop_health(asked: dict[str, Any]) -> Any:
    """Read how well the loop is closed

    By board, tag, company and period. For the team; of a company for administrators.
    """
    return shapes.loop_health(loop_health.measure(scope.of_team(api.member(), asked)))


@blueprint.route("/boards/<slug:slug>/loop-health")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.BoardHealthOut, example=examples.BOARD_HEALTH)
def get_board_health(slug: str) -> Any:
    """Read how a board answers

    Over its last year, for everybody who sees the board.
    """
    row = queries.get_board(api.reader(), slug)
    return shapes.board_health(loop_health.measure_in_public(scope.of_public(row)))
