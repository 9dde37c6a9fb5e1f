"""Snippets as they go out."""

from __future__ import annotations

from marshmallow import fields

from ideas.api import OutSchema
from ideas.boards.models_snippets import Snippet
from ideas.boards.schemas_out import Shape, SpeakerOut, speaker
from ideas.schemas import UtcTime, when


class SnippetOut(OutSchema):
    """A text that is used often in answers."""

    id = fields.Integer()
    name = fields.String()
    text = fields.String()
    board = fields.String(allow_none=True, metadata={"description": "The board whose team uses it; null: you alone."})
    by = fields.Nested(SpeakerOut)
    changed_at = UtcTime()


def snippet(row: Snippet) -> Shape:
    return {
        "id": row.id,
        "name": row.name,
        "text": row.text,
        "board": row.board.slug if row.board else None,
        "by": speaker(row.owner),
        "changed_at": when(row.changed_at),
    }
