"""Several ideas of the team's list at once: sorted by tags, given an owner. No word to anybody is said so."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.backlog import choosing, desk
from ideas.backlog.forms import ChosenForm
from ideas.boards.queries import IdeaRow
from ideas.db import unit_of_work
from ideas.words import ngettext

bp = Blueprint("chosen", __name__, template_folder="templates")


@bp.route("/team/backlog/chosen", methods=["GET", "POST"])
def chosen() -> ResponseReturnValue:
    opened = desk.open_for(signin.member())
    rows = choosing.chosen(signin.member(), _ids())
    form = ChosenForm()
    form.offer(opened.one_each("tag"), opened.team)
    if not form.validate_on_submit():
        return _draw(form, rows), 422 if form.errors else 200
    try:
        with unit_of_work():
            actor = signin.member()
            choosing.change(actor, choosing.chosen(actor, _ids()), **form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(form, choosing.chosen(signin.member(), _ids())), 422
    flash(ngettext("%(num)s idea is sorted.", "%(num)s ideas are sorted.", len(rows)))
    return redirect(url_for("desk.backlog"), 303)


def _ids() -> list[int]:
    said = (request.form if request.method == "POST" else request.args).getlist("idea")
    return [int(number) for number in said if number.isascii() and number.isdecimal() and len(number) < 10]


def _draw(form: ChosenForm, rows: list[IdeaRow]) -> str:
    return render_template("backlog/chosen.html", form=form, rows=rows)
