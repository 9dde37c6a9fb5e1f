"""Feeds and calendars of what everybody may read: the same for everybody, so they may be kept on the way.

They are read as by a visitor, whoever asks: what is private has feeds of its own, by token.
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, g, redirect, request
from flask.typing import ResponseReturnValue

from ideas import api, api_memory
from ideas.boards import queries
from ideas.sharing import atom, calendars, feeds, ical
from ideas.sharing.calendars import Calendar
from ideas.sharing.everybody import addressed
from ideas.sharing.feeds import Feed

bp = Blueprint("feeds", __name__, template_folder="templates")


@bp.get("/feed.atom")
def everywhere() -> ResponseReturnValue:
    return _atom(lambda: feeds.of_everything(None))


@bp.get("/boards/<slug>/feed.atom")
def of_board(slug: str) -> ResponseReturnValue:
    return _atom(lambda: feeds.of_board(None, queries.get_board(None, slug)))


@bp.get("/boards/<slug>/statuses/<status>/feed.atom")
def of_status(slug: str, status: str) -> ResponseReturnValue:
    return _atom(lambda: feeds.of_status(None, queries.get_board(None, slug), status))


@bp.get("/ideas/<int:idea_id>/feed.atom")
def of_idea(idea_id: int) -> ResponseReturnValue:
    row = queries.get_idea(None, idea_id)
    if row.idea.merged_root_id is not None:
        return redirect(f"/ideas/{queries.get_idea(None, row.idea.merged_root_id).idea.id}/feed.atom", 302)
    return _atom(lambda: feeds.of_idea(row))


@bp.get("/releases/feed.atom")
def releases_everywhere() -> ResponseReturnValue:
    return _atom(lambda: feeds.of_releases(None, queries.list_boards(None), None))


@bp.get("/boards/<slug>/releases/feed.atom")
def releases_of_board(slug: str) -> ResponseReturnValue:
    def make() -> Feed:
        row = queries.get_board(None, slug)
        return feeds.of_releases(None, [row], row)

    return _atom(make)


@bp.get("/roadmap/calendar.ics")
def calendar_everywhere() -> ResponseReturnValue:
    return _calendar(lambda: calendars.of(None, queries.list_boards(None), None))


@bp.get("/boards/<slug>/calendar.ics")
def calendar_of_board(slug: str) -> ResponseReturnValue:
    def make() -> Calendar:
        row = queries.get_board(None, slug)
        return calendars.of(None, [row], row)

    return _calendar(make)


def _atom(make: Callable[[], Feed]) -> Response:
    path = request.path
    return for_everybody(lambda: Response(atom.written(make(), at=path), content_type=atom.CONTENT_TYPE))


def _calendar(make: Callable[[], Calendar]) -> Response:
    return for_everybody(lambda: Response(ical.written(make()), content_type=ical.CONTENT_TYPE))


def for_everybody(make: Callable[[], Response]) -> Response:
    """What `make` makes, in the site's own language, remembered while nothing was written. What it raises is kept by
    nobody."""
    with addressed():
        answer: Response = api_memory.recall(make)
    return as_everybody_gets_it(answer)


def as_everybody_gets_it(answer: Response) -> Response:
    """The same for everybody: kept by others for a moment, and not sent again to who has it."""
    answer.headers["Cache-Control"] = api.PUBLIC
    answer.add_etag()
    g.same_for_everybody = True
    answer.make_conditional(request)
    return answer
