"""The team's desk as JSON: why an idea has its scores, and what the team thinks of it."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import Blueprint, ListQuery, list_of
from ideas.backlog import api_examples as examples
from ideas.backlog import asking, desk, estimating, explaining
from ideas.backlog import schemas_out as shapes
from ideas.backlog.schemas import EstimateWords
from ideas.boards import queries
from ideas.db import unit_of_work

blueprint = Blueprint("backlog", __name__, about="The team's ranked list, and scores that explain themselves.")


class BacklogWanted(ListQuery, asking.AskedQuery):
    """Which ideas of the team's list, and in which order."""


@blueprint.route("/backlog")
@blueprint.needs("people:read")
@blueprint.asks(BacklogWanted)
@blueprint.gives(list_of(shapes.LineOut), example=examples.page(examples.LINE))
def list_backlog(asked: dict[str, Any]) -> Any:
    """List the backlog

    Every idea you may answer, hidden ones too, by any of its scores. For the team.
    """
    limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
    page = desk.lines(desk.open_for(api.member()), asking.asked(asked), limit=limit, cursor=cursor)
    return api.listed(page, shapes.line)


@blueprint.route("/ideas/<id:idea_id>/scores")
@blueprint.needs("people:read")
@blueprint.gives(shapes.ScoresOut, example=examples.SCORES)
def get_scores(idea_id: int) -> Any:
    """Read the scores of an idea

    Each with its formula and what goes into it, from the votes as they are now. For the team.
    """
    return _scores(idea_id)


@blueprint.route("/ideas/<id:idea_id>/estimate", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(EstimateWords, example=examples.ESTIMATE_WORDS)
@blueprint.gives(shapes.ScoresOut, example=examples.SCORES)
def put_estimate(words: dict[str, Any], idea_id: int) -> Any:
    """Say what an idea reaches, changes and costs

    In place of what was said before; each number with its source. Its priority is counted at once. For the team.
    """
    with unit_of_work():
        estimating.say(api.member(), queries.get_idea(api.member(), idea_id), words)
    return _scores(idea_id)


@blueprint.route("/ideas/<id:idea_id>/estimate", method="DELETE")
@blueprint.needs("answers:write")
@blueprint.gives_nothing
def remove_estimate(idea_id: int) -> None:
    """Remove the estimate of an idea

    It has no priority then. For the team.
    """
    with unit_of_work():
        estimating.unsay(api.member(), queries.get_idea(api.member(), idea_id))


def _scores(idea_id: int) -> shapes.Shape:
    return shapes.scores(idea_id, explaining.explain(api.member(), queries.get_idea(api.member(), idea_id)))
