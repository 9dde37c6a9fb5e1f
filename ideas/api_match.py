"""`If-Match`: what was read is changed only if it is still so (RFC 9110)."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, TypeVar

from flask import Response, g, json, jsonify, request
from werkzeug.http import generate_etag

from ideas.problems import MatchUnknown, Outdated
from ideas.words import _

HEADER = "If-Match"
PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": HEADER,
    "schema": {"type": "string"},
    "description": "The ETag of what you read; if it has changed since, nothing is done (412).",
}

T = TypeVar("T")


def begin(*, is_matched: bool) -> None:
    """Before an operation, which asks `require` or does not. Raises MatchUnknown when the header would go unheard."""
    g.is_matched = is_matched
    if not is_matched and HEADER in request.headers and request.method not in ("GET", "HEAD"):
        raise MatchUnknown(_("If-Match is not understood here. Send this without it."))


def is_matched() -> bool:
    """Whether what is asked for answers with the thing as it is then, and so with its tag."""
    return bool(g.get("is_matched"))


def editable(shape: T, names: Collection[str]) -> T:
    """The same; its tag also says what stands in the fields of these names, so that an edit can rest on them alone."""
    g.edited = _tag_of(shape, names)
    return shape


def require(make: Callable[[], Any], names: Collection[str] = ()) -> None:
    """The caller's If-Match names what the thing is now, or there is none. `make` makes what GET would show of it.

    names: the fields that can be edited, if GET gives the thing through `editable`: then no others count.
    Raises Outdated if it names something else. Ask inside the unit of work that changes the thing.
    """
    if HEADER not in request.headers or request.if_match.star_tag:
        return
    shape = make()
    whole, part = generate_etag(jsonify(shape).get_data()), f"-{_tag_of(shape, names)}"
    if not any(tag == whole or (names and tag.endswith(part)) for tag in request.if_match.as_set()):
        raise Outdated(_("This has changed since you read it. Read it again and send your change with its new tag."))


def tag(answer: Response) -> None:
    """Name the state that this answer shows."""
    if (edited := g.get("edited")) and not answer.get_etag()[0]:
        answer.set_etag(f"{generate_etag(answer.get_data())}-{edited}")
    answer.add_etag()


def _tag_of(shape: Any, names: Collection[str]) -> str:
    return generate_etag(json.dumps([shape[name] for name in names]).encode())[:16]
