"""Pages of other sites that ask the API: which may, by the origin that their browser names (CORS, of Fetch).

An origin is scheme, host and port, and is compared letter by letter. Cookies are never asked for, and nobody gets "*".
"""

from __future__ import annotations

from collections.abc import Collection
from urllib.parse import urlsplit

from flask import Response, g, request

from ideas.problems import OriginNotListed
from ideas.settings import current, rooms
from ideas.words import _

METHODS = "GET, POST, PUT, PATCH, DELETE"
HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, If-None-Match"
SHOWN = "ETag, Link, Location, Retry-After, RateLimit, RateLimit-Policy, X-Request-Id, Idempotent-Replayed"
ASKED_AGAIN_AFTER = 7200  # seconds; browsers keep it no longer


def own() -> str:
    """The origin of this site itself."""
    parts = urlsplit(current().base_url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def asking() -> str:
    """The origin of the page that asks. A page of our own, and what is no page, names none when it reads."""
    return request.headers.get("Origin") or own()


def preflight() -> Response | None:
    """What a browser is told that asks whether a page may; None for anything else, and for origins on no list."""
    if request.method != "OPTIONS" or "Access-Control-Request-Method" not in request.headers:
        return None
    g.is_preflight = True
    if not _is_on_a_list(origin := request.headers.get("Origin", "")):
        return None
    answer = Response(status=204)
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Access-Control-Allow-Methods"] = METHODS
    answer.headers["Access-Control-Allow-Headers"] = HEADERS
    answer.headers["Access-Control-Max-Age"] = str(ASKED_AGAIN_AFTER)
    return answer


def require_listed(sites: Collection[str] | None) -> None:
    """Raises OriginNotListed when a key for pages of these sites is sent from elsewhere. None: it is none for pages."""
    if sites is not None and asking() not in sites:
        raise OriginNotListed(_("Pages of this origin may not use that key: it is not on the list of the board."))


def require_named() -> None:
    """Raises OriginNotListed when no browser says which page asks."""
    if "Origin" not in request.headers:
        raise OriginNotListed(_("Pages of this origin may not use that key: it is not on the list of the board."))


def tell(answer: Response, sites: Collection[str] | None, *, refused: bool) -> None:
    """Let the page that asked read the answer, if it may use the key that it sent.

    refused: the key does not work. A page that may use some other learns that much, or it could not get a new one.
    """
    origin = request.headers.get("Origin")
    if sites is not None:
        answer.vary.add("Origin")
        may_read = origin in sites
    elif refused:
        answer.vary.add("Origin")
        may_read = origin is not None and _is_on_a_list(origin)
    else:
        if g.get("is_preflight"):
            answer.vary.update(("Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"))
        return
    if origin is not None and may_read:
        answer.headers["Access-Control-Allow-Origin"] = origin
        answer.headers["Access-Control-Expose-Headers"] = SHOWN


def _is_on_a_list(origin: str) -> bool:
    if origin == own():
        return True
    lists = rooms().lists_origin
    return bool(origin) and lists is not None and lists(origin)
