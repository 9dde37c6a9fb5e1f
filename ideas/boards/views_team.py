"""What a board's team does to an idea: answer, hide and restore, sort, say who owes a word and by when."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import (
    answering,
    composing,
    evidence,
    forecast,
    labels,
    leaving_out,
    listing,
    moderating,
    parts,
    phrasing,
    policy,
    posting,
    queries,
    reading,
    receipts,
    sayings,
    views,
)
from ideas.boards.forms import (
    AnswerForm,
    CorrectionForm,
    DueForm,
    HideForm,
    OwnerForm,
    TagsForm,
    credit_key,
    reasons_for,
)
from ideas.boards.queries import AnswerRow, IdeaRow
from ideas.boards.views_back import Undo, back_to
from ideas.db import unit_of_work
from ideas.errors import Conflict
from ideas.forms import ButtonForm
from ideas.http import wants_part
from ideas.ledger import report
from ideas.ledger.models import Channel, Path
from ideas.privacy import formula_safe
from ideas.schemas import when
from ideas.settings import current, rooms
from ideas.words import _, ngettext

TOLD_A_PAGE = 100

bp = Blueprint("team", __name__, template_folder="templates")


def _idea(idea_id: int) -> IdeaRow:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_team(row.standing)
    return row


def _answer(answer_id: int) -> AnswerRow:
    row = queries.get_answer(signin.member(), answer_id)
    policy.require_team(row.on.standing)
    return row


# --- Answering ---


@bp.route("/ideas/<int:idea_id>/answer", methods=["GET", "POST"])
def answer(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    policy.require_unmerged(row.idea)
    form = AnswerForm(status=row.idea.status.slug, reason=reasons_for(row.idea.status.stage)[0].value)
    if request.method != "POST":
        return _compose(row, form)
    if "preview" in request.form:
        return _preview(row, form)
    if _changed_by_button(row, form):
        return _compose(row, form)
    if not form.validate_on_submit():
        return _compose(row, form), 422
    try:
        with unit_of_work():
            actor = signin.member()
            on = queries.get_idea(actor, idea_id)
            left_out = composing.left_out(idea_id, *form.whom_to_leave_out())
            words = {**form.loaded, "left_out": left_out}
            answer_id = form.make(actor.id, lambda: answering.answer(actor, on, words).id)
            waits = queries.get_answer(actor, answer_id).answer.entry_id is not None
    except ValidationError as error:
        form.show(error)
        return _compose(_idea(idea_id), form), 422
    except Conflict as error:
        # a colleague was quicker: what was typed is not lost over it
        form.show(ValidationError({"_schema": [error.message]}))
        return _compose(_idea(idea_id), form), 409
    flash(_announced(waits))
    about = _("your answer to “%(title)s”", title=row.idea.title)
    undo = Undo(url_for(".undo", answer_id=answer_id), [], about, idea_id) if waits else None
    return back_to(url_for("boards.idea_by_number", idea_id=idea_id), undo)


def _announced(waits: bool) -> str:
    minutes = current().settle_minutes
    if not waits or not minutes:
        return _("Your answer is here, and people are being told.")
    return ngettext(
        "Your answer is here. People are told in %(num)s minute; until then you can undo it.",
        "Your answer is here. People are told in %(num)s minutes; until then you can undo it.",
        minutes,
    )


@bp.route("/answers/<int:answer_id>/correct", methods=["GET", "POST"])
def correct(answer_id: int) -> ResponseReturnValue:
    row = _answer(answer_id)
    given = row.answer
    picked = {
        credit_key(credit.kind, credit.named_id): credit.how
        for credit in listing.credits_on([given.id]).get(given.id, [])
    }
    form = CorrectionForm(
        reason=given.reason,
        text=given.text,
        date=given.planned_for.isoformat() if given.planned_for else None,
        review_by=given.review_by.isoformat() if given.review_by else None,
        version=str(given.version),
        picked=picked,
    )
    if request.method != "POST":
        return _compose(row.on, form, row)
    if "preview" in request.form:
        return _preview(row.on, form, row)
    if _changed_by_button(row.on, form):
        return _compose(row.on, form, row)
    if not form.validate_on_submit():
        return _compose(row.on, form, row), 422
    typed = form.version.data or ""
    read = int(typed) if typed.isdecimal() and len(typed) < 9 else None
    try:
        with unit_of_work():
            answering.correct(
                signin.member(), queries.get_answer(signin.member(), answer_id), form.loaded, version=read
            )
    except ValidationError as error:
        form.show(error)
        row = _answer(answer_id)
        return _compose(row.on, form, row), 422
    except Conflict as error:
        form.show(ValidationError({"_schema": [error.message]}))
        row = _answer(answer_id)
        form.version.data = str(row.answer.version)  # they have been told, so the next try is theirs to make
        return _compose(row.on, form, row), 409
    flash(_("Corrected. The earlier version stays in the history."))
    return redirect(url_for("boards.idea_by_number", idea_id=row.on.idea.id), 303)


def _changed_by_button(row: IdeaRow, form: AnswerForm) -> bool:
    """Whether a button beside the answer was pressed, which changes the form and sends nothing."""
    if "pick" in request.form:
        form.pick(request.form["pick"])
    elif "insert" in request.form:
        chosen = [
            each for each in phrasing.all_for(signin.member(), on=row) if str(each.id) == request.form.get("snippet")
        ]
        form.text.data = "\n\n".join(filter(None, [form.text.data, *(phrasing.filled(each, row) for each in chosen)]))
    else:
        return False
    return True


def _compose(row: IdeaRow, form: AnswerForm, given: AnswerRow | None = None, seen: Any = None) -> str:
    """The composer; `given` is the answer to be corrected, `seen` a preview that was asked for."""
    statuses = queries.statuses_of(row.idea.board)
    form.offer(statuses if given is None else [given.answer.status])
    comments, merged, said = reading.creditable(row), parts.parts_of(row), composing.strongest(row)
    first = [each.comment for each in said]
    comments = [*first, *(comment for comment in comments if comment not in first)]
    form.drawn = {"author", "votes", *(credit_key("comment", comment.id) for comment in comments)}
    form.drawn |= {credit_key("merged_idea", part.id) for part in merged}
    heard = evidence.creditable(row)
    form.drawn |= {credit_key("evidence", each.id) for each in heard}
    return render_template(
        "boards/answer.html",
        row=row,
        idea=row.idea,
        form=form,
        given=given,
        statuses=statuses,
        fits={status.slug: [reason.value for reason in reasons_for(status.stage)] for status in statuses},
        comments=comments,
        heard=heard,
        parts=merged,
        said=said,
        noted=evidence.beside(row),
        kinds=labels.EVIDENCE_WORDS,
        snippets=[(each, phrasing.filled(each, row)) for each in phrasing.all_for(signin.member(), on=row)],
        reading=composing.read(signin.member(), form.text.data or "", given),
        seen=seen or forecast.of(signin.member(), row, form.typed(), given),
        sayings=sayings,
        settle_minutes=current().settle_minutes,
    )


def _preview(row: IdeaRow, form: AnswerForm, given: AnswerRow | None = None) -> ResponseReturnValue:
    """What each kind of recipient will read, and how many of them there are; nothing is kept."""
    seen = forecast.of(signin.member(), row, form.typed(), given)
    if wants_part():
        return render_template(
            "boards/_forecast.html",
            reads_beside=True,
            seen=seen,
            reading=composing.read(signin.member(), form.text.data or "", given),
            idea=row.idea,
            sayings=sayings,
            settle_minutes=current().settle_minutes,
        )
    return _compose(row, form, given, seen)


@bp.post("/answers/<int:answer_id>/undo")
def undo(answer_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_answer(signin.member(), answer_id)
        answering.undo(signin.member(), row)
        idea_id = row.on.idea.id
    flash(_("Taken back. Nobody was told, and the idea is where it was."))
    return back_to(url_for("boards.idea_by_number", idea_id=idea_id))


@bp.post("/answers/<int:answer_id>/send-now")
def send_now(answer_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_answer(signin.member(), answer_id)
        answering.send_now(signin.member(), row)
        idea_id = row.on.idea.id
    flash(_("People are being told now."))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id), 303)


@bp.get("/answers/<int:answer_id>/told")
def told(answer_id: int) -> ResponseReturnValue:
    row = _answer(answer_id)
    entries = receipts.announcements([answer_id]).get(answer_id, [])
    page = report.deliveries(entry_ids=entries, limit=TOLD_A_PAGE, cursor=request.args.get("cursor"))
    here = url_for(".told", answer_id=answer_id)
    return render_template(
        "boards/told.html",
        row=row,
        left_out=leaving_out.left_out_of(answer_id),
        idea=row.on.idea,
        page=page,
        told=views.told_in_words(row.answer),
        labels=labels,
        news={kind.name: kind.label for kind in rooms().news},
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
    )


@bp.get("/answers/<int:answer_id>/told.csv")
def told_as_csv(answer_id: int) -> ResponseReturnValue:
    """The same list whole, for a spreadsheet; no cell of it is run as a formula."""
    row = _answer(answer_id)
    entries = receipts.announcements([answer_id]).get(answer_id, [])
    answer = Response(stream_with_context(_lines_of(entries)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="told-{row.on.idea.id}-{answer_id}.csv"'
    return answer


def _lines_of(entry_ids: list[int]) -> Iterator[str]:
    yield "\ufeff" + _csv_line(_("Person"), _("News"), _("Because"), _("By"), _("Outcome"), _("When"))
    news = {kind.name: str(kind.label) for kind in rooms().news}
    for line in report.all_deliveries(entry_ids):
        yield _csv_line(
            line.user.name,
            news.get(line.news, line.news),
            str(labels.PATH_WORDS.get(Path(line.path), line.path)),
            _("e-mail") if line.channel == Channel.EMAIL else _("inbox"),
            labels.outcome(line.state, line.reason),
            when(line.done_at or line.due_at) or "",
        )


def _csv_line(*cells: str) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([formula_safe(cell) for cell in cells])
    return out.getvalue()


# --- Hiding ---


@bp.route("/ideas/<int:idea_id>/hide", methods=["GET", "POST"])
def hide_idea(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    form = HideForm()
    if not form.validate_on_submit():
        return render_template("boards/hide.html", row=row, comment=None, form=form), 422 if form.errors else 200
    with unit_of_work():
        moderating.hide_idea(signin.member(), queries.get_idea(signin.member(), idea_id), reason=form.loaded["reason"])
    flash(_("Hidden. Its author is told why, and may write to you about it."))
    about = _("hiding “%(title)s”", title=row.idea.title)
    return back_to(views.path_of(row), Undo(url_for(".restore_idea", idea_id=idea_id), [], about, idea_id))


@bp.post("/ideas/<int:idea_id>/restore")
def restore_idea(idea_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_idea(signin.member(), idea_id)
        moderating.restore_idea(signin.member(), row)
    flash(_("Everybody sees it again."))
    return back_to(url_for("boards.idea_by_number", idea_id=idea_id))


@bp.route("/comments/<int:comment_id>/hide", methods=["GET", "POST"])
def hide_comment(comment_id: int) -> ResponseReturnValue:
    row = queries.get_comment(signin.member(), comment_id)
    policy.require_team(row.on.standing)
    form = HideForm()
    if not form.validate_on_submit():
        page = render_template("boards/hide.html", row=row.on, comment=row.comment, form=form)
        return page, 422 if form.errors else 200
    with unit_of_work():
        moderating.hide_comment(
            signin.member(), queries.get_comment(signin.member(), comment_id), reason=form.loaded["reason"]
        )
    flash(_("Hidden. Its author is told why, and may write to you about it."))
    return redirect(views.path_of(row.on) + f"#comment-{comment_id}", 303)


@bp.post("/comments/<int:comment_id>/restore")
def restore_comment(comment_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = queries.get_comment(signin.member(), comment_id)
        moderating.restore_comment(signin.member(), row)
        idea_id = row.on.idea.id
    flash(_("Everybody sees it again."))
    return redirect(url_for("boards.idea_by_number", idea_id=idea_id) + f"#comment-{comment_id}", 303)


# --- Sorting and owning ---


@bp.route("/ideas/<int:idea_id>/owner", methods=["GET", "POST"])
def owner(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    form = OwnerForm(owner=str(row.idea.owner_id or ""))
    form.offer(reading.team_of(row))
    if not form.validate_on_submit():
        return render_template("boards/owner.html", row=row, form=form), 422 if form.errors else 200
    try:
        with unit_of_work():
            row = queries.get_idea(signin.member(), idea_id)
            former, asked = str(row.idea.owner_id or ""), form.loaded["owner"]
            chosen = next((person for person in reading.team_of(row) if person.id == asked), None)
            if asked is not None and chosen is None:
                raise ValidationError({"owner": [_("The owner of an idea is one of the board's team.")]})
            posting.assign(signin.member(), row, chosen)
            name = chosen.name if chosen else None
    except ValidationError as error:
        form.show(error)  # somebody who left the team while the page was open
        return render_template("boards/owner.html", row=_idea(idea_id), form=form), 422
    flash(_("%(name)s owes this idea its next word.", name=name) if name else _("This idea has no owner now."))
    about = _("the owner of “%(title)s”", title=row.idea.title)
    return back_to(views.path_of(row), Undo(url_for(".owner", idea_id=idea_id), [("owner", former)], about, idea_id))


@bp.route("/ideas/<int:idea_id>/tags", methods=["GET", "POST"])
def tags(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    former = [tag.slug for tag in listing.tags_on([idea_id]).get(idea_id, [])]
    form = TagsForm(tags=former)
    form.tags.offer(queries.tags_of(row.idea.board))
    if not form.validate_on_submit():
        return render_template("boards/tags.html", row=row, form=form), 422 if form.errors else 200
    try:
        with unit_of_work():
            posting.retag(signin.member(), queries.get_idea(signin.member(), idea_id), form.loaded["tags"])
    except ValidationError as error:
        form.show(error)  # a tag was removed while the page was open
        return render_template("boards/tags.html", row=_idea(idea_id), form=form), 422
    about = _("the tags of “%(title)s”", title=row.idea.title)
    undo = Undo(url_for(".tags", idea_id=idea_id), [("tags", slug) for slug in former], about, idea_id)
    return back_to(views.path_of(row), undo)


@bp.route("/ideas/<int:idea_id>/due", methods=["GET", "POST"])
def due(idea_id: int) -> ResponseReturnValue:
    row = _idea(idea_id)
    policy.require_unmerged(row.idea)
    former = row.idea.rank.due_on.isoformat() if row.idea.rank.due_on else ""
    form = DueForm(due_on=former)
    if not form.validate_on_submit():
        return render_template("boards/due.html", row=row, form=form), 422 if form.errors else 200
    try:
        with unit_of_work():
            posting.set_due(signin.member(), queries.get_idea(signin.member(), idea_id), form.loaded["due_on"])
    except ValidationError as error:
        form.show(error)
        return render_template("boards/due.html", row=_idea(idea_id), form=form), 422
    flash(_("Kept. The answer takes the day away.") if form.loaded["due_on"] else _("No day is set now."))
    about = _("the day of “%(title)s”", title=row.idea.title)
    return back_to(views.path_of(row), Undo(url_for(".due", idea_id=idea_id), [("due_on", former)], about, idea_id))
