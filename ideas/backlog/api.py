"""The team's desk as JSON: why an idea has its scores, and what the team thinks of it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ideas import api
from ideas.accounts.models_segments import SLUG_LONGEST
from ideas.api import Blueprint, ListQuery, list_of
from ideas.backlog import api_examples as examples
from ideas.backlog import asking, choosing, desk, estimating, explaining, keeping
from ideas.backlog import schemas_out as shapes
from ideas.backlog.schemas import EstimateWords, OwnerWords, TagsWords, ViewEdit, ViewWords
from ideas.boards import listing, policy, posting, queries
from ideas.boards import schemas_out as boards_out
from ideas.boards.schemas import DueWords
from ideas.db import unit_of_work
from ideas.paging import Page
from ideas.schemas import AppSchema, Id, Slug

blueprint = Blueprint("backlog", __name__, about="The team's ranked list, and scores that explain themselves.")


class BacklogWanted(ListQuery, asking.AskedQuery):
    """Which ideas of the team's list, and in which order."""

    view = Id(metadata={"description": "A view's id: what it asks, unless you ask something else, and its weights."})


class ScoresQuery(AppSchema):
    """Whose reach priority counts."""

    segment = Slug(longest=SLUG_LONGEST, metadata={"description": "Slug of a segment; left out: everybody's."})


@blueprint.route("/backlog")
@blueprint.needs("people:read")
@blueprint.asks(BacklogWanted)
@blueprint.gives(list_of(shapes.LineOut), example=examples.page(examples.LINE))
def list_backlog(asked: dict[str, Any]) -> Any:
    """List the backlog

    Every idea you may answer, hidden ones too, by any of its scores. For the team.
    """
    limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
    wanted = asking.asked(asked)
    if "view" in asked:
        view = keeping.get(api.member(), asked["view"])
        wanted = asking.kept_or_said(view.asked, asking.said(asked), keeping.weights_of(view))
    page = desk.lines(desk.open_for(api.member()), wanted, limit=limit, cursor=cursor)
    return api.listed(page, shapes.line)


@blueprint.route("/backlog/views")
@blueprint.needs("people:read")
@blueprint.gives(list_of(shapes.ViewOut), example=examples.page(examples.VIEW))
def list_views() -> Any:
    """List the views of the backlog

    Yours and those that are shared, by name. For the team.
    """
    desk.boards_of(api.member())
    return api.listed(Page(keeping.all_for(api.member()), None), shapes.view)


@blueprint.route("/backlog/views", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(ViewWords, example=examples.VIEW_WORDS)
@blueprint.gives(shapes.ViewOut, status=201, example=examples.VIEW)
def keep_view(words: dict[str, Any]) -> Any:
    """Keep a view of the backlog

    What the list is asked for, its columns, and the points by which it goes. For the team.
    """
    with unit_of_work():
        view_id = keeping.keep(api.member(), words).id
    return api.created(_view(view_id), f"/backlog/views/{view_id}")


@blueprint.route("/backlog/views/<id:view_id>")
@blueprint.needs("people:read")
@blueprint.gives(shapes.ViewOut, example=examples.VIEW)
def get_view(view_id: int) -> Any:
    """Read a view of the backlog"""
    return _view(view_id)


@blueprint.route("/backlog/views/<id:view_id>", method="PATCH")
@blueprint.needs("answers:write")
@blueprint.takes(ViewEdit, example=examples.VIEW_EDIT)
@blueprint.gives(shapes.ViewOut, example=examples.VIEW)
def edit_view(words: dict[str, Any], view_id: int) -> Any:
    """Change a view of the backlog

    What is left out stays. For its owner, and of a shared one for administrators.
    """
    with unit_of_work():
        keeping.change(api.member(), keeping.get(api.member(), view_id), words)
    return _view(view_id)


@blueprint.route("/backlog/views/<id:view_id>", method="DELETE")
@blueprint.needs("answers:write")
@blueprint.gives_nothing
def remove_view(view_id: int) -> None:
    """Remove a view of the backlog

    For its owner, and of a shared one for administrators.
    """
    with unit_of_work():
        keeping.remove(api.member(), keeping.get(api.member(), view_id))


@blueprint.route("/ideas/<id:idea_id>/scores")
@blueprint.needs("people:read")
@blueprint.may_answer(HTTPStatus.CONFLICT)
@blueprint.asks(ScoresQuery)
@blueprint.gives(shapes.ScoresOut, example=examples.SCORES)
def get_scores(asked: dict[str, Any], idea_id: int) -> Any:
    """Read the scores of an idea

    Each with its formula and what goes into it, from the votes as they are now. For the team.
    """
    return _scores(idea_id, asked.get("segment"))


@blueprint.route("/ideas/<id:idea_id>/tags", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(TagsWords, example=examples.TAGS)
@blueprint.gives(shapes.TagsOut, example=examples.TAGS_OUT)
def put_tags(words: dict[str, Any], idea_id: int) -> Any:
    """Sort an idea by tags

    Exactly these, in place of those it had. For the team.
    """
    with unit_of_work():
        posting.retag(api.member(), queries.get_idea(api.member(), idea_id), words["tags"])
    tags = listing.tags_on([idea_id]).get(idea_id, [])
    return {"idea_id": idea_id, "tags": [tag.slug for tag in tags]}


@blueprint.route("/ideas/<id:idea_id>/owner", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(OwnerWords, example=examples.OWNER)
@blueprint.gives(shapes.OwnerOut, example=examples.OWNER_OUT)
def put_owner(words: dict[str, Any], idea_id: int) -> Any:
    """Say who owes an idea its next word

    Somebody of the board's team, or nobody. For the team.
    """
    with unit_of_work():
        row = queries.get_idea(api.member(), idea_id)
        policy.require_team(row.standing)
        choosing.assign(api.member(), [row], words["owner"])
    owner = queries.get_idea(api.member(), idea_id).idea.owner
    return {"idea_id": idea_id, "owner": boards_out.person(owner)}


@blueprint.route("/ideas/<id:idea_id>/due", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(DueWords, example=examples.DUE)
@blueprint.gives(shapes.DueOut, example=examples.DUE_OUT)
def put_due(words: dict[str, Any], idea_id: int) -> Any:
    """Say by when an idea has its next answer

    A day for the team alone; the answer takes it away. For the team.
    """
    with unit_of_work():
        posting.set_due(api.member(), queries.get_idea(api.member(), idea_id), words["due_on"])
    return {"idea_id": idea_id, "due_on": boards_out.day(words["due_on"])}


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


def _scores(idea_id: int, segment: str | None = None) -> shapes.Shape:
    row = queries.get_idea(api.member(), idea_id)
    return shapes.scores(idea_id, explaining.explain(api.member(), row, segment=segment))


def _view(view_id: int) -> shapes.Shape:
    return shapes.view(keeping.get(api.member(), view_id))
