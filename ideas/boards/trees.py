"""Reading which ideas are part of which: the links that merges leave, and what follows from them.

An idea that others were merged into is the root of a tree. Who holds the root's row in `idea_rank` sees the tree as it
stays until they are done: merging and unmerging hold it too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ideas.accounts.models import User
from ideas.boards.models import Idea, IdeaFollow, Vote
from ideas.db import db

Links = Mapping[int, int]  # a merged idea → what it was merged into

_LINKS = sa.select(Idea.id, Idea.merged_into_id).where(Idea.merged_root_id == sa.bindparam("root"))
_ROOT = sa.select(Idea.merged_root_id).where(Idea.id == sa.bindparam("the_idea"))


def links(root_id: int) -> dict[int, int]:
    """All that is merged into that idea, directly or through others; {} when nothing is, or it is merged itself."""
    return {row.id: row.merged_into_id for row in db.session.execute(_LINKS, {"root": root_id})}


def all_links(root_ids: Collection[int]) -> dict[int, int]:
    """The links of several trees at once."""
    rows = db.session.execute(sa.select(Idea.id, Idea.merged_into_id).where(Idea.merged_root_id.in_(root_ids)))
    return {row.id: row.merged_into_id for row in rows if row.merged_into_id is not None}


def root_of(idea_id: int) -> int:
    """Where the chain of merges ends; an idea that was not merged is its own root."""
    return db.session.scalar(_ROOT, {"the_idea": idea_id}) or idea_id


def whole(idea_id: int) -> set[int]:
    """The idea, what it was merged into and all that is merged there too: what is one need now."""
    root = root_of(idea_id)
    return {root, *links(root)}


def above(links: Links, idea_id: int) -> list[int]:
    """What the idea is part of, nearest first."""
    found: list[int] = []
    while idea_id in links and links[idea_id] not in found:  # a circle would be a breach, not a reason to hang
        idea_id = links[idea_id]
        found.append(idea_id)
    return found


def below(links: Links, idea_id: int) -> set[int]:
    """What was merged into the idea, directly or through others."""
    return {each for each in links if idea_id in above(links, each)}


def ancestry(links: Links, idea_ids: Iterable[int]) -> set[int]:
    """The ideas, and all that they are part of."""
    found: set[int] = set()
    for idea_id in idea_ids:
        found |= {idea_id, *above(links, idea_id)}
    return found


_BACKED_THROUGH = (
    sa.select(Idea.merged_root_id)
    .join(Vote, Vote.idea_id == Idea.id)
    .where(Idea.merged_root_id.in_(sa.bindparam("roots", expanding=True)), Vote.user_id == sa.bindparam("voter"))
    .distinct()
)


def backed_through(voter: User | None, root_ids: Sequence[int]) -> set[int]:
    """Into which of these ideas something was merged that `voter` backs; one query, none for no ideas."""
    if voter is None or not root_ids:
        return set()
    found = db.session.scalars(_BACKED_THROUGH, {"roots": list(root_ids), "voter": voter.id})
    return {root_id for root_id in found if root_id is not None}


def backs_a_part(person_id: sa.ColumnElement[Any], root_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: that person has a vote on an idea merged into that one."""
    return _has_on_a_part(Vote, person_id, root_id)


def follows_a_part(person_id: sa.ColumnElement[Any], root_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: that person follows an idea merged into that one."""
    return _has_on_a_part(IdeaFollow, person_id, root_id)


def _has_on_a_part(
    model: type[Vote | IdeaFollow], person_id: sa.ColumnElement[Any], root_id: sa.ColumnElement[Any]
) -> sa.ColumnElement[bool]:
    part = aliased(Idea)
    return (
        sa.exists()
        .where(model.idea_id == part.id, model.user_id == person_id, part.merged_root_id == root_id)
        .correlate_except(model, part)
    )
