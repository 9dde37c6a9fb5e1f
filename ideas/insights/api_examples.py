"""The garden's figures, as the description of the API tells them."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

_ANSWERED: Example = {"due": 40, "answered": 37, "in_time": 35, "share": 0.925}
_ANSWER: Example = {"ideas": 43, "ended": 38, "median_days": 4, "p90_days": 13}
_DECISION: Example = {"ideas": 43, "ended": 24, "median_days": 20, "p90_days": None}
_SHIPPING: Example = {"ideas": 43, "ended": 9, "median_days": None, "p90_days": None}
_SILENCE: Example = {"ideas": 21, "median_days": 8, "p90_days": 30, "promised": 21, "late": 4, "share_late": 0.19}
_CAPACITY: Example = {"ideas": 43, "answers": 51, "ideas_a_week": 3.34, "answers_a_week": 3.97, "ratio": 1.19}
_IDEAS_CLOSED: Example = {"finalised": 15, "closed": 14, "share": 0.933}

BOARD_HEALTH: Example = {
    "board": "garden",
    "since": "2025-11-22T10:00:00Z",
    "until": "2026-11-22T10:00:00Z",
    "ideas_closed": _IDEAS_CLOSED,
    "answered": _ANSWERED,
    "waits": {"answer": _ANSWER, "decision": _DECISION, "shipping": _SHIPPING},
    "silence": _SILENCE,
    "capacity": _CAPACITY,
}

LOOP_HEALTH: Example = {
    "boards": ["garden"],
    "tag": None,
    "company_id": None,
    "segment": None,
    "since": "2026-08-25T00:00:00Z",
    "until": "2026-11-22T10:00:00Z",
    "people_closed": {
        "owed": 317,
        "delivered": 309,
        "pending": 0,
        "undeliverable": 2,
        "opted_out": 6,
        "failed": {"bounced": 2},
        "suppressed": {"muted": 6},
        "share": 0.975,
    },
    "ideas_closed": _IDEAS_CLOSED,
    "answered": {
        **_ANSWERED,
        "tenths": [{"tenth": 10, "ideas": 4, "answered": 4, "votes_least": 120, "votes_most": 313}],
    },
    "waits": {
        "answer": {**_ANSWER, "curve": [{"day": 2, "share": 0.7}, {"day": 4, "share": 0.45}]},
        "decision": {**_DECISION, "curve": [{"day": 20, "share": 0.48}]},
        "shipping": {**_SHIPPING, "curve": []},
    },
    "silence": _SILENCE,
    "solved": {
        "yes": 41,
        "partly": 9,
        "no": 4,
        "share": 0.759,
        "shipped": 9,
        "asked": 7,
        "share_asked": 0.778,
    },
    "used": {
        "answers": 51,
        "with_credits": 33,
        "share_of_answers": 0.647,
        "contributors": 402,
        "credited": 340,
        "share_of_people": 0.846,
    },
    "sending": {
        "email": {"sent": 611, "failed": 2, "suppressed": 180},
        "inbox": {"sent": 781, "suppressed": 12},
        "failed": {"bounced": 2},
        "suppressed": {"muted": 12, "inbox_only": 168},
        "people": 380,
        "emails_a_week": 0.125,
        "unsubscribed": 3,
        "complaints": 1,
        "duplicates": 0,
    },
    "capacity": {**_CAPACITY, "weeks": [{"begins": "2026-08-25T00:00:00Z", "ideas": 3, "answers": 5}]},
}

COUNTED: Example = {
    "id": 311,
    "at": "2026-11-03T09:30:00Z",
    "idea": {
        "id": 23,
        "title": "Book a bed",
        "url": "https://ideas.example.org/ideas/23-book-a-bed",
        "board": "Garden",
    },
    "person": {"id": 9, "name": "Ole"},
    "company": None,
    "contributions": None,
}

INSIGHTS: Example = {
    "boards": ["garden"],
    "tag": None,
    "company_id": None,
    "segment": None,
    "since": "2026-11-09T00:00:00Z",
    "until": "2026-11-22T10:00:00Z",
    "by": "weeks",
    "parts": [
        {"begins": "2026-11-09T00:00:00Z", "ends": "2026-11-16T00:00:00Z"},
        {"begins": "2026-11-16T00:00:00Z", "ends": "2026-11-22T10:00:00Z"},
    ],
    "figures": [
        {"figure": "ideas", "number": 7, "parts": [4, 3]},
        {"figure": "votes", "number": 129, "parts": [70, 59]},
    ],
    "answers_by_ideas": 1.2,
    "share_of_companies_heard": 0.31,
    "share_of_new_voices": 0.12,
    "gini": 0.44,
}
