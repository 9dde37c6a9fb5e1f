"""The garden of the API's examples, as webhooks tell of it. Tests hold each of these against what is sent."""

from __future__ import annotations

from typing import Any

from ideas.boards import api_examples as boards
from ideas.boards import api_examples_releases as releases
from ideas.boards.api_examples import Example

ADDRESS = "https://tools.example.org/hooks/ideas"
SECRET = "whsec_c2VjcmV0cyBhcmUgc2hvd24gb25jZSBhbmQga2VwdA=="  # noqa: S105 - of no site

WORDS: Example = {
    "address": ADDRESS,
    "description": "Answers go to the chat of the support team.",
    "kinds": ["idea.answered", "release.published"],
    "board": None,
    "with_emails": False,
}
EDIT: Example = {"kinds": ["idea.answered"]}
ENDPOINT: Example = {
    "id": 4,
    **WORDS,
    "state": "active",
    "disabled_for": None,
    "failing_since": None,
    "owner": {"id": 2, "name": "Petra"},
    "created_at": "2026-11-20T09:00:00Z",
}
MESSAGE: Example = {
    "id": 501,
    "webhook_id": "msg_wK6fq1Xq0aJm0h3mYJk3l8qVbqE",
    "kind": "idea.answered",
    "happened_at": "2026-11-22T10:15:00Z",
    "state": "sent",
    "reason": None,
    "attempts": 2,
    "due_at": None,
    "done_at": "2026-11-22T10:15:07Z",
}
AGAIN: Example = {"state": "pending", "attempts": 0, "due_at": "2026-11-22T11:00:00Z", "done_at": None}
WHOLE_MESSAGE: Example = {
    **MESSAGE,
    "body": '{"type":"idea.answered","timestamp":"2026-11-22T10:15:00Z","data":{"sequence":501}}',
    "tries": [
        {"at": "2026-11-22T10:15:07Z", "milliseconds": 84, "status": 200, "answer": "ok", "error": ""},
        {
            "at": "2026-11-22T10:15:01Z",
            "milliseconds": 15000,
            "status": None,
            "answer": "",
            "error": "No answer in time.",
        },
    ],
}
REPLAY: Example = {"since": "2026-11-21T00:00:00Z", "until": "2026-11-22T00:00:00Z", "only_unsent": True}

_IDEA: Example = {**boards.IDEA, "source": {"kind": "site", "id": None}, "hidden": False}
_OPEN: Example = {
    **_IDEA,
    "status": {"slug": "open", "name": "Open", "stage": "open"},
    "vote_count": 0,
    "comment_count": 0,
    "answer": None,
}
_PART: Example = {**_OPEN, "id": 24, "title": "A list of free beds", "merged_into": 23}
_OTHER: Example = {"id": 23, "title": "Book a bed", "url": boards.URL}
_PETRA: Example = {"id": 2, "name": "Petra"}
_VOTE: Example = {"idea_id": 23, "voted": True, "vote_count": 313, "person": boards.MIA}

DATA: dict[str, Example] = {
    "idea.created": {"idea": _OPEN},
    "idea.updated": {"idea": {**_OPEN, "title": "Book a bed for a season"}},
    "idea.answered": {
        "idea": _IDEA,
        "previous_status": {"slug": "open", "name": "Open", "stage": "open"},
        "answer": boards.ANSWER,
    },
    "idea.merged": {"idea": _PART, "other": _OTHER, "text": "Whoever books a bed sees which are free.", "by": _PETRA},
    "idea.unmerged": {
        "idea": {**_PART, "merged_into": None},
        "other": _OTHER,
        "text": "Some want the list alone, so these are two after all.",
        "by": _PETRA,
    },
    "idea.hidden": {"idea": {**_OPEN, "hidden": True}},
    "idea.restored": {"idea": _OPEN},
    "idea.deleted": {"idea": _OPEN},
    "vote.created": _VOTE,
    "vote.deleted": {**_VOTE, "voted": False, "vote_count": 312},
    "vote.confirmed": _VOTE,
    "comment.created": {"comment": boards.COMMENT},
    "comment.updated": {"comment": {**boards.COMMENT, **boards.COMMENT_EDIT, "edited_at": "2026-11-22T10:09:00Z"}},
    "comment.deleted": {
        "comment": {**boards.COMMENT, "author": None, "body": "", "body_html": "", "deleted": True},
    },
    "release.published": {"release": releases.RELEASE},
    "delivery.failed": {
        "idea_id": 23,
        "delivery": {**boards.DELIVERY, "state": "failed", "reason": "bounced"},
    },
    "person.erased": {"person": {"id": 9}, "with_text": False},
    "webhook.test": {"words": "This is a test. Nothing happened on any board."},
}


def payload(kind: str) -> dict[str, Any]:
    """A whole body of that kind."""
    return {"type": kind, "timestamp": "2026-11-22T10:15:00Z", "data": {"sequence": 501, **DATA[kind]}}
