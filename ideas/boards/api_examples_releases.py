"""The same small garden as in api_examples.py, as releases tell of it."""

from __future__ import annotations

from ideas.boards.api_examples import OLE, PETRA, URL, Example, page

__all__ = ["DRAFT", "LINE", "NEW_RELEASE", "RELEASE", "RELEASE_EDIT", "page"]

NEW_RELEASE: Example = {
    "board": "garden",
    "title": "The spring release",
    "body": "Beds are booked on a page of their own.",
    "date": None,
}

RELEASE_EDIT: Example = {"title": "The spring release, with booking"}

LINE: Example = {
    "reason": "shipped",
    "text": "Every bed has a page now, and on it a button that books it for the season.",
    "credits": [{"kind": "comment", "id": 88, "how": "Your rota became the booking page."}],
}

_IDEA: Example = {
    "idea": {"id": 23, "title": "Book a bed", "url": URL},
    "status": {"slug": "shipped", "name": "Shipped", "stage": "shipped"},
    "vote_count": 312,
    "reason": "shipped",
    "text": "Every bed has a page now, and on it a button that books it for the season.",
    "text_html": "<p>Every bed has a page now, and on it a button that books it for the season.</p>\n",
    "ships": True,
    "answer_id": 6,
    "thanks": [{"kind": "comment", "id": 88, "person": OLE, "how": "Your rota became the booking page."}],
}

RELEASE: Example = {
    "id": 4,
    "board": "garden",
    "title": "The spring release",
    "body": "Beds are booked on a page of their own.",
    "body_html": "<p>Beds are booked on a page of their own.</p>\n",
    "date": "2026-11-22",
    "published_at": "2026-11-22T10:00:00Z",
    "announced_at": "2026-11-22T10:15:00Z",
    "by": PETRA,
    "url": "https://ideas.example.org/releases/4-the-spring-release",
    "ideas": [_IDEA],
}

DRAFT: Example = {
    **RELEASE,
    "date": None,
    "published_at": None,
    "announced_at": None,
    "ideas": [
        {
            **_IDEA,
            "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
            "answer_id": None,
            "thanks": [],
        }
    ],
}
