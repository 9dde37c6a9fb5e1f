"""The pages on which people take their data along, are erased, and prove before that they are who they are."""

from __future__ import annotations

import tempfile
from typing import IO, cast

from flask import flash, make_response, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import erasing, exporting, identities, limits, queries, returning, signin
from ideas.accounts.forms import ConfirmForm, EraseForm
from ideas.accounts.models_factors import SignedInBy
from ideas.accounts.views import bp, draw, draw_refused
from ideas.db import one_moment, unit_of_work, utcnow
from ideas.errors import TooMany
from ideas.forms import ButtonForm
from ideas.words import _

IN_MEMORY = 4 * 2**20  # an archive that grows larger is written to a file of its own until it is sent


@bp.route("/profile/confirm", methods=["GET", "POST"])
def confirm() -> ResponseReturnValue:
    """Prove once more who you are; a new sign-in takes the place of this browser's old one."""
    person = signin.member()
    form = ConfirmForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return draw("confirm", form, person=person, elsewhere=identities.of(person))
    try:
        with unit_of_work():
            tries = signin.spend(limits.SIGN_IN, signin.member().email or "")
        known = returning.who(signin.member().email or "", form.loaded["password"])
    except TooMany as error:
        return draw_refused(error, "confirm", form, person=signin.member(), elsewhere=identities.of(signin.member()))
    if known is None:
        form.password.errors = [_("This is not your password.")]
        return draw("confirm", form, person=signin.member(), elsewhere=identities.of(signin.member()))
    with unit_of_work():
        limits.refund(tries)
        signin.begin(returning.welcome(known), by=SignedInBy.PASSWORD)
    return signin.go_on(form.loaded["next"])


@bp.get("/profile/data")
def own_data() -> ResponseReturnValue:
    return render_template("accounts/data.html", person=signin.member())


@bp.post("/profile/data/export")
def export() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    person = signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".own_data"))
    with unit_of_work():
        limits.spend(limits.EXPORT, network=signin.network(), email=person.email or "")
    out = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 the answer closes it
    try:
        with one_moment():
            exporting.write(out, signin.member())
    except BaseException:
        out.close()
        raise
    out.seek(0)
    name = f"answerback-{utcnow():%Y-%m-%d}.zip"
    answer = send_file(out, mimetype="application/zip", as_attachment=True, download_name=name, etag=False)
    answer.headers["Cache-Control"] = "private, no-store"  # files are kept for a year by default
    return answer


@bp.route("/profile/erase", methods=["GET", "POST"])
def erase_oneself() -> ResponseReturnValue:
    person = signin.member()
    form = EraseForm()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".erase_oneself"))
    if not form.validate_on_submit():
        return draw("erase", form, person=person, back_to=url_for(".own_data"))
    with unit_of_work():
        leaving = erasing.erase(signin.member(), signin.member(), with_text=form.loaded["with_text"])
        signin.drop_draft()
        signin.end()
        signin.forget()
    erasing.finish(leaving)
    flash(_("Your account is erased. Thank you for what you gave."))
    return signin.signed_out(make_response(redirect("/", 303)))


@bp.route("/manage/people/<int:person_id>/erase", methods=["GET", "POST"])
def erase_person(person_id: int) -> ResponseReturnValue:
    person = queries.get_person(signin.member(), person_id)
    here = url_for(".person", person_id=person_id)
    form = EraseForm()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".erase_person", person_id=person_id))
    if not form.validate_on_submit():
        return draw("erase", form, person=person, back_to=here)
    with unit_of_work():
        whom = queries.get_person(signin.member(), person_id)
        leaving = erasing.erase(signin.member(), whom, with_text=form.loaded["with_text"])
    erasing.finish(leaving)
    flash(_("This person is erased."))
    return redirect(url_for(".list_people"), 303)
