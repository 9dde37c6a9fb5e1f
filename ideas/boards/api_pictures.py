"""Pictures for texts, sent by programs."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import ValidationError
from werkzeug.exceptions import UnsupportedMediaType

from ideas import api, pictures
from ideas.api import Blueprint
from ideas.boards import api_examples as examples
from ideas.boards import picturing
from ideas.boards import schemas_out as shapes
from ideas.boards.schemas import PictureWords
from ideas.db import unit_of_work
from ideas.http import takes_picture
from ideas.settings import current
from ideas.words import _
from ideas.wrong import unknown_field

blueprint = Blueprint("pictures", __name__, about="Pictures for ideas and comments, encoded anew without metadata.")

_BODY: dict[str, Any] = {
    "required": True,
    "description": "The file itself with its content type, or a form with the file in the field “picture”.",
    "content": {
        **{kind: {"schema": {"type": "string", "format": "binary"}} for kind in pictures.TYPES},
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": [pictures.FIELD],
                "properties": {pictures.FIELD: {"type": "string", "format": "binary"}},
                "additionalProperties": False,
            }
        },
    },
}


@blueprint.route("/pictures", method="POST")
@blueprint.needs("pictures:write")
@blueprint.asks(PictureWords)
@blueprint.gives(shapes.PictureOut, status=201, example=examples.PICTURE)
@blueprint.takes_file(_BODY)
@takes_picture
def post_picture(asked: dict[str, Any]) -> Any:
    """Upload a picture

    JPEG, PNG, WebP or GIF, of which the first frame is taken. It becomes a WebP of at most 1600 pixels on its longer
    side, without metadata. Put “markdown” into the body of an idea or a comment within a day.
    """
    owner = api.member()
    picturing.require_room(owner)
    made = pictures.taken(_sent(), most_bytes=current().picture_bytes)
    with unit_of_work():
        row = picturing.add(api.member(), made, alt=asked["alt"])
    picturing.keep(made)
    # no Location: what may read a picture is its page, and that is “url”
    return shapes.picture(row)


def _sent() -> bytes:
    if request.mimetype in pictures.TYPES:
        return request.get_data()
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType(_("Send a picture: image/jpeg, image/png, image/webp, image/gif or a form."))
    wrong = [name for name in (*request.form, *request.files) if name != pictures.FIELD]
    if wrong:
        raise ValidationError({wrong[0]: [unknown_field()]})
    files = request.files.getlist(pictures.FIELD)
    if len(files) != 1:
        raise pictures.refused(_("Send one picture at a time."))
    content: bytes = files[0].read(current().picture_bytes + 1)
    return content
