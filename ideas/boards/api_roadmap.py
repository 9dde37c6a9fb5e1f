"""The roadmap as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import READ, Blueprint, list_of
from ideas.boards import api_examples as examples
from ideas.boards import queries, roadmap
from ideas.boards import schemas_out_roadmap as shapes
from ideas.paging import Page
from ideas.schemas import AppSchema, Slug

blueprint = Blueprint("roadmap", __name__, about="What is planned, being made and there, with its dates.")


class Where(AppSchema):
    """Of which boards."""

    board = Slug(metadata={"description": "Slug of the board; left out: every board in lists."})


@blueprint.route("/roadmap")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(Where)
@blueprint.gives(list_of(shapes.RoadmapItemOut), example=examples.page(examples.ROADMAP_ITEM))
def get_roadmap(asked: dict[str, Any]) -> Any:
    """Read the roadmap

    What is planned, then what is being made, then what is there; at most 30 of each, all on one page. What is to come
    stands in the order of its dates, and what has none behind it, the most wanted first; what is there, the latest
    first.
    """
    reader = api.reader()
    slug = asked.get("board")
    boards = [queries.get_board(reader, slug)] if slug else queries.list_boards(reader)
    items = [item for column in roadmap.of(reader, boards) for item in column.items]
    return api.listed(Page(items, None), shapes.roadmap_item)
