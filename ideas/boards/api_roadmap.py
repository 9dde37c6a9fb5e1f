"""The roadmap as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas import api
from ideas.api import READ, Blueprint, OutSchema, list_of
from ideas.boards import api_examples as examples
from ideas.boards import queries, roadmap
from ideas.boards.roadmap import Item
from ideas.boards.schemas_out import IdeaNamed, Shape, StageOut, idea_path
from ideas.paging import Page
from ideas.schemas import AppSchema, Slug, UtcTime, when
from ideas.settings import absolute

blueprint = Blueprint("roadmap", __name__, about="What is planned, being made and there, with its dates.")


class Where(AppSchema):
    """Of which boards."""

    board = Slug(metadata={"description": "Slug of the board; left out: every board in lists."})


class RoadmapItemOut(OutSchema):
    """An idea that is planned, being made, or there."""

    idea = fields.Nested(IdeaNamed)
    board = fields.String(metadata={"description": "Slug of the board."})
    status = fields.Nested(StageOut)
    vote_count = fields.Integer()
    date = fields.Date(allow_none=True, metadata={"description": "When it is planned for, as people were told."})
    answered_at = UtcTime(allow_none=True, metadata={"description": "When the answer that stands was given."})
    said = fields.String(metadata={"description": "The first words of that answer."})


@blueprint.route("/roadmap")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(Where)
@blueprint.gives(list_of(RoadmapItemOut), example=examples.page(examples.ROADMAP_ITEM))
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
    return api.listed(Page(items, None), _shape)


def _shape(item: Item) -> Shape:
    return {
        "idea": {"id": item.id, "title": item.title, "url": absolute(idea_path(item))},
        "board": item.board.slug,
        "status": {"slug": item.status.slug, "name": item.status.name, "stage": item.status.stage},
        "vote_count": item.vote_count,
        "date": item.day.isoformat() if item.day else None,
        "answered_at": when(item.answered_at),
        "said": item.said,
    }
