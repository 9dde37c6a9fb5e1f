"""The team's pages about segments: which there are, who belongs to each, what each asks."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.accounts.models_segments import Segment
from ideas.backlog import customers, segmenting
from ideas.backlog.forms_segments import SegmentForm
from ideas.backlog.views_desk import segment_words
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("segments", __name__, template_folder="templates")


@bp.get("/team/segments")
def segments() -> ResponseReturnValue:
    reader = signin.member()
    rows = [
        (segment, segment_words(segment), segmenting.may_change(reader, segment))
        for segment in segmenting.all_for(reader)
    ]
    return render_template("backlog/segments.html", rows=rows)


@bp.route("/team/segments/new", methods=["GET", "POST"])
def new() -> ResponseReturnValue:
    customers.boards_of(signin.member())
    form = SegmentForm()
    if not form.validate_on_submit():
        return _draw(form), 422 if form.is_submitted() else 200
    try:
        with unit_of_work():
            segment_id = form.make(signin.member().id, lambda: segmenting.make(signin.member(), form.loaded).id)
    except ValidationError as error:
        form.show(error)
        return _draw(form), 422
    flash(_("Kept: %(name)s.", name=segmenting.get(signin.member(), segment_id).name))
    return redirect(url_for(".segments"), 303)


@bp.route("/team/segments/<int:segment_id>/edit", methods=["GET", "POST"])
def edit(segment_id: int) -> ResponseReturnValue:
    segment = segmenting.get(signin.member(), segment_id)
    segmenting.require_own(signin.member(), segment)
    form = SegmentForm(data=SegmentForm.saying(segment))
    if not form.validate_on_submit():
        return _draw(form, segment), 422 if form.is_submitted() else 200
    try:
        with unit_of_work():
            segmenting.change(signin.member(), segmenting.get(signin.member(), segment_id), form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(form, segmenting.get(signin.member(), segment_id)), 422
    flash(_("Changed."))
    return redirect(url_for(".segments"), 303)


@bp.post("/team/segments/<int:segment_id>/remove")
def remove(segment_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        segmenting.remove(signin.member(), segmenting.get(signin.member(), segment_id))
    flash(_("Removed. The people stay as they are."))
    return redirect(url_for(".segments"), 303)


def _draw(form: SegmentForm, segment: Segment | None = None) -> str:
    plans: Any = customers.plans(signin.member())
    return render_template("backlog/segment_form.html", form=form, segment=segment, plans=plans)
