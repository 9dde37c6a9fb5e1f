"""The pages by which people come in: sign up, sign in, links, reset, set-up, sign out."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import (
    addresses,
    joining,
    limits,
    passwords,
    returning,
    setup,
    signin,
    tickets,
    unfinished,
)
from ideas.accounts.errors import AddressTaken, LinkSpent, OtherBrowser, SetUpAlready, SignUpClosed
from ideas.accounts.forms import (
    AskForLinkForm,
    AskForResetForm,
    ChoosePasswordForm,
    ProveElsewhereForm,
    SetUpForm,
    SignInForm,
    SignUpForm,
)
from ideas.accounts.models import Ticket, TicketKind
from ideas.accounts.models_factors import SignedInBy
from ideas.db import unit_of_work
from ideas.errors import DomainError, TooMany
from ideas.forms import SchemaForm
from ideas.settings import current
from ideas.words import _

bp = Blueprint("accounts", __name__, template_folder="templates")

INVITATIONS = {"invitation", "role"}  # the kinds of unfinished acts that open sign-up where it is closed


def draw(template: str, form: SchemaForm, **values: Any) -> ResponseReturnValue:
    """A page with its form; 422 when what was sent has to be changed."""
    status = 422 if request.method == "POST" else 200
    return render_template(f"accounts/{template}.html", form=form, **values), status


def draw_refused(error: DomainError, template: str, form: SchemaForm, **values: Any) -> ResponseReturnValue:
    """The same page with the reason on top and everything typed still in it."""
    form.form_errors = [*form.form_errors, error.message]
    answer = make_response(draw(template, form, **values))
    if isinstance(error, TooMany):
        answer.status_code = 429
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


@bp.errorhandler(LinkSpent)
def link_spent(error: LinkSpent) -> ResponseReturnValue:
    return render_template("accounts/link_spent.html", message=error.message), 404


# --- Sign in with a password, and out ---


@bp.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    form = SignInForm(next=request.args.get("next", ""))
    if request.method != "POST" and signin.reader():
        return redirect(addresses.local_path(form.next.data), 303)
    if not form.validate_on_submit():
        return draw("sign_in", form, act=signin.begun())
    try:
        with unit_of_work():
            tries = signin.spend(limits.SIGN_IN, form.loaded["email"])
        known = returning.who(form.loaded["email"], form.loaded["password"])
    except TooMany as error:
        return draw_refused(error, "sign_in", form, act=signin.begun())
    if known is None:
        form.password.errors = [_("This address and this password do not belong together.")]
        return draw("sign_in", form, act=signin.begun())
    with unit_of_work():
        limits.refund(tries)
        signin.begin(returning.welcome(known), by=SignedInBy.PASSWORD)
    return signin.go_on(form.loaded["next"])


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    with unit_of_work():
        signin.end()
    flash(_("You are signed out."))
    return signin.signed_out(make_response(redirect("/", 303)))


# --- Sign in with a link ---


@bp.post("/sign-in/link")
def ask_for_link() -> ResponseReturnValue:
    form = AskForLinkForm()
    if not form.validate_on_submit():
        # the page has a password field as well, so it is drawn by its own form
        page = SignInForm()
        page.email.errors = form.email.errors
        return draw("sign_in", page, act=signin.begun())
    try:
        with unit_of_work():
            signin.spend(limits.MAIL, form.loaded["email"])
            returning.send_link(form.loaded["email"], _asked(form.loaded["next"]))
    except TooMany as error:
        return draw_refused(error, "sign_in", SignInForm(), act=signin.begun())
    return redirect(url_for(".check_your_mail"), 303)


@bp.get("/check-your-mail")
def check_your_mail() -> ResponseReturnValue:
    """The one answer to everybody who asked for mail, whoever they are."""
    return render_template("accounts/check_your_mail.html")


@bp.get("/link/<token>")
def link(token: str) -> ResponseReturnValue:
    ticket = tickets.look_at(TicketKind.SIGN_IN, token)
    if not tickets.is_from(ticket, signin.known_browser()):
        return _other_browser(ticket)
    return render_template("accounts/link.html", email=returning.owner(ticket).email)


@bp.post("/link/<token>")
def use_link(token: str) -> ResponseReturnValue:
    try:
        with unit_of_work():
            person, ticket = returning.use_link(token, browser=signin.known_browser())
            path, act_id = _after(ticket)
            signin.begin(person, by=SignedInBy.LINK)
    except OtherBrowser:
        return make_response(_other_browser(tickets.look_at(TicketKind.SIGN_IN, token)), 409)
    return signin.go_on(path, act_id=act_id)


def _other_browser(ticket: Ticket) -> str:
    # what was begun stays in the browser where it was begun: whoever did so may be somebody else
    form = AskForLinkForm(formdata=None, email=returning.owner(ticket).email, next="")
    return render_template("accounts/other_browser.html", form=form)


# --- Sign up ---


@bp.route("/sign-up", methods=["GET", "POST"])
def sign_up() -> ResponseReturnValue:
    act = signin.begun()
    if not current().signup_open and (act is None or act.kind not in INVITATIONS):
        raise SignUpClosed(_("New people come in by invitation. Ask somebody of the team to invite you."))
    form = SignUpForm(next=request.args.get("next", ""))
    if request.method != "POST" and signin.reader():
        return redirect(addresses.local_path(form.next.data), 303)
    if not form.validate_on_submit():
        return draw("sign_up", form, act=act)
    try:
        with unit_of_work():
            signin.spend(limits.MAIL, form.loaded["email"])
        password_hash = passwords.hashed(form.loaded["password"])
    except TooMany as error:
        return draw_refused(error, "sign_up", form, act=signin.begun())
    with unit_of_work():
        who = joining.Joining(form.loaded["email"], form.loaded["name"], password_hash)
        joining.sign_up(who, _asked(form.loaded["next"]))
    return redirect(url_for(".check_your_mail"), 303)


@bp.route("/verify/<token>", methods=["GET", "POST"])
def verify(token: str) -> ResponseReturnValue:
    ticket = tickets.look_at(TicketKind.VERIFY, token)
    if not tickets.is_from(ticket, signin.known_browser()):
        return _verify_elsewhere(token, ticket)
    if request.method != "POST":
        return render_template("accounts/verify.html", email=ticket.details["email"])
    return _join(token, resume=True)


def _verify_elsewhere(token: str, ticket: Ticket) -> ResponseReturnValue:
    """Whoever reads this mail has the address; whether they signed up is not known, so they choose the password."""
    act = unfinished.by_id(ticket.unfinished_id)
    form = ProveElsewhereForm(data={"name": joining.typed_name(ticket), "resume": True})
    if not form.validate_on_submit():
        page = {"email": ticket.details["email"], "act": act, "words": unfinished.words(act) if act else ""}
        return draw("verify_elsewhere", form, **page)
    password_hash = passwords.hashed(form.loaded["password"])
    return _join(token, resume=form.loaded["resume"], name=form.loaded["name"], password_hash=password_hash)


def _join(
    token: str, *, resume: bool, name: str | None = None, password_hash: str | None = None
) -> ResponseReturnValue:
    try:
        with unit_of_work():
            person, ticket = joining.verify(
                token, browser=signin.known_browser(), name=name, password_hash=password_hash
            )
            path, act_id = _after(ticket)
            signin.begin(person, by=SignedInBy.JOINED)
    except AddressTaken:
        flash(_("This address is confirmed already. Sign in with it."))
        return redirect(url_for(".sign_in"), 303)
    flash(_("Your address is confirmed and you are signed in. Welcome, %(name)s.", name=signin.member().name))
    return signin.go_on(path, act_id=act_id if resume else None)


# --- A new password ---


@bp.route("/reset", methods=["GET", "POST"])
def ask_for_reset() -> ResponseReturnValue:
    form = AskForResetForm()
    if not form.validate_on_submit():
        return draw("ask_for_reset", form)
    try:
        with unit_of_work():
            signin.spend(limits.MAIL, form.loaded["email"])
            returning.send_reset(form.loaded["email"], _asked("/"))
    except TooMany as error:
        return draw_refused(error, "ask_for_reset", form)
    return redirect(url_for(".check_your_mail"), 303)


@bp.route("/reset/<token>", methods=["GET", "POST"])
def reset(token: str) -> ResponseReturnValue:
    email = returning.owner(tickets.look_at(TicketKind.RESET, token)).email
    form = ChoosePasswordForm()
    if not form.validate_on_submit():
        return draw("reset", form, email=email)
    password_hash = passwords.hashed(form.loaded["password"])
    with unit_of_work():
        person, _ticket = returning.reset(token, password_hash)
        signin.begin(person, by=SignedInBy.RESET)
    flash(_("Your new password counts from now on, and you are signed out everywhere else."))
    return signin.go_on("/")


# --- The first administrator ---


@bp.route("/setup/<token>", methods=["GET", "POST"])
def set_up(token: str) -> ResponseReturnValue:
    tickets.look_at(TicketKind.SETUP, token)
    form = SetUpForm()
    if not form.validate_on_submit():
        return draw("setup", form)
    password_hash = passwords.hashed(form.loaded["password"])
    try:
        with unit_of_work():
            person = setup.make_first_admin(
                token, email=form.loaded["email"], name=form.loaded["name"], password_hash=password_hash
            )
            signin.begin(person, by=SignedInBy.JOINED)
    except (AddressTaken, SetUpAlready) as error:
        return draw_refused(error, "setup", form)
    flash(_("You are the administrator of this site."))
    return signin.go_on("/manage/boards")


def _asked(path: str) -> joining.Asked:
    act = signin.begun()
    return joining.Asked(signin.browser(), act.id if act else None, path)


def _after(ticket: Ticket) -> tuple[str, int | None]:
    """Where the link leads, read before the transaction that used it ends."""
    return str(ticket.details.get("path", "/")), ticket.unfinished_id
