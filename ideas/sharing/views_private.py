"""Private feeds: how a person makes, sees and revokes them, and how a feed reader reads them."""

from __future__ import annotations

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.boards import queries
from ideas.db import unit_of_work
from ideas.errors import NotFound
from ideas.forms import ButtonForm
from ideas.http import without_referrer
from ideas.sharing import atom, calendars, feeds, ical, private, schemas
from ideas.sharing.everybody import addressed
from ideas.sharing.forms import FeedForm
from ideas.sharing.models import PrivateFeed
from ideas.words import _, language

# Whoever asks has a secret: nobody between keeps it, and they ask each time whether it still holds.
PRIVATE = "private, no-cache"

bp = Blueprint("private_feeds", __name__, template_folder="templates")


@bp.route("/profile/feeds", methods=["GET", "POST"])
def own() -> ResponseReturnValue:
    form = FeedForm()
    form.offer(queries.list_boards(signin.member()))
    if not form.validate_on_submit():
        return _page(form), 422 if form.errors else 200
    try:
        with unit_of_work():
            row = queries.get_board(signin.member(), form.loaded["board"]) if form.loaded["board"] else None
            _feed, token = private.make(signin.member(), row)
    except NotFound as error:
        form.show(ValidationError({"board": [error.message]}))
        return _page(form), 422
    # shown on this answer and nowhere else: a redirect would have to carry it in an address or a cookie
    fresh = FeedForm(formdata=None)
    fresh.offer(queries.list_boards(signin.member()))
    return _page(fresh, token), 201


def _page(form: FeedForm, token: str | None = None) -> str:
    made = schemas.addresses(token) if token else None
    return render_template("sharing/private.html", form=form, feeds=private.listed(signin.member()), made=made)


@bp.post("/profile/feeds/<int:feed_id>/revoke")
def revoke(feed_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        private.revoke(signin.member(), feed_id)
    flash(_("That feed leads nowhere any more."))
    return redirect(url_for(".own"), 303)


@bp.get("/feeds/<token>.atom")
@without_referrer
def read(token: str) -> ResponseReturnValue:
    feed = _used(token)
    with addressed(feed.user.locale):
        return _private(Response(atom.written(feeds.of_private(feed), at=None), content_type=atom.CONTENT_TYPE))


@bp.get("/feeds/<token>.ics")
@without_referrer
def read_calendar(token: str) -> ResponseReturnValue:
    feed = _used(token)
    with addressed(feed.user.locale):
        return _private(Response(ical.written(calendars.of_private(feed)), content_type=ical.CONTENT_TYPE))


def _used(token: str) -> PrivateFeed:
    """The feed behind the token; that it is read is noted now and then."""
    feed = private.find(token)
    if private.was_used_long_ago(feed):
        with unit_of_work():
            private.note_use(feed.id)
        feed = private.find(token)
    return feed


def _private(answer: Response) -> Response:
    answer.headers["Cache-Control"] = PRIVATE
    answer.content_language.add(str(language()).replace("_", "-"))
    answer.add_etag()
    answer.make_conditional(request)
    return answer
