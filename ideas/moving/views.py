"""The pages on which administrators take things over from other systems, and take everything along."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import policy, signin
from ideas.boards.models import Board
from ideas.db import db, unit_of_work
from ideas.errors import Conflict
from ideas.forms import ButtonForm, SchemaForm
from ideas.http import takes_file
from ideas.moving import handing_out, running
from ideas.moving.formats import FORMATS
from ideas.moving.forms import ExportForm, SendForm
from ideas.moving.labels import BECAME_WORDS, KIND_WORDS, STATE_WORDS
from ideas.words import _

bp = Blueprint("moving", __name__, template_folder="templates")


@bp.route("/manage/moving", methods=["GET", "POST"])
@takes_file(running.SENT_MOST)
def home() -> ResponseReturnValue:
    policy.require_admin(signin.member())
    form = SendForm(_boards())
    if request.method != "POST":
        return _draw(form)
    sent = request.files.get("file")
    is_fine = form.validate_on_submit()
    if sent is None or not sent.filename:
        return _draw(form, wrong=_("Choose a file first.")), 422
    if not is_fine:
        return _draw(form), 422
    words = form.loaded
    with unit_of_work():
        board = _board(words["board"])
        made = running.send(
            signin.member(), words["format"], board, sent.stream, sent.filename, running.options_of(words)
        ).id
    return redirect(url_for(".show", import_id=made), 303)


@bp.get("/manage/moving/<int:import_id>")
def show(import_id: int) -> ResponseReturnValue:
    sent = running.get(signin.member(), import_id)
    words = {"kinds": KIND_WORDS, "became": BECAME_WORDS, "states": STATE_WORDS, "formats": FORMATS}
    return render_template("moving/import.html", sent=sent, report=sent.report, **words)


@bp.post("/manage/moving/<int:import_id>/begin")
def begin(import_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    try:
        with unit_of_work():
            running.begin(signin.member(), import_id, skip_refused=request.form.get("skip") == "1")
    except Conflict as error:
        flash(error.message)
    return redirect(url_for(".show", import_id=import_id), 303)


@bp.post("/manage/moving/<int:import_id>/discard")
def discard(import_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    try:
        with unit_of_work():
            running.discard(signin.member(), import_id)
    except Conflict as error:
        flash(error.message)
        return redirect(url_for(".show", import_id=import_id), 303)
    flash(_("The file is thrown away."))
    return redirect(url_for(".home"), 303)


@bp.post("/manage/moving/export")
def export() -> ResponseReturnValue:
    """A zip of everything, made while it is sent: a site may be larger than any file that we would keep."""
    policy.require_admin(signin.member())
    form = ExportForm(_boards())
    if not form.validate_on_submit():
        return _draw(SendForm(_boards(), formdata=None), export_form=form), 422
    words = form.loaded
    with unit_of_work():
        board = _board(words["only_board"])
        scope = handing_out.allow(signin.member(), board, with_addresses=words["with_addresses"])
    answer = Response(stream_with_context(handing_out.zipped(words["shape"], scope)), mimetype="application/zip")
    name = words["only_board"] or "everything"
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}-{words["shape"].value}.zip"'
    return answer


def _draw(form: SchemaForm, *, wrong: str = "", export_form: SchemaForm | None = None) -> str:
    if wrong:
        form.linked_errors = [("file", wrong)]
    return render_template(
        "moving/home.html",
        form=form,
        wrong=wrong,
        export_form=export_form or ExportForm(_boards(), formdata=None),
        newest=running.newest(signin.member()),
        states=STATE_WORDS,
        formats=FORMATS,
        most=running.SENT_MOST // 2**20,
    )


def _boards() -> list[tuple[str, str]]:
    rows = db.session.execute(sa.select(Board.slug, Board.name).order_by(Board.name, Board.id))
    return [(row.slug, row.name) for row in rows]


def _board(slug: str) -> Board | None:
    return db.session.scalar(sa.select(Board).where(Board.slug == slug)) if slug else None
