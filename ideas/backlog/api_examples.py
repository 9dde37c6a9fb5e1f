"""The garden's ranked list, as the description of the API tells it."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

LINE: Example = {
    "id": 23,
    "board": "garden",
    "title": "Book a bed",
    "url": "https://ideas.example.org/ideas/23-book-a-bed",
    "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
    "tags": ["seed"],
    "owner": "Petra",
    "hidden": False,
    "created_at": "2026-11-01T10:00:00Z",
    "silent_since": "2026-11-22T10:00:00Z",
    "due_on": "2026-12-04",
    "vote_count": 312,
    "reach": 312,
    "comment_count": 4,
    "hot": 152.7,
    "votes_lately": 40,
    "votes_since_word": 12,
    "companies": 1,
    "companies_without_revenue": 0,
    "breadth": 296.1,
    "value": 90000,
    "priority": 124.8,
    "points": None,
    "likely_same_as": None,
    "counted_at": "2026-11-22T10:01:00Z",
}


def page(row: Example) -> Example:
    return {"data": [row], "next": None}


VIEW_WORDS: Example = {
    "name": "Broad and unanswered",
    "shared": True,
    "asked": {"stage": "open", "silent": 30},
    "columns": ["points", "votes", "breadth"],
    "weights": {"votes": 1.0, "breadth": 3.0},
}

VIEW_EDIT: Example = {"name": "Broad and silent"}

VIEW: Example = {
    "id": 6,
    "name": "Broad and unanswered",
    "shared": True,
    "by": {"id": 2, "name": "Petra", "role": "team"},
    "asked": {"stage": "open", "silent": "30"},
    "columns": ["points", "votes", "breadth"],
    "weights": {"votes": 1.0, "breadth": 3.0},
    "url": "https://ideas.example.org/team/backlog/views/6",
}

ESTIMATE_WORDS: Example = {
    "reach": None,
    "reach_source": "",
    "impact": 2.0,
    "impact_source": "Five interviews in May",
    "confidence": 80,
    "confidence_source": "They agreed with each other",
    "effort": 4.0,
    "effort_source": "The gardeners' own guess",
}

SCORES: Example = {
    "idea_id": 23,
    "votes": 312,
    "votes_lately": 40,
    "votes_since_word": 12,
    "hot": 152.7,
    "breadth": {
        "score": 296.1,
        "weight_most": 15.6,
        "weight": 307.6,
        "weight_squared": 319.5,
        "companies": [
            {"id": 4, "name": None, "plan": "pro", "votes": 5, "weight": 5.0, "monthly_revenue": 90000},
        ],
        "others": {"companies": 0, "votes": 0, "weight": 0.0, "weight_squared": 0.0, "monthly_revenue": 0},
        "people_without_company": 307,
    },
    "value": {"score": 90000, "currency": "EUR", "companies": 1, "companies_without_revenue": 0},
    "priority": {
        "score": 124.8,
        "reach": 312,
        "segment": None,
        "estimate": {
            **ESTIMATE_WORDS,
            "by": {"id": 2, "name": "Petra", "role": "team"},
            "said_at": "2026-11-22T10:00:00Z",
        },
    },
    "segments": [{"segment": "large-and-renewing", "name": "Large and renewing", "votes": 12}],
    "listed_at": "2026-11-22T10:01:00Z",
}

TAGS: Example = {"tags": ["seed"]}
TAGS_OUT: Example = {"idea_id": 23, "tags": ["seed"]}
OWNER: Example = {"owner": None}
OWNER_OUT: Example = {"idea_id": 23, "owner": None}
DUE: Example = {"due_on": "2099-12-04"}
DUE_OUT: Example = {"idea_id": 23, "due_on": "2099-12-04"}
