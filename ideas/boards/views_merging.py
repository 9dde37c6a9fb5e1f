"""The team makes ideas one and two again; and everybody reads a merged idea where it was said."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import labels, merging, parts, policy, queries, reading, views
from ideas.boards.errors import Merged
from ideas.boards.forms import MergeForm, UnmergeForm
from ideas.boards.queries import IdeaRow
from ideas.boards.views_back import Undo, back_to
from ideas.db import unit_of_work
from ideas.errors import Conflict
from ideas.settings import current
from ideas.text import cut, readable
from ideas.words import _, ngettext

QUESTION_LONGEST = 200

bp = Blueprint("merging", __name__, template_folder="templates")


@bp.route("/ideas/<int:idea_id>/merge", methods=["GET", "POST"])
def merge(idea_id: int) -> ResponseReturnValue:
    """Find the idea that stays, look at both, say why."""
    row = _idea(idea_id)
    policy.require_unmerged(row.idea)
    form = MergeForm(into=cut(readable(request.args.get("into", "")), 10))
    if request.method != "POST":
        return _compose(row, form)
    if not form.validate_on_submit():
        return _compose(row, form), 422
    into_id = form.loaded["into"]
    try:
        with unit_of_work():
            on = queries.get_idea(signin.member(), idea_id)
            merging.merge(signin.member(), on, parts.chosen(on, into_id), text=form.loaded["text"])
    except ValidationError as error:
        form.show(error)
        return _compose(_idea(idea_id), form), 422
    except Merged:
        raise  # a colleague was quicker: there is nothing left to do here
    except Conflict as error:
        form.show(ValidationError({"_schema": [error.message]}))
        return _compose(_idea(idea_id), form), 409
    flash(_announced())
    about = _("merging “%(title)s”", title=row.idea.title)
    return back_to(
        f"{views.path_of(queries.get_idea(signin.member(), into_id))}#merged-{idea_id}",
        Undo(url_for(".unmerge", idea_id=idea_id), [], about, idea_id),
    )


def _announced() -> str:
    minutes = current().settle_minutes
    if not minutes:
        return _("They are one now, and people are being told.")
    return ngettext(
        "They are one now. People are told in %(num)s minute; until then you can undo it.",
        "They are one now. People are told in %(num)s minutes; until then you can undo it.",
        minutes,
    )


def _compose(row: IdeaRow, form: MergeForm) -> str:
    question = cut(readable(request.args.get("q", "")), QUESTION_LONGEST)
    into = parts.named(row, form.into.data or "") or parts.named(row, question)
    refused = " ".join(form.into.errors)
    if into is not None and not refused and request.method != "POST":
        refused = _why_not(row, into)
    if refused:  # another one is chosen first
        into, question = None, question or form.into.data or ""
    form.into.data = str(into.idea.id) if into else ""
    return render_template(
        "boards/merge.html",
        row=row,
        idea=row.idea,
        into=into,
        form=form,
        question=question,
        refused=refused,
        candidates=[] if into else parts.candidates(row, question),
        together=parts.together(row, into) if into else None,
        people_on_path=labels.people_on_path,
        why_not=labels.why_not,
        settle_minutes=current().settle_minutes,
    )


def _why_not(row: IdeaRow, into: IdeaRow) -> str:
    """In the words of the service why the two cannot be one; "" when they can."""
    try:
        merging.require_fitting(row, into)
    except ValidationError as error:
        return " ".join(str(line) for lines in error.messages_dict.values() for line in lines)
    except Conflict as error:
        return error.message
    return ""


@bp.route("/ideas/<int:idea_id>/unmerge", methods=["GET", "POST"])
def unmerge(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    standing = merging.standing_on(row.idea)
    if standing is None:
        return redirect(views.path_of(row), 303)
    form = UnmergeForm()
    if not form.validate_on_submit():
        return _ask(row, form), 422 if form.errors else 200
    try:
        with unit_of_work():
            ended = merging.unmerge(
                signin.member(), queries.get_idea(signin.member(), idea_id), text=form.loaded["text"]
            )
            was_told = ended.unmerge_entry_id is not None
    except ValidationError as error:
        form.show(error)
        return _ask(_idea(idea_id), form), 422
    flash(
        _("They are two again, and people on both sides are told.")
        if was_told
        else _("Taken back. Nobody was told, and both ideas are where they were.")
    )
    return back_to(views.path_of(queries.get_idea(signin.member(), idea_id)))


def _ask(row: IdeaRow, form: UnmergeForm) -> str:
    root = queries.get_idea(row.standing.user, row.idea.merged_root_id or row.idea.id)
    part = next((each for each in parts.told_apart(root) if each.idea.id == row.idea.id), None)
    return render_template("boards/unmerge.html", row=row, root=root, part=part, form=form)


@bp.get("/ideas/<int:idea_id>/as-it-was")
def part(idea_id: int) -> ResponseReturnValue:
    """A merged idea with all that was said on it; nothing can be added here any more."""
    row = queries.get_idea(signin.reader(), idea_id)
    if row.idea.merged_root_id is None:
        return redirect(views.path_of(row), 303)
    root = queries.get_idea(signin.reader(), row.idea.merged_root_id)
    threads = reading.discussion(row, cursor=request.args.get("cursor"))
    here = url_for(".part", idea_id=idea_id)
    return render_template(
        "boards/as_it_was.html",
        row=row,
        idea=row.idea,
        root=root,
        threads=threads,
        readable=lambda comment: reading.is_readable(row, comment),
        may_edit_comment=lambda comment: policy.may_edit_comment(row.standing, comment),
        may_flag=lambda thing: policy.may_flag(row.standing, thing),
        hidings=reading.hidings_of(row) if row.standing.is_team or row.idea.hidden_at else {},
        next=f"{here}?cursor={threads.next}" if threads.next else None,
        first=here if request.args.get("cursor") else None,
    )


def _idea(idea_id: int) -> IdeaRow:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_team(row.standing)
    return row
