"""Everything that can be wrong, by its code: what the pages at /problems/<code> say. Codes keep their meaning."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from werkzeug.exceptions import BadRequest, PreconditionFailed, UnprocessableEntity
from werkzeug.exceptions import Conflict as HttpConflict

from ideas.errors import DomainError, NotAllowed, SignInNeeded


@dataclass(frozen=True)
class Problem:
    """One kind of problem; `text` is paragraphs for people who write programs."""

    code: str
    title: str
    text: tuple[str, ...]


class MalformedJson(BadRequest):
    """The body is not JSON in UTF-8.

    It could not be read at all, so nothing was done. Check quotes, commas and the encoding; NaN and Infinity are not
    JSON.
    """

    problem = "malformed-json"


class Outdated(PreconditionFailed):
    """What you read is not what is there now.

    The tag you sent in If-Match belongs to an older state, so nothing was changed. Read the thing again, look at what
    is different, and send your change with the new tag.
    """

    problem = "outdated"


class MatchUnknown(BadRequest):
    """This operation does not look at If-Match.

    Nothing was done, because you asked for it only if nothing had changed. The description names the operations that
    take the header; what others do does not rest on what was read before.
    """

    problem = "if-match-not-understood"


class NameMalformed(BadRequest):
    """The Idempotency-Key header holds no key.

    A key is 1 to 255 visible characters of ASCII without quotes and backslashes, in quotes or without. A random UUID
    for each thing you want done is a good one. Nothing was done.
    """

    problem = "idempotency-key-malformed"


class NameReused(UnprocessableEntity):
    """This Idempotency-Key was sent before with something else.

    A key names one thing to be done. Something else under the same key is a mistake on your side, so nothing was done
    this time. Send it under a key of its own.
    """

    problem = "idempotency-key-reused"


class NameInUse(HttpConflict):
    """The first request with this Idempotency-Key is still at work.

    Wait for as long as Retry-After says and ask again: you then get what the first one was answered.
    """

    problem = "idempotency-key-in-use"

    def get_headers(self, *args: Any, **options: Any) -> list[tuple[str, str]]:
        return [*super().get_headers(*args, **options), ("Retry-After", "1")]


class KeyUnknown(SignInNeeded):
    """The key in the Authorization header is not one that works.

    It may be mistyped, expired or revoked, or its owner may be gone. Keys are sent as “Authorization: Bearer ab_sk_…”,
    never in the address.
    """

    code = "key-unknown"
    challenge = 'Bearer error="invalid_token"'


class ScopeMissing(NotAllowed):
    """The key works, but it was made without the scope that this needs.

    The answer names the scope. Make a key that has it; the scopes of a key never change.
    """

    code = "scope-missing"

    def __init__(self, message: str, *, scope: str) -> None:
        super().__init__(message)
        self.challenge = f'Bearer error="insufficient_scope", scope="{scope}"'


class OriginNotListed(NotAllowed):
    """The page that asks is on no list of the board whose key it sent.

    A publishable key works on pages of the sites that the board lists, compared letter by letter: scheme, host, port.
    A token of somebody who was signed in on a page works on that site alone. An administrator adds a site on the page
    “Embed” of the board.
    """

    code = "origin-not-listed"


_HTTP_KINDS = (MalformedJson, Outdated, MatchUnknown, NameMalformed, NameReused, NameInUse)

# Problems that no class of ours stands for: the web framework finds them, or `http.py` does.
_OTHERS = {
    "invalid-input": (
        "Some of what was sent cannot be used.",
        "Nothing was done. “errors” lists each place by a JSON pointer (RFC 6901), with what is wrong with it. "
        "Fields that are not in the description are refused, so that a misspelt name does not pass unnoticed.",
    ),
    "method-not-allowed": (
        "The address exists and does not take this method.",
        "The Allow header lists those it takes.",
    ),
    "too-large": (
        "The request is larger than what is taken in at once.",
        "A body may have one mebibyte.",
    ),
    "unsupported-media-type": (
        "The body is not declared as JSON.",
        "Send Content-Type: application/json; for PATCH, application/merge-patch+json is understood as well.",
    ),
    "stale-form": (
        "The form was open for too long, or came from elsewhere.",
        "Go back, reload the page and send it again.",
    ),
    "unavailable": (
        "The site cannot reach its database at the moment, or the place where pictures are.",
        "Nothing is lost. Try again after the seconds in Retry-After.",
    ),
    "our-fault": (
        "Something went wrong on our side.",
        "It was noted, with the request_id of the answer; name it when you ask about it.",
    ),
}

_STATUSES = {str(status.value): status for status in HTTPStatus}


def all_problems() -> dict[str, Problem]:
    """Code → problem, of all rooms that are loaded, in the order of the codes."""
    found = {kind.problem: _told(kind.problem, kind) for kind in _HTTP_KINDS}
    for kind in _kinds(DomainError):
        # a kind without a code of its own is the kind above it, said more exactly
        if "code" in vars(kind):
            found.setdefault(kind.code, _told(kind.code, kind))
    for code, (first, *more) in _OTHERS.items():
        found[code] = Problem(code, first, tuple(more))
    return dict(sorted(found.items()))


def find(code: str) -> Problem | None:
    """The problem with that code; statuses of HTTP that have no word of ours are “http-<status>”."""
    if known := all_problems().get(code):
        return known
    number = code.removeprefix("http-")
    if number == code or number not in _STATUSES:
        return None
    status = _STATUSES[number]
    return Problem(code, f"{status.phrase}.", (f"{status.description}.",) if status.description else ())


def _kinds(top: type[DomainError]) -> list[type[DomainError]]:
    return [kind for below in top.__subclasses__() for kind in (below, *_kinds(below))]


def _told(code: str, kind: type) -> Problem:
    first, *more = (" ".join(part.split()) for part in (inspect.getdoc(kind) or "").split("\n\n"))
    return Problem(code, first, tuple(more))
