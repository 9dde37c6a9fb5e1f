"""Several ideas of the team's list at once: sorted, moved to where they stay open, merged, put into a release."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.backlog import choosing, desk
from ideas.backlog.forms import ChosenForm, EachForm, MergeAllForm, MoveForm, ShipForm
from ideas.boards.models import Stage
from ideas.boards.queries import IdeaRow
from ideas.db import unit_of_work
from ideas.words import _, ngettext

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


@bp.route("/team/backlog/chosen/move", methods=["GET", "POST"])
def move() -> ResponseReturnValue:
    rows = _rows()
    places = choosing.places_of(rows)
    looked_into = next((each for each in places if each.stage == Stage.CONSIDERING), places[0])
    form = MoveForm(status=looked_into.slug)
    form.offer(places, choosing.MOVING)

    def act(actor: User, rows: list[IdeaRow]) -> int:
        choosing.move(actor, rows, **form.loaded)
        return len(rows)

    done = _each(form, rows, act)
    if done is None:
        return _draw_each("move", form, rows)
    flash(ngettext("%(num)s idea is answered.", "%(num)s ideas are answered, each to its own people.", len(rows)))
    return redirect(url_for("desk.backlog"), 303)


@bp.route("/team/backlog/chosen/merge", methods=["GET", "POST"])
def merge() -> ResponseReturnValue:
    rows = _rows()
    choosing.board_of(rows)
    form = MergeAllForm(into=str(max(rows, key=lambda row: row.idea.rank.vote_count).idea.id))
    form.offer(rows)

    def act(actor: User, rows: list[IdeaRow]) -> int:
        choosing.merge(actor, rows, **{name: form.loaded[name] for name in ("into", "text")})
        return int(form.loaded["into"])

    into = _each(form, rows, act)
    if into is None:
        return _draw_each("merge", form, rows, together=choosing.backers_of(rows))
    flash(_("They are one now, and each side is told."))
    return redirect(url_for("boards.idea_by_number", idea_id=into), 303)


@bp.route("/team/backlog/chosen/ship", methods=["GET", "POST"])
def ship() -> ResponseReturnValue:
    rows = _rows()
    form = ShipForm()
    form.offer(choosing.drafts_for(rows))
    release = _each(form, rows, lambda actor, rows: choosing.ship(actor, rows, **form.loaded).id)
    if release is None:
        return _draw_each("ship", form, rows)
    flash(_("They are in the release. Publishing it ships them."))
    return redirect(url_for("releases.by_number", release_id=release), 303)


def _rows() -> list[IdeaRow]:
    return choosing.chosen(signin.member(), _ids())


def _each(form: EachForm, rows: list[IdeaRow], act: Callable[[User, list[IdeaRow]], int]) -> int | None:
    """What `act` made of the ideas, once however often the form is sent; None to draw the form (again)."""
    if not form.validate_on_submit():
        return None
    try:
        with unit_of_work():
            actor = signin.member()
            return form.make(actor.id, lambda: act(actor, _rows()))
    except ValidationError as error:
        form.show(error)
        return None


def _draw_each(what: str, form: EachForm, rows: list[IdeaRow], **page: Any) -> ResponseReturnValue:
    rows = _rows()  # after an error: as they are, not as they were to be
    drawn = render_template(f"backlog/chosen_{what}.html", form=form, rows=rows, **page)
    return drawn, 422 if form.errors or form.own_errors else 200


def _ids() -> list[int]:
    said = (request.form if request.method == "POST" else request.args).getlist("idea")
    return [int(number) for number in said if number.isascii() and number.isdecimal() and len(number) < 10]


def _draw(form: ChosenForm, rows: list[IdeaRow]) -> str:
    return render_template("backlog/chosen.html", form=form, rows=rows)
