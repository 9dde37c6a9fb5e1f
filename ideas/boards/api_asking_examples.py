"""What the description of the API shows of these; as api_examples.py, in the same small garden."""

from __future__ import annotations

from ideas.boards.api_examples import MIA, OLE, Example

SOLVED_WORDS: Example = {
    "answer": "partly",
    "words": "I can book a bed now, and still see nothing of the others’.",
    "may_publish": True,
    "show_name": True,
}

OWN_WORDS: Example = {
    "asked_at": "2026-11-22T10:00:00Z",
    "answer": "partly",
    "words": "I can book a bed now, and still see nothing of the others’.",
    "may_publish": True,
    "show_name": True,
    "answered_at": "2026-11-22T10:30:00Z",
    "published_at": None,
}

SAID: Example = {"id": 31, "by": MIA, **OWN_WORDS}

STORY_SHOWN: Example = {"shown": True}

OUTCOME: Example = {
    "asked_at": "2026-11-22T10:00:00Z",
    "asked": 143,
    "yes": 61,
    "partly": 12,
    "no": 4,
    "not_solved": False,
    "follow_up": None,
    "mine": OWN_WORDS,
    "stories": [{"words": "I have a bed for the whole summer.", "by": OLE, "answered_at": "2026-11-22T10:20:00Z"}],
}

FOLLOW_UP: Example = {"title": "See who has which bed", "body": "Booking is there; what is missing is an overview."}

FOLLOWED_UP: Example = {"idea_id": 58, "vote_count": 16}

WANTED: Example = {"wanted": True}

SUPPORT: Example = {"asked_at": "2026-11-22T10:00:00Z", "confirmed": 41, "stale": 9}
