"""The pages on which people read their news and say what they want to hear."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.db import db, unit_of_work
from ideas.forms import ButtonForm
from ideas.http import open_to_all_origins
from ideas.ledger import preferences, queries
from ideas.ledger.forms import UnmuteForm, choices_form, picked
from ideas.ledger.models import EVERYTHING
from ideas.ledger.preferences import Stop
from ideas.outbox import NewsKind
from ideas.paging import PAGE
from ideas.settings import rooms
from ideas.words import _

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


# --- What I hear of ---


@bp.route("/settings/notifications", methods=["GET", "POST"])
def notifications() -> ResponseReturnValue:
    person = signin.member()
    offered, chosen = _offered(), preferences.of(person)
    form = choices_form(offered, chosen)
    if form.validate_on_submit():
        with unit_of_work():
            for news, (email, inbox) in picked(form, offered, chosen).items():
                preferences.choose(signin.member(), news, email=email, inbox=inbox)
        flash(_("Your choice is saved and holds from now on."))
        return redirect(url_for(".notifications"), 303)
    name = rooms().name_subjects
    muted = preferences.muted_by(person)
    page = render_template(
        "ledger/notifications.html",
        form=form,
        offered=offered,
        unsubscribed={news for news, row in chosen.items() if row.by_unsubscribing},
        no_mail=EVERYTHING in chosen and chosen[EVERYTHING].by_unsubscribing,
        muted=muted,
        names=name(person, muted) if name else {},
    )
    return page, 422 if form.errors else 200


@bp.post("/settings/notifications/mail")
def stop_or_start_mail() -> ResponseReturnValue:
    """Stop all mail, or let it begin again as chosen below."""
    ButtonForm().loaded_or_raise()
    wanted = request.form.get("on") == "1"
    with unit_of_work():
        person = signin.member()
        if wanted:
            preferences.choose(person, EVERYTHING, email=None, inbox=None)
        else:
            preferences.stop_everything(person)
    flash(_("You get mail again, as chosen below.") if wanted else _("You get no more mail about ideas."))
    return redirect(url_for(".notifications"), 303)


@bp.post("/settings/notifications/unmute")
def unmute() -> ResponseReturnValue:
    subject = UnmuteForm().loaded_or_raise()["subject"]
    with unit_of_work():
        preferences.unmute(signin.member(), subject)
    flash(_("You hear of it again."))
    return redirect(url_for(".notifications"), 303)


def _kinds() -> dict[str, NewsKind]:
    return {kind.name: kind for kind in rooms().news}


def _offered() -> list[NewsKind]:
    """The kinds of news that concern this person: those for the team only if any ever did."""
    person = signin.member()
    heard = set() if person.is_site_team else queries.hears_of(person)
    return [kind for kind in rooms().news if not kind.for_team or person.is_site_team or kind.name in heard]


# --- Links in mail ---


@bp.get("/u/<token>")
def unsubscribe_page(token: str) -> ResponseReturnValue:
    """Shows what can be stopped and changes nothing: mail scanners follow links."""
    return _page(preferences.read(token), token, done=None)


@bp.post("/u/<token>")
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
    name = rooms().name_subjects
    person = queries.person(link.user_id)
    names = name(person, [link.subject]) if name and person else {}
    return render_template(
        "ledger/unsubscribe.html",
        token=token,
        done=done,
        asked=Stop(asked) if asked in set(Stop) else Stop.KIND,
        kind=_kinds().get(stopped or link.news),
        several=[_kinds()[news] for news in preferences.kinds_of(link) if news in _kinds()] if link.digest_id else [],
        title=names[link.subject][0] if link.subject in names else None,
    )
