"""A bookmark by which the team takes a text from any page as evidence, and the page on which it is noted."""

from __future__ import annotations

import json

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from wtforms.fields import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from ideas import settings
from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.boards import evidencing, labels, policy, queries, similar
from ideas.boards.behalf import Became
from ideas.boards.forms_evidence import NEW, CaptureForm
from ideas.boards.models import TITLE_LONGEST
from ideas.boards.models_evidence import LINK_LONGEST, WORDS_LONGEST
from ideas.boards.queries import BoardRow
from ideas.boards.schemas import NewIdea
from ideas.db import unit_of_work
from ideas.errors import Conflict, NotFound
from ideas.text import cut, readable
from ideas.words import _

IDEAS_OFFERED = 6

bp = Blueprint("capturing", __name__, template_folder="templates")


def _boards(reader: User) -> list[BoardRow]:
    """The boards whose team the reader is of. Raises NotFound for somebody of no team."""
    found = [row for row in queries.list_boards(reader) if row.standing.is_team]
    if not found:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return found


@bp.get("/team/evidence/bookmarklet")
def bookmarklet() -> ResponseReturnValue:
    """The bookmark to keep, and what it does."""
    _boards(signin.member())
    return render_template("boards/bookmarklet.html", code=_code(settings.absolute(url_for(".capture"))))


def _code(page: str) -> str:
    """What the bookmark does on any page: what was selected there comes to ours behind "#", which no server is sent."""
    said = (
        f"words:String(getSelection()).slice(0,{WORDS_LONGEST}),"
        f"title:document.title.slice(0,{TITLE_LONGEST}),"
        f"link:location.href.slice(0,{LINK_LONGEST})"
    )
    return f"javascript:void open({json.dumps(page + '#')}+new URLSearchParams({{{said}}}))"


@bp.route("/team/evidence/capture", methods=["GET", "POST"])
def capture() -> ResponseReturnValue:
    boards = _boards(signin.member())
    form = CaptureForm()
    form.board.choices = [SelectChoice(row.board.slug, row.board.name) for row in boards]
    where = next((row for row in boards if row.board.slug == form.board.data), None)
    if where is None and request.method == "POST" and form.board.data:
        # one that they are of no team of, or no longer: what was meant for its team is not put up elsewhere
        policy.require_team(queries.get_board(signin.member(), form.board.data).standing)
    where = where or boards[0]
    form.board.data = where.board.slug
    form.offer_ideas(_like(where, form) if request.method == "POST" else [])
    if request.method != "POST":
        return _page(form)
    form.offer()
    if request.form.get("act") == "find":
        form.require_somebody()
        return _page(form)
    if not (form.require_idea() and form.require_choice() and form.validate_on_submit()):
        return _page(form), 422
    became: list[Became | None] = []
    try:
        title = NewIdea().load({"title": form.title.data})["title"] if form.idea.data == NEW else ""
        form.loaded |= {"idea": form.idea.data, "title": title}  # the same words for another idea are another act
        with unit_of_work():
            idea_id = form.make(signin.member().id, lambda: _keep(form, title, became))
    except ValidationError as error:
        form.show(error)
        return _page(form), 422
    except Conflict as error:
        form.show(ValidationError({"vote": [error.message]}))
        return _page(form), 409
    flash(labels.became(became[0] if became else None))
    return redirect(url_for("evidence.of_idea", idea_id=idea_id), 303)


def _keep(form: CaptureForm, title: str, became: list[Became | None]) -> int:
    """The number of the idea for which it is noted."""
    actor = signin.member()
    if title:
        begun = evidencing.begin(actor, queries.get_board(actor, form.board.data), title, form.loaded)
        became.append(begun.became)
        return begun.evidence.idea_id
    added = evidencing.add(actor, queries.get_idea(actor, int(form.idea.data)), form.loaded)
    became.append(added.became)
    return added.evidence.idea_id


def _like(where: BoardRow, form: CaptureForm) -> list[similar.Similar]:
    """Ideas of the board that are like what it is about; without that, like the words themselves."""
    words = readable(form.words.data or "")
    about = cut(readable(form.title.data or "") or words, TITLE_LONGEST)
    return similar.similar(signin.member(), [where], about, words, most=IDEAS_OFFERED) if about else []


def _page(form: CaptureForm) -> str:
    return render_template("boards/capture.html", form=form)
