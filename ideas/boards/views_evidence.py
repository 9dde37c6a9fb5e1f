"""What customers said elsewhere, for the team; and where whoever the team counts on says yes or no, also by a link."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import behalf, confirming, evidence, evidencing, labels, policy, queries, sayings, views
from ideas.boards.behalf import Became
from ideas.boards.errors import Merged
from ideas.boards.evidence import AskedRow
from ideas.boards.forms_evidence import BehalfForm, EvidenceForm
from ideas.boards.queries import IdeaRow
from ideas.db import unit_of_work
from ideas.errors import Conflict
from ideas.forms import ButtonForm
from ideas.http import open_to_all_origins
from ideas.words import _

bp = Blueprint("evidence", __name__, template_folder="templates")

WAITING_SHOWN = 100


# --- The team ---


def _ours(idea_id: int) -> IdeaRow:
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_team(row.standing)
    return row


@bp.get("/ideas/<int:idea_id>/evidence")
def of_idea(idea_id: int) -> ResponseReturnValue:
    row = _ours(idea_id)
    cursor = request.args.get("cursor")
    page = evidence.of_idea(row, cursor=cursor)
    here = url_for(".of_idea", idea_id=idea_id)
    return render_template(
        "boards/evidence.html",
        row=row,
        idea=row.idea,
        page=page,
        waiting=None if cursor else evidence.waiting_on(row, limit=WAITING_SHOWN),
        unheard=evidence.unheard_on([row.idea.id]).get(row.idea.id, 0),
        kinds=labels.EVIDENCE_WORDS,
        say=sayings,
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if cursor else None,
    )


@bp.route("/ideas/<int:idea_id>/evidence/new", methods=["GET", "POST"])
def new(idea_id: int) -> ResponseReturnValue:
    row = _ours(idea_id)
    policy.require_unmerged(row.idea)
    form = EvidenceForm()
    if request.method != "POST":
        return _write(row, form)
    form.offer()
    if request.form.get("act") == "find":
        form.require_somebody()
        return _write(row, form), 200
    if not (form.require_choice() and form.validate_on_submit()):
        return _write(row, form), 422
    became: list[Became | None] = []
    try:
        with unit_of_work():
            actor = signin.member()
            form.make(actor.id, lambda: _add(idea_id, form, became))
    except ValidationError as error:
        form.show(error)
        return _write(_ours(idea_id), form), 422
    except Merged:
        raise
    except Conflict as error:
        form.show(ValidationError({"vote": [error.message]}))
        return _write(_ours(idea_id), form), 409
    flash(labels.became(became[0] if became else None))
    return redirect(url_for(".of_idea", idea_id=idea_id), 303)


def _add(idea_id: int, form: EvidenceForm, became: list[Became | None]) -> int:
    actor = signin.member()
    added = evidencing.add(actor, queries.get_idea(actor, idea_id), form.loaded)
    became.append(added.became)
    return added.evidence.id


def _write(row: IdeaRow, form: EvidenceForm) -> str:
    return render_template("boards/new_evidence.html", row=row, idea=row.idea, form=form)


@bp.post("/evidence/<int:evidence_id>/remove")
def remove(evidence_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        noted, on = evidence.get(signin.member(), evidence_id)
        evidencing.remove(signin.member(), on, noted)
        idea_id = on.idea.id
    flash(_("It is gone, with its words."))
    return redirect(url_for(".of_idea", idea_id=idea_id), 303)


@bp.post("/ideas/<int:idea_id>/on-behalf/<int:person_id>/take-back")
def take_back(idea_id: int, person_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        behalf.take_back(signin.member(), queries.get_idea(signin.member(), idea_id), person_id)
    flash(_("You do not count on them any more. If they were not told yet, they are not asked."))
    return redirect(url_for(".of_idea", idea_id=idea_id), 303)


# --- Whoever is asked ---


@bp.route("/ideas/<int:idea_id>/on-behalf", methods=["GET", "POST"])
def on_behalf(idea_id: int) -> ResponseReturnValue:
    row = evidence.get_own(signin.member(), idea_id)
    if request.method != "POST":
        return _ask(row)
    wanted = BehalfForm().loaded_or_raise()["wanted"]
    with unit_of_work():
        person = signin.member()
        confirming.say(person, evidence.get_own(person, idea_id), wanted=wanted)
    flash(_done(wanted=wanted))
    return redirect(views.path_of(row.on), 303)


@bp.get("/on-behalf/<token>")
def behalf_page(token: str) -> ResponseReturnValue:
    """Shows what can be said and changes nothing: mail scanners follow links."""
    return _ask(evidence.by_token(token), is_linked=True)


@bp.post("/on-behalf/<token>")
@open_to_all_origins
def behalf_by_link(token: str) -> ResponseReturnValue:
    """Says it without signing in: the link is the person's own."""
    evidence.by_token(token)
    # by a link it works without a cookie, and the address itself is the secret
    wanted = BehalfForm(meta={"csrf": False}).loaded_or_raise()["wanted"]
    with unit_of_work():
        row = evidence.by_token(token)
        confirming.say(row.asked.user, row, wanted=wanted)
    return _ask(evidence.by_token(token), is_linked=True, done=_done(wanted=wanted))


def _done(*, wanted: bool) -> str:
    if wanted:
        return _("Thank you. It is your vote now, and you hear what becomes of it.")
    return _("Thank you for saying so. You are not counted, and nobody asks you again.")


def _ask(row: AskedRow, *, is_linked: bool = False, done: str = "") -> str:
    return render_template(
        "boards/on_behalf.html",
        row=row,
        idea=row.on.idea,
        is_linked=is_linked,
        done=done,
        asked=request.args.get("wanted", ""),
        say=sayings,
    )
