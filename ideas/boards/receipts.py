"""Receipts: each contribution of a person, where it stands, the answer, how it was used, how they were told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.boards import contributions, listing, queries
from ideas.boards.contributions import Contribution, Use
from ideas.boards.listing import AnswerLine
from ideas.boards.models import Answer, AnswerVersion, Board, Comment, Idea, Vote
from ideas.boards.models_evidence import PENDING, Evidence, VoteOnBehalf
from ideas.db import db
from ideas.ledger import report
from ideas.paging import Page, read_cursor


@dataclass(frozen=True)
class Receipt:
    """One contribution and what became of it. idea: board, status, author, rank loaded.

    told: what the ledger did for this person about the answer that stands; empty while nothing was announced.
    through: the idea on which it was made, when that is part of `idea` now.
    """

    idea: Idea
    contribution: Contribution
    answer: AnswerLine | None
    uses: list[Use]
    told: list[report.Told]
    through: Idea | None = None


def receipts_of(
    person: User,
    *,
    limit: int,
    cursor: str | None = None,
    boards: Sequence[int] | None = None,
    slug: str | None = None,
) -> Page[Receipt]:
    """The contributions of `person` on ideas they may see, newest first; ten queries for any number.

    boards: those on these boards instead, for their team. slug: of these, those on the board of that slug.
    """
    after = read_cursor("receipts", cursor)
    mine = _contributions(person).subquery()
    statement = (
        sa.select(mine.c.kind, mine.c.id, mine.c.idea_id, mine.c.at)
        .join(Idea, Idea.id == mine.c.idea_id)
        .join(Board, Board.id == Idea.board_id)
        .where(queries.idea_seen_by(sa.literal(person.id)) if boards is None else Board.id.in_(boards))
        .order_by(mine.c.at.desc(), mine.c.kind, mine.c.id.desc())
        .limit(limit + 1)
    )
    if slug is not None:
        statement = statement.where(Board.slug == slug)
    if after is not None:
        at, kind, row_id = after
        statement = statement.where(
            sa.or_(
                mine.c.at < at,
                sa.and_(mine.c.at == at, mine.c.kind > kind),
                sa.and_(mine.c.at == at, mine.c.kind == kind, mine.c.id < row_id),
            )
        )
    rows = db.session.execute(statement).all()
    page = Page.of(rows, limit, order="receipts", key=lambda row: (row.at, row.kind, row.id))
    return Page(_receipts(person, list(page.rows)), page.next)


def _contributions(person: User) -> sa.CompoundSelect[Any]:
    def rows(kind: str, row_id: Any, idea_id: Any, at: Any) -> sa.Select[Any]:
        return sa.select(
            sa.literal(kind).label("kind"),
            sa.cast(row_id, sa.BigInteger).label("id"),
            idea_id.label("idea_id"),
            at.label("at"),
        )

    return sa.union_all(
        rows("idea", Idea.id, Idea.id, Idea.created_at).where(Idea.author_id == person.id),
        rows("vote", Vote.id, Vote.idea_id, Vote.cast_at).where(Vote.user_id == person.id),
        rows("comment", Comment.id, Comment.idea_id, Comment.created_at).where(
            Comment.author_id == person.id, Comment.deleted_at.is_(None), sa.not_(Comment.is_internal)
        ),
        rows("on_behalf", VoteOnBehalf.id, VoteOnBehalf.idea_id, VoteOnBehalf.noted_at).where(
            VoteOnBehalf.user_id == person.id,
            PENDING,
            ~sa.exists().where(Vote.idea_id == VoteOnBehalf.idea_id, Vote.user_id == person.id),
        ),
        rows("evidence", Evidence.id, Evidence.idea_id, Evidence.noted_at).where(
            Evidence.user_id == person.id, Evidence.removed_at.is_(None)
        ),
    )


def _receipts(person: User, rows: list[Any]) -> list[Receipt]:
    ideas = _ideas({row.idea_id for row in rows})
    ideas |= _ideas({idea.merged_root_id for idea in ideas.values() if idea.merged_root_id} - ideas.keys())
    parts = contributions.find((row.kind, row.id) for row in rows)
    answers = listing.answers_on(sorted(ideas))
    entries = announcements([line.answer.id for line in answers.values()])
    told = report.told(person.id, [entry for own in entries.values() for entry in own])
    found = []
    for row in rows:
        part = parts.get((row.kind, row.id))
        if part is None:
            continue  # taken back between the two readings
        own = ideas[row.idea_id]
        root = ideas[own.merged_root_id or own.id]
        if root.hidden_at is not None and person.id != root.author_id:
            root = own  # what became of it is not shown for now
        # an idea that was decided before it was merged keeps its answer until the other has one
        answered = root if root.id in answers else own
        line = answers.get(answered.id)
        found.append(
            Receipt(
                root,
                part,
                line,
                _uses_of(part, line, own, answered) if line else [],
                [each for entry in entries.get(line.answer.id, []) for each in told.get(entry, [])] if line else [],
                own if own is not root else None,
            )
        )
    return found


def _ideas(idea_ids: set[int]) -> dict[int, Idea]:
    """Those ideas by id; no query for none."""
    if not idea_ids:
        return {}
    statement = sa.select(Idea).where(Idea.id.in_(idea_ids))
    loaded = (joinedload(Idea.board), joinedload(Idea.status), joinedload(Idea.author), joinedload(Idea.rank))
    return {idea.id: idea for idea in db.session.scalars(statement.options(*loaded))}


def _uses_of(part: Contribution, line: AnswerLine, own: Idea, answered: Idea) -> list[Use]:
    """How this one contribution was used: each receipt tells of its own.

    The voters as a whole are those who had voted when people were told: a later vote moved nothing.
    """
    told_at = line.answer.entry.fanned_out_at if line.answer.entry else None
    as_author = "author" if own is answered else "merged_idea"
    kinds = {"idea": as_author, "comment": "comment", "vote": "votes", "evidence": "evidence", "on_behalf": ""}
    return [
        use
        for credit in line.credits
        if credit.kind == kinds[part.kind] and credit.named_id in (None, part.id)
        if part.kind != "vote" or told_at is None or part.at <= told_at or credit.since_version > 1
        for use in contributions.uses([credit], credit.user_id or 0, voted=True, title=answered.title)
    ]


def announcements(answer_ids: list[int]) -> dict[int, list[int]]:
    """The outbox entries by which people were told of each answer: its own and those of corrections."""
    if not answer_ids:
        return {}
    found: dict[int, list[int]] = {}
    own = sa.select(Answer.id.label("answer_id"), Answer.entry_id).where(
        Answer.id.in_(answer_ids), Answer.entry_id.is_not(None)
    )
    later = sa.select(AnswerVersion.answer_id, AnswerVersion.entry_id).where(
        AnswerVersion.answer_id.in_(answer_ids), AnswerVersion.entry_id.is_not(None)
    )
    for row in db.session.execute(sa.union_all(own, later)):
        found.setdefault(row.answer_id, []).append(row.entry_id)
    return found
