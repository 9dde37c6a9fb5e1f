"""Inviting people to a role on the whole site, and the page that their link opens."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import inviting, limits, signin
from ideas.accounts.forms import RoleInvitationForm
from ideas.accounts.models import SiteRole
from ideas.accounts.views import bp
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.words import _, lazy

ROLE_NAMES = {SiteRole.TEAM: lazy("Team"), SiteRole.ADMIN: lazy("Administrator")}


@bp.route("/manage/invitations", methods=["GET", "POST"])
def invitations() -> ResponseReturnValue:
    open_ones = inviting.open_ones(signin.member())
    form = RoleInvitationForm(role=SiteRole.TEAM.value)
    if not form.validate_on_submit():
        return _draw(form, open_ones), 422 if form.errors else 200
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".invitations"))
    try:
        with unit_of_work():
            limits.spend(limits.INVITE, network=signin.network(), email=form.loaded["email"])
            inviting.invite(signin.member(), email=form.loaded["email"], role=form.loaded["role"])
    except ValidationError as error:
        form.show(error)
        return _draw(form, inviting.open_ones(signin.member())), 422
    flash(_("An invitation is on its way. Its link works once, for 7 days, with that address."))
    return redirect(url_for(".invitations"), 303)


@bp.post("/manage/invitations/<int:invitation_id>/withdraw")
def withdraw_role_invitation(invitation_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        inviting.withdraw(signin.member(), invitation_id)
    flash(_("The link of that invitation no longer works."))
    return redirect(url_for(".invitations"), 303)


@bp.route("/roles/<token>", methods=["GET", "POST"])
def accept_role(token: str) -> ResponseReturnValue:
    """Reading the link uses nothing up: mail programs read links too. The button does."""
    offered = inviting.look_at(token)
    if request.method != "POST":
        means = inviting.means(SiteRole(offered.role))
        return render_template("accounts/role_offered.html", offered=offered, means=means, form=ButtonForm())
    ButtonForm().loaded_or_raise()
    if signin.reader() is None:
        return signin.ask_to_sign_in("role", {"invitation": offered.id}, back="/")
    with unit_of_work():
        person = signin.member()
        role = inviting.accept(person, token)
        signin.begin_again(person)  # this browser alone goes on
    flash(_("You hold your new role now. Other browsers in which you were signed in have to sign in again."))
    return redirect(inviting.begins_at(role), 303)


def _draw(form: RoleInvitationForm, open_ones: object) -> str:
    return render_template("accounts/invitations.html", form=form, invitations=open_ones, roles=ROLE_NAMES)
