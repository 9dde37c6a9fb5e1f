"""Did it solve your need? Where people say so, signed in or by a link from mail, and the team reads it and goes on."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.boards import labels, outcomes, policy, queries, sayings, solving, views
from ideas.boards.forms import SolvedForm, SwitchForm
from ideas.boards.models_solving import Helped
from ideas.boards.outcomes import AskedRow
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.http import open_to_all_origins
from ideas.paging import PAGE
from ideas.words import _, ngettext

bp = Blueprint("asking", __name__, template_folder="templates")


# --- Saying whether it helped ---


@bp.route("/ideas/<int:idea_id>/solved", methods=["GET", "POST"])
def solved(idea_id: int) -> ResponseReturnValue:
    row = outcomes.get_own(signin.member(), idea_id)
    form = _form(row)
    if not form.validate_on_submit():
        return _page(row, form), 422 if form.is_submitted() else 200
    with unit_of_work():
        person = signin.member()
        solving.say(person, outcomes.get_own(person, idea_id), **form.loaded)
    flash(_("Thank you. The team reads it, and you can change it here at any time."))
    return redirect(views.path_of(row.on), 303)


@bp.get("/solved/<token>")
def solved_page(token: str) -> ResponseReturnValue:
    """Shows what can be said and changes nothing: mail scanners follow links."""
    row = outcomes.by_token(token)
    return _page(row, _form(row, is_linked=True), is_linked=True)


@bp.post("/solved/<token>")
@open_to_all_origins
def solved_by_link(token: str) -> ResponseReturnValue:
    """Says it without signing in: the link is the person's own."""
    row = outcomes.by_token(token)
    form = _form(row, is_linked=True)
    if not form.validate_on_submit():
        return _page(row, form, is_linked=True), 422
    with unit_of_work():
        row = outcomes.by_token(token)
        solving.say(row.solved.user, row, **form.loaded)
    row = outcomes.by_token(token)
    return _page(row, _form(row, is_linked=True, fresh=True), is_linked=True, done=True)


def _form(row: AskedRow, *, is_linked: bool = False, fresh: bool = False) -> SolvedForm:
    """What was said before, or what the button in the mail said."""
    asked = request.args.get("answer", "")
    chosen = asked if asked in set(Helped) and not fresh else row.solved.answer
    # by a link it works without a cookie, and the address itself is the secret
    more: dict[str, Any] = {"meta": {"csrf": False}} if is_linked else {}
    if fresh:
        more["formdata"] = None
    said = row.solved
    return SolvedForm(answer=chosen, words=said.words, may_publish=said.may_publish, show_name=said.show_name, **more)


def _page(row: AskedRow, form: SolvedForm, *, is_linked: bool = False, done: bool = False) -> str:
    return render_template(
        "boards/solved.html", row=row, idea=row.on.idea, form=form, is_linked=is_linked, done=done, say=sayings
    )


# --- The team ---


@bp.get("/ideas/<int:idea_id>/said")
def said(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_team(row.standing)
    page = outcomes.what_they_said(row, limit=PAGE, cursor=request.args.get("cursor"))
    here = url_for(".said", idea_id=idea_id)
    return render_template(
        "boards/said.html",
        row=row,
        idea=row.idea,
        outcome=outcomes.of_idea(row),
        page=page,
        words=labels.HELPED_WORDS,
        say=sayings,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
    )


@bp.post("/solved/<int:solved_id>/story")
def story(solved_id: int) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    with unit_of_work():
        actor = signin.member()
        row = outcomes.get_said(actor, solved_id)
        idea_id = row.on.idea.id
        solving.publish(actor, row, shown=wanted)
    flash(_("Everybody can read it on the idea’s page.") if wanted else _("It is not shown any more."))
    return redirect(url_for(".said", idea_id=idea_id) + f"#said-{solved_id}", 303)


@bp.post("/ideas/<int:idea_id>/follow-up")
def follow_up(idea_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        actor = signin.member()
        idea = solving.follow_up(actor, queries.get_idea(actor, idea_id))
        new_id = idea.id
    count = queries.get_idea(actor, new_id).idea.rank.vote_count
    flash(
        ngettext(
            "This goes on with it. %(num)s person for whom it was not solved backs it, and is told.",
            "This goes on with it. %(num)s people for whom it was not solved back it, and are told.",
            count,
        )
    )
    return redirect(url_for("boards.idea_by_number", idea_id=new_id), 303)
