"""Who is signed in. The only module that touches flask_login.

The cookie holds a random secret that stands for a row of `user_session`, so that signing out ends it on the server too.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlsplit

import flask_login
import sqlalchemy as sa
from flask import Flask, Response, flash, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import addresses, factor_rule, identities, keys, limits, sessions, tokens, unfinished
from ideas.accounts.errors import FactorNeeded
from ideas.accounts.models import UnfinishedAct, User
from ideas.accounts.models_factors import HalfSignIn, Second, SignedInBy
from ideas.db import db, unit_of_work, utcnow
from ideas.errors import DomainError, SignInNeeded
from ideas.http import show_problem, wants_json
from ideas.settings import current
from ideas.words import _

BROWSER = "browser"  # secret of this browser, by which its links are known
UNFINISHED = "unfinished"  # secret of what was begun here before signing in
KNOWN = "known"  # marks of the people who signed in here before
HALF = "half"  # of somebody who has yet to give their second factor: its secret, and where to go on afterwards
WINDOW = "window"  # until when a page of another site waits for what comes of this window
DRAFT = "draft"  # the same, of what could not be done afterwards and whose words are kept

MOST_KNOWN = 5  # people of one browser
LONGEST_PATH = 1000  # that a cookie takes along

# What one who must have a second factor and has none may still do: sign in and out, set one up, see to their own data.
# Whatever else there is asks for the factor first, also what is added later.
_WITHOUT_FACTOR = (
    *("sign_in", "sign_out", "ask_for_link", "check_your_mail", "link", "use_link", "sign_up", "verify"),
    *("ask_for_reset", "reset", "set_up", "sign_in_with", "back_from", "confirm"),
    *("second_step", "recovery_step", "begin_second_passkey", "second_passkey"),
    *("begin_sign_in_by_passkey", "sign_in_by_passkey"),
    *("signing_in", "add_app", "remove_app", "renew_codes", "codes_as_file"),
    *("begin_passkey", "add_passkey", "remove_passkey"),
    *("profile", "browsers", "revoke_session", "revoke_other_sessions", "own_data", "export", "erase_oneself"),
)
WITHOUT_FACTOR = frozenset(f"accounts.{name}" for name in _WITHOUT_FACTOR)


class SignedIn:
    """What flask_login keeps of a request: its id is the secret in the cookie, never the person's."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, token: str, found: sessions.Current) -> None:
        self.token = token
        self.found = found

    def get_id(self) -> str:
        return self.token


def init_app(app: Flask) -> None:
    manager = flask_login.LoginManager()
    manager.session_protection = (
        None  # it binds to address and browser version: phones change the one, updates the other
    )
    manager.init_app(app, add_context_processor=False)
    manager.user_loader(_load)
    # The server knows how long a sign-in lasts, so the cookie need not be sent again with every answer.
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False
    app.after_request(_note_visit)
    app.context_processor(lambda: {"current_reader": known_reader(), "factor_wanted_from": factor_wanted_from})
    app.register_error_handler(FactorNeeded, _lead_to_factor)
    handed = cast(Any, app.extensions["answerback"])
    handed.reader = known_reader
    handed.key_finders[keys.PREFIX] = find_key
    handed.ask_to_sign_in = ask_to_sign_in


def _lead_to_factor(error: FactorNeeded) -> ResponseReturnValue:
    if wants_json():
        return show_problem(403, error.code, error.message)
    flash(error.message, "problem")
    return redirect(url_for("accounts.signing_in"), 303)


def _load(token: str) -> SignedIn | None:
    found = sessions.find(token)
    if found is None:
        return None
    g.person_id = found.person.id  # for the log
    return SignedIn(token, found)


def _signed_in() -> SignedIn | None:
    who = flask_login.current_user
    return cast(SignedIn, who._get_current_object()) if who and who.is_authenticated else None


# --- Who ---


def reader() -> User | None:
    """Who is signed in, if anybody. Suspended people may read.

    Raises FactorNeeded for one of the team who must have a second factor and has none: until they do, WITHOUT_FACTOR
    is all that opens.
    """
    person = _reader()
    if person is not None and request.endpoint not in WITHOUT_FACTOR:
        _require_factor()
    return person


def _reader() -> User | None:
    who = _signed_in()
    return who.found.person if who else None


def _require_factor() -> None:
    wanted = _factor_wanted_from()
    if wanted is not None and wanted <= utcnow():
        words = _("The team of this site needs a second factor. Set one up here, and all else is open again.")
        raise FactorNeeded(words)


def factor_wanted_from() -> datetime | None:
    """From when whoever reads must have a second factor and has none; for a page's frame, as `known_reader`."""
    try:
        return _factor_wanted_from()
    except sa.exc.SQLAlchemyError:
        if not db.session().info.get("in_unit_of_work"):
            db.session.rollback()
        return None


def _factor_wanted_from() -> datetime | None:
    who = _signed_in()
    return factor_rule.wanted_of(who.found.person, who.found.factor_needed_from) if who else None


def member() -> User:
    """Who is signed in. Raises SignInNeeded."""
    person = reader()
    if person is None:
        raise SignInNeeded(_("Sign in first; it takes a moment, and what you wrote is kept."))
    return person


def known_reader() -> User | None:
    """`reader` for a page's frame, which must also be drawn while the database cannot be asked: then nobody."""
    try:
        person = _reader()
        if person is not None:
            _ = person.name  # after a rollback this asks the database again
    except sa.exc.SQLAlchemyError:
        if not db.session().info.get("in_unit_of_work"):
            db.session.rollback()
        return None
    return person


def session_id() -> int | None:
    """The sign-in of this browser, to tell it from the person's others."""
    who = _signed_in()
    return who.found.session_id if who else None


def is_fresh() -> bool:
    """Has the person proven within FRESH, in this browser, who they are: asked before what cannot be taken back."""
    who = _signed_in()
    return who is not None and sessions.is_fresh(who.found)


def confirm_first(path: str) -> ResponseReturnValue:
    """Ask for the password, or a fresh link, before what `path` shows."""
    return redirect(url_for("accounts.confirm", next=path), 303)


def find_key(token: str) -> keys.ValidKey | None:
    """What an API key opens; that it is in use is noted now and then."""
    key = keys.find(token)
    if key is None or not key.was_used_long_ago:
        return key
    with unit_of_work():
        keys.note_use(key.id)
    return keys.find(token)


# --- In and out ---


def begin(person: User, *, by: SignedInBy, waiting: identities.Waiting | None = None) -> None:
    """`person` proved in this browser who they are; `go_on` comes after it. Stands in a unit of work.

    Who has a second factor is not signed in by that: they are halfway, which opens nothing, and `go_on` asks for it. A
    passkey that asked who was holding it is both at once. waiting: an account elsewhere that is linked only then.
    """
    if person.factor_since is not None and by != SignedInBy.PASSKEY:
        session[HALF] = {"token": sessions.begin_half(person, by=by)} | ({"waiting": waiting} if waiting else {})
        return
    _open(person, by)


def halfway() -> HalfSignIn | None:
    """Who has yet to give their second factor in this browser. Loaded: user."""
    return sessions.find_half(session.get(HALF, {}).get("token"))


def complete(half: HalfSignIn, second: Second) -> tuple[str, int | None]:
    """Their second factor was right: sign them in; what `go_on` takes. Stands in a unit of work.

    Raises SignInNeeded when it was completed already.
    """
    if not sessions.end_half(half):
        raise SignInNeeded(_("This sign-in was completed or ended already."))
    kept = session[HALF]
    if waiting := kept.get("waiting"):
        identities.link_waiting(half.user, waiting)
    _open(half.user, half.by, second)
    return str(kept.get("path", "/")), kept.get("act")


def begin_again(person: User) -> None:
    """A role that `person` took just now ended their sign-ins, also this one: it goes on, no fresher than it was.

    Stands in a unit of work.
    """
    who = _signed_in()
    if who is None or who.found.person.id != person.id:
        raise SignInNeeded(_("Sign in first; it takes a moment, and what you wrote is kept."))
    _open(person, who.found.by, who.found.second, proved_at=who.found.created_at)


def _open(person: User, by: str, second: str | None = None, *, proved_at: datetime | None = None) -> None:
    """The one place at which a sign-in becomes a session, with a new secret. proved_at: None for now.

    Whatever the cookie held before is worth nothing afterwards, except what was begun before signing in, here or in
    another tab.
    """
    _end_session()
    # the browser's own secret stays as well: in another tab somebody may be on their way to sign in, too
    carried = {name: session[name] for name in (BROWSER, UNFINISHED, WINDOW) if name in session}
    marks = [_mark(person.email or ""), *session.get(KNOWN, [])]
    session.clear()
    session.update(carried)
    session[KNOWN] = list(dict.fromkeys(marks))[:MOST_KNOWN]
    session.permanent = True
    session_row, token = sessions.open_for(
        person,
        browser=request.user_agent.string,
        network_address=request.remote_addr or "",
        by=by,
        second=second,
        proved_at=proved_at,
    )
    found = sessions.Current(
        session_row.id, session_row.created_at, session_row.last_seen_at, by, second, factor_rule.needed_from(), person
    )
    flask_login.login_user(SignedIn(token, found))


def end() -> None:
    """Sign this browser out; that it was used here is still known, see `spend`. Stands in a unit of work."""
    _end_session()
    flask_login.logout_user()
    marks = session.get(KNOWN)
    session.clear()
    if marks:
        session[KNOWN] = marks
        session.permanent = True


def forget() -> None:
    """Nothing in this browser says any more who used it: their account is gone."""
    session.clear()


def _end_session() -> None:
    if token := session.get("_user_id"):
        sessions.end(token)


def signed_out(answer: Response) -> Response:
    """Let the browser forget what it kept of this site's pages.

    Not its cookies: Clear-Site-Data takes those of the whole domain, where other sites of the company live.
    """
    answer.headers["Clear-Site-Data"] = '"cache", "storage"'
    return answer


def _note_visit(answer: Response) -> Response:
    """Write down now and then that this browser was here. It must not fail the answer, which is ready."""
    who = cast("SignedIn | None", g.get("_login_user"))
    if not isinstance(who, SignedIn) or not sessions.was_seen_long_ago(who.found):
        return answer
    try:
        with unit_of_work():
            sessions.seen(who.found.session_id)
    except sa.exc.OperationalError:
        db.session.rollback()
    return answer


# --- This browser, before anybody is signed in ---


def network() -> str:
    """Whom to count as one for limits."""
    return addresses.network(request.remote_addr)


def spend(limit: limits.Limit, email: str) -> Sequence[int]:
    """`limits.spend` for what this browser tries with that address. Stands in a unit of work. Raises TooMany."""
    return limits.spend(limit, network=network(), email=email, is_known=_mark(email) in session.get(KNOWN, []))


def _mark(email: str) -> str:
    """What stands for an address in the cookie, which whoever has the browser can read."""
    return hmac.new(current().secret_key.encode(), f"known {email}".encode(), hashlib.sha256).hexdigest()[:32]


def browser() -> str:
    """The secret of this browser, made at first need: a link asked for here signs in here and nowhere else."""
    if BROWSER not in session:
        session[BROWSER] = tokens.fresh()
    return str(session[BROWSER])


def known_browser() -> str | None:
    return cast("str | None", session.get(BROWSER))


def begun() -> UnfinishedAct | None:
    """What was begun in this browser before signing in."""
    return unfinished.find(session.get(UNFINISHED))


def draft(kind: str) -> dict[str, Any] | None:
    """What was written in this browser and could not be done after signing in, to fill its form again."""
    act = unfinished.find(session.get(DRAFT))
    return act.details if act and act.kind == kind else None


def drop_draft() -> None:
    """The draft was sent, or is not wanted. Stands in a unit of work."""
    if token := session.pop(DRAFT, None):
        unfinished.drop(token)


# --- From asking to sign in to having done what was begun ---


def ask_to_sign_in(
    kind: str | None = None, details: dict[str, Any] | None = None, *, back: str | None = None
) -> ResponseReturnValue:
    """Send a visitor to sign in, and keep what they were about to do; the page they are on comes back afterwards.

    back: another page, where the address of this one is a secret.

    `kind` names one of `Rooms.resumers`, which does the act from `details` once they are somebody. Stands outside a
    unit of work. Raises TooMany when one network keeps very many acts.
    """
    if kind is not None:
        with unit_of_work():
            limits.spend(limits.KEEP, network=network())
            if former := session.get(UNFINISHED):
                unfinished.drop(former)
            session[UNFINISHED] = unfinished.keep(kind, details or {})
    if back is None:
        back = request.full_path.removesuffix("?") if request.method in ("GET", "HEAD") else _came_from()
    return redirect(url_for("accounts.sign_in", next=addresses.local_path(back)), 303)


def go_on(path: str | None, *, act_id: int | None = None) -> ResponseReturnValue:
    """Do what was begun before signing in, then go where it leads, or else to `path`. Stands outside a unit of work.

    The act has a transaction of its own: what is wrong with it does not undo signing in. Who is only halfway in is
    asked for their second factor first, and all of this waits.
    """
    half = session.get(HALF)
    if half and "path" not in half:
        is_short = len(path or "") <= LONGEST_PATH
        session[HALF] = {**half, "path": addresses.local_path(path if is_short else "/"), "act": act_id}
        return redirect(url_for("accounts.second_step"), 303)
    act_id = act_id or _act_of_this_browser()
    session.pop(UNFINISHED, None)
    where = None
    if act_id is not None:
        try:
            with unit_of_work():
                person = member()
                _require_factor()
                where = unfinished.resume(person, act_id)
                if not sessions.is_open(session_id()):  # a new role ended all sign-ins, also the one just made
                    begin_again(person)
        except (DomainError, ValidationError) as error:
            where = _explain(error, act_id)
    return redirect(addresses.local_path(where or path), 303)


def _act_of_this_browser() -> int | None:
    act = begun()
    return act.id if act else None


def _explain(error: DomainError | ValidationError, act_id: int) -> str | None:
    """Say why what was begun was not done, keep its words for its form, and find the page to show it on."""
    reasons = [error.message] if isinstance(error, DomainError) else list(_lines(error.messages))
    flash(_("You are signed in, but one thing could not be done: %(why)s", why=" ".join(reasons)), "problem")
    with unit_of_work():
        act = unfinished.by_id(act_id)
        if act is None:
            return None
        if token := unfinished.hand_over(act_id):
            session[DRAFT] = token
        return cast("str | None", act.details.get("back"))


def _lines(messages: Any) -> list[str]:
    if isinstance(messages, dict):
        return [line for each in messages.values() for line in _lines(each)]
    if isinstance(messages, list):
        return [line for each in messages for line in _lines(each)]
    return [str(messages)]


def _came_from() -> str:
    """The page of ours on which the pressed button stood."""
    parts = urlsplit(request.referrer or "")
    if f"{parts.scheme}://{parts.netloc}" != current().base_url:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
