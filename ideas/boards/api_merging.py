"""Ideas that are one, as JSON: merged, taken apart, and what was merged when and why."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ideas import api
from ideas.api import READ, Blueprint, list_of
from ideas.boards import api_examples as examples
from ideas.boards import merging, parts, policy, queries
from ideas.boards import schemas_out_merging as shapes
from ideas.boards.schemas import NewMerge, UnmergeWords, WhichMerge
from ideas.boards.schemas_out import Shape
from ideas.db import unit_of_work
from ideas.errors import NotFound
from ideas.paging import Page
from ideas.words import _

blueprint = Blueprint("merges", __name__, about="Ideas that are the same become one, by a link that can be taken back.")


@blueprint.route("/ideas/<id:idea_id>/merges")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(list_of(shapes.MergeOut), example=examples.page(examples.MERGE))
def list_merges(idea_id: int) -> Any:
    """List the merges of an idea

    What became part of it and what it became part of, the latest first, also what was taken apart again; at most 100.
    """
    on = queries.get_idea(api.reader(), idea_id)
    return api.listed(Page(parts.merges_of(on), None), shapes.merge)


@blueprint.route("/ideas/<id:idea_id>/merge/preview")
@blueprint.needs("answers:write")
@blueprint.may_answer(HTTPStatus.CONFLICT)
@blueprint.asks(WhichMerge)
@blueprint.gives(shapes.MergePreviewOut, example=examples.MERGE_PREVIEW)
def preview_merge(asked: dict[str, Any], idea_id: int) -> Any:
    """See what a merge would do

    How many people would back the two as one, and whom the news would reach. Refused as the merge itself would be;
    nothing is changed.
    """
    on = queries.get_idea(api.member(), idea_id)
    policy.require_team(on.standing)
    policy.require_unmerged(on.idea)
    into = parts.chosen(on, asked["into"])
    merging.require_fitting(on, into)
    return shapes.merge_preview(on.idea, into.idea, parts.together(on, into))


@blueprint.route("/ideas/<id:idea_id>/merge", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(NewMerge, example=examples.NEW_MERGE)
@blueprint.gives(shapes.MergeOut, status=201, example=examples.MERGE)
def merge_idea(words: dict[str, Any], idea_id: int) -> Any:
    """Merge an idea into another

    Votes, comments and follows stay where they were made and count for the other, each person once. Both sides are told
    after the settle time.
    """
    with unit_of_work():
        on = queries.get_idea(api.member(), idea_id)
        merge_id = merging.merge(api.member(), on, parts.chosen(on, words["into"]), text=words["text"]).id
    return api.created(_merge(idea_id, merge_id), f"/ideas/{idea_id}/merges")


@blueprint.route("/ideas/<id:idea_id>/unmerge", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(UnmergeWords, example=examples.MERGE_END)
@blueprint.gives(shapes.MergeOut, example=examples.ENDED_MERGE)
def unmerge_idea(words: dict[str, Any], idea_id: int) -> Any:
    """Take a merged idea apart

    Each is then what it would be without the merge. Before the merge is announced nobody hears of either; afterwards a
    text is needed, and both sides are told.
    """
    with unit_of_work():
        merge_id = merging.unmerge(api.member(), queries.get_idea(api.member(), idea_id), text=words["text"]).id
    return _merge(idea_id, merge_id)


def _merge(idea_id: int, merge_id: int) -> Shape:
    found = [row for row in parts.merges_of(queries.get_idea(api.reader(), idea_id)) if row.id == merge_id]
    if not found:
        raise NotFound(_("There is no such merge, or you may not see it."))
    return shapes.merge(found[0])
