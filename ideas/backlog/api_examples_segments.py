"""The garden's large customers, as the description of the API tells them."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

QUESTION: Example = {
    "match": "all",
    "conditions": [
        {"about": "plan", "is": "is", "value": ["enterprise"]},
        {"about": "renews_on", "is": "within_days", "value": 90},
    ],
}
WORDS: Example = {"name": "Large and renewing", "question": QUESTION}
EDIT: Example = {"name": "Large, up for renewal"}
SEGMENT: Example = {
    "id": 1,
    "slug": "large-and-renewing",
    "name": "Large and renewing",
    "question": QUESTION,
    "people": 312,
    "companies": 41,
    "counted_at": "2026-11-22T10:00:00Z",
}
