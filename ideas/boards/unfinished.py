"""What a visitor began on a board and does once they have signed in: a vote, a comment, an idea, a membership."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ideas.accounts.models import User
from ideas.boards import boardkeeping, commenting, posting, queries, voting


def vote(person: User, details: dict[str, Any]) -> str:
    row = queries.get_idea(person, details["idea"])
    (voting.cast if details["on"] else voting.retract)(person, row.idea)
    return f"/ideas/{row.idea.id}"


def comment(person: User, details: dict[str, Any]) -> str:
    row = queries.get_idea(person, details["idea"])
    said = commenting.add(person, row, body=details["body"], parent_id=details["parent_id"])
    return f"/ideas/{row.idea.id}-{row.idea.slug}#comment-{said.id}"


def idea(person: User, details: dict[str, Any]) -> str:
    row = queries.get_board(person, details["board"])
    posted = posting.submit(person, row, title=details["title"], body=details["body"], tags=details["tags"])
    return f"/ideas/{posted.id}"


def invitation(person: User, details: dict[str, Any]) -> str:
    return f"/boards/{boardkeeping.accept(person, details['token']).slug}"


RESUMERS: dict[str, Callable[[User, dict[str, Any]], str]] = {
    "vote": vote,
    "comment": comment,
    "idea": idea,
    "invitation": invitation,
}
