"""What the API shows of imports."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards import schemas_out as boards_shapes
from ideas.moving.formats import FORMATS
from ideas.moving.models_running import Import, State
from ideas.moving.records import Kind
from ideas.moving.running import EXAMPLES_SHOWN, REFUSED_SHOWN
from ideas.moving.verdicts import Became
from ideas.schemas import UtcTime, when

Shape = dict[str, Any]
COUNTED = tuple(each for each in Became if each != Became.PASSED)


class BecameOut(OutSchema):
    """What becomes of the records of a kind, counted."""

    kind = fields.String(validate=validate.OneOf([str(kind) for kind in Kind]))
    new = fields.Integer()
    changed = fields.Integer(metadata={"description": "Something is added to what is here, such as an address."})
    removed = fields.Integer(metadata={"description": "Votes that are taken back."})
    same = fields.Integer()
    differs = fields.Integer(metadata={"description": "Here they say something else, and stay as they are."})
    kept = fields.Integer(metadata={"description": "Votes that are left to whoever decided here since."})
    refused = fields.Integer()


class ImportDifferenceOut(OutSchema):
    """What a field says here, and in the file."""

    field = fields.String()
    here = fields.String()
    there = fields.String()


class ImportExampleOut(OutSchema):
    """One of the first records that are not as what is here."""

    where = fields.String(metadata={"description": "Its line in the file."})
    kind = fields.String(validate=validate.OneOf([str(kind) for kind in Kind]))
    became = fields.String(validate=validate.OneOf([str(became) for became in COUNTED]))
    name = fields.String()
    differences = fields.List(fields.Nested(ImportDifferenceOut))


class RefusedRowOut(OutSchema):
    """A row that cannot be taken."""

    where = fields.String()
    reason = fields.String()


class ImportReportOut(OutSchema):
    """What was found of a file."""

    wrong = fields.String(allow_none=True, metadata={"description": "Why the whole file is refused."})
    read = fields.Integer(allow_none=True, metadata={"description": "Records in it; null if it could not be read."})
    changed = fields.Boolean(metadata={"description": "false: all of it is here already."})
    counts = fields.List(fields.Nested(BecameOut))
    examples = fields.List(
        fields.Nested(ImportExampleOut),
        metadata={"description": f"The first that are not as before, at most {EXAMPLES_SHOWN}."},
    )
    refused = fields.List(fields.Nested(RefusedRowOut), metadata={"description": f"The first {REFUSED_SHOWN}."})
    refused_count = fields.Integer(metadata={"description": "All rows that cannot be taken."})
    ignored = fields.List(fields.String(), metadata={"description": "Columns and fields that nobody reads."})


class ImportLineOut(OutSchema):
    """A file on its way, without what was found of it."""

    id = fields.Integer()
    format = fields.String(validate=validate.OneOf(list(FORMATS)))
    board = fields.String(allow_none=True, metadata={"description": "Slug of the board of what names none."})
    file_name = fields.String()
    state = fields.String(
        validate=validate.OneOf([str(state) for state in State]),
        metadata={"description": "checking → checked → running → done; refused when it cannot be, or nobody began it."},
    )
    done = fields.Integer(metadata={"description": "Records compared while checking, put down while running."})
    total = fields.Integer(metadata={"description": "0 until the file was read."})
    by = fields.Nested(boards_shapes.PersonOut)
    created_at = UtcTime()
    ended_at = UtcTime(allow_none=True)


class ImportOut(ImportLineOut):
    """A file on its way, and what was found of it."""

    statuses = fields.Dict(keys=fields.String(), values=fields.String())
    columns = fields.Dict(keys=fields.String(), values=fields.String())
    email_pattern = fields.String(allow_none=True)
    report = fields.Nested(
        ImportReportOut, allow_none=True, metadata={"description": "null while it is compared at first."}
    )


def line(row: Import) -> Shape:
    return {
        "id": row.id,
        "format": row.format,
        "board": row.board.slug if row.board else None,
        "file_name": row.file_name,
        "state": row.state,
        "done": row.done,
        "total": row.total,
        "by": boards_shapes.person(row.by),
        "created_at": when(row.created_at),
        "ended_at": when(row.ended_at),
    }


def whole(row: Import) -> Shape:
    return {
        **line(row),
        "statuses": row.options.get("statuses") or {},
        "columns": row.options.get("columns") or {},
        "email_pattern": row.options.get("email_pattern"),
        "report": _report(row.report) if row.report else None,
    }


def _report(report: Shape) -> Shape:
    return {
        "wrong": report.get("wrong"),
        "read": report.get("read"),
        "changed": report.get("changed", False),
        "counts": [{"kind": each["kind"], **{name: each[name] for name in COUNTED}} for each in report.get("rows", ())],
        "examples": [_example(each) for each in report.get("examples", ())],
        "refused": report.get("refused", []),
        "refused_count": report.get("refused_count", len(report.get("refused", ()))),
        "ignored": report.get("ignored", []),
    }


def _example(each: Shape) -> Shape:
    pairs = each["differences"].items()
    differences = [{"field": name, "here": pair[0], "there": pair[1]} for name, pair in pairs]
    return {**{name: each[name] for name in ("where", "kind", "became", "name")}, "differences": differences}
