"""What pages and the API show of ideas that are one: the parts of an idea with what was said there, and former ones."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.boards import notices, queries, similar, trees
from ideas.boards.models import Comment, Idea, IdeaRank, Vote
from ideas.boards.models_merging import Merge
from ideas.boards.queries import IdeaRow
from ideas.boards.reading import Thread
from ideas.db import db
from ideas.errors import NotFound
from ideas.ledger import report

PARTS_SHOWN = 100
COMMENTS_SHOWN = 100  # of all parts together; the rest is on the page of each
_NUMBER = re.compile(r"(?:^#?|/ideas/)(\d{1,9})(?:\D|$)")


@dataclass(frozen=True)
class Part:
    """An idea that is part of another now. Loaded: author, rank; of the merge: by, entry.

    threads: what was said on it, as far as it is shown. more: there is more to read on its own page.
    """

    idea: Idea
    merge: Merge
    threads: list[Thread] = field(default_factory=list)
    more: bool = False

    @property
    def is_waiting(self) -> bool:
        """Nobody was told of it yet."""
        entry = self.merge.entry
        return entry is not None and entry.fanned_out_at is None and entry.cancelled_at is None


@dataclass(frozen=True)
class Together:
    """What two ideas would be as one: how many back either, and whom the news would reach."""

    backers: int
    told: report.Forecast


def parts_of(on: IdeaRow) -> list[Idea]:
    """The ideas that are part of this one now, most backed first, at most PARTS_SHOWN. Loaded: author, rank.

    Hidden ones are seen by the team and their authors. One query, none for an idea without parts.
    """
    if not on.idea.rank.has_merged:
        return []
    statement = (
        sa.select(Idea)
        .join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .where(Idea.merged_root_id == on.idea.id)
        .options(joinedload(Idea.author), joinedload(Idea.rank))
        .order_by(IdeaRank.vote_count.desc(), Idea.id)
        .limit(PARTS_SHOWN)
    )
    if not on.standing.is_team:
        own = Idea.author_id == on.standing.user.id if on.standing.user else sa.false()
        statement = statement.where(sa.or_(Idea.hidden_at.is_(None), own))
    return list(db.session.scalars(statement))


def told_apart(on: IdeaRow) -> list[Part]:
    """The same with why they were merged and what was said there: three queries, none for an idea without parts."""
    ideas = parts_of(on)
    if not ideas:
        return []
    ids = [idea.id for idea in ideas]
    merges = db.session.scalars(
        sa.select(Merge)
        .where(Merge.idea_id.in_(ids), Merge.unmerged_at.is_(None))
        .options(joinedload(Merge.by), joinedload(Merge.entry))
    )
    by_idea = {merge.idea_id: merge for merge in merges}
    threads, is_whole = _said_on(on, ids)
    return [
        Part(idea, by_idea[idea.id], threads.get(idea.id, []), more=not is_whole)
        for idea in ideas
        if idea.id in by_idea  # it may have been taken out between the two readings
    ]


def _said_on(on: IdeaRow, idea_ids: Sequence[int]) -> tuple[dict[int, list[Thread]], bool]:
    """Idea → its threads, the first COMMENTS_SHOWN comments of all; and whether these are all there are."""
    statement = (
        sa.select(Comment)
        .where(Comment.idea_id.in_(idea_ids))
        .options(joinedload(Comment.author))
        .order_by(Comment.created_at, Comment.id)
        .limit(COMMENTS_SHOWN + 1)
    )
    if not on.standing.is_team:
        statement = statement.where(sa.not_(Comment.is_internal), Comment.deleted_at.is_(None))
    found = db.session.scalars(statement).all()
    threads: dict[int, list[Thread]] = {}
    by_root: dict[int, Thread] = {}
    for comment in found[:COMMENTS_SHOWN]:
        if comment.parent_id in by_root:
            by_root[comment.parent_id].replies.append(comment)
            continue
        # a reply whose thread began with a comment that is gone stands for itself here
        by_root[comment.id] = Thread(comment)
        threads.setdefault(comment.idea_id, []).append(by_root[comment.id])
    return threads, len(found) <= COMMENTS_SHOWN


def merges_of(on: IdeaRow, *, limit: int = PARTS_SHOWN) -> list[Merge]:
    """What became part of the idea and what it became part of, also what was taken apart, latest first.

    Loaded: idea, into, by, unmerged_by, entry, unmerge_entry. What was undone in time, or is hidden, is for the team.
    """
    other = sa.orm.aliased(Idea)
    statement = (
        sa.select(Merge)
        .join(other, other.id == sa.case((Merge.idea_id == on.idea.id, Merge.into_id), else_=Merge.idea_id))
        .where(sa.or_(Merge.idea_id == on.idea.id, Merge.into_id == on.idea.id))
        .options(
            *(joinedload(Merge.idea), joinedload(Merge.into), joinedload(Merge.by), joinedload(Merge.unmerged_by)),
            *(joinedload(Merge.entry), joinedload(Merge.unmerge_entry)),
        )
        .order_by(Merge.id.desc())
        .limit(limit)
    )
    if not on.standing.is_team:
        statement = statement.where(
            other.hidden_at.is_(None), sa.or_(Merge.unmerged_at.is_(None), Merge.unmerge_entry_id.is_not(None))
        )
    return list(db.session.scalars(statement))


def together(on: IdeaRow, into: IdeaRow) -> Together:
    """What the two would be as one, and whom it would be told."""
    ids = {on.idea.id, into.idea.id, *trees.links(on.idea.id), *trees.links(into.idea.id)}
    backers = db.session.scalars(sa.select(sa.func.count(sa.distinct(Vote.user_id))).where(Vote.idea_id.in_(ids))).one()
    told = report.forecast(
        notices.merging(on.idea.id, into.idea.id),
        visible=notices.sees_idea,
        subject=into.idea.subject,
        subjects=[f"idea:{each}" for each in sorted(ids)],
        actor_id=on.standing.user.id if on.standing.user else None,
    )
    return Together(backers, told)


def named(on: IdeaRow, said: str) -> IdeaRow | None:
    """The idea that somebody means by its number or address, as `on`'s reader sees it; where it went if it was merged.

    None when `said` is words, or there is no such idea.
    """
    match = _NUMBER.search(said.strip())
    if match is None or (not said.strip().lstrip("#").isdecimal() and "/ideas/" not in said):
        return None
    try:
        row = queries.get_idea(on.standing.user, int(match[1]))
        if row.idea.merged_root_id is not None:
            row = queries.get_idea(on.standing.user, row.idea.merged_root_id)
    except NotFound:
        return None
    return row


def chosen(on: IdeaRow, into_id: int) -> IdeaRow:
    """The idea that `on` is to become part of. One that its reader may not see cannot be chosen, as one that is not."""
    try:
        return queries.get_idea(on.standing.user, into_id)
    except NotFound as error:
        raise ValidationError({"into": [error.message]}) from None


def candidates(on: IdeaRow, words: str = "") -> list[similar.Similar]:
    """What the idea might be the same as: ideas with those words, or without words like the idea itself."""
    where = queries.get_board(on.standing.user, on.idea.board.slug)
    title, body = (words, "") if words else (on.idea.title, on.idea.body)
    return similar.similar(on.standing.user, [where], title, body, besides=on.idea.id, most=10)
