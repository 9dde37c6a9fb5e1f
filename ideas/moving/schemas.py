"""What administrators say about a file that they send, and about an export."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates, validates_schema

from ideas.moving.formats import FORMATS, TABLES
from ideas.moving.models_running import FILE_NAME_LONGEST
from ideas.moving.readers_csv import EmailPattern
from ideas.moving.writing import Shape
from ideas.schemas import AppSchema, Line, Prose
from ideas.text import cut
from ideas.words import _

PAIRS_MOST = 100


class Pairs(Prose):
    """Lines of `one=other`, as text; loaded as what they say. Raises ValidationError naming the line."""

    def __init__(self, *, sample: str, **options: Any) -> None:
        super().__init__(longest=8_000, **options)
        self.sample = sample

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> Any:
        found: dict[str, str] = {}
        for line in super()._deserialize(value, attr, data, **options).splitlines():
            if not line.strip():
                continue
            first, is_pair, second = (part.strip() for part in line.partition("="))
            if not (first and is_pair and second):
                said = cut(line.strip(), 60)
                raise ValidationError(
                    _("Write each line like %(sample)s, not “%(line)s”.", sample=self.sample, line=said)
                )
            if found.setdefault(first, second) != second:
                raise ValidationError(_("“%(name)s” stands there twice.", name=cut(first, 60)))
        if len(found) > PAIRS_MOST:
            raise ValidationError(_("These are more than %(most)s lines.", most=PAIRS_MOST))
        return found


class SentFile(AppSchema):
    """From which system a file comes, to which board, and what its words mean here."""

    format = fields.Str(required=True, validate=validate.OneOf(list(FORMATS)))
    board = Line(longest=60, load_default="", metadata={"description": "Slug: of what says no board of its own."})
    statuses = Pairs(
        sample="Beta=started",
        load_default=dict,
        metadata={"description": "What their statuses mean here: theirs=ours, slug or stage, a line for each."},
    )
    columns = Pairs(
        sample="title=wish",
        load_default=dict,
        metadata={"description": "Of a table, columns called otherwise: ours=theirs, a line for each."},
    )
    email_pattern = Line(
        longest=200,
        load_default="",
        metadata={"description": "Of a table, addresses of its people, such as voter{voter_id}@example.test."},
    )

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

    @validates_schema
    def _of_tables(self, data: dict[str, Any], **_kwargs: Any) -> None:
        if FORMATS[data["format"]].family == TABLES:
            return
        for name in ("columns", "email_pattern"):
            if data[name]:
                raise ValidationError(_("Only a table of ideas or votes takes this."), name)


class SentByProgram(SentFile):
    """The same, of a file that has no name of its own."""

    file_name = Line(
        longest=FILE_NAME_LONGEST,
        load_default="",
        metadata={"description": "What it is called; its ending, such as .csv.gz, says how it is read."},
    )


class BeginWords(AppSchema):
    """That a file that was compared is put down."""

    skip_refused = fields.Bool(
        load_default=False, metadata={"description": "Take the other rows when some cannot be taken."}
    )


class ExportQuery(AppSchema):
    """What goes out, and how it is written."""

    format = fields.Enum(
        Shape,
        by_value=True,
        load_default=Shape.NDJSON,
        metadata={"description": "ndjson: lines of JSON, each with its kind; csv: a zip with a table of each kind."},
    )
    board = Line(longest=60, load_default="", metadata={"description": "Slug: this board alone."})
    with_addresses = fields.Bool(
        load_default=False,
        metadata={"description": "With people’s e-mail addresses, by which they claim what is theirs."},
    )


class ExportWords(AppSchema):
    """What goes out, and how it is written."""

    shape = fields.Enum(Shape, by_value=True, load_default=Shape.NDJSON)
    only_board = Line(longest=60, load_default="")
    with_addresses = fields.Bool(load_default=False)
