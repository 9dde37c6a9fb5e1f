"""Lists of ideas: sorted, narrowed and paged by keyset over `idea_rank`, with statements built once for each shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import contains_eager, joinedload
from sqlalchemy.sql.functions import FunctionElement

from ideas.accounts.models import User
from ideas.boards import searching, trees
from ideas.boards.models import Answer, Board, Credit, Idea, IdeaRank, IdeaTag, Stage, Status, Tag, Vote
from ideas.boards.queries import READER, BoardRow
from ideas.db import db
from ideas.paging import Page, read_cursor


class Sort(StrEnum):
    TRENDING = "trending"
    TOP = "top"
    NEW = "new"
    DISCUSSED = "discussed"
    ANSWERED = "answered"


KEYS = {
    Sort.TRENDING: IdeaRank.hot,
    Sort.TOP: IdeaRank.vote_count,
    Sort.NEW: IdeaRank.created_at,
    Sort.DISCUSSED: IdeaRank.comment_count,
    Sort.ANSWERED: IdeaRank.answered_at,
}


@dataclass(frozen=True)
class Wanted:
    """Which ideas a reader asks for, and in which order. status, tag: slugs of the board's own."""

    sort: Sort = Sort.TRENDING
    stage: Stage | None = None
    status: str | None = None
    tag: str | None = None
    question: str = ""
    mine: bool = False
    voted: bool = False


class Chips(NamedTuple):
    """What a board's ideas may be narrowed by."""

    statuses: list[Any]  # rows of slug, name, stage
    tags: list[Any]  # rows of slug, name


class AnswerLine(NamedTuple):
    """The answer that stands on an idea, with its credits. Loaded: by, status, entry; of credits: user."""

    answer: Answer
    credits: list[Credit]


@dataclass(frozen=True)
class IdeaCard:
    """An idea in a list, as one reader sees it. Loaded: board, status, author, rank."""

    idea: Idea
    voted: bool
    tags: list[Tag] = field(default_factory=list)
    answer: AnswerLine | None = None


def ideas_on(
    reader: User | None, boards: Sequence[BoardRow], wanted: Wanted, *, limit: int, cursor: str | None = None
) -> Page[IdeaCard]:
    """A page of the ideas on `boards` (already found visible for `reader`) that answer `wanted`.

    Hidden ideas are in the lists of the team alone. Raises ValidationError for a cursor of another list.
    """
    after = read_cursor(wanted.sort, cursor)
    shape = (
        wanted.sort,
        len(boards) == 1,
        bool(wanted.stage),
        bool(wanted.status),
        bool(wanted.tag),
        wanted.mine,
        wanted.voted,
        after is not None,
    )
    statement = _statement(*shape)
    if wanted.question:
        statement = statement.where(_finds(wanted.question))
    values: dict[str, Any] = {
        "reader": reader.id if reader else None,
        "boards": [row.board.id for row in boards],
        "board": boards[0].board.id if boards else 0,
        "team_boards": [row.board.id for row in boards if row.standing.is_team],
        "stage": wanted.stage,
        "status": wanted.status,
        "tag": wanted.tag,
        "most": limit + 1,
    }
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    rows = db.session.execute(statement, values).all()
    key = KEYS[wanted.sort].key
    page = Page.of(rows, limit, order=wanted.sort, key=lambda row: (getattr(row.Idea.rank, key), row.Idea.id))
    return Page(_cards(reader, page.rows), page.next)


_part = Idea.__table__.alias("part")  # an idea that may be part of another now, and is in no list itself then
_where_it_counts = sa.select(sa.func.coalesce(_part.c.merged_root_id, _part.c.id))


def _finds(question: str) -> sa.ColumnElement[bool]:
    """An idea with these words, or one that another with these words was merged into; hidden ones stay unsaid."""
    parts = sa.select(_part.c.merged_root_id).where(
        _part.c.merged_root_id.is_not(None), _part.c.hidden_at.is_(None), *searching.matches(question, _part.c.id)
    )
    return sa.or_(
        sa.and_(sa.true(), *searching.matches(question, IdeaRank.__table__.c.idea_id)),
        sa.and_(IdeaRank.has_merged, IdeaRank.idea_id.in_(parts)),
    )


class Walked(FunctionElement[int]):
    """A column in a condition that is checked along the way and never looked up in an index.

    SQLite takes an index of each board's ideas for "on one of these boards" and sorts all it finds; a plus before
    the column keeps it to the index of the order. PostgreSQL counts, and finds the better way itself.
    """

    inherit_cache = True
    type = sa.Integer()


@compiles(Walked)
def _plain(element: Any, compiler: Any, **options: Any) -> str:
    return str(compiler.process(element.clauses, **options))


@compiles(Walked, "sqlite")
def _walked(element: Any, compiler: Any, **options: Any) -> str:
    return "+" + _plain(element, compiler, **options)


@cache
def _statement(
    sort: Sort, one_board: bool, stage: bool, status: bool, tag: bool, mine: bool, voted: bool, after: bool
) -> sa.Select[Any, Any]:
    key = KEYS[sort]
    places = sa.select(Idea, sa.exists().where(Vote.idea_id == Idea.id, Vote.user_id == READER).label("voted"))
    places = (
        places.join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .join(Idea.board)
        .join(Idea.status)
        .where(
            IdeaRank.listed,
            sa.or_(sa.not_(IdeaRank.is_hidden), IdeaRank.board_id.in_(sa.bindparam("team_boards", expanding=True))),
        )
        .options(
            contains_eager(Idea.rank),
            contains_eager(Idea.board),
            contains_eager(Idea.status),
            joinedload(Idea.author),
        )
        .order_by(key.desc(), IdeaRank.idea_id.desc())
        .limit(sa.bindparam("most", type_=sa.Integer))
    )
    if one_board:
        places = places.where(IdeaRank.board_id == sa.bindparam("board"))
    else:
        places = places.where(Walked(IdeaRank.board_id).in_(sa.bindparam("boards", expanding=True)))
    if sort is Sort.ANSWERED:
        places = places.where(IdeaRank.answered_at.is_not(None))
    if stage:
        places = places.where(IdeaRank.stage == sa.bindparam("stage"))
    if status:
        places = places.where(Status.slug == sa.bindparam("status"))
    if tag:
        carries = sa.select(IdeaTag.idea_id).join(Tag, Tag.id == IdeaTag.tag_id).where(Tag.slug == sa.bindparam("tag"))
        places = places.where(IdeaRank.idea_id.in_(carries))
    if mine:
        places = places.where(IdeaRank.idea_id.in_(_where_it_counts.where(_part.c.author_id == READER)))
    if voted:
        backed = _where_it_counts.join(Vote, Vote.idea_id == _part.c.id).where(Vote.user_id == READER)
        places = places.where(IdeaRank.idea_id.in_(backed))
    if after:
        last = sa.tuple_(sa.bindparam("after", type_=key.type), sa.bindparam("after_id", type_=sa.Integer))
        places = places.where(sa.tuple_(key, IdeaRank.idea_id) < last)
    return places


def _cards(reader: User | None, rows: Iterable[Any]) -> list[IdeaCard]:
    rows = list(rows)
    ids = [row.Idea.id for row in rows]
    tags, answers = tags_on(ids), answers_on(ids)
    # asked apart: in the statement of the list it would cost all of them, and few have parts
    backed = trees.backed_through(reader, [row.Idea.id for row in rows if row.Idea.rank.has_merged])
    return [
        IdeaCard(idea, row.voted or idea.id in backed, tags.get(idea.id, []), answers.get(idea.id))
        for row in rows
        for idea in [row.Idea]
    ]


_TAGS_ON = (
    sa.select(IdeaTag.idea_id, Tag)
    .join(Tag, Tag.id == IdeaTag.tag_id)
    .where(IdeaTag.idea_id.in_(sa.bindparam("ideas", expanding=True)))
    .order_by(Tag.name)
)


def tags_on(idea_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """The tags of each idea that has any; one query."""
    found: dict[int, list[Tag]] = {}
    for idea_id, tag in db.session.execute(_TAGS_ON, {"ideas": list(idea_ids)}):
        found.setdefault(idea_id, []).append(tag)
    return found


_latest = (
    sa.select(sa.func.max(Answer.id))
    .where(Answer.idea_id.in_(sa.bindparam("ideas", expanding=True)), Answer.undone_at.is_(None))
    .group_by(Answer.idea_id)
)
_ANSWERS_ON = (
    sa.select(Answer)
    .where(Answer.id.in_(_latest))
    .options(joinedload(Answer.by), joinedload(Answer.status), joinedload(Answer.entry))
)
_CREDITS_ON = (
    sa.select(Credit)
    .where(Credit.answer_id.in_(sa.bindparam("answers", expanding=True)))
    .options(joinedload(Credit.user), joinedload(Credit.comment))
    .order_by(Credit.id)
)


def answers_on(idea_ids: Sequence[int]) -> dict[int, AnswerLine]:
    """The answer that stands on each idea that has one, with its credits; at most two queries."""
    answers = db.session.scalars(_ANSWERS_ON, {"ideas": list(idea_ids)}).all()
    credits = credits_on([answer.id for answer in answers])
    return {answer.idea_id: AnswerLine(answer, credits.get(answer.id, [])) for answer in answers}


def credits_on(answer_ids: Sequence[int]) -> dict[int, list[Credit]]:
    """The credits of each answer that has any; one query, none for no answers."""
    found: dict[int, list[Credit]] = {}
    if answer_ids:
        for credit in db.session.scalars(_CREDITS_ON, {"answers": list(answer_ids)}):
            found.setdefault(credit.answer_id, []).append(credit)
    return found


_CHIPS = sa.union_all(
    sa.select(
        sa.literal("status").label("kind"), Status.position.label("place"), Status.slug, Status.name, Status.stage
    ).where(Status.board_id == sa.bindparam("board")),
    sa.select(sa.literal("tag"), Tag.id, Tag.slug, Tag.name, sa.literal("")).where(
        Tag.board_id == sa.bindparam("board")
    ),
).order_by("kind", "place", "name")


def chips_of(board: Board) -> Chips:
    """The board's statuses and tags; one query."""
    rows = db.session.execute(_CHIPS, {"board": board.id}).all()
    return Chips([row for row in rows if row.kind == "status"], [row for row in rows if row.kind == "tag"])
