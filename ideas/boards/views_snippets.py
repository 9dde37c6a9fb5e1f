"""Snippets: texts that teams use often in answers, kept on pages of their own."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import phrasing, queries
from ideas.boards.forms import SnippetEditForm, SnippetForm
from ideas.boards.models_snippets import Snippet
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("snippets", __name__, template_folder="templates")


@bp.get("/team/snippets")
def all_snippets() -> ResponseReturnValue:
    phrasing.require_somewhere(signin.member())
    return render_template("boards/snippets.html", snippets=phrasing.all_for(signin.member()))


@bp.route("/team/snippets/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    phrasing.require_somewhere(signin.member())
    form = SnippetForm()
    form.offer([row.board for row in queries.list_boards(signin.member()) if row.standing.is_team])
    if not form.validate_on_submit():
        return _draw(form), 422 if form.errors else 200
    try:
        with unit_of_work():
            form.make(signin.member().id, lambda: phrasing.keep(signin.member(), form.loaded).id)
    except ValidationError as error:
        form.show(error)
        return _draw(form), 422
    flash(_("Kept. It is beside every answer that is being written."))
    return redirect(url_for(".all_snippets"), 303)


@bp.route("/team/snippets/<int:snippet_id>", methods=["GET", "POST"])
def edit(snippet_id: int) -> ResponseReturnValue:
    kept = phrasing.get(signin.member(), snippet_id)
    form = SnippetEditForm(name=kept.name, text=kept.text)
    if not form.validate_on_submit():
        return _draw(form, kept), 422 if form.errors else 200
    try:
        with unit_of_work():
            phrasing.change(signin.member(), phrasing.get(signin.member(), snippet_id), form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(form, phrasing.get(signin.member(), snippet_id)), 422
    flash(_("Changed. Answers that were given stay as they are."))
    return redirect(url_for(".all_snippets"), 303)


@bp.post("/team/snippets/<int:snippet_id>/remove")
def remove(snippet_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        phrasing.remove(signin.member(), phrasing.get(signin.member(), snippet_id))
    flash(_("Removed. Answers that were given stay as they are."))
    return redirect(url_for(".all_snippets"), 303)


def _draw(form: SnippetEditForm, kept: Snippet | None = None) -> str:
    return render_template("boards/snippet_form.html", form=form, kept=kept, blanks=phrasing.BLANKS)
