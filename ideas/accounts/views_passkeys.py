"""Passkeys in the browser: adding and removing one's own, signing in with one, and giving one as the second factor.

Each takes two requests: the script asks for a challenge, and sends what the browser says to it with the form that
stands there.
"""

from __future__ import annotations

from functools import partial

from flask import flash, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import browsers, factors, limits, passkeys, signin
from ideas.accounts.errors import FactorThere, PasskeyRefused
from ideas.accounts.forms_factors import AddPasskeyForm, PasskeyForm
from ideas.accounts.models_factors import Second, SignedInBy
from ideas.accounts.views import bp
from ideas.accounts.views_factors import begin_anew, removed, show_codes
from ideas.db import unit_of_work
from ideas.errors import DomainError, SignInNeeded
from ideas.forms import ButtonForm
from ideas.words import _

bp.add_app_template_global(passkeys.are_possible, "passkeys_are_possible")

CHALLENGE = "passkey"  # secret of what this browser's passkey was asked to sign


def _ask(asked: passkeys.Asked) -> ResponseReturnValue:
    session[CHALLENGE] = asked.token
    return jsonify(asked.options)


def _challenge(purpose: passkeys.Purpose) -> bytes:
    """In a transaction of its own: whatever becomes of the answer, it is spent."""
    with unit_of_work():
        half = signin.halfway()
        whose = {passkeys.Purpose.ADD: signin.reader(), passkeys.Purpose.SECOND: half.user if half else None}
        return passkeys.take(purpose, session.pop(CHALLENGE, None), whose.get(purpose))


def _say(error: DomainError | ValidationError) -> None:
    words = error.message if isinstance(error, DomainError) else _("Your browser did not say anything. Try once more.")
    flash(words, "problem")


# --- One's own ---


@bp.post("/profile/signing-in/passkeys/begin")
def begin_passkey() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    with unit_of_work():
        asked = passkeys.ask_for_new(signin.member())
    return _ask(asked)


@bp.post("/profile/signing-in/passkeys")
def add_passkey() -> ResponseReturnValue:
    signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    try:
        said = AddPasskeyForm().loaded_or_raise()
        new = passkeys.new_from(_challenge(passkeys.Purpose.ADD), said["credential"])
        name = said["name"] or browsers.said(request.user_agent.string) or _("Passkey")
        with unit_of_work():
            made = factors.add_passkey(signin.member(), new, name, here=signin.session_id())
    except (ValidationError, PasskeyRefused, FactorThere) as error:
        _say(error)
        return redirect(url_for(".signing_in"), 303)
    if made:
        return show_codes(made, _("The passkey is added, and asked for from now on."))
    flash(_("The passkey is added."))
    return redirect(url_for(".signing_in"), 303)


@bp.post("/profile/signing-in/passkeys/<int:passkey_id>/remove")
def remove_passkey(passkey_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    remove = partial(factors.remove_passkey, passkey_id=passkey_id)
    return removed(remove, _("The passkey is removed: it opens your account no more."))


# --- Signing in with one, and nothing else ---


@bp.post("/sign-in/passkey/begin")
def begin_sign_in_by_passkey() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        limits.spend(limits.PASSKEY, network=signin.network())
        asked = passkeys.ask_anybody()
    return _ask(asked)


@bp.post("/sign-in/passkey")
def sign_in_by_passkey() -> ResponseReturnValue:
    form = PasskeyForm()
    try:
        said = form.loaded_or_raise()
        challenge = _challenge(passkeys.Purpose.SIGN_IN)
        with unit_of_work():
            signin.begin(passkeys.use(challenge, said["credential"]), by=SignedInBy.PASSKEY)
    except (ValidationError, PasskeyRefused) as error:
        _say(error)
        return redirect(url_for(".sign_in", next=form.next.data or None), 303)
    return signin.go_on(said["next"])


# --- As the second factor ---


@bp.post("/sign-in/second/begin")
def begin_second_passkey() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        half = signin.halfway()
        asked = passkeys.ask(half.user) if half else None
    return begin_anew() if asked is None else _ask(asked)


@bp.post("/sign-in/second/passkey")
def second_passkey() -> ResponseReturnValue:
    try:
        said = PasskeyForm().loaded_or_raise()
        challenge = _challenge(passkeys.Purpose.SECOND)
        with unit_of_work():
            half = signin.halfway()
            if half is None:
                return begin_anew()
            passkeys.use(challenge, said["credential"], of=half.user)
            path, act_id = signin.complete(half, Second.PASSKEY)
    except SignInNeeded:
        return begin_anew()
    except (ValidationError, PasskeyRefused) as error:
        _say(error)
        return redirect(url_for(".second_step"), 303)
    return signin.go_on(path, act_id=act_id)
