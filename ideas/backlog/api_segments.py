"""Segments as JSON: questions over people and companies that lists, scores and figures are narrowed by."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.accounts.schemas_segments import SegmentEdit, SegmentWords
from ideas.api import Blueprint, list_of
from ideas.backlog import api_examples_segments as examples
from ideas.backlog import schemas_out_segments as shapes
from ideas.backlog import segmenting
from ideas.db import unit_of_work
from ideas.paging import Page

READ, WRITE = "people:read", "people:write"

blueprint = Blueprint("segments", __name__, about="Questions over people and companies that are kept. For the team.")


@blueprint.route("/segments")
@blueprint.needs(READ)
@blueprint.gives(list_of(shapes.SegmentOut), example={"data": [examples.SEGMENT], "next": None})
def list_segments() -> Any:
    """List segments

    All of them by name, each with how many people and companies belong to it. For anybody who is of a team.
    """
    return api.listed(Page(segmenting.all_for(api.member()), None), shapes.segment)


@blueprint.route("/segments", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(SegmentWords, example=examples.WORDS)
@blueprint.gives(shapes.SegmentOut, status=201, example=examples.SEGMENT)
def make_segment(words: dict[str, Any]) -> Any:
    """Keep a segment

    A condition says what it is `about`, what `is` so of it, and a `value` to compare with: `plan`, `company_attribute`
    and `person_attribute` with texts (`is`, `is_not`), `monthly_revenue` and attributes with amounts (`at_least`,
    `at_most`), `renews_on` and `joined` with days (`within_days`, `beyond_days`), `renews_on` also `past`; all but
    `joined`, and `company` too, can be `known` or `unknown`. Who belongs is brought up to date every 15 minutes.
    """
    with unit_of_work():
        segment_id = segmenting.make(api.member(), words).id
    return api.created(_segment(segment_id), f"/segments/{segment_id}")


@blueprint.route("/segments/<id:segment_id>")
@blueprint.needs(READ)
@blueprint.gives(shapes.SegmentOut, example=examples.SEGMENT)
def get_segment(segment_id: int) -> Any:
    """Read a segment"""
    return _segment(segment_id)


@blueprint.route("/segments/<id:segment_id>", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(SegmentEdit, example=examples.EDIT)
@blueprint.gives(shapes.SegmentOut, example=examples.SEGMENT)
def edit_segment(words: dict[str, Any], segment_id: int) -> Any:
    """Change a segment

    What is left out stays, a question is replaced as a whole. For whoever made it and the team of all boards.
    """
    with unit_of_work():
        segmenting.change(api.member(), segmenting.get(api.member(), segment_id), words)
    return _segment(segment_id)


@blueprint.route("/segments/<id:segment_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def remove_segment(segment_id: int) -> None:
    """Remove a segment

    Refused while a view of the backlog asks for it. For whoever made it and the team of all boards.
    """
    with unit_of_work():
        segmenting.remove(api.member(), segmenting.get(api.member(), segment_id))


def _segment(segment_id: int) -> shapes.Shape:
    return shapes.segment(segmenting.get(api.member(), segment_id))
