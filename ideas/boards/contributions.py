"""What a person put into an idea, found again from the ledger's kind and id."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from ideas import markup
from ideas.accounts.models import User
from ideas.boards.models import Comment, Credit, CreditKind, Idea, IdeaFollow, Vote
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.db import db

QUOTE_LONGEST = 200


class Contribution(NamedTuple):
    """kind: idea, vote, comment, on_behalf or evidence. quote: the person's own words, "" for what has none.

    idea_id: where it was made. by: who of the team noted it, of what the person did not do here themselves.
    """

    kind: str
    id: int
    at: datetime
    quote: str
    idea_id: int = 0
    by: str = ""


class Through(NamedTuple):
    """The idea by which somebody has a part in another. stands: it is part of the other now, and not only then."""

    id: int
    title: str
    stands: bool


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
        rows = db.session.execute(sa.select(Vote.id, Vote.cast_at, Vote.idea_id).where(Vote.id.in_(votes)))
        found += [Contribution("vote", row.id, row.cast_at, "", row.idea_id) for row in rows]
    if comments := ids.get("comment"):
        rows = db.session.execute(
            sa.select(Comment.id, Comment.created_at, Comment.body_html, Comment.idea_id).where(
                Comment.id.in_(comments), Comment.deleted_at.is_(None)
            )
        )
        found += [
            Contribution("comment", row.id, row.created_at, markup.excerpt(row.body_html, QUOTE_LONGEST), row.idea_id)
            for row in rows
        ]
    if ideas := ids.get("idea"):
        rows = db.session.execute(sa.select(Idea.id, Idea.created_at, Idea.title).where(Idea.id.in_(ideas)))
        found += [Contribution("idea", row.id, row.created_at, row.title, row.id) for row in rows]
    for kind, model in (("on_behalf", VoteOnBehalf), ("evidence", Evidence)):
        if noted := ids.get(kind):
            rows = db.session.execute(
                sa.select(model.id, model.noted_at, model.idea_id, User.name)
                .join(User, User.id == model.by_id)
                .where(model.id.in_(noted))
            )
            found += [Contribution(kind, row.id, row.noted_at, "", row.idea_id, row.name) for row in rows]
    return {(one.kind, one.id): one for one in found}


def uses(credits: Iterable[Credit], user_id: int, *, voted: bool, title: str) -> list[Use]:
    """How what this person contributed was used, in the words of an answer's `credits`.

    Loaded of these: comment, merged_idea.
    """
    found = []
    for credit in credits:
        if credit.kind == CreditKind.VOTES:
            if voted:
                found.append(Use("votes", "", credit.how))
        elif credit.user_id == user_id:
            found.append(Use(credit.kind, _used(credit, title), credit.how))
    return found


def _used(credit: Credit, title: str) -> str:
    if credit.kind == CreditKind.EVIDENCE:
        return ""  # how it was noted is for the team
    if credit.comment is not None:
        return markup.excerpt(credit.comment.body_html, QUOTE_LONGEST)
    return credit.merged_idea.title if credit.merged_idea is not None else title


def voters_among(pairs: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Of pairs (idea, person) those in which the person has a vote on the idea or on a part of it; one query."""
    pairs = set(pairs)
    if not pairs:
        return set()
    ideas = {idea for idea, _person in pairs}
    rows = db.session.execute(
        sa.select(Vote.idea_id, Idea.merged_root_id, Vote.user_id)
        .join(Idea, Idea.id == Vote.idea_id)
        .where(
            sa.or_(Idea.id.in_(ideas), Idea.merged_root_id.in_(ideas)),
            Vote.user_id.in_({person for _idea, person in pairs}),
        )
    ).all()
    return {(idea, row.user_id) for row in rows for idea in (row.idea_id, row.merged_root_id)} & pairs


def throughs(parts: Iterable[tuple[int, int, int]]) -> dict[tuple[int, int, int], Through]:
    """Of triples (idea, person, idea they had a part in) those in which the two differ: how the one came to the other.

    The title of an idea that is hidden is said to nobody but its author. At most one query.
    """
    asked = set(parts)
    if not asked:
        return {}
    rows = db.session.execute(
        sa.select(Idea.id, Idea.title, Idea.merged_root_id, Idea.author_id, Idea.hidden_at).where(
            Idea.id.in_({own for _idea, _person, own in asked})
        )
    )
    ideas = {row.id: row for row in rows}
    return {
        (idea_id, person, own): Through(own, ideas[own].title, ideas[own].merged_root_id == idea_id)
        for idea_id, person, own in asked
        if own != idea_id
        if own in ideas and (ideas[own].hidden_at is None or ideas[own].author_id == person)
    }


def followed(people: Collection[int], idea_ids: Collection[int]) -> dict[int, set[int]]:
    """Which of these ideas each person follows, of those who follow any; one query, none for nobody."""
    found: dict[int, set[int]] = {}
    if people:
        for row in db.session.execute(
            sa.select(IdeaFollow.user_id, IdeaFollow.idea_id).where(
                IdeaFollow.user_id.in_(people), IdeaFollow.idea_id.in_(idea_ids)
            )
        ):
            found.setdefault(row.user_id, set()).add(row.idea_id)
    return found


def followed_parts(pairs: Iterable[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """Of pairs (idea, person) those in which the person follows not the idea but a part of it: which one; one query."""
    pairs = set(pairs)
    if not pairs:
        return {}
    ideas = {idea for idea, _person in pairs}
    rows = db.session.execute(
        sa.select(Idea.id, Idea.merged_root_id, IdeaFollow.user_id)
        .join(IdeaFollow, IdeaFollow.idea_id == Idea.id)
        .where(
            sa.or_(Idea.id.in_(ideas), Idea.merged_root_id.in_(ideas)),
            IdeaFollow.user_id.in_({person for _idea, person in pairs}),
        )
        .order_by(Idea.id.desc())
    ).all()
    followed = {(row.id, row.user_id) for row in rows}
    return {
        pair: row.id for row in rows if (pair := (row.merged_root_id, row.user_id)) in pairs and pair not in followed
    }
