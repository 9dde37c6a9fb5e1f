"""Releases as pages: the changelogs, one release, and how the team writes and publishes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import (
    evidence,
    labels,
    parts,
    policy,
    queries,
    reading,
    releases,
    releasing,
    releasing_ahead,
    views_pictures,
)
from ideas.boards.forms import SwitchForm, credit_key
from ideas.boards.forms_releases import LineForm, ReleaseForm
from ideas.boards.labels import REASON_WORDS
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.releases import ReleaseRow, Shown
from ideas.db import unit_of_work
from ideas.errors import Conflict
from ideas.forms import ButtonForm
from ideas.http import takes_picture
from ideas.ledger import report
from ideas.settings import current
from ideas.text import cut, readable
from ideas.words import _, ngettext

A_PAGE = 10
QUESTION_LONGEST = 200

bp = Blueprint("releases", __name__, template_folder="templates")


# --- What everybody reads ---


@bp.get("/releases")
def everywhere() -> ResponseReturnValue:
    return _list(queries.list_boards(signin.reader()), None)


@bp.get("/boards/<slug>/releases")
def of_board(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.reader(), slug)
    return _list([row], row)


def _list(boards: Sequence[BoardRow], one: BoardRow | None) -> ResponseReturnValue:
    reader, cursor = signin.reader(), request.args.get("cursor")
    page = releases.published(reader, boards, limit=A_PAGE, cursor=cursor)
    here = url_for(".of_board", slug=one.board.slug) if one else url_for(".everywhere")
    return render_template(
        "boards/releases.html",
        row=one,
        boards=boards,
        page=page,
        drafts=[] if cursor else releases.drafts(reader, boards),
        follows=one is not None and releases.follows(reader, one.board),
        reasons=REASON_WORDS,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if cursor else None,
    )


@bp.get("/releases/<int:release_id>")
def by_number(release_id: int) -> ResponseReturnValue:
    return redirect(path_of(releases.get(signin.reader(), release_id)), 301)


@bp.get("/releases/<int:release_id>-", defaults={"slug": ""})  # a title of nothing but signs
@bp.get("/releases/<int:release_id>-<slug>")
def show(release_id: int, slug: str) -> ResponseReturnValue:
    row = releases.get(signin.reader(), release_id)
    if slug != row.release.slug:
        return redirect(path_of(row), 301)
    return _show(row)


def _show(row: ReleaseRow, problems: Sequence[str] = (), status: int = 200) -> ResponseReturnValue:
    """The release as everybody reads it, and for the team what may still be done with it."""
    release, reader = row.release, row.standing.user
    shown = Shown(row, releases.lines_of(reader, [row])[release.id])
    is_draft = release.published_at is None
    entry = release.entry
    waiting = entry if entry and entry.fanned_out_at is None and entry.cancelled_at is None else None
    question = cut(readable(request.args.get("q", "")), QUESTION_LONGEST)
    page = render_template(
        "boards/release.html",
        row=row,
        release=release,
        board=release.board,
        shown=shown,
        reasons=REASON_WORDS,
        problems=problems,
        is_draft=is_draft,
        waiting=waiting,
        follows=releases.follows(reader, release.board),
        told=_told(shown) if row.standing.is_team and not is_draft and not waiting else "",
        question=question,
        candidates=releasing_ahead.candidates(row, shown.lines, question) if is_draft else [],
        ahead=releasing_ahead.audience(row, shown.lines) if is_draft else None,
        why_not=labels.why_not,
        settle_minutes=current().settle_minutes,
    )
    return page, status


def _told(shown: Shown) -> str:
    """How many people heard of the release or of one of its ideas, each once."""
    own = [shown.row.release.entry_id, *(line.entry_id for line in shown.lines if line.ships)]
    told = report.people_told([entry for entry in own if entry is not None])
    return labels.people_told(
        told.sent, by_email=told.email, in_inbox=told.inbox, pending=told.pending, failed=told.failed
    )


def path_of(row: ReleaseRow) -> str:
    """The release's page."""
    return url_for("releases.show", release_id=row.release.id, slug=row.release.slug)


@bp.post("/boards/<slug>/releases/follow")
def follow(slug: str) -> ResponseReturnValue:
    wanted = SwitchForm().loaded_or_raise()["on"]
    with unit_of_work():
        row = queries.get_board(signin.member(), slug)
        (releasing.follow if wanted else releasing.unfollow)(signin.member(), row.board)
    flash(_("You hear of every release here.") if wanted else _("You no longer hear of releases here."))
    return redirect(url_for(".of_board", slug=slug), 303)


# --- What the team does ---


def _ours(release_id: int) -> ReleaseRow:
    row = releases.get(signin.member(), release_id)
    policy.require_team(row.standing)
    return row


@bp.route("/boards/<slug>/releases/new", methods=["GET", "POST"])
@takes_picture
def new(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.member(), slug)
    policy.require_team(row.standing)
    form = ReleaseForm()
    if request.method != "POST":
        return _write(row, form)
    if views_pictures.take(form):
        return _write(row, form), 422 if form.errors else 200
    if not form.validate_on_submit():
        return _write(row, form), 422
    with unit_of_work():
        actor, where = signin.member(), queries.get_board(signin.member(), slug)
        release_id = form.make(actor.id, lambda: releasing.draft(actor, where, form.loaded).id)
    flash(_("A draft that only your team sees. Take the ideas into it that it ships."))
    return redirect(url_for(".by_number", release_id=release_id), 303)


@bp.route("/releases/<int:release_id>/edit", methods=["GET", "POST"])
@takes_picture
def edit(release_id: int) -> ResponseReturnValue:
    row = _ours(release_id)
    now = row.release
    day = now.released_on.isoformat() if now.released_on else None
    form = ReleaseForm(title=now.title, body=now.body, date=day, version=str(now.version))
    if request.method != "POST":
        return _write(row, form)
    if views_pictures.take(form):
        return _write(row, form), 422 if form.errors else 200
    if not form.validate_on_submit():
        return _write(row, form), 422
    typed = form.version.data or ""
    read = int(typed) if typed.isdecimal() and len(typed) < 9 else None
    try:
        with unit_of_work():
            releasing.revise(signin.member(), releases.get(signin.member(), release_id), form.loaded, version=read)
    except ValidationError as error:
        form.show(error)
        return _write(_ours(release_id), form), 422
    except Conflict as error:
        form.show(ValidationError({"_schema": [error.message]}))
        row = _ours(release_id)
        form.version.data = str(row.release.version)  # they have been told, so the next try is theirs to make
        return _write(row, form), 409
    return redirect(url_for(".by_number", release_id=release_id), 303)


def _write(row: BoardRow | ReleaseRow, form: ReleaseForm) -> str:
    given = row if isinstance(row, ReleaseRow) else None
    board = given.release.board if given else row.board  # type: ignore[union-attr]  # it is a BoardRow then
    return render_template("boards/release_words.html", board=board, given=given, form=form)


@bp.route("/releases/<int:release_id>/ideas/<int:idea_id>", methods=["GET", "POST"])
def line(release_id: int, idea_id: int) -> ResponseReturnValue:
    """How an idea is answered by the release."""
    row, on = _ours(release_id), queries.get_idea(signin.member(), idea_id)
    given = releases.line_in(row, idea_id)
    picked = {credit_key(credit["kind"], credit["id"]): credit["how"] for credit in given.credits} if given else {}
    form = LineForm(reason=given.reason if given else "shipped", text=given.text if given else "", picked=picked)
    if request.method != "POST":
        return _line(row, on, form)
    if not form.validate_on_submit():
        return _line(row, on, form), 422
    try:
        with unit_of_work():
            actor = signin.member()
            releasing.put(actor, releases.get(actor, release_id), queries.get_idea(actor, idea_id), form.loaded)
    except ValidationError as error:
        form.show(error)
        return _line(_ours(release_id), queries.get_idea(signin.member(), idea_id), form), 422
    return redirect(f"{path_of(_ours(release_id))}#idea-{idea_id}", 303)


def _line(row: ReleaseRow, on: IdeaRow, form: LineForm) -> str:
    comments, merged = reading.creditable(on), parts.parts_of(on)
    form.drawn = {"author", "votes", *(credit_key("comment", comment.id) for comment in comments)}
    form.drawn |= {credit_key("merged_idea", part.id) for part in merged}
    heard = evidence.creditable(on)
    form.drawn |= {credit_key("evidence", each.id) for each in heard}
    return render_template(
        "boards/release_line.html",
        row=row,
        release=row.release,
        idea=on.idea,
        form=form,
        comments=comments,
        heard=heard,
        parts=merged,
        back_to=path_of(row),
    )


@bp.post("/releases/<int:release_id>/ideas/<int:idea_id>/take-out")
def take_out(release_id: int, idea_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        releasing.take_out(signin.member(), releases.get(signin.member(), release_id), [idea_id])
    return redirect(url_for(".by_number", release_id=release_id), 303)


@bp.post("/releases/<int:release_id>/publish")
def publish(release_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    try:
        with unit_of_work():
            releasing.publish(signin.member(), releases.get(signin.member(), release_id))
    except ValidationError as error:
        row = _ours(release_id)
        return _show(row, _in_words(row, error), 422)
    except Conflict as error:
        return _show(_ours(release_id), [error.message], 409)
    flash(_published(current().settle_minutes))
    return redirect(url_for(".by_number", release_id=release_id), 303)


def _published(minutes: int) -> str:
    if not minutes:
        return _("The release is out, and people are being told.")
    return ngettext(
        "The release is out. People are told in %(num)s minute; until then you can undo it.",
        "The release is out. People are told in %(num)s minutes; until then you can undo it.",
        minutes,
    )


def _in_words(row: ReleaseRow, error: ValidationError) -> list[str]:
    """What keeps the release from being published, each idea by its title."""
    titles = {str(each.idea_id): each.title for each in releases.lines_of(row.standing.user, [row])[row.release.id]}
    found: list[str] = []
    for name, messages in error.messages_dict.items():
        if name == "ideas" and isinstance(messages, dict):
            found += [f"“{titles.get(key, key)}”: {' '.join(_flat(wrong))}" for key, wrong in messages.items()]
        else:
            found += _flat(messages)
    return found


def _flat(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [line for value in messages.values() for line in _flat(value)]
    if isinstance(messages, list):
        return [line for value in messages for line in _flat(value)]
    return [str(messages)]


@bp.post("/releases/<int:release_id>/undo")
def undo(release_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        releasing.undo(signin.member(), releases.get(signin.member(), release_id))
    flash(_("Taken back. Nobody was told, and its ideas are where they were."))
    return redirect(url_for(".by_number", release_id=release_id), 303)


@bp.post("/releases/<int:release_id>/send-now")
def send_now(release_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        releasing.send_now(signin.member(), releases.get(signin.member(), release_id))
    flash(_("People are being told now."))
    return redirect(url_for(".by_number", release_id=release_id), 303)


@bp.post("/releases/<int:release_id>/discard")
def discard(release_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        row = releases.get(signin.member(), release_id)
        slug = row.release.board.slug
        releasing.discard(signin.member(), row)
    flash(_("The draft is gone. Its ideas are where they were."))
    return redirect(url_for(".of_board", slug=slug), 303)
