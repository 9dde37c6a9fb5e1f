"""What every request to the API has in common: said once, for the description and for the page that people read."""

from __future__ import annotations

from dataclasses import dataclass

from ideas.api_limits import ADDRESS_PER_MINUTE, KEY_PER_MINUTE
from ideas.api_repeats import HEADER
from ideas.paging import PAGE, PAGE_MOST


@dataclass(frozen=True)
class Convention:
    """One thing to know before the first request; `text` is Markdown."""

    id: str
    title: str
    text: str


INTRODUCTION = (
    "Boards, ideas, votes, comments, answers and receipts as JSON. What is public may be read without a key; "
    "everything else is done as the person whose key is sent. Times are RFC 3339 in UTC, lists are paged by the "
    "address in “next”, errors are application/problem+json (RFC 9457)."
)

CONVENTIONS = (
    Convention(
        "keys",
        "Keys",
        "Send a key as `Authorization: Bearer ab_sk_…`. It acts as the person who made it, within its scopes and never "
        "beyond their rights. A key in the address is refused, because addresses end up in logs, and cookies of the "
        "site are not looked at.",
    ),
    Convention(
        "lists",
        "Lists",
        'A list is `{"data": […], "next": …}`. Follow `next` as it is until it is null; it stands in the `Link` header '
        "as well. It names a place and no number: whatever is posted or removed meanwhile, no row comes twice and none "
        f"is left out. `limit` is 1 to {PAGE_MOST}, {PAGE} without it.",
    ),
    Convention(
        "writing",
        "Writing",
        "Bodies are JSON in UTF-8 of at most 1 MiB, declared as `application/json`; a field that is not described is "
        "refused. What is made answers 201, with its address in `Location`. PATCH is a merge patch (RFC 7396): what is "
        "left out stays. PUT and DELETE say what is wanted, so sending one twice changes nothing.",
    ),
    Convention(
        "once",
        "Sending again",
        f"Give a POST an `{HEADER}` of your own, such as a random UUID. Sent again under it within 24 hours nothing is "
        "done twice: you get the first answer, with `Idempotent-Replayed: true`. Under the same key with something "
        "else it is refused (422), and while the first is still at work (409).",
    ),
    Convention(
        "changed",
        "What has changed",
        "Every answer to GET has an `ETag`. Sent back as `If-None-Match`, what is still the same answers 304 without a "
        "body. Sent as `If-Match` with a PATCH that takes it, nothing is done if somebody changed since what it edits "
        "(412), and its answer has the new tag; votes and comments do not count. Whatever else is written refuses the "
        "header (400). What was read without a key may be kept by a cache; what was read with one says "
        "`private, no-store`.",
    ),
    Convention(
        "limits",
        "Limits",
        f"A key may ask {KEY_PER_MINUTE} times a minute, an address without one {ADDRESS_PER_MINUTE} times. "
        "`RateLimit-Policy` and `RateLimit` say what is left. More answers 429: wait for the seconds in `Retry-After`.",
    ),
    Convention(
        "errors",
        "Errors",
        "Errors are `application/problem+json` (RFC 9457). Decide by `code`, which means the same for ever; `type` is "
        "the address of a page that explains it, and `errors` names each place in what was sent by a JSON pointer. "
        "What you may not see answers 404, in the same words as what is not there.",
    ),
    Convention(
        "names",
        "Names",
        "Ids are whole numbers, times are RFC 3339 in UTC with `Z`, and boards go by their slug. Name a request "
        "yourself with `X-Request-Id` (8 to 64 letters, digits, `.`, `_`, `-`): the answer carries it back, and so "
        "does our log.",
    ),
)


def in_markdown() -> str:
    """All of it, as the description of the API says it."""
    return "\n\n".join([INTRODUCTION, *(f"## {each.title}\n\n{each.text}" for each in CONVENTIONS)])
