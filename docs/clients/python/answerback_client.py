"""A client of the Answerback API in one file, which needs nothing but Python 3.11: copy it into your project.

    from answerback_client import Answerback

    site = Answerback("https://ideas.example.org", key="ab_sk_…")
    for idea in site.ideas(board="garden", sort="top"):
        print(idea["vote_count"], idea["title"])

What the site asks to be sent again later is sent again when it says, and so is what got no answer; a POST carries an
Idempotency-Key, so that it is done once all the same. Whatever else is wrong is a `Problem`.
"""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Literal, NotRequired, TypedDict, cast

__all__ = ["Answer", "Answerback", "Board", "Comment", "Event", "Idea", "Problem", "Voted", "Wrong"]

WAIT_MOST = 120.0  # seconds, however long the site says
UNANSWERED = (502, 503, 504)  # what stands before the site says it, and nobody knows what was done

Stage = Literal["open", "considering", "planned", "started", "shipped", "declined"]
Sort = Literal["trending", "top", "new", "discussed", "answered", "relevance"]


class Person(TypedDict):
    id: int
    name: str


class Status(TypedDict):
    slug: str
    name: str
    stage: Stage


class Credit(TypedDict):
    kind: str
    id: int | None
    person: Person | None
    how: str


class Answer(TypedDict):
    """The team's official word. Dates are like 2026-11-22, times like 2026-11-22T10:00:00Z."""

    id: int
    status: str
    reason: str
    text: str
    text_html: str
    date: str | None
    review_by: str | None
    by: Person
    announced_at: str | None
    credits: list[Credit]


class Idea(TypedDict):
    id: int
    board: str
    title: str
    body: str
    body_html: str
    author: Person
    status: Status
    tags: list[str]
    vote_count: int
    comment_count: int
    created_at: str
    url: str
    merged_into: int | None
    not_solved: bool
    answer: Answer | None
    hidden: NotRequired[bool]


class Board(TypedDict):
    id: int
    slug: str
    name: str
    about: str
    visibility: Literal["public", "unlisted", "private"]
    statuses: list[Status]
    tags: list[str]
    url: str


class Comment(TypedDict):
    id: int
    idea_id: int
    author: Person | None
    body: str
    body_html: str
    created_at: str


class Voted(TypedDict):
    idea_id: int
    voted: bool
    vote_count: int


class Event(TypedDict):
    """Something that happened. gone: take it out of your copy; otherwise read it where it is."""

    type: str
    at: str
    board: str | None
    idea_id: int | None
    comment_id: int | None
    release_id: int | None
    person_id: int | None
    gone: bool


@dataclass(frozen=True)
class Wrong:
    """One place in what was sent, as a JSON pointer, and what is wrong with it."""

    pointer: str
    detail: str
    code: str = "invalid"


class Problem(Exception):
    """What the site said is wrong. Decide by `code`, which means the same for ever."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        self.status = status
        self.code: str = body.get("code", f"http-{status}")
        self.detail: str = body.get("detail", "")
        self.request_id: str | None = body.get("request_id")
        wrong = body.get("errors", [])
        self.errors = [Wrong(each["pointer"], each["detail"], each.get("code", "invalid")) for each in wrong]
        places = "".join(f"\n  {each.pointer}: {each.detail}" for each in self.errors)
        super().__init__(f"{status} {self.code}: {self.detail}{places}")


@dataclass
class Answerback:
    """One site, as whoever the key belongs to may use it; without a key, what everybody may read.

    tries: how often a request is sent before it is given up. timeout: seconds to wait for an answer.
    """

    site: str
    key: str | None = None
    tries: int = 4
    timeout: float = 20.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    # --- The usual jobs ---

    def boards(self) -> Iterator[Board]:
        return cast(Iterator[Board], self.pages("boards"))

    def ideas(
        self,
        *,
        board: str | None = None,
        sort: Sort | None = None,
        stage: Stage | None = None,
        tag: str | None = None,
        q: str | None = None,
        updated_since: str | None = None,
    ) -> Iterator[Idea]:
        """Ideas, a page after the other as they are read. updated_since: a time like 2026-11-22T10:00:00Z."""
        asked = {"board": board, "sort": sort, "stage": stage, "tag": tag, "q": q, "updated_since": updated_since}
        return cast(Iterator[Idea], self.pages("ideas", limit="100", **asked))

    def idea(self, idea_id: int) -> Idea:
        return cast(Idea, self.get(f"ideas/{idea_id}"))

    def post_idea(self, board: str, title: str, body: str = "", *, tags: Sequence[str] = ()) -> Idea:
        said = {"board": board, "title": title, "body": body, "tags": list(tags)}
        return cast(Idea, self.send("POST", "ideas", said))

    def vote(self, idea_id: int, *, wanted: bool = True) -> Voted:
        """Vote, or take the vote back. Voting twice is voting once."""
        return cast(Voted, self.send("PUT" if wanted else "DELETE", f"ideas/{idea_id}/vote"))

    def comment(self, idea_id: int, body: str) -> Comment:
        return cast(Comment, self.send("POST", f"ideas/{idea_id}/comments", {"body": body}))

    def answer(self, idea_id: int, *, status: str, reason: str, text: str, **further: Any) -> Answer:
        """Answer an idea, for its team. further: date, review_by, credits, announce_at, left_out."""
        words = {"status": status, "reason": reason, "text": text, **further}
        return cast(Answer, self.send("POST", f"ideas/{idea_id}/answers", words))

    def events(self, after: str | None = None) -> tuple[list[Event], str]:
        """Everything that happened after that place, and the place to keep for the next time.

        From the beginning without one. Nothing is left out and nothing told twice, whatever is written meanwhile.
        """
        found: list[Event] = []
        while True:
            part = self.get("events", after=after)
            found += part["data"]
            after = part["cursor"]
            if part["next"] is None:
                return found, str(after)

    # --- Everything else ---

    def get(self, path: str, **asked: str | None) -> Any:
        """What is at /api/v1/`path`."""
        return self.tagged(path, **asked)[0]

    def tagged(self, path: str, **asked: str | None) -> tuple[Any, str | None]:
        """The same with its ETag, for the `match` of what is sent next."""
        query = urllib.parse.urlencode({name: value for name, value in asked.items() if value is not None})
        return self._ask_tagged("GET", f"{self._address(path)}?{query}" if query else self._address(path))

    def pages(self, path: str, **asked: str | None) -> Iterator[Any]:
        """Each row of a list, following "next" to its end."""
        part = self.get(path, **asked)
        while True:
            yield from part["data"]
            if part["next"] is None:
                return
            following = urllib.parse.urlsplit(part["next"])
            # on the site that we were told, whatever it calls itself: the key goes nowhere else
            part = self._ask("GET", f"{self.site.rstrip('/')}{following.path}?{following.query}")

    def send(self, method: str, path: str, body: Any = None, *, match: str | None = None) -> Any:
        """POST, PUT, PATCH or DELETE /api/v1/`path`. match: an ETag; what has changed since is left alone (412)."""
        headers = {"Idempotency-Key": str(uuid.uuid4())} if method == "POST" else {}
        if match is not None:
            headers["If-Match"] = match
        return self._ask(method, self._address(path), body, headers)

    def _address(self, path: str) -> str:
        return f"{self.site.rstrip('/')}/api/v1/{path.lstrip('/')}"

    def _ask(self, method: str, address: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Any:
        return self._ask_tagged(method, address, body, headers)[0]

    def _ask_tagged(
        self, method: str, address: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Any, str | None]:
        sent = {"Accept": "application/json", **(headers or {})}
        data = None
        if body is not None:
            data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        if self.key is not None:
            sent["Authorization"] = f"Bearer {self.key}"
        for tried in range(1, self.tries + 1):
            request = urllib.request.Request(address, data, sent, method=method)  # noqa: S310 - of the site, see above
            try:
                with _opener.open(request, timeout=self.timeout) as answer:
                    text = answer.read()
                    return json.loads(text) if text else None, answer.headers.get("ETag")
            except urllib.error.HTTPError as error:
                with error:
                    asked = error.headers.get("Retry-After", "")
                    if not (asked.isdigit() or error.code in UNANSWERED) or tried == self.tries:
                        raise _problem(error) from None
                self.sleep(min(float(asked), WAIT_MOST) if asked.isdigit() else 2.0**tried / 2)
            except (urllib.error.URLError, HTTPException, OSError):
                if tried == self.tries:
                    raise
                self.sleep(2.0**tried / 2)
        raise AssertionError("unreachable")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The API redirects nowhere, and a key is not carried to wherever something in between says."""

    def redirect_request(self, *_arguments: Any, **_options: Any) -> None:
        return None


_opener = urllib.request.build_opener(_NoRedirect)


def _problem(error: urllib.error.HTTPError) -> Problem:
    try:
        body = json.loads(error.read())
    except ValueError:
        body = {}
    return Problem(error.code, body if isinstance(body, dict) else {})
