"""What the description of the API shows of these; as api_examples.py, in the same small garden."""

from __future__ import annotations

from ideas.boards.api_examples import OLE, PETRA, Example

NEW_EVIDENCE: Example = {
    "kind": "call",
    "words": "I walk to the shed to see which bed is free.",
    "link": "https://calls.example.org/417",
    "email": "ole@example.org",
    "name": "Ole",
    "vote": True,
}

EVIDENCE: Example = {
    "id": 17,
    "idea_id": 23,
    "kind": "call",
    "words": "I walk to the shed to see which bed is free.",
    "link": "https://calls.example.org/417",
    "person": OLE,
    "by": {"id": PETRA["id"], "name": PETRA["name"]},
    "noted_at": "2026-11-22T10:00:00Z",
    "vote": "waiting",
}

ADDED: Example = {**EVIDENCE, "became": "asked"}

WAITING: Example = {
    "idea_id": 23,
    "person": OLE,
    "by": {"id": PETRA["id"], "name": PETRA["name"]},
    "noted_at": "2026-11-22T10:00:00Z",
}

WANTED: Example = {"wanted": True}

SAID: Example = {
    "idea_id": 23,
    "noted_at": "2026-11-22T10:00:00Z",
    "vote": "confirmed",
    "voted": True,
    "vote_count": 313,
}

ON_BEHALF: Example = {"idea_id": 23, "person_id": 9, "became": "asked", "vote_count": 312, "on_behalf_count": 4}
