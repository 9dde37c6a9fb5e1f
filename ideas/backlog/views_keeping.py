"""Lists of the team that are kept under a name: each has an address of its own."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.backlog import desk, keeping, labels, views_desk
from ideas.backlog.forms import ViewForm
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("desk_views", __name__, template_folder="templates")


@bp.get("/team/backlog/views/<int:view_id>")
def view(view_id: int) -> ResponseReturnValue:
    """The list as it is kept; what the address asks beside stands in its place."""
    kept = keeping.get(signin.member(), view_id)
    return views_desk.show(url_for(".view", view_id=view_id), kept)


@bp.route("/team/backlog/views/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    desk.boards_of(signin.member())
    form = ViewForm(list=request.query_string.decode("ascii", "replace"))
    if request.method != "POST":
        return _draw(form)
    if not form.validate_on_submit():
        return _draw(form), 422
    try:
        with unit_of_work():
            view_id = form.make(signin.member().id, lambda: keeping.keep(signin.member(), form.words()).id)
    except ValidationError as error:
        form.show(error)
        return _draw(form), 422
    flash(_("Kept under an address of its own."))
    return redirect(url_for(".view", view_id=view_id), 303)


@bp.route("/team/backlog/views/<int:view_id>/edit", methods=["GET", "POST"])
def edit(view_id: int) -> ResponseReturnValue:
    kept = keeping.get(signin.member(), view_id)
    keeping.require_own(signin.member(), kept)
    form = ViewForm(**ViewForm.saying(kept, request.query_string.decode("ascii", "replace")))
    if request.method != "POST":
        return _draw(form, kept)
    if not form.validate_on_submit():
        return _draw(form, kept), 422
    with unit_of_work():
        keeping.change(signin.member(), keeping.get(signin.member(), view_id), form.words())
    flash(_("Changed."))
    return redirect(url_for(".view", view_id=view_id), 303)


@bp.post("/team/backlog/views/<int:view_id>/remove")
def remove(view_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        keeping.remove(signin.member(), keeping.get(signin.member(), view_id))
    flash(_("Removed. The ideas are where they were."))
    return redirect(url_for("desk.backlog"), 303)


def _draw(form: ViewForm, kept: Any = None) -> str:
    return render_template("backlog/view_form.html", form=form, kept=kept, labels=labels, asked=form.asked_in_words())
