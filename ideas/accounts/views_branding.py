"""The page on which administrators give the site its name, its colour and its logo."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Flask, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas import pictures, settings
from ideas.accounts import branding, signin
from ideas.accounts.forms import BrandForm
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.http import takes_picture
from ideas.words import _

bp = Blueprint("branding", __name__, template_folder="templates")


def init_app(app: Flask, rooms: settings.Rooms) -> None:
    """Let every page and mail show what is chosen here."""
    remembered = app.extensions["answerback.brand"] = branding.Remembered()
    rooms.brand = partial(branding.now, remembered)
    rooms.logo = branding.logo
    app.register_blueprint(bp)


@bp.route("/manage/look", methods=["GET", "POST"])
@takes_picture
def look() -> ResponseReturnValue:
    kept = branding.kept(signin.member())
    form = BrandForm(data={"site_name": kept.site_name or "", "accent": kept.accent or ""})
    if not form.validate_on_submit():
        return _draw(form), 422 if form.is_submitted() else 200
    file = request.files.get(pictures.FIELD)
    try:
        picture = branding.logo_from(file.read()) if file and file.filename else None
    except ValidationError as error:
        form.show(error)
        return _draw(form), 422
    with unit_of_work():
        branding.choose(signin.member(), **form.loaded, picture=picture)
    show_at_once()
    flash(_("Saved. Every page and mail looks so from now on."))
    return redirect(url_for(".look"), 303)


@bp.post("/manage/look/drop-logo")
def drop_logo() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        branding.drop_logo(signin.member())
    show_at_once()
    flash(_("The logo is gone."))
    return redirect(url_for(".look"), 303)


def show_at_once() -> None:
    """Let this process show what was just committed; the others follow by themselves."""
    current_app.extensions["answerback.brand"].until = 0.0


def _draw(form: BrandForm) -> str:
    return render_template(
        "accounts/look.html",
        form=form,
        plain=settings.brand_of_settings(),
        has_logo=branding.kept(signin.member()).logo_version is not None,
    )
