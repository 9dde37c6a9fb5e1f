"""The hosts that sign somebody in, on their own page about signing in."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, flash, redirect, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.db import unit_of_work
from ideas.embed import arriving
from ideas.embed.models import HostIdentity
from ideas.forms import ButtonForm
from ideas.words import _

bp = Blueprint("embed_own", __name__)


class Shown(NamedTuple):
    """A host as the person sees it whom it signs in."""

    identity: HostIdentity
    name: str


@bp.app_template_global("hosts_of")
def hosts_of(person: User) -> list[Shown]:
    """The hosts that sign `person` in."""
    return [Shown(each, arriving.site_of(each.issuer)) for each in arriving.mine(person)]


@bp.post("/profile/pages/<int:identity_id>/remove")
def remove(identity_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for("accounts.signing_in"))
    with unit_of_work():
        name = arriving.remove(signin.member(), identity_id)
    flash(_("%(provider)s no longer signs you in.", provider=name))
    return redirect(url_for("accounts.signing_in"), 303)
