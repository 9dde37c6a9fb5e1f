"""One idea with all that programs are shown of it."""

from __future__ import annotations

from ideas.boards import evidence, listing, receipts
from ideas.boards import schemas_out as shapes
from ideas.boards.queries import IdeaRow
from ideas.ledger import report


def idea(on: IdeaRow) -> shapes.Shape:
    """The idea as whoever opened it may see it, with its answer and how many were told."""
    row = on.idea
    line = listing.answers_on([row.id]).get(row.id)
    tags = listing.tags_on([row.id]).get(row.id, [])
    told_by = receipts.announcements([line.answer.id]).get(line.answer.id, []) if line else []
    team = on.standing.is_team
    apart = {"on_behalf_count": evidence.unheard_on([row.id]).get(row.id, 0)} if team else {}
    return {
        **shapes.idea(row, tags, line, team=team),
        **apart,
        "people_told": shapes.told(report.people_told(told_by)),
    }
