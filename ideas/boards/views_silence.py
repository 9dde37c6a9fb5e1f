"""Do you still want it? Where people say so, signed in or by a link from mail."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.boards import overdue, queries, silence, views
from ideas.boards.forms import WantedForm
from ideas.boards.queries import IdeaRow
from ideas.db import unit_of_work
from ideas.http import open_to_all_origins
from ideas.words import _

bp = Blueprint("silence", __name__, template_folder="templates")


@bp.route("/ideas/<int:idea_id>/still-wanted", methods=["GET", "POST"])
def still_wanted(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.member(), idea_id)
    silence.require_asked(signin.member(), row)
    if request.method != "POST":
        return _page(row)
    wanted = WantedForm().loaded_or_raise()["wanted"]
    with unit_of_work():
        person = signin.member()
        silence.say(person, queries.get_idea(person, idea_id), wanted=wanted)
    flash(_done(wanted=wanted))
    return redirect(views.path_of(row), 303)


@bp.get("/still-wanted/<token>")
def still_wanted_page(token: str) -> ResponseReturnValue:
    """Shows what can be said and changes nothing: mail scanners follow links."""
    linked = overdue.by_token(token)
    silence.require_asked(linked.person, linked.on)
    return _page(linked.on, is_linked=True)


@bp.post("/still-wanted/<token>")
@open_to_all_origins
def still_wanted_by_link(token: str) -> ResponseReturnValue:
    """Says it without signing in: the link is the person's own."""
    overdue.by_token(token)
    # by a link it works without a cookie, and the address itself is the secret
    wanted = WantedForm(meta={"csrf": False}).loaded_or_raise()["wanted"]
    with unit_of_work():
        linked = overdue.by_token(token)
        silence.say(linked.person, linked.on, wanted=wanted)
    return _page(overdue.by_token(token).on, is_linked=True, done=_done(wanted=wanted))


def _done(*, wanted: bool) -> str:
    if wanted:
        return _("Good to know: you are counted among those who still want it.")
    return _("Thank you for saying so. Your vote is taken back; you can vote again at any time.")


def _page(row: IdeaRow, *, is_linked: bool = False, done: str = "") -> str:
    return render_template(
        "boards/still_wanted.html",
        row=row,
        idea=row.idea,
        is_linked=is_linked,
        done=done,
        asked=request.args.get("wanted", ""),
    )
