"""Signing in with another account, and the accounts elsewhere on one's profile."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from flask import flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import (
    addresses,
    identities,
    joining,
    limits,
    openid,
    openid_asking,
    openid_words,
    signin,
    unfinished,
)
from ideas.accounts.forms import WithProviderForm
from ideas.accounts.models import User
from ideas.accounts.models_factors import SignedInBy
from ideas.accounts.openid_refusals import NotSignedIn, Why
from ideas.accounts.views import INVITATIONS, bp
from ideas.db import unit_of_work
from ideas.forms import ButtonForm
from ideas.setting_openid import Provider
from ideas.settings import current
from ideas.words import _

log = structlog.get_logger()

bp.add_app_template_global(openid.offered, "sign_in_providers")


# --- There and back ---


@bp.post("/sign-in/with/<slug>")
def sign_in_with(slug: str) -> ResponseReturnValue:
    provider = openid.get(slug)
    path = WithProviderForm().loaded_or_raise()["next"]
    with unit_of_work():
        tries = limits.spend(limits.OPENID, network=signin.network())
    return _send_away(provider, path, tries=tries)


@bp.get("/sign-in/with/<slug>/back")
def back_from(slug: str) -> ResponseReturnValue:
    """Where a provider sends people back. By GET, as the protocol has it: what is written is bound to this browser."""
    provider = openid.get(slug)
    path = "/"
    try:
        with unit_of_work():
            came = openid.take_back(provider, request.args, browser=signin.known_browser())
        path = came.path
        said = openid.learn(provider, came, request.args)
        if came.linking is not None:
            return _link(said, came.linking)
        with unit_of_work():
            entered = identities.enter(said, may_join=_may_join(came.unfinished_id))
            limits.refund(came.tries)
            signin.begin(entered.person, by=SignedInBy.OPENID, waiting=entered.waiting)
            name = entered.person.name
    except NotSignedIn as refusal:
        return _refused(provider, refusal, path)
    if entered.is_new:
        flash(_("You are signed in. Welcome, %(name)s.", name=name))
    elif entered.is_linked:
        flash(_("From now on you can sign in with %(provider)s as well.", provider=provider.name))
    return signin.go_on(came.path, act_id=came.unfinished_id)


def _send_away(
    provider: Provider, path: str, *, linking: User | None = None, tries: Sequence[int] = ()
) -> ResponseReturnValue:
    """To the provider by a page of our own: after a form, browsers follow a redirect to no other site (form-action)."""
    again = signin.reader() is not None
    try:
        where = openid_asking.metadata(provider)
    except NotSignedIn as refusal:
        return _refused(provider, refusal, path)
    with unit_of_work():
        act = signin.begun()
        asked = joining.Asked(signin.browser(), act.id if act else None, path)
        state = openid.note(
            provider, asked, linking=signin.member() if linking else None, tries=tries, again=again and not linking
        )
    url = openid.away(provider, where, state, again=again)
    return render_template("accounts/openid_away.html", provider=provider, url=url)


def _may_join(unfinished_id: int | None) -> bool:
    act = unfinished.by_id(unfinished_id)
    return current().signup_open or (act is not None and act.kind in INVITATIONS)


def _refused(provider: Provider, refusal: NotSignedIn, path: str) -> ResponseReturnValue:
    log.warning("not_signed_in_by_openid", provider=provider.slug, why=refusal.why, because=refusal.because)
    page = openid_words.page(refusal.why, provider)
    drawn = render_template(
        "accounts/openid_refused.html",
        page=page,
        provider=provider,
        path=addresses.local_path(path),
        act=signin.begun(),
    )
    answer = make_response(drawn, page.status)
    if refusal.why == Why.DOWN:
        answer.headers["Retry-After"] = str(round(openid_asking.REST.total_seconds()))
    return answer


# --- One's own ---


@bp.post("/profile/identities/with/<slug>")
def link_identity(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    person = signin.member()
    provider = openid.get(slug)
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    return _send_away(provider, url_for(".signing_in"), linking=person)


@bp.post("/profile/identities/<int:identity_id>/remove")
def remove_identity(identity_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    with unit_of_work():
        name = identities.remove(signin.member(), identity_id)
    flash(_("%(provider)s no longer signs you in.", provider=name))
    return redirect(url_for(".signing_in"), 303)


def _link(said: openid.Said, person_id: int) -> ResponseReturnValue:
    with unit_of_work():
        person = signin.reader()
        if person is None or person.id != person_id:
            raise NotSignedIn(Why.OVER, "somebody else is signed in now")
        identities.link(person, said)
    flash(_("From now on you can sign in with %(provider)s as well.", provider=said.provider.name))
    return redirect(url_for(".signing_in"), 303)
