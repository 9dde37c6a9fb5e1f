"""What a person put into an idea, found again from the ledger's kind and id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ideas import markup
from ideas.boards.models import Comment, Credit, CreditKind, Idea, Vote
from ideas.db import db

QUOTE_LONGEST = 200


class Contribution(NamedTuple):
    """kind: idea, vote or comment. quote: the person's own words, "" for a vote."""

    kind: str
    id: int
    at: datetime
    quote: str


class Use(NamedTuple):
    """How a contribution was used. kind: as of the credit; quote: the words that were used, "" for votes."""

    kind: str
    quote: str
    how: str


def find(named: Iterable[tuple[str | None, int | None]]) -> dict[tuple[str, int], Contribution]:
    """Contributions by (kind, id); those that are gone are left out. One query for each kind that occurs."""
    ids: dict[str, set[int]] = {}
    for kind, row_id in named:
        if kind is not None and row_id is not None:
            ids.setdefault(kind, set()).add(row_id)
    found: list[Contribution] = []
    if votes := ids.get("vote"):
        rows = db.session.execute(sa.select(Vote.id, Vote.cast_at).where(Vote.id.in_(votes)))
        found += [Contribution("vote", row.id, row.cast_at, "") for row in rows]
    if comments := ids.get("comment"):
        rows = db.session.execute(
            sa.select(Comment.id, Comment.created_at, Comment.body_html).where(
                Comment.id.in_(comments), Comment.deleted_at.is_(None)
            )
        )
        found += [
            Contribution("comment", row.id, row.created_at, markup.excerpt(row.body_html, QUOTE_LONGEST))
            for row in rows
        ]
    if ideas := ids.get("idea"):
        rows = db.session.execute(sa.select(Idea.id, Idea.created_at, Idea.title).where(Idea.id.in_(ideas)))
        found += [Contribution("idea", row.id, row.created_at, row.title) for row in rows]
    return {(one.kind, one.id): one for one in found}


def uses(credits: Iterable[Credit], user_id: int, *, voted: bool, title: str) -> list[Use]:
    """How what this person contributed was used, in the words of an answer's `credits` (comment loaded)."""
    found = []
    for credit in credits:
        if credit.kind == CreditKind.VOTES:
            if voted:
                found.append(Use("votes", "", credit.how))
        elif credit.user_id == user_id:
            quote = markup.excerpt(credit.comment.body_html, QUOTE_LONGEST) if credit.comment else title
            found.append(Use(credit.kind, quote, credit.how))
    return found


def voters_among(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of pairs (idea, person) those in which the person has a vote on the idea; one query."""
    pairs = set(pairs)
    if not pairs:
        return set()
    rows = db.session.execute(
        sa.select(Vote.idea_id, Vote.user_id).where(
            Vote.idea_id.in_({idea for idea, _person in pairs}), Vote.user_id.in_({person for _idea, person in pairs})
        )
    )
    return {(row.idea_id, row.user_id) for row in rows} & pairs
