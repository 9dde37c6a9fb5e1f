"""What the description of the API shows of customers; in the same small garden as everything else."""

from __future__ import annotations

from ideas.boards.api_examples import URL, Example

ASKED: Example = {
    "idea": {"id": 23, "title": "Book a bed", "url": URL},
    "board": "garden",
    "status": {"slug": "planned", "name": "Planned", "stage": "planned"},
    "people": 5,
    "voters": 4,
    "vote_count": 312,
    "last_at": "2026-11-22T10:02:00Z",
    "answer_id": 5,
    "owed": {"what": "planned", "since": "2026-11-22T10:00:00Z", "by": "2027-03-31", "is_late": False},
    "told": 4,
    "waiting": 1,
}
