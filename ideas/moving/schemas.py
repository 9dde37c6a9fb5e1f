"""What administrators say about a file that they send, and about an export."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates, validates_schema

from ideas.moving.formats import FORMATS
from ideas.moving.readers_csv import EmailPattern
from ideas.moving.writing import Shape
from ideas.schemas import AppSchema, Line
from ideas.words import _


class SentFile(AppSchema):
    """From which system a file comes, and to which board."""

    format = fields.Str(required=True, validate=validate.OneOf(list(FORMATS)))
    board = Line(longest=60, load_default="")
    email_pattern = Line(longest=200, load_default="")

    @validates("email_pattern")
    def _pattern(self, value: str, **_kwargs: Any) -> None:
        if value:
            try:
                EmailPattern.parse(value)
            except ValueError as error:
                raise ValidationError(str(error)) from None

    @validates_schema
    def _needs_board(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if FORMATS[data["format"]].needs_board and not data["board"]:
            raise ValidationError(_("Choose the board that takes them."), "board")


class ExportWords(AppSchema):
    """What goes out, and how it is written."""

    shape = fields.Enum(Shape, by_value=True, load_default=Shape.NDJSON)
    only_board = Line(longest=60, load_default="")
    with_addresses = fields.Bool(load_default=False)
