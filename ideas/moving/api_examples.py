"""What the description of the API shows of imports: the garden's wishes, brought over from Canny."""

from __future__ import annotations

from typing import Any

Example = dict[str, Any]

LINE: Example = {
    "id": 3,
    "format": "canny",
    "board": "garden",
    "file_name": "canny.zip",
    "state": "checked",
    "done": 315,
    "total": 315,
    "by": {"id": 2, "name": "Petra"},
    "created_at": "2026-11-22T10:00:00Z",
    "ended_at": None,
}
LINES: Example = {"data": [LINE], "next": None}

_NOTHING: Example = {"new": 0, "changed": 0, "removed": 0, "same": 0, "differs": 0, "kept": 0, "refused": 0}
_SAID: Example = {"statuses": {"Beta": "started"}, "columns": {}, "email_pattern": None}

CHECKED: Example = {
    **LINE,
    **_SAID,
    "report": {
        "wrong": None,
        "read": 316,
        "changed": True,
        "counts": [
            {"kind": "idea", **_NOTHING, "new": 1, "differs": 1, "refused": 1},
            {"kind": "vote", **_NOTHING, "new": 312},
        ],
        "examples": [
            {
                "where": "posts.json, entry 2",
                "kind": "idea",
                "became": "differs",
                "name": "Book a bed",
                "differences": [{"field": "title", "here": "Book a bed", "there": "Book beds"}],
            }
        ],
        "refused": [{"where": "posts.json, entry 3", "reason": "It has no words."}],
        "refused_count": 1,
        "ignored": [],
    },
}
SENT: Example = {**LINE, **_SAID, "state": "checking", "done": 0, "total": 0, "report": None}
BEGIN: Example = {"skip_refused": True}
RUNNING: Example = {**CHECKED, "state": "running", "done": 0}
