"""How pages ask for what schemas.py judges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas.forms import SchemaForm
from ideas.moving import schemas
from ideas.moving.formats import FORMATS
from ideas.moving.writing import Shape
from ideas.words import lazy


def _boards(none: object, boards: Sequence[tuple[str, str]]) -> list[SelectChoice]:
    return [SelectChoice("", none), *(SelectChoice(slug, name) for slug, name in boards)]


def _text(value: str | None) -> str:
    return value or ""


class SendForm(SchemaForm):
    """A file, where it comes from and where it goes."""

    schema = schemas.SentFile()
    format = SelectField(
        lazy("What wrote it?"), choices=[SelectChoice(name, each.name) for name, each in FORMATS.items()]
    )
    board = SelectField(lazy("Board"), default="")
    statuses = TextAreaField(lazy("What their statuses mean here"), filters=[_text])
    columns = TextAreaField(lazy("Columns called otherwise, of tables alone"), filters=[_text])
    email_pattern = StringField(lazy("Addresses of people, of tables alone"), filters=[_text])

    def __init__(self, boards: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self.board.choices = _boards(lazy("As the file says"), boards)

    @property
    def says_more(self) -> bool:
        """Something is said, or wrong, of what most files do not need."""
        return any(field.data or field.errors for field in (self.statuses, self.columns, self.email_pattern))


class ExportForm(SchemaForm):
    """What goes out."""

    schema = schemas.ExportWords()
    only_board = SelectField(lazy("Which boards?"), default="")
    shape = SelectField(
        lazy("Written as"),
        choices=[SelectChoice(Shape.NDJSON.value, "NDJSON"), SelectChoice(Shape.CSV.value, lazy("Tables (CSV)"))],
    )
    with_addresses = BooleanField(lazy("With people’s e-mail addresses"))

    def __init__(self, boards: Sequence[tuple[str, str]], **options: Any) -> None:
        super().__init__(**options)
        self.only_board.choices = _boards(lazy("All boards"), boards)
