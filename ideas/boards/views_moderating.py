"""Pointing things out to the team, asking it to look again, and the team's pages on which all of that waits."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.boards import flagging, labels, moderating, policy, queries, queues, sayings, screening, views
from ideas.boards.errors import AppealClosed
from ideas.boards.forms import AppealForm, FlagForm, HideForm, ReplyForm
from ideas.boards.models import Board, Comment
from ideas.boards.queries import BoardRow, HidingRow, IdeaRow
from ideas.boards.views_back import back_to
from ideas.db import unit_of_work
from ideas.errors import NotFound
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("moderation", __name__, template_folder="templates")


@bp.app_template_global("read_first")
def _read_first(board: Board, since: datetime | None = None, *, comment: bool = False) -> str:
    return sayings.read_first(board, since, comment=comment)


# --- Pointing out ---


@bp.route("/ideas/<int:idea_id>/flag", methods=["GET", "POST"])
def flag_idea(idea_id: int) -> ResponseReturnValue:
    return _flag(queries.get_idea(signin.member(), idea_id), None)


@bp.route("/comments/<int:comment_id>/flag", methods=["GET", "POST"])
def flag_comment(comment_id: int) -> ResponseReturnValue:
    row = queries.get_comment(signin.member(), comment_id)
    return _flag(row.on, row.comment)


def _flag(on: IdeaRow, comment: Comment | None) -> ResponseReturnValue:
    policy.require_flag(on.standing, comment or on.idea)
    form = FlagForm()
    if not form.validate_on_submit():
        page = render_template("boards/flag.html", row=on, comment=comment, form=form)
        return page, 422 if form.is_submitted() else 200
    with unit_of_work():
        on = queries.get_idea(signin.member(), on.idea.id)
        said = queries.get_comment(signin.member(), comment.id).comment if comment else None
        flagging.flag(signin.member(), on, said, **form.loaded)
        back = views.path_of(on)
    flash(_("Thank you. The team looks at it."))
    return redirect(back, 303)


# --- Asking to look again ---


@bp.route("/hidden/<int:hiding_id>", methods=["GET", "POST"])
def hidden(hiding_id: int) -> ResponseReturnValue:
    """Why something was hidden, for its author, who may ask the team once to look again; for the team as well."""
    row = queries.get_hiding(signin.member(), hiding_id)
    form = AppealForm()
    if form.is_submitted() and not row.hiding.takes_appeal:
        flash(str(moderating.APPEAL_CLOSED))
        return redirect(url_for(".hidden", hiding_id=hiding_id), 303)
    if not form.validate_on_submit():
        return _hidden(row, form), 422 if form.is_submitted() else 200
    try:
        with unit_of_work():
            moderating.appeal(signin.member(), queries.get_hiding(signin.member(), hiding_id), **form.loaded)
    except AppealClosed as error:
        flash(error.message)
    else:
        flash(_("The team looks at it again, and you hear what they say."))
    return redirect(url_for(".hidden", hiding_id=hiding_id), 303)


def _hidden(row: HidingRow, form: AppealForm) -> str:
    return render_template("boards/hidden.html", row=row, form=form)


# --- What waits for the team ---


@bp.get("/moderation")
def all_waiting() -> ResponseReturnValue:
    boards = [row for row in queries.list_boards(signin.member()) if row.standing.is_team]
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return _waiting(boards, None)


@bp.get("/boards/<slug>/moderation")
def waiting(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.member(), slug)
    policy.require_team(row.standing)
    return _waiting([row], row)


def _waiting(boards: list[BoardRow], one: BoardRow | None) -> ResponseReturnValue:
    return render_template(
        "boards/moderation.html",
        row=one,
        queue=queues.waiting(boards),
        most=queues.MOST,
        reasons=labels.FLAG_WORDS,
        signals={signal.value: words for signal, words in screening.SENTENCES.items()},
    )


@bp.post("/ideas/<int:idea_id>/flags/dismiss")
def dismiss_idea(idea_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        on = queries.get_idea(signin.member(), idea_id)
        slug = on.idea.board.slug
        flagging.dismiss(signin.member(), on)
    return _done(slug, _("It stays as it is."))


@bp.post("/comments/<int:comment_id>/flags/dismiss")
def dismiss_comment(comment_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_comment(signin.member(), comment_id)
        slug = row.on.idea.board.slug
        flagging.dismiss(signin.member(), row.on, row.comment)
    return _done(slug, _("It stays as it is."))


@bp.post("/hidden/<int:hiding_id>/let-through")
def let_through(hiding_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_hiding(signin.member(), hiding_id)
        slug = row.on.idea.board.slug
        moderating.let_through(signin.member(), row)
    return _done(slug, _("Everybody sees it now, and people are told of it."))


@bp.route("/hidden/<int:hiding_id>/refuse", methods=["GET", "POST"])
def refuse(hiding_id: int) -> ResponseReturnValue:
    row = _ours(hiding_id)
    slug = row.on.idea.board.slug
    form = HideForm()
    if not form.validate_on_submit():
        return _decide(row, form, "refuse"), 422 if form.is_submitted() else 200
    with unit_of_work():
        moderating.refuse(signin.member(), queries.get_hiding(signin.member(), hiding_id), reason=form.loaded["reason"])
    return _done(slug, _("It stays hidden. Its author is told why, and may ask you to look again."))


@bp.route("/hidden/<int:hiding_id>/keep", methods=["GET", "POST"])
def keep(hiding_id: int) -> ResponseReturnValue:
    row = _ours(hiding_id)
    slug = row.on.idea.board.slug
    form = ReplyForm()
    if not form.validate_on_submit():
        return _decide(row, form, "keep"), 422 if form.is_submitted() else 200
    with unit_of_work():
        moderating.uphold(signin.member(), queries.get_hiding(signin.member(), hiding_id), **form.loaded)
    return _done(slug, _("It stays hidden, and its author is told why."))


@bp.post("/hidden/<int:hiding_id>/grant")
def grant(hiding_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_hiding(signin.member(), hiding_id)
        slug = row.on.idea.board.slug
        moderating.grant(signin.member(), row)
    return _done(slug, _("Everybody sees it again, and its author is told."))


def _ours(hiding_id: int) -> HidingRow:
    row = queries.get_hiding(signin.member(), hiding_id)
    policy.require_team(row.on.standing)
    return row


def _decide(row: HidingRow, form: Any, what: str) -> str:
    return render_template("boards/decide.html", row=row, form=form, what=what)


def _done(slug: str, words: str) -> ResponseReturnValue:
    flash(words)
    return back_to(url_for(".waiting", slug=slug))
