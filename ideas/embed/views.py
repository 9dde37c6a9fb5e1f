"""The page on which administrators say how a board is shown on other sites."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import policy, signin
from ideas.boards import boardkeeping, queries
from ideas.boards.models import Board
from ideas.db import unit_of_work
from ideas.embed import publishable
from ideas.embed.forms import SitesForm
from ideas.errors import Conflict
from ideas.forms import ButtonForm
from ideas.settings import absolute
from ideas.words import _

bp = Blueprint("embed", __name__, template_folder="templates")


def _board(slug: str) -> Board:
    policy.require_admin(signin.member())
    return queries.get_board(signin.member(), slug).board


@bp.route("/manage/boards/<slug>/embed", methods=["GET", "POST"])
def show(slug: str) -> ResponseReturnValue:
    board = _board(slug)
    form = SitesForm(sites=board.embed_sites)
    if not form.validate_on_submit():
        return _draw(board, form), 422 if form.errors else 200
    with unit_of_work():
        boardkeeping.edit(signin.member(), _board(slug), {"embed_sites": form.loaded["sites"]})
    flash(_("Saved."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/keys")
def make_key(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    try:
        with unit_of_work():
            publishable.make(signin.member(), _board(slug))
    except Conflict as error:
        flash(error.message, "problem")
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/keys/<int:key_id>/revoke")
def revoke_key(slug: str, key_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        publishable.revoke(signin.member(), _board(slug), key_id)
    flash(_("That key works no more."))
    return _back(slug)


def _draw(board: Board, form: SitesForm) -> str:
    keys = publishable.of(board)
    line = (
        f'<script src="{absolute("/embed/v1.js")}" data-board="{board.slug}" data-key="{keys[0].token}" async></script>'
        if keys
        else ""
    )
    return render_template("embed/settings.html", board=board, form=form, keys=keys, line=line)


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".show", slug=slug), 303)
