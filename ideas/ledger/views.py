"""The pages on which people read their news, and those that stop mail by a link in it."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.db import db, unit_of_work
from ideas.forms import ButtonForm
from ideas.http import open_to_all_origins, without_referrer
from ideas.ledger import preferences, queries
from ideas.ledger.preferences import Stop
from ideas.outbox import NewsKind
from ideas.paging import PAGE
from ideas.settings import rooms

bp = Blueprint("ledger", __name__, template_folder="templates")


def frame() -> dict[str, Any]:
    """What every page's frame shows of this room. It is drawn even while the database cannot be asked."""
    try:
        reader = signin.known_reader()
        return {"unread_count": queries.unread_count(reader) if reader else 0}
    except sa.exc.SQLAlchemyError:
        if not db.session().info.get("in_unit_of_work"):
            db.session.rollback()
        return {"unread_count": 0}


# --- Inbox ---


@bp.get("/inbox")
def inbox() -> ResponseReturnValue:
    page = queries.inbox_for(signin.member(), limit=PAGE, cursor=request.args.get("cursor"))
    here = url_for(".inbox")
    return render_template(
        "ledger/inbox.html",
        page=page,
        kinds=_kinds(),
        next=f"{here}?cursor={page.next}" if page.next else None,
        first=here if request.args.get("cursor") else None,
    )


@bp.post("/inbox/read")
def mark_all_read() -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        queries.mark_read(signin.member())
    return redirect(url_for(".inbox"), 303)


@bp.post("/inbox/<int:delivery_id>/read")
def mark_read(delivery_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        queries.mark_read(signin.member(), [min(delivery_id, 2**62)])
    return redirect(url_for(".inbox", _anchor=f"news-{delivery_id}"), 303)


def _kinds() -> dict[str, NewsKind]:
    return {kind.name: kind for kind in rooms().news}


# --- Links in mail ---


@bp.get("/u/<token>")
@without_referrer
def unsubscribe_page(token: str) -> ResponseReturnValue:
    """Shows what can be stopped and changes nothing: mail scanners follow links."""
    return _page(preferences.read(token), token, done=None)


@bp.post("/u/<token>")
@without_referrer
@open_to_all_origins
def unsubscribe(token: str) -> ResponseReturnValue:
    """Stops it, without signing in: a button says what, a mail program's one click (RFC 8058) means the kind."""
    link = preferences.read(token)
    asked = request.form.get("stop", "")
    what = Stop(asked) if asked in set(Stop) else Stop.KIND
    news = request.form.get("news")
    with unit_of_work():
        one = news if news in preferences.kinds_of(link) else None
        preferences.unsubscribe(link, what, news=one)
    return _page(link, token, done=what, stopped=one)


def _page(link: preferences.Link, token: str, done: Stop | None, stopped: str | None = None) -> ResponseReturnValue:
    """done, stopped: what was stopped just now, and which kind of several."""
    asked = request.args.get("stop", "")
    reader = signin.known_reader()
    # mail is passed on: whoever is not signed in as its reader sees what every visitor may
    theirs = reader if reader is not None and reader.id == link.user_id else None
    names = queries.names_of(theirs, [link.subject])
    return render_template(
        "ledger/unsubscribe.html",
        token=token,
        choices_url=preferences.choices_path(link.user_id),
        done=done,
        asked=Stop(asked) if asked in set(Stop) else Stop.KIND,
        kind=_kinds().get(stopped or link.news),
        several=[_kinds()[news] for news in preferences.kinds_of(link) if news in _kinds()] if link.digest_id else [],
        title=names[link.subject][0] if link.subject in names else None,
    )
