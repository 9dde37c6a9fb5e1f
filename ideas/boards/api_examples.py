"""One small garden, as the description of the API tells it. Tests send and compare every one of these."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

MIA: Example = {"id": 7, "name": "Mia"}
OLE: Example = {"id": 9, "name": "Ole"}
PETRA: Example = {"id": 2, "name": "Petra", "role": "team"}
URL = "https://ideas.example.org/ideas/23-book-a-bed"

BOARD: Example = {
    "id": 1,
    "slug": "garden",
    "name": "Garden",
    "about": "Our shared garden and everything in it.",
    "visibility": "public",
    "promise": {"text": "We read everything on Mondays.", "answer_within_days": 14},
    "premoderation": "none",
    "embed_sites": ["https://www.example.org"],
    "statuses": [
        {"id": 1, "slug": "open", "name": "Open", "stage": "open"},
        {"id": 3, "slug": "planned", "name": "Planned", "stage": "planned"},
    ],
    "tags": ["seed"],
    "url": "https://ideas.example.org/boards/garden",
}
BOARD_EDIT: Example = {"premoderation": "ideas"}

NEW_ANSWER: Example = {
    "status": "planned",
    "reason": "committed",
    "text": "We will have a page for booking beds before the spring.",
    "date": None,
    "review_by": None,
    "credits": [
        {"kind": "votes", "how": "Your votes moved it to the front of the year."},
        {"kind": "comment", "id": 88, "how": "Your rota became the booking page."},
    ],
}

ANSWER_EDIT: Example = {"text": "We will have a page for booking beds by the end of March."}

ANSWER: Example = {
    "id": 5,
    "status": "planned",
    "reason": "committed",
    "text": "We will have a page for booking beds before the spring.",
    "text_html": "<p>We will have a page for booking beds before the spring.</p>\n",
    "date": None,
    "review_by": None,
    "by": PETRA,
    "announced_at": "2026-11-22T10:15:00Z",
    "credits": [
        {"kind": "votes", "id": None, "person": None, "how": "Your votes moved it to the front of the year."},
        {"kind": "comment", "id": 88, "person": OLE, "how": "Your rota became the booking page."},
    ],
}

NEW_IDEA: Example = {
    "board": "garden",
    "title": "Book a bed",
    "body": "I never know which bed is free.",
    "tags": ["seed"],
}

IDEA_EDIT: Example = {"title": "Book a bed for a season"}

IDEA: Example = {
    "id": 23,
    "board": "garden",
    "title": "Book a bed",
    "body": "I never know which bed is free.",
    "body_html": "<p>I never know which bed is free.</p>\n",
    "author": MIA,
    "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
    "tags": ["seed"],
    "vote_count": 312,
    "comment_count": 4,
    "created_at": "2026-11-22T10:00:00Z",
    "url": URL,
    "merged_into": None,
    "not_solved": False,
    "source": {"kind": "site"},
    "answer": ANSWER,
}

WHOLE_IDEA: Example = {
    **IDEA,
    "people_told": {"owed": 317, "sent": 309, "pending": 0, "suppressed": 6, "failed": 2},
}

FOUND: Example = {
    **IDEA,
    "highlights": {"title": "Book a <mark>bed</mark>", "excerpt": "I never know which <mark>bed</mark> is free."},
}

SIMILAR: Example = {
    "id": 23,
    "title": "Book a bed",
    "vote_count": 312,
    "score": 7.1,
    "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
    "said_as": None,
    "url": URL,
}

_LIST: Example = {
    "id": 24,
    "title": "A list of free beds",
    "url": "https://ideas.example.org/ideas/24-a-list-of-free-beds",
}
NEW_MERGE: Example = {"into": 23, "text": "Whoever books a bed sees which are free, so these are one."}
MERGE: Example = {
    "id": 3,
    "idea": _LIST,
    "into": {"id": 23, "title": "Book a bed", "url": URL},
    "text": "Whoever books a bed sees which are free, so these are one.",
    "text_html": "<p>Whoever books a bed sees which are free, so these are one.</p>\n",
    "by": PETRA,
    "merged_at": "2026-11-22T10:10:00Z",
    "announced_at": None,
    "ended": None,
}
MERGE_PREVIEW: Example = {
    "idea": _LIST,
    "into": {"id": 23, "title": "Book a bed", "url": URL},
    "vote_count": 331,
    "told": {
        "email": 290,
        "inbox": 27,
        "paths": [
            {"path": "author", "people": 2},
            {"path": "commenter", "people": 5},
            {"path": "voter", "people": 310},
        ],
        "left_out": [{"reason": "off", "people": 3}],
    },
}
MERGE_END: Example = {"text": "Some want the list alone, so these are two after all."}
ENDED_MERGE: Example = {
    **MERGE,
    "announced_at": "2026-11-22T10:25:00Z",
    "ended": {
        "at": "2026-11-23T09:00:00Z",
        "by": PETRA,
        "text": "Some want the list alone, so these are two after all.",
        "text_html": "<p>Some want the list alone, so these are two after all.</p>\n",
        "announced_at": None,
    },
}

VOTE: Example = {"idea_id": 23, "voted": True, "vote_count": 313}
NO_VOTE: Example = {"idea_id": 23, "voted": False, "vote_count": 312}
OWN_VOTES: Example = {"data": [23]}

NEW_COMMENT: Example = {"body": "A rota on the shed door would do for a start."}

COMMENT_EDIT: Example = {"body": "A rota on the door of the shed would do for a start."}

COMMENT: Example = {
    "id": 88,
    "idea_id": 23,
    "parent_id": None,
    "author": OLE,
    "body": "A rota on the shed door would do for a start.",
    "body_html": "<p>A rota on the shed door would do for a start.</p>\n",
    "official": False,
    "internal": False,
    "created_at": "2026-11-22T10:05:00Z",
    "edited_at": None,
    "deleted": False,
    "hidden": False,
}

THREAD: Example = {**COMMENT, "replies": []}

NEW_FLAG: Example = {"reason": "personal_data", "words": "It has somebody's telephone number."}
FLAGGED: Example = {"flagged": True}
HIDE: Example = {"reason": "It has somebody's telephone number."}
NEW_APPEAL: Example = {"words": "The number is that of our own shed."}
APPEAL_REPLY: Example = {"reply": "It is a private number all the same."}

HIDING: Example = {
    "id": 12,
    "idea_id": 23,
    "comment_id": 88,
    "held": False,
    "reason": "It has somebody's telephone number.",
    "signals": [],
    "hidden_at": "2026-11-22T10:20:00Z",
    "restored_at": None,
    "appeal": {
        "words": "The number is that of our own shed.",
        "at": "2026-11-22T10:30:00Z",
        "reply": None,
        "settled_at": None,
    },
}

QUEUE: Example = {
    "held": [],
    "appeals": [HIDING],
    "pointed_out": [
        {
            "idea_id": 23,
            "comment_id": None,
            "flags": [{"reason": "spam", "words": "", "by": OLE, "at": "2026-11-22T10:40:00Z"}],
        }
    ],
    "mail": [
        {
            "id": 3,
            "idea_id": 23,
            "meant_from": OLE,
            "sender": "ole@another.example",
            "doubt": "other_sender",
            "words": "Yes, please.",
            "at": "2026-11-22T10:45:00Z",
        }
    ],
}

VERSION: Example = {
    "number": 2,
    "body": "A rota on the door of the shed would do for a start.",
    "body_html": "<p>A rota on the door of the shed would do for a start.</p>\n",
    "by": OLE,
    "at": "2026-11-22T10:09:00Z",
    "changes": [
        {"kind": "same", "text": "A rota on the "},
        {"kind": "removed", "text": "shed "},
        {"kind": "same", "text": "door "},
        {"kind": "added", "text": "of the shed "},
        {"kind": "same", "text": "would do for a start."},
    ],
}

REVISION: Example = {
    "number": 2,
    "body": "I never know which bed is free.",
    "body_html": "<p>I never know which bed is free.</p>\n",
    "by": MIA,
    "at": "2026-11-22T10:08:00Z",
    "changes": [{"kind": "same", "text": "I never know which bed is free."}],
    "title": "Book a bed for a season",
    "material": True,
    "backers": 12,
}

PICTURE: Example = {
    "name": "5f0c1d8e9a7b6c5d4e3f2a1b-0a1b2c3d4e5f6a7b-1200x800.webp",
    "url": "https://ideas.example.org/pictures/5f0c1d8e9a7b6c5d4e3f2a1b-0a1b2c3d4e5f6a7b-1200x800.webp",
    "markdown": "![The rota](/pictures/5f0c1d8e9a7b6c5d4e3f2a1b-0a1b2c3d4e5f6a7b-1200x800.webp)",
    "width": 1200,
    "height": 800,
    "bytes": 91204,
    "alt": "The rota",
}

RECEIPT: Example = {
    "idea": {"id": 23, "title": "Book a bed", "url": URL},
    "contribution": {"kind": "vote", "id": 901, "at": "2026-11-22T10:02:00Z", "through": None},
    "answer": {
        "status": "planned",
        "reason": "committed",
        "text": "We will have a page for booking beds before the spring.",
        "announced_at": "2026-11-22T10:15:00Z",
    },
    "how_used": "Your votes moved it to the front of the year.",
    "told": [
        {"channel": "email", "state": "sent", "at": "2026-11-22T10:15:04Z"},
        {"channel": "inbox", "state": "sent", "at": "2026-11-22T10:15:02Z"},
    ],
}

ROADMAP_ITEM: Example = {
    "idea": {"id": 23, "title": "Book a bed", "url": URL},
    "board": "garden",
    "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
    "vote_count": 312,
    "date": "2027-03-31",
    "answered_at": "2026-11-22T10:00:00Z",
    "said": "We will have a page for booking beds before the spring.",
}

DELIVERY: Example = {
    "id": 7001,
    "event": "answered",
    "person": OLE,
    "path": "credited",
    "channel": "email",
    "state": "sent",
    "reason": None,
    "attempts": 1,
    "due_at": "2026-11-22T10:15:00Z",
    "done_at": "2026-11-22T10:15:04Z",
}


def page(row: Example) -> Example:
    """A list with that one row on its last page."""
    return {"data": [row], "next": None}
