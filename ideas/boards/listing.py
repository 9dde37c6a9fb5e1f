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
from ideas.boards import similar, trees
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
    RELEVANCE = "relevance"  # of a search alone: what says its words most comes first


KEYS = {
    Sort.TRENDING: IdeaRank.hot,
    Sort.TOP: IdeaRank.vote_count,
    Sort.NEW: IdeaRank.created_at,
    Sort.DISCUSSED: IdeaRank.comment_count,
    Sort.ANSWERED: IdeaRank.answered_at,
}


NARROW_MOST = 1_000  # a list of so few is searched through whole


@dataclass(frozen=True)
class Wanted:
    """Which ideas a reader asks for, and in which order. status, tag: slugs of the board's own. author: a person's id.

    sort: None is the best match first for a search, and trending otherwise.
    """

    sort: Sort | None = None
    stage: Stage | None = None
    status: str | None = None
    tag: str | None = None
    question: str = ""
    mine: bool = False
    voted: bool = False
    author: int | None = None

    @property
    def order(self) -> Sort:
        if self.question:
            return self.sort or Sort.RELEVANCE
        return self.sort if self.sort in KEYS else Sort.TRENDING

    @property
    def is_narrow(self) -> bool:
        """Whether what it asks for may be few of the ideas, apart from the words."""
        return bool(self.status or self.tag or self.mine or self.voted or self.author)


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
    values = _values(reader, boards, wanted)
    found = _found(boards, wanted, values) if wanted.question else None
    # a question may have no words, and then there is nothing to be relevant to
    order = Sort.TRENDING if found is None and wanted.order is Sort.RELEVANCE else wanted.order
    after = read_cursor(order, cursor)
    if found is not None and order is Sort.RELEVANCE:
        return _by_relevance(reader, boards, wanted, values, found, limit=limit, after=after)
    statement = _statement(order, *_shape(boards, wanted), after is not None)
    values["most"] = limit + 1
    if found is not None:
        statement = _among(statement)
        values["among"] = list(found)
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    rows = db.session.execute(statement, values).all()
    key = KEYS[order].key
    page = Page.of(rows, limit, order=order, key=lambda row: (getattr(row.Idea.rank, key), row.Idea.id))
    return Page(_cards(reader, page.rows), page.next)


def _values(reader: User | None, boards: Sequence[BoardRow], wanted: Wanted) -> dict[str, Any]:
    return {
        "reader": reader.id if reader else None,
        "boards": [row.board.id for row in boards],
        "board": boards[0].board.id if boards else 0,
        "team_boards": [row.board.id for row in boards if row.standing.is_team],
        "stage": wanted.stage,
        "status": wanted.status,
        "tag": wanted.tag,
        "author": wanted.author,
    }


def _shape(boards: Sequence[BoardRow], wanted: Wanted) -> tuple[bool, ...]:
    """Which of the conditions of `_statement` stand."""
    return (
        len(boards) == 1,
        bool(wanted.stage),
        bool(wanted.status),
        bool(wanted.tag),
        wanted.mine,
        wanted.voted,
        wanted.author is not None,
    )


def _found(boards: Sequence[BoardRow], wanted: Wanted, values: dict[str, Any]) -> dict[int, float] | None:
    """Idea → score of those that say what is asked; None when nothing is asked with words.

    A narrow list is read first if it is short, so that a search in it misses nothing, however common the words are.
    """
    among = None
    if wanted.is_narrow:
        listed = _ids(*_shape(boards, wanted))
        few = list(db.session.scalars(listed, {**values, "most": NARROW_MOST + 1}))
        among = few if len(few) <= NARROW_MOST else None
    return similar.search(boards, wanted.question, among=among)


def _by_relevance(
    reader: User | None,
    boards: Sequence[BoardRow],
    wanted: Wanted,
    values: dict[str, Any],
    found: dict[int, float],
    *,
    limit: int,
    after: list[Any] | None,
) -> Page[IdeaCard]:
    shape = _shape(boards, wanted)
    values["most"] = max(1, len(found))
    seen = db.session.scalars(_ids(*shape, among=True), {**values, "among": list(found)})
    # whole numbers, so that what a cursor says is what it is compared with
    ranked = sorted(((round(found[idea] * 1000), idea) for idea in seen), reverse=True)
    if after is not None:
        ranked = [place for place in ranked if place < (after[0], after[1])]
    page = Page.of(ranked, limit, order=Sort.RELEVANCE, key=lambda place: place)
    values["among"] = [idea for _score, idea in page.rows]
    rows = db.session.execute(_among(_statement(Sort.NEW, *shape, False)), values).all() if page.rows else []
    by_id = {card.idea.id: card for card in _cards(reader, rows)}
    return Page([by_id[idea] for _score, idea in page.rows if idea in by_id], page.next)


_part = Idea.__table__.alias("part")  # an idea that may be part of another now, and is in no list itself then
_where_it_counts = sa.select(sa.func.coalesce(_part.c.merged_root_id, _part.c.id))


def named(person: Any) -> Any:
    """Loads of that person what a list shows of anybody; asking for more is an error."""
    return joinedload(person).load_only(User.name, raiseload=True)


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
    sort: Sort,
    one_board: bool,
    stage: bool,
    status: bool,
    tag: bool,
    mine: bool,
    voted: bool,
    author: bool,
    after: bool,
    *,
    ids: bool = False,
) -> sa.Select[*tuple[Any, ...]]:
    key = KEYS[sort]
    places: sa.Select[*tuple[Any, ...]]
    if ids:
        places = sa.select(IdeaRank.idea_id.label("idea_id")).select_from(Idea)
    else:
        voted_by_reader = sa.exists().where(Vote.idea_id == Idea.id, Vote.user_id == READER).label("voted")
        places = sa.select(Idea, voted_by_reader).options(
            contains_eager(Idea.rank),
            contains_eager(Idea.board),
            contains_eager(Idea.status),
            named(Idea.author),
        )
    places = (
        places.join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .join(Idea.board)
        .join(Idea.status)
        .where(
            IdeaRank.listed,
            sa.or_(
                sa.not_(IdeaRank.is_hidden),
                IdeaRank.board_id.in_(sa.bindparam("team_boards", expanding=True)),
                # one's own stay in the list of one's own
                *([Idea.author_id == READER] if mine else []),
            ),
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
    if author:
        wrote = _where_it_counts.where(_part.c.author_id == sa.bindparam("author", type_=sa.Integer))
        places = places.where(IdeaRank.idea_id.in_(wrote))
    if voted:
        backed = _where_it_counts.join(Vote, Vote.idea_id == _part.c.id).where(Vote.user_id == READER)
        places = places.where(IdeaRank.idea_id.in_(backed))
    if after:
        last = sa.tuple_(sa.bindparam("after", type_=key.type), sa.bindparam("after_id", type_=sa.Integer))
        places = places.where(sa.tuple_(key, IdeaRank.idea_id) < last)
    return places


def _among(statement: sa.Select[*tuple[Any, ...]]) -> sa.Select[*tuple[Any, ...]]:
    return statement.where(IdeaRank.idea_id.in_(sa.bindparam("among", expanding=True)))


@cache
def _ids(*shape: bool, among: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """The ids alone of such a list, newest first."""
    statement = _statement(Sort.NEW, *shape, False, ids=True)
    return _among(statement) if among else statement


def _cards(reader: User | None, rows: Iterable[Any]) -> list[IdeaCard]:
    rows = list(rows)
    ids = [row.Idea.id for row in rows]
    tags = tags_on(ids)
    answers = answers_on([row.Idea.id for row in rows if row.Idea.rank.answered_at is not None])
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
    .options(joinedload(Credit.user), joinedload(Credit.comment), joinedload(Credit.merged_idea))
    .order_by(Credit.id)
)


def answers_on(idea_ids: Sequence[int]) -> dict[int, AnswerLine]:
    """The answer that stands on each idea that has one, with its credits; at most two queries, none for no ideas."""
    if not idea_ids:
        return {}
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
