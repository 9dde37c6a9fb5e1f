"""The scores of one idea, each with its formula and what goes into it; and what the team thinks it is worth."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.backlog import estimating, explaining, schemas
from ideas.backlog.forms import EstimateForm
from ideas.boards import evidence, queries
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("backlog", __name__, template_folder="templates")


@bp.route("/ideas/<int:idea_id>/scores", methods=["GET", "POST"])
def scores(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(signin.member(), idea_id)
    explained = explaining.explain(signin.member(), row, segment=request.args.get("segment"))
    form = EstimateForm(**EstimateForm.saying(explained.estimate))
    if not form.validate_on_submit():
        page = render_template(
            "backlog/scores.html",
            row=row,
            idea=row.idea,
            found=explained,
            unheard=evidence.unheard_on([idea_id]).get(idea_id, 0),
            form=form,
            impacts=schemas.IMPACTS,
        )
        return page, 422 if form.errors else 200
    with unit_of_work():
        estimating.say(signin.member(), queries.get_idea(signin.member(), idea_id), form.loaded)
    flash(_("Kept, with where each number is from. The priority is counted anew."))
    return redirect(url_for(".scores", idea_id=idea_id), 303)


@bp.post("/ideas/<int:idea_id>/scores/remove")
def remove_estimate(idea_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        estimating.unsay(signin.member(), queries.get_idea(signin.member(), idea_id))
    flash(_("Removed. The idea has no priority until somebody says what goes into it."))
    return redirect(url_for(".scores", idea_id=idea_id), 303)
