"""What programs are shown of the roadmap."""

from __future__ import annotations

from marshmallow import fields

from ideas.api import OutSchema
from ideas.boards.roadmap import Item
from ideas.boards.schemas_out import IdeaNamed, Shape, StageOut, idea_path
from ideas.schemas import UtcTime, when
from ideas.settings import absolute


class RoadmapItemOut(OutSchema):
    """An idea that is planned, being made, or there."""

    idea = fields.Nested(IdeaNamed)
    board = fields.String(metadata={"description": "Slug of the board."})
    status = fields.Nested(StageOut)
    vote_count = fields.Integer()
    date = fields.Date(allow_none=True, metadata={"description": "When it is planned for, as people were told."})
    answered_at = UtcTime(allow_none=True, metadata={"description": "When the answer that stands was given."})
    said = fields.String(metadata={"description": "The first words of that answer."})


def roadmap_item(item: Item) -> Shape:
    return {
        "idea": {"id": item.id, "title": item.title, "url": absolute(idea_path(item))},
        "board": item.board.slug,
        "status": {"slug": item.status.slug, "name": item.status.name, "stage": item.status.stage},
        "vote_count": item.vote_count,
        "date": item.day.isoformat() if item.day else None,
        "answered_at": when(item.answered_at),
        "said": item.said,
    }
