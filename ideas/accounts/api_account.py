"""One's own account for one's own programs: profile, browsers, keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ideas import api, api_repeats
from ideas.accounts import browsers, keys, people, queries, sessions
from ideas.accounts import schemas_account as shapes
from ideas.api import READ, Blueprint, list_of
from ideas.db import db, unit_of_work
from ideas.paging import Page

WRITE = "account:write"
KEYS = "keys:write"

blueprint = Blueprint("account", __name__, about="Your own account: who you are here, your browsers, your keys.")


@blueprint.route("/me")
@blueprint.needs(READ)
@blueprint.gives(shapes.MeOut, example=shapes.ME)
def get_me() -> Any:
    """Read who you are

    Whose key this is, and what it may.
    """
    return _me()


@blueprint.route("/me", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.MeEdit, example={"timezone": "Europe/Berlin", "shown_as_backer": True})
@blueprint.gives(shapes.MeOut, example=shapes.ME)
def edit_me(changes: dict[str, Any]) -> Any:
    """Change your profile

    What is left out stays. A title is kept only for those who answer. Address and password change in the browser alone.
    """
    with unit_of_work():
        me = api.member()
        names = ("name", "title", "locale", "timezone", "shown_as_backer")
        said: dict[str, Any] = {name: getattr(me, name) for name in names} | changes
        nothing: Any = {name: None for name, value in said.items() if value == ""}
        people.edit_profile(me, **{**said, **nothing})
    return _me()


def _me() -> shapes.Shape:
    me = api.member()
    return shapes.me(me, queries.company_of(me), api.asking().scopes)


# --- Browsers ---


@blueprint.route("/me/sessions")
@blueprint.needs(WRITE)
@blueprint.gives(list_of(shapes.SessionOut), example={"data": [shapes.SESSION], "next": None})
def list_sessions() -> Any:
    """List the browsers in which you are signed in

    The one used last comes first, all on one page.
    """
    rows = db.session.scalars(sessions.of(api.member())).all()
    return api.listed(Page(rows, None), lambda row: shapes.browser(row, called=browsers.said(row.browser)))


@blueprint.route("/me/sessions", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def end_sessions() -> None:
    """Sign out everywhere

    Keys go on working.
    """
    with unit_of_work():
        sessions.revoke_all(api.member())


@blueprint.route("/me/sessions/<id:session_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def end_session(session_id: int) -> None:
    """Sign out in one browser"""
    with unit_of_work():
        sessions.revoke(api.member(), session_id)


# --- Keys ---


@blueprint.route("/me/keys")
@blueprint.needs(KEYS)
@blueprint.gives(list_of(shapes.KeyOut), example={"data": [shapes.KEY], "next": None})
def list_keys() -> Any:
    """List your keys

    Those that are not revoked, the newest first, all on one page. Their secrets are kept nowhere.
    """
    rows = db.session.scalars(keys.of(api.member())).all()
    return api.listed(Page(rows, None), lambda row: shapes.key(row, asking=api.asking().id))


@blueprint.route("/me/keys", method="POST")
@blueprint.needs(KEYS)
@blueprint.takes(shapes.KeyWanted, example=shapes.KEY_WANTED)
@blueprint.gives(shapes.NewKeyOut, status=201, example=shapes.NEW_KEY)
def make_key(wanted: dict[str, Any]) -> Any:
    """Make a key

    It may at most what the key may with which you ask, works no longer than that one, and ends when that one is
    revoked. Its secret is shown in this answer and nowhere else.
    """
    with unit_of_work():
        made = keys.make_with(api.asking(), **wanted)
        shape = shapes.new_key(made.key, made.token, asking=api.asking().id)
    api_repeats.shown_once("key")
    return api.created(shape, "/me/keys")


@blueprint.route("/me/keys/<id:key_id>/rotate", method="POST")
@blueprint.needs(KEYS)
@blueprint.takes(shapes.Overlap, example={"overlap_minutes": 60})
@blueprint.gives(shapes.NewKeyOut, status=201, example=shapes.NEW_KEY)
def rotate_key(wanted: dict[str, Any], key_id: int) -> Any:
    """Give a key a new secret

    A new key with the same name, scopes and end; the former works beside it for the overlap. Also for the key with
    which you ask, and for none that may more.
    """
    with unit_of_work():
        made = keys.rotate(api.asking(), key_id, overlap=timedelta(minutes=wanted["overlap_minutes"]))
        shape = shapes.new_key(made.key, made.token, asking=api.asking().id)
    api_repeats.shown_once("key")
    return api.created(shape, "/me/keys")


@blueprint.route("/me/keys/<id:key_id>", method="DELETE")
@blueprint.needs(KEYS)
@blueprint.gives_nothing
def revoke_key(key_id: int) -> None:
    """Revoke a key

    It works no more, and neither do those that were made with it.
    """
    with unit_of_work():
        keys.revoke(api.member(), key_id)
