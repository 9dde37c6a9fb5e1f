"""The form by which somebody makes a private feed."""

from __future__ import annotations

from collections.abc import Sequence

from wtforms import SelectField

from ideas.boards.queries import BoardRow
from ideas.forms import SchemaForm
from ideas.sharing import schemas
from ideas.words import _, lazy


class FeedForm(SchemaForm):
    schema = schemas.FeedWords()
    board = SelectField(lazy("What stands in it"), validate_choice=False)

    def offer(self, boards: Sequence[BoardRow]) -> None:
        own = ("", _("The ideas that you wrote or follow"))
        self.board.choices = [own, *((row.board.slug, row.board.name) for row in boards)]
