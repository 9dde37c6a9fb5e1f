"""Pictures in texts: taken from the composer, and shown to whoever may read the text."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas import pictures, storage
from ideas.accounts import signin
from ideas.boards import picturing
from ideas.boards.models_pictures import Picture
from ideas.boards.schemas import PictureWords
from ideas.db import unit_of_work
from ideas.errors import DomainError, NotFound
from ideas.http import STATUS, takes_picture
from ideas.settings import current
from ideas.words import _

# Its name says what is in it, so it never changes. Yet not for ever: what the team hides, or its author takes back,
# is out of others' caches by the next day.
PUBLIC = "public, max-age=86400, immutable"
PRIVATE = "private, max-age=3600"
POLICY = "default-src 'none'; sandbox"

bp = Blueprint("pictures", __name__)


@bp.get("/pictures/<name>")
def show(name: str) -> ResponseReturnValue:
    try:
        row, public = picturing.get(None, name), True
    except NotFound:
        row, public = picturing.get(signin.reader(), name), False
    try:
        content = storage.pictures().open(row.name)
    except storage.Missing:
        raise NotFound(_("There is nothing here, or you may not see it.")) from None
    answer = Response(content, content_type=pictures.CONTENT_TYPE)
    answer.headers["Content-Security-Policy"] = POLICY
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Cache-Control"] = PUBLIC if public else PRIVATE
    if public:
        g.same_for_everybody = True
    answer.set_etag(row.name)
    return answer.make_conditional(request)


@bp.post("/pictures")
@takes_picture
def add() -> ResponseReturnValue:
    """For the composer's script: the Markdown that shows the picture, or in plain words why it cannot be taken."""
    try:
        row = _uploaded()
    except ValidationError as error:
        words = " ".join(str(line) for lines in error.messages_dict.values() for line in lines)
        return Response(words, 422, mimetype="text/plain")
    except DomainError as error:
        status = STATUS[next(kind for kind in type(error).__mro__ if kind in STATUS)]
        return Response(error.message, status, mimetype="text/plain")
    answer = jsonify({"markdown": picturing.markdown(row), "url": url_for(".show", name=row.name)})
    answer.status_code = 201
    return answer


def take(form: Any) -> bool:
    """Without scripts a picture comes with the form itself: it is put at the end of the text.

    True when the form is to be shown again: a picture was all that was wanted for now, or it could not be taken.
    """
    wants_picture = "add_picture" in request.form
    sent = request.files.get(pictures.FIELD)
    if signin.reader() is None or not (wants_picture or (sent and sent.filename)):
        return False
    try:
        row = _uploaded()
    except ValidationError as error:
        form.show(error)
        return True
    form.body.data = f"{(form.body.data or '').rstrip()}\n\n{picturing.markdown(row)}".lstrip()
    return wants_picture


def _uploaded() -> Picture:
    owner = signin.member()
    picturing.require_room(owner)
    words = _words()
    made = pictures.taken(_sent(), most_bytes=current().picture_bytes)
    with unit_of_work():
        row = picturing.add(signin.member(), made, alt=words["alt"])
    picturing.keep(made)
    return row


def _words() -> dict[str, Any]:
    """What is said of the picture, judged. Raises ValidationError that names the form's field."""
    try:
        loaded: dict[str, Any] = PictureWords().load({"alt": request.form.get("picture_alt", "")})
    except ValidationError as error:
        raise ValidationError({"picture_alt": error.messages_dict["alt"]}) from None
    return loaded


def _sent() -> bytes:
    """The one file in the field `picture`. Raises ValidationError when there is none, or more."""
    files = [file for file in request.files.getlist(pictures.FIELD) if file.filename]
    if len(files) > 1:
        raise pictures.refused(_("Send one picture at a time."))
    return files[0].read(current().picture_bytes + 1) if files else b""
