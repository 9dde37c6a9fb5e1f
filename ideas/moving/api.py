"""Imports and exports as JSON: what the page and the commands do, for programs of administrators."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

from flask import Response, request, stream_with_context
from marshmallow import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from ideas import api, api_repeats
from ideas.accounts import policy
from ideas.api import Blueprint, ListQuery, list_of
from ideas.boards import queries
from ideas.boards.models import Board
from ideas.db import unit_of_work
from ideas.http import takes_file
from ideas.moving import api_examples as examples
from ideas.moving import handing_out, running
from ideas.moving import schemas_out as shapes
from ideas.moving.schemas import BeginWords, ExportQuery, SentByProgram
from ideas.moving.writing import Shape
from ideas.words import _
from ideas.wrong import unknown_field

IMPORT = "imports:write"
EXPORT = "export:read"
FIELD = "file"
LINES = "application/x-ndjson"
# what a file is called whose sender says no name: its ending tells how it is read
NAMES = {
    "application/zip": "sent.zip",
    "application/gzip": "sent.gz",
    "text/csv": "sent.csv",
    LINES: "sent.ndjson",
    "application/octet-stream": "sent",
}
IN_MEMORY = 2**20

_BINARY = {"type": "string", "format": "binary"}
_BODY: dict[str, Any] = {
    "required": True,
    "description": f"The file itself, up to {running.SENT_MOST // 2**20} MiB, or a form with it in “{FIELD}”.",
    "content": {
        **{kind: {"schema": _BINARY} for kind in NAMES},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [FIELD],
                "properties": {FIELD: _BINARY},
                "additionalProperties": False,
            },
        },
    },
}

blueprint = Blueprint("moving", __name__, about="Everything from other systems in, and everything out.")


@blueprint.route("/imports")
@blueprint.needs(IMPORT)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.ImportLineOut), example=examples.LINES)
def list_imports(asked: dict[str, Any]) -> Any:
    """List imports

    The newest first, of the last 30 days. For administrators.
    """
    page = running.page(api.member(), limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.line)


@blueprint.route("/imports", method="POST")
@blueprint.needs(IMPORT)
@blueprint.asks(SentByProgram)
@blueprint.gives(shapes.ImportOut, status=201, example=examples.SENT)
@blueprint.takes_file(_BODY)
@takes_file(running.SENT_MOST)
def send_import(asked: dict[str, Any]) -> Any:
    """Send a file to be imported

    It is read and compared, and nothing changes: read the import until its `state` is `checked`, then begin or discard
    it. For administrators.
    """
    policy.require_admin(api.member())
    with _sent() as (file, name), unit_of_work():
        board, name = _board(asked["board"]), asked["file_name"] or name
        sent_id = running.send(api.member(), asked["format"], board, file, name, running.options_of(asked)).id
    return api.created(_import(sent_id), f"/imports/{sent_id}")


@blueprint.route("/imports/<id:import_id>")
@blueprint.needs(IMPORT)
@blueprint.gives(shapes.ImportOut, example=examples.CHECKED)
def get_import(import_id: int) -> Any:
    """Read an import

    How far it is, and what it changes or changed. For administrators.
    """
    return _import(import_id)


@blueprint.route("/imports/<id:import_id>/begin", method="POST")
@blueprint.needs(IMPORT)
@blueprint.takes(BeginWords, example=examples.BEGIN)
@blueprint.gives(shapes.ImportOut, example=examples.RUNNING)
def begin_import(words: dict[str, Any], import_id: int) -> Any:
    """Import what was compared

    The rest when some rows cannot be taken only if you say so. Nobody is told. For administrators.
    """
    with unit_of_work():
        running.begin(api.member(), import_id, skip_refused=words["skip_refused"])
    return _import(import_id)


@blueprint.route("/imports/<id:import_id>", method="DELETE")
@blueprint.needs(IMPORT)
@blueprint.gives_nothing
def discard_import(import_id: int) -> None:
    """Throw a file away that was not begun

    For administrators.
    """
    with unit_of_work():
        running.discard(api.member(), import_id)


@blueprint.route("/export")
@blueprint.needs(EXPORT)
@blueprint.asks(ExportQuery)
@blueprint.gives_file("application/zip", LINES)
def export(asked: dict[str, Any]) -> Any:
    """Take everything along

    As it is at one moment, made while it is sent: lines of JSON one after the other, or a zip of tables. What stands in
    the guide on imports says what is in it. It is noted who took it. For administrators.
    """
    with unit_of_work():
        policy.require_admin(api.member())
        scope = handing_out.allow(api.member(), _board(asked["board"]), with_addresses=asked["with_addresses"])
    if asked["format"] == Shape.NDJSON:
        return Response(stream_with_context(handing_out.lines(scope)), mimetype=LINES)
    return Response(stream_with_context(handing_out.zipped(Shape.CSV, scope)), mimetype="application/zip")


def _import(import_id: int) -> shapes.Shape:
    return shapes.whole(running.get(api.member(), import_id))


def _board(slug: str) -> Board | None:
    return queries.get_board(api.member(), slug).board if slug else None


@contextmanager
def _sent() -> Iterator[tuple[IO[bytes], str]]:
    """The file that was sent, on disk when it is large, and what it is called. Read before a transaction begins."""
    if request.mimetype != "multipart/form-data":
        if request.mimetype not in NAMES:
            raise UnsupportedMediaType(_("Send a zip, a gzipped file, CSV, lines of JSON or application/octet-stream."))
        was_read = api_repeats.HEADER in request.headers  # to know it again
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as file:
            shutil.copyfileobj(io.BytesIO(request.get_data()) if was_read else request.stream, file)
            if not file.tell():
                raise ValidationError({FIELD: [_("Send a file.")]})
            file.seek(0)
            yield cast(IO[bytes], file), NAMES[request.mimetype]
        return
    wrong = [name for name in (*request.form, *request.files) if name != FIELD]
    if wrong:
        raise ValidationError({wrong[0]: [unknown_field()]})
    files = request.files.getlist(FIELD)
    if len(files) != 1:
        raise ValidationError({FIELD: [_("Send one file at a time.")]})
    yield files[0].stream, files[0].filename or "sent"
