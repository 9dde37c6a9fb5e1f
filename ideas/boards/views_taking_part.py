"""What members do: post, edit, withdraw, vote, follow, mute, comment. A visitor's act is carried through signing in."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas import markup
from ideas.accounts import signin
from ideas.boards import (
    commenting,
    following,
    histories,
    listing,
    policy,
    posting,
    queries,
    sayings,
    views,
    views_pictures,
    views_similar,
    voting,
)
from ideas.boards.errors import Merged
from ideas.boards.forms import CommentEditForm, CommentForm, IdeaForm, NewIdeaForm, SwitchForm
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST
from ideas.boards.queries import BoardRow
from ideas.boards.views_back import Undo, back_to
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.http import takes_picture, wants_part
from ideas.ledger import preferences
from ideas.text import cut, readable
from ideas.words import _, ngettext

bp = Blueprint("taking_part", __name__, template_folder="templates")


# --- Ideas ---


@bp.route("/boards/<slug>/new", methods=["GET", "POST"])
@takes_picture
def new_idea(slug: str) -> ResponseReturnValue:
    reader = signin.reader()
    row = queries.get_board(reader, slug)
    kept = (signin.draft("idea") or {}) if reader else {}
    form = NewIdeaForm(
        title=kept.get("title") or cut(readable(request.args.get("title", "")), TITLE_LONGEST),
        body=kept.get("body"),
        tags=kept.get("tags"),
    )
    form.tags.offer(queries.tags_of(row.board))
    if request.method != "POST":
        return render_template("boards/new_idea.html", **_new(row, form), form=form)
    if "preview" in request.form:
        return _preview("boards/new_idea.html", form, **_new(row, form))
    if views_pictures.take(form):
        return _shown_again("boards/new_idea.html", form, **_new(row, form))
    if not form.validate_on_submit():
        return render_template("boards/new_idea.html", **_new(row, form), form=form), 422
    if reader is None:
        return signin.ask_to_sign_in("idea", {**form.loaded, "board": slug, "back": request.path})
    try:
        with unit_of_work():
            row = queries.get_board(signin.member(), slug)
            author = signin.member()
            idea_id = form.make(author.id, lambda: posting.submit(author, row, **form.loaded, sent=form.sent()).id)
            signin.drop_draft()
    except ValidationError as error:
        form.show(error)
        row = queries.get_board(signin.member(), slug)
        return render_template("boards/new_idea.html", **_new(row, form), form=form), 422
    held = queries.get_idea(author, idea_id).idea.hidden_at is not None
    flash(_waiting() if held else _posted(row.board.answer_within_days))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id), 303)


def _new(row: BoardRow, form: NewIdeaForm) -> dict[str, Any]:
    """The board, and what is there already of what was typed; the preview alone, for a script, does without."""
    alike = [] if wants_part() else views_similar.about_to_say(signin.reader(), row, form.title.data, form.body.data)
    return {"row": row, "found": alike}


def _waiting() -> str:
    return _("The team looks at this before others see it. You find it here, and hear when it is let through.")


def _posted(days: int | None) -> str:
    if days is None:
        return _("Your idea is here for everybody to back. You hear from us when there is an answer.")
    return ngettext(
        "Your idea is here for everybody to back. You hear from us within %(num)s day.",
        "Your idea is here for everybody to back. You hear from us within %(num)s days.",
        days,
    )


@bp.route("/ideas/<int:idea_id>/edit", methods=["GET", "POST"])
@takes_picture
def edit_idea(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_edit(row.standing, row.idea, answered=row.answered)
    now = [tag.slug for tag in listing.tags_on([idea_id]).get(idea_id, [])]
    form = IdeaForm(title=row.idea.title, body=row.idea.body, tags=now)
    form.tags.offer(queries.tags_of(row.idea.board))
    if request.method != "POST":
        return render_template("boards/edit_idea.html", row=row, form=form)
    if "preview" in request.form:
        return _preview("boards/edit_idea.html", form, row=row)
    if views_pictures.take(form):
        return _shown_again("boards/edit_idea.html", form, row=row)
    if not form.validate_on_submit():
        return render_template("boards/edit_idea.html", row=row, form=form), 422
    try:
        with unit_of_work():
            changed = posting.revise(signin.member(), queries.get_idea(signin.member(), idea_id), form.loaded)
    except ValidationError as error:
        form.show(error)
        row = queries.get_idea(signin.member(), idea_id)
        return render_template("boards/edit_idea.html", row=row, form=form), 422
    if changed and queries.get_idea(signin.member(), idea_id).idea.hidden_at is not None:
        flash(_waiting())
    elif changed:
        flash(_("Changed. The earlier version stays in the idea’s history."))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id), 303)


def _shown_again(template: str, form: Any, **page: Any) -> ResponseReturnValue:
    """The form with what became of a picture: it is in the text, or it says why not."""
    return render_template(template, form=form, **page), 422 if form.errors else 200


def _preview(template: str, form: Any, **page: Any) -> ResponseReturnValue:
    """What was typed as it will look; nothing is kept. A script asks for that part alone."""
    typed = form.body.data or ""
    shown = markup.safe(markup.render(typed[:TEXT_LONGEST]))
    if wants_part():
        return render_template("boards/_preview.html", title=form.title.data, shown=shown)
    return render_template(template, form=form, preview=shown, **page)


@bp.route("/ideas/<int:idea_id>/withdraw", methods=["GET", "POST"])
def withdraw(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_edit(row.standing, row.idea, answered=row.answered)
    if request.method != "POST":
        return render_template("boards/withdraw.html", row=row, form=ButtonForm())
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        posting.withdraw(signin.member(), queries.get_idea(signin.member(), idea_id))
    flash(_("You took this idea back. It is in no list any more; what others said here stays readable."))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id), 303)


# --- Votes, following, muting ---


@bp.post("/ideas/<int:idea_id>/vote")
def vote(idea_id: int) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    seen = queries.get_idea(signin.reader(), idea_id)
    if signin.reader() is None:
        back = views.path_of(seen)
        return signin.ask_to_sign_in("vote", {"idea": idea_id, "on": wanted, "title": seen.idea.title, "back": back})
    if wanted:
        count = voting.cast_by(signin.member, idea_id)
    else:
        with unit_of_work():
            count = voting.retract(signin.member(), queries.get_idea(signin.member(), idea_id).idea)
    row = queries.get_idea(signin.member(), idea_id)
    said = vote_in_words(count, on=wanted)
    if wanted and (changed := histories.last_material(row)):
        said = f"{said} {sayings.changed(changed)}"
    if wants_part():
        return render_template("boards/_vote.html", row=row, count=count, said=said, wide="wide" in request.form)
    flash(said)
    return back_to(views.path_of(row))


def vote_in_words(count: int, *, on: bool) -> str:
    if on:
        return ngettext(
            "Your vote counts. %(num)s person wants this.", "Your vote counts. %(num)s people want this.", count
        )
    return ngettext(
        "Your vote is taken back. %(num)s person wants this.",
        "Your vote is taken back. %(num)s people want this.",
        count,
    )


@bp.post("/ideas/<int:idea_id>/follow")
def follow_idea(idea_id: int) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    with unit_of_work():
        row = queries.get_idea(signin.member(), idea_id)
        (following.follow_idea if wanted else following.unfollow_idea)(signin.member(), row.idea)
    flash(_("You hear of everything on this idea.") if wanted else _("You no longer follow this idea."))
    return back_to(views.path_of(row))


@bp.post("/ideas/<int:idea_id>/mute")
def mute_idea(idea_id: int) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    with unit_of_work():
        row = queries.get_idea(signin.member(), idea_id)
        (preferences.mute if wanted else preferences.unmute)(signin.member(), row.idea.subject)
    flash(
        _("You hear nothing more of this idea. What became of it stays on your page.")
        if wanted
        else _("You hear of this idea again.")
    )
    return back_to(views.path_of(row))


@bp.post("/boards/<slug>/follow")
def follow_board(slug: str) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    with unit_of_work():
        row = queries.get_board(signin.member(), slug)
        (following.follow_board if wanted else following.unfollow_board)(signin.member(), row.board)
    flash(_("You hear of every new idea here.") if wanted else _("You no longer follow this board."))
    return back_to(url_for("boards.board", slug=slug))


# --- Comments ---


@bp.post("/ideas/<int:idea_id>/comments")
@takes_picture
def comment(idea_id: int) -> ResponseReturnValue:
    reader = signin.reader()
    row = queries.get_idea(reader, idea_id)
    form = CommentForm()
    if views_pictures.take(form):
        return views.show_idea(row, form, 422 if form.errors else 200)
    if not form.validate_on_submit():
        return views.show_idea(row, form, 422)
    if reader is None:
        details = {"idea": idea_id, "body": form.loaded["body"], "parent_id": form.loaded["parent_id"]}
        return signin.ask_to_sign_in("comment", {**details, "back": views.path_of(row)})
    try:
        with unit_of_work():
            author = signin.member()
            on = queries.get_idea(author, idea_id)
            comment_id = form.make(author.id, lambda: commenting.add(author, on, **form.loaded, sent=form.sent()).id)
            signin.drop_draft()
    except ValidationError as error:
        form.show(error)
        return views.show_idea(queries.get_idea(reader, idea_id), form, 422)
    except Merged as error:
        # what was typed is not lost over it: it stands in the form of the idea that takes comments now
        form.parent_id.data = None
        form.show(ValidationError({"body": [_("That idea is part of this one now. Say it here, if it fits.")]}))
        return views.show_idea(queries.get_idea(reader, error.into_id), form, 409)
    if queries.get_comment(author, comment_id).comment.is_held:
        flash(_waiting())
    about = _("your words on “%(title)s”", title=row.idea.title)
    undo = Undo(url_for(".delete_comment", comment_id=comment_id), [], about, idea_id)
    return back_to(views.path_of(row) + f"#comment-{comment_id}", undo)


@bp.route("/comments/<int:comment_id>/edit", methods=["GET", "POST"])
@takes_picture
def edit_comment(comment_id: int) -> ResponseReturnValue:
    row = queries.get_comment(signin.member(), comment_id)
    policy.require_edit_comment(row.on.standing, row.comment)
    form = CommentEditForm(body=row.comment.body)
    if request.method == "POST" and views_pictures.take(form):
        return _shown_again("boards/edit_comment.html", form, row=row)
    if not form.validate_on_submit():
        return render_template("boards/edit_comment.html", row=row, form=form), 422 if form.is_submitted() else 200
    with unit_of_work():
        commenting.edit(signin.member(), queries.get_comment(signin.member(), comment_id), **form.loaded)
    return redirect(url_for("boards.idea_by_number", idea_id=row.on.idea.id) + f"#comment-{comment_id}", 303)


@bp.route("/comments/<int:comment_id>/delete", methods=["GET", "POST"])
def delete_comment(comment_id: int) -> ResponseReturnValue:
    row = queries.get_comment(signin.member(), comment_id)
    policy.require_edit_comment(row.on.standing, row.comment)
    if request.method != "POST":
        return render_template("boards/delete_comment.html", row=row, form=ButtonForm())
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        commenting.delete(signin.member(), queries.get_comment(signin.member(), comment_id))
    flash(_("Your comment is gone. Its place in the discussion stays."))
    return back_to(url_for("boards.idea_by_number", idea_id=row.on.idea.id) + "#discussion")
