"""The page on which administrators say whether the team must have a second factor."""

from __future__ import annotations

from flask import flash, redirect, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import factor_rule, signin
from ideas.accounts.forms_factors import FactorRuleForm
from ideas.accounts.views import bp, draw, draw_refused
from ideas.db import unit_of_work
from ideas.errors import NotAllowed
from ideas.forms import ButtonForm
from ideas.words import _


@bp.route("/manage/signing-in", methods=["GET", "POST"])
def team_signing_in() -> ResponseReturnValue:
    now = factor_rule.standing(signin.member())
    form = FactorRuleForm()
    if not form.validate_on_submit():
        return draw("factor_rule", form, now=now)
    try:
        with unit_of_work():
            factor_rule.require(signin.member(), days=form.loaded["days"])
    except NotAllowed as error:
        return draw_refused(error, "factor_rule", form, now=factor_rule.standing(signin.member()))
    flash(_("The team must have a second factor. Whoever has none was told by mail."))
    return redirect(url_for(".team_signing_in"), 303)


@bp.post("/manage/signing-in/drop")
def drop_factor_rule() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    factor_rule.standing(signin.member())
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".team_signing_in"))
    with unit_of_work():
        factor_rule.drop(signin.member())
    flash(_("A second factor is up to each again."))
    return redirect(url_for(".team_signing_in"), 303)
