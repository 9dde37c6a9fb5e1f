"""Snippets as they come in."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, validates_schema

from ideas.boards.models_snippets import NAME_LONGEST, SNIPPET_LONGEST
from ideas.schemas import AppSchema, Line, Prose, Slug
from ideas.words import _

_TEXT = {"description": "Markdown, with blanks: {{title}}, {{author}}, {{board}} and {{votes}} of the idea."}


class SnippetWords(AppSchema):
    """A text that is used often in answers."""

    name = Line(longest=NAME_LONGEST, required=True)
    text = Prose(longest=SNIPPET_LONGEST, required=True, metadata=_TEXT)
    board = Slug(
        load_default=None,
        allow_none=True,
        metadata={"description": "The board whose team uses it; null: you alone."},
    )


class SnippetEdit(AppSchema):
    """What is changed in a snippet; what is left out stays."""

    name = Line(longest=NAME_LONGEST, metadata={"minLength": 1})
    text = Prose(longest=SNIPPET_LONGEST, metadata={**_TEXT, "minLength": 1})

    @validates_schema
    def _stay_filled_in(self, data: dict[str, Any], **_options: Any) -> None:
        if empty := [name for name in ("name", "text") if data.get(name) == ""]:
            raise ValidationError({name: [_("Please fill this in.")] for name in empty})
