"""What other sites ask when somebody shares a link: oEmbed, and the picture beside it."""

from __future__ import annotations

import re

from flask import Blueprint, Response, json, request
from flask.typing import ResponseReturnValue

from ideas.sharing import cards, oembed
from ideas.sharing.cards import Card
from ideas.sharing.everybody import addressed
from ideas.sharing.oembed import NotShared
from ideas.sharing.views_feeds import as_everybody_gets_it
from ideas.words import _

# A picture takes a while to draw and changes with each vote: a few minutes late is early enough.
KEPT = "public, max-age=300, stale-while-revalidate=3600"
POLICY = "default-src 'none'; sandbox"

bp = Blueprint("links", __name__)


@bp.get("/oembed")
def embed() -> ResponseReturnValue:
    kind = request.args.get("format", "json")
    if kind not in ("json", "xml"):
        return _refused(501, _("There are two formats: json and xml."))
    try:
        widest, highest = _pixels("maxwidth"), _pixels("maxheight")
    except ValueError as error:
        return _refused(400, str(error))
    with addressed():
        try:
            shown = oembed.found(request.args.get("url", ""))
        except NotShared:
            return _refused(401, _("This is not for lists: link to it, and show nothing of it."))
        said = oembed.response(shown, widest=widest, highest=highest)
    if kind == "xml":
        return as_everybody_gets_it(Response(oembed.as_xml(said), content_type="text/xml; charset=utf-8"))
    return as_everybody_gets_it(Response(json.dumps(said), content_type="application/json"))


def _pixels(name: str) -> int | None:
    """Raises ValueError for what is no number of pixels."""
    asked = request.args.get(name)
    if asked is None:
        return None
    if not re.fullmatch("[1-9][0-9]{0,4}", asked):
        raise ValueError(_("%(name)s is a number of pixels.", name=name))
    return int(asked)


def _refused(status: int, words: str) -> Response:
    return Response(words + "\n", status, mimetype="text/plain")


@bp.get("/cards/ideas/<int:idea_id>.png")
def card_of_idea(idea_id: int) -> ResponseReturnValue:
    with addressed():
        return _picture(cards.of_idea(idea_id))


@bp.get("/cards/boards/<slug>.png")
def card_of_board(slug: str) -> ResponseReturnValue:
    with addressed():
        return _picture(cards.of_board(slug))


def _picture(card: Card) -> Response:
    """The picture, drawn only for who has none of it."""
    answer = Response(content_type=cards.CONTENT_TYPE)
    if not request.if_none_match.contains(card.tag):
        answer.set_data(cards.drawn(card))
    answer.set_etag(card.tag)
    answer = as_everybody_gets_it(answer)
    answer.headers["Cache-Control"] = KEPT
    answer.headers["Content-Security-Policy"] = POLICY
    return answer
