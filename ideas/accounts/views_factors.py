"""The pages about second factors: the question at signing in, one's own factors, and taking a lost one away."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import factors, factors_totp, identities, limits, pictures_of_codes, queries, recovery, signin
from ideas.accounts.errors import CodeWrong, LastFactor, OfferOver
from ideas.accounts.forms_factors import AddAppForm, AddPasskeyForm, CodeForm, CodesForm, RecoveryForm
from ideas.accounts.models import User
from ideas.accounts.models_factors import Second
from ideas.accounts.views import bp, draw, draw_refused
from ideas.db import unit_of_work
from ideas.errors import NotFound, SignInNeeded, TooMany
from ideas.forms import ButtonForm, SchemaForm
from ideas.settings import brand
from ideas.words import _

# --- The question ---


@bp.route("/sign-in/second", methods=["GET", "POST"])
def second_step() -> ResponseReturnValue:
    form = CodeForm()
    return _asked(form, "code", Second.APP, factors.prove_by_app)


@bp.route("/sign-in/recovery", methods=["GET", "POST"])
def recovery_step() -> ResponseReturnValue:
    form = RecoveryForm()
    return _asked(form, "recovery", Second.RECOVERY, factors.prove_by_recovery)


def _asked(form: SchemaForm, name: str, second: Second, proves: Callable[[User, str], bool]) -> ResponseReturnValue:
    half = signin.halfway()
    if half is None:
        return begin_anew()
    page = "recovery_step" if second == Second.RECOVERY else "second_step"
    has = factors.of(half.user)
    if not form.validate_on_submit():
        return draw(page, form, has=has)
    try:
        with unit_of_work():
            tries = signin.spend(limits.FACTOR, half.user.email or "")
    except TooMany as error:
        return draw_refused(error, page, form, has=has)
    try:
        with unit_of_work():
            half = signin.halfway()
            is_right = half is not None and proves(half.user, form.loaded[name])
            if half is not None and is_right:
                limits.refund(tries)
                path, act_id = signin.complete(half, second)
    except SignInNeeded:
        return begin_anew()
    if half is None:
        return begin_anew()
    if not is_right:
        wrong = {
            Second.APP: _("These are not the digits that your app shows now, or they were used already."),
            Second.RECOVERY: _("This is none of your recovery codes, or it was used already."),
        }
        form[name].errors = [wrong[second]]
        return draw(page, form, has=has)
    if second == Second.RECOVERY:
        flash(_("You are signed in. If what you use for it is lost, remove it here and set up another."))
        path = url_for(".signing_in")
    return signin.go_on(path, act_id=act_id)


def begin_anew() -> ResponseReturnValue:
    """Nobody is halfway in this browser any more."""
    if signin.reader():
        return redirect("/", 303)
    flash(_("That took too long, or was ended elsewhere. Begin once more."))
    return redirect(url_for(".sign_in"), 303)


# --- One's own ---


@bp.get("/profile/signing-in")
def signing_in() -> ResponseReturnValue:
    person = signin.member()
    return render_template(
        "accounts/signing_in.html",
        person=person,
        has=factors.of(person),
        form=AddPasskeyForm(),
        elsewhere=identities.elsewhere(person),
    )


@bp.route("/profile/signing-in/app", methods=["GET", "POST"])
def add_app() -> ResponseReturnValue:
    person = signin.member()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".add_app"))
    if factors_totp.of(person) is not None:
        flash(_("You have an authenticator app already. Remove it before you set up another."))
        return redirect(url_for(".signing_in"), 303)
    form = AddAppForm()
    if not form.validate_on_submit():
        return _draw_app(form, person)
    try:
        with unit_of_work():
            made = factors.add_app(signin.member(), **form.loaded, here=signin.session_id())
    except (CodeWrong, OfferOver) as error:
        form.code.errors = [error.message]
        return _draw_app(form, signin.member())
    if not made:
        flash(_("The app is set up."))
        return redirect(url_for(".signing_in"), 303)
    return show_codes(made, _("The app is set up, and asked for from now on."))


@bp.post("/profile/signing-in/app/remove")
def remove_app() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    return removed(factors.remove_app, _("The app is removed: it opens your account no more."))


@bp.post("/profile/signing-in/codes")
def renew_codes() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".signing_in"))
    with unit_of_work():
        made = factors.renew_codes(signin.member())
    return show_codes(made, _("These are your new codes. The former ones no longer work."))


@bp.post("/profile/signing-in/codes/file")
def codes_as_file() -> ResponseReturnValue:
    """The codes that are on the screen, as a file; they are kept nowhere, so the page sends them back."""
    codes = CodesForm().loaded_or_raise()["codes"].split()[: recovery.MANY]
    person = signin.member()
    if not recovery.are_of(person, codes):
        raise NotFound(_("These are not your codes any more. Make new ones."))
    lines = [_("Recovery codes for %(site)s, %(email)s", site=brand().site_name, email=person.email or ""), "", *codes]
    answer = Response("\r\n".join([*lines, "", _("Each works once."), ""]), mimetype="text/plain")
    answer.headers["Content-Disposition"] = "attachment; filename=recovery-codes.txt"
    return answer


def removed(remove: Callable[[User], None], words: str) -> ResponseReturnValue:
    """Back to the page, with `words` once `remove` has done it, or with why it may not be."""
    try:
        with unit_of_work():
            remove(signin.member())
    except LastFactor as error:
        flash(error.message, "problem")
    else:
        flash(words)
    return redirect(url_for(".signing_in"), 303)


def _draw_app(form: AddAppForm, person: User) -> ResponseReturnValue:
    return draw("add_app", form, **_offered(form, person))


def _offered(form: AddAppForm, person: User) -> dict[str, object]:
    """The key that the page shows: the one it showed before, or a new one where that is over."""
    try:
        offer = factors_totp.offer_again(person, form.sealed.data or "")
    except OfferOver:
        offer = factors_totp.offer(person)
    form.sealed.data = offer.sealed
    return {"offer": offer, "squares": pictures_of_codes.path(offer.address)}


def show_codes(codes: list[str], words: str) -> ResponseReturnValue:
    """The page with new recovery codes."""
    # shown on this answer and nowhere else: a redirect would have to carry them in an address or a cookie
    form = CodesForm(formdata=None, codes=" ".join(codes))
    return render_template("accounts/recovery_codes.html", codes=codes, words=words, form=form), 201


# --- Somebody else's ---


@bp.post("/manage/people/<int:person_id>/take-away-factor")
def take_away_factor(person_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    whom = queries.get_person(signin.member(), person_id)
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".person", person_id=person_id))
    with unit_of_work():
        whom = queries.get_person(signin.member(), person_id)
        factors.take_away(signin.member(), whom)
    flash(_("This person signs in without a second factor now, and was told so by mail."))
    return redirect(url_for(".person", person_id=person_id), 303)
