"""Lists of ideas: sorted, narrowed and paged by keyset over `idea_rank`, with statements built once for each shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import joinedload
from sqlalchemy.sql.functions import FunctionElement

from ideas.accounts.models import User
from ideas.boards import changes, similar, trees
from ideas.boards.listed import Author, ListedAnswer, ListedCredit, ListedEntry, ListedIdea, ListedLine, ListedStatus
from ideas.boards.models import (
    Answer,
    Board,
    Credit,
    CreditKind,
    Idea,
    IdeaRank,
    IdeaTag,
    Stage,
    Status,
    Tag,
    Vote,
)
from ideas.boards.models_changes import Change
from ideas.boards.queries import READER, BoardRow
from ideas.db import db, one_of
from ideas.outbox import OutboxEntry
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


NARROW_MOST = 1_000  # a list of so few is read whole, to be searched or sorted


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
    since: datetime | None = None  # something happened to them since then, votes apart

    @property
    def order(self) -> Sort:
        if self.question:
            return self.sort or Sort.RELEVANCE
        return self.sort if self.sort in KEYS else Sort.TRENDING

    @property
    def is_narrow(self) -> bool:
        """Whether what it asks for may be few of the ideas, apart from the words."""
        return bool(self.stage or self.status or self.tag or self.mine or self.voted or self.author or self.since)


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
    """An idea in a list, as one reader sees it. tags: rows of slug, name."""

    idea: ListedIdea
    voted: bool
    tags: Sequence[Any] = ()
    answer: ListedLine | None = None


def ideas_on(
    reader: User | None, boards: Sequence[BoardRow], wanted: Wanted, *, limit: int, cursor: str | None = None
) -> Page[IdeaCard]:
    """A page of the ideas on `boards` (already found visible for `reader`) that answer `wanted`.

    Hidden ideas are in the lists of the team alone. Raises ValidationError for a cursor of another list.
    """
    values, shape = _values(reader, boards, wanted), _shape(boards, wanted)
    few = _few(shape, values) if wanted.is_narrow else None
    found = similar.search(boards, wanted.question, among=few) if wanted.question else None
    # a question may have no words, and then there is nothing to be relevant to
    order = Sort.TRENDING if found is None and wanted.order is Sort.RELEVANCE else wanted.order
    after = read_cursor(order, cursor)
    if found is not None and order is Sort.RELEVANCE:
        return _by_relevance(reader, boards, shape, values, found, limit=limit, after=after)
    among = few if found is None else list(found)
    values |= {"most": limit + 1, "among": among}
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    statement = _statement(order, *shape, after=after is not None, among=among is not None)
    rows = db.session.execute(statement, values).all()
    key = KEYS[order].key
    page = Page.of(rows, limit, order=order, key=lambda row: (getattr(row, key), row.id))
    return Page(_cards(reader, boards, page.rows), page.next)


def cards_of(reader: User | None, boards: Sequence[BoardRow], idea_ids: Sequence[int]) -> list[IdeaCard]:
    """Those of these ideas that are in lists of `boards` (already found visible for `reader`), the newest first."""
    wanted = {**_values(reader, boards, Wanted()), "most": len(idea_ids), "among": idea_ids}
    statement = _statement(Sort.NEW, *_shape((), Wanted()), among=True)
    return _cards(reader, boards, db.session.execute(statement, wanted)) if idea_ids else []


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
        "since": wanted.since,
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
        wanted.since is not None,
    )


def _few(shape: tuple[bool, ...], values: dict[str, Any]) -> list[int] | None:
    """The ids of a narrow list, in no order; None if it is long.

    It is read first, by what makes it narrow: walking a board in its order for the five ideas of a tag reads all of it,
    and a search in a short list misses nothing, however common the words are.
    """
    ids = list(db.session.scalars(_ids(*shape), {**values, "most": NARROW_MOST + 1}))
    return ids if len(ids) <= NARROW_MOST else None


def _by_relevance(
    reader: User | None,
    boards: Sequence[BoardRow],
    shape: tuple[bool, ...],
    values: dict[str, Any],
    found: dict[int, float],
    *,
    limit: int,
    after: list[Any] | None,
) -> Page[IdeaCard]:
    values["most"] = max(1, len(found))
    seen = db.session.scalars(_ids(*shape, among=True), {**values, "among": list(found)})
    # whole numbers, so that what a cursor says is what it is compared with
    ranked = sorted(((round(found[idea] * 1000), idea) for idea in seen), reverse=True)
    if after is not None:
        ranked = [place for place in ranked if place < (after[0], after[1])]
    page = Page.of(ranked, limit, order=Sort.RELEVANCE, key=lambda place: place)
    values["among"] = [idea for _score, idea in page.rows]
    rows = db.session.execute(_statement(Sort.NEW, *shape, among=True), values).all() if page.rows else []
    by_id = {card.idea.id: card for card in _cards(reader, boards, rows)}
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


_idea, _rank, _status, _author = (model.__table__.c for model in (Idea, IdeaRank, Status, User))
_SHOWN = (
    *(_idea[name] for name in ("id", "title", "body", "body_html", "excerpt", "hidden_at", "source_kind", "source_id")),
    *_rank,  # whatever IdeaRank comes to have
    _status.slug.label("status_slug"),
    _status.name.label("status_name"),
    _author.id.label("author_id"),
    _author.name.label("author_name"),
    sa.exists().where(Vote.idea_id == _idea.id, Vote.user_id == READER).label("voted"),
)


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
    since: bool,
    *,
    after: bool = False,
    among: bool = False,
) -> sa.Select[*tuple[Any, ...]]:
    """A page of a list. With `among` a few ideas are looked up and sorted, otherwise the list's index is walked."""
    key = _rank[KEYS[sort].key]
    places = _seen(sa.select(*_SHOWN), mine=mine).join(User.__table__, _author.id == _idea.author_id)
    places = places.order_by(key.desc(), _rank.idea_id.desc()).limit(_MOST)
    if one_board and not among:
        places = places.where(_rank.board_id == sa.bindparam("board"))
    else:
        places = places.where(_ON_BOARDS)
    if sort is Sort.ANSWERED:
        places = places.where(_rank.answered_at.is_not(None))
    if stage:
        places = places.where(_rank.stage == sa.bindparam("stage"))
    if status:
        places = places.where(_status.slug == sa.bindparam("status"))
    if tag:
        carries = sa.exists().where(IdeaTag.idea_id == _rank.idea_id, Tag.id == IdeaTag.tag_id)
        places = places.where(carries.where(Tag.slug == sa.bindparam("tag")))
    for is_wanted, theirs in zip((mine, voted, author, since), _THEIRS, strict=True):
        if is_wanted:
            places = places.where(_rank.idea_id.in_(theirs))
    if after:
        last = sa.tuple_(sa.bindparam("after", type_=key.type), sa.bindparam("after_id", type_=sa.Integer))
        places = places.where(sa.tuple_(key, _rank.idea_id) < last)
    return places.where(_AMONG) if among else places


@cache
def _ids(
    one_board: bool,
    stage: bool,
    status: bool,
    tag: bool,
    mine: bool,
    voted: bool,
    author: bool,
    since: bool,
    *,
    among: bool = False,
) -> sa.Select[*tuple[Any, ...]]:
    """The ids alone of such a list, in no order that matters: found by what narrows it."""
    places = _seen(sa.select(_rank.idea_id), mine=mine).limit(_MOST)
    if stage:
        places = places.where(_rank.stage == sa.bindparam("stage"))
    if one_board and stage and not (status or tag or mine or voted or author or since or among):
        # in the order of the index that has stages, or PostgreSQL reads the table until it has seen enough
        places = places.where(_rank.board_id == sa.bindparam("board"))
        return places.order_by(_rank.vote_count.desc(), _rank.idea_id.desc())
    places = places.where(_ON_BOARDS)
    # whose statuses and tags they are is said too: it is by this that SQLite, which counts nothing, begins with them
    if status:
        places = places.where(_status.board_id.in_(_BOARDS), _status.slug == sa.bindparam("status"))
    if tag:
        carried = IdeaTag.__table__.join(Tag.__table__, Tag.id == IdeaTag.tag_id)
        places = places.join(carried, IdeaTag.idea_id == _rank.idea_id)
        places = places.where(Tag.board_id.in_(_BOARDS), Tag.slug == sa.bindparam("tag"))
    for is_wanted, theirs in zip((mine, voted, author, since), _THEIRS, strict=True):
        if is_wanted:
            places = places.where(_rank.idea_id.in_(theirs))
    return places.where(_AMONG) if among else places


def _seen(columns: sa.Select[*tuple[Any, ...]], *, mine: bool) -> sa.Select[*tuple[Any, ...]]:
    """The listed ideas that the reader may see; one's own stay in the list of one's own."""
    return (
        columns.select_from(IdeaRank.__table__)
        .join(Idea.__table__, _idea.id == _rank.idea_id)
        .join(Status.__table__, _status.id == _idea.status_id)
        .where(
            _rank.listed,
            sa.or_(
                sa.not_(_rank.is_hidden),
                _rank.board_id.in_(sa.bindparam("team_boards", expanding=True)),
                *([_idea.author_id == READER] if mine else []),
            ),
        )
    )


_MOST = sa.bindparam("most", type_=sa.Integer)
_AMONG = one_of(_rank.idea_id, "among")
_BOARDS: sa.BindParameter[int] = sa.bindparam("boards", expanding=True)
_ON_BOARDS = Walked(_rank.board_id).in_(_BOARDS)
# what counts for ideas that are mine, that I voted for, that one person wrote, to which something happened lately
_THEIRS = (
    _where_it_counts.where(_part.c.author_id == READER),
    _where_it_counts.join(Vote, Vote.idea_id == _part.c.id).where(Vote.user_id == READER),
    _where_it_counts.where(_part.c.author_id == sa.bindparam("author", type_=sa.Integer)),
    changes.ideas_since(sa.bindparam("since", type_=Change.at.type)),
)


def _cards(reader: User | None, boards: Sequence[BoardRow], rows: Iterable[Any]) -> list[IdeaCard]:
    rows = list(rows)
    on = {row.board.id: row.board for row in boards}
    tags = tags_on([row.id for row in rows])
    answers = _answers_in_list([row.id for row in rows if row.answered_at is not None])
    # asked apart: in the statement of the list it would cost all of them, and few have parts
    backed = trees.backed_through(reader, [row.id for row in rows if row.has_merged])
    return [
        IdeaCard(
            ListedIdea(
                row.id,
                on[row.board_id],
                row.title,
                row.body,
                row.body_html,
                row.excerpt,
                row.created_at,
                row.hidden_at,
                row.source_kind,
                row.source_id,
                Author(row.author_id, row.author_name),
                ListedStatus(row.status_slug, row.status_name, row.stage),
                row,
            ),
            row.voted or row.id in backed,
            tags.get(row.id, ()),
            answers.get(row.id),
        )
        for row in rows
    ]


_TAGS_ON = (
    sa.select(IdeaTag.__table__.c.idea_id, Tag.__table__.c.slug, Tag.__table__.c.name)
    .join(Tag.__table__, Tag.id == IdeaTag.tag_id)
    .where(one_of(IdeaTag.__table__.c.idea_id, "ideas"))
    .order_by(Tag.name)
)


def tags_on(idea_ids: Sequence[int]) -> dict[int, list[Any]]:
    """The tags (slug, name) of each idea that has any; one query."""
    found: dict[int, list[Any]] = {}
    for row in db.session.execute(_TAGS_ON, {"ideas": list(idea_ids)}):
        found.setdefault(row.idea_id, []).append(row)
    return found


_latest = (
    sa.select(sa.func.max(Answer.id))
    .where(one_of(Answer.__table__.c.idea_id, "ideas"), Answer.undone_at.is_(None))
    .group_by(Answer.idea_id)
)
_OF_CREDIT = (joinedload(Credit.user), joinedload(Credit.comment), joinedload(Credit.merged_idea))
_ANSWERS_ON = (
    sa.select(Answer, Credit)
    .outerjoin(Credit, Credit.answer_id == Answer.id)
    .where(Answer.id.in_(_latest))
    .options(joinedload(Answer.by), joinedload(Answer.status), joinedload(Answer.entry), *_OF_CREDIT)
    .order_by(Answer.id, Credit.id)
)
_CREDITS_ON = (
    sa.select(Credit)
    .where(Credit.answer_id.in_(sa.bindparam("answers", expanding=True)))
    .options(*_OF_CREDIT)
    .order_by(Credit.id)
)


_answer, _credit, _entry = (model.__table__.c for model in (Answer, Credit, OutboxEntry))
_credited = User.__table__.alias("credited")
_ANSWERS_IN_LIST = (
    sa.select(
        *(_answer[name] for name in ("idea_id", "id", "reason", "text", "text_html", "planned_for", "review_by")),
        *(_author.id.label("by_id"), _author.name.label("by_name")),
        *(_status.slug, _status.name, _status.stage, _entry.fanned_out_at),
        *(_credit[name] for name in ("kind", "comment_id", "merged_idea_id", "evidence_id", "how")),
        *(_credited.c.id.label("credited_id"), _credited.c.name.label("credited_name"), _credited.c.shown_as_backer),
    )
    .select_from(Answer.__table__)
    .join(User.__table__, _author.id == _answer.by_id)
    .join(Status.__table__, _status.id == _answer.status_id)
    .outerjoin(OutboxEntry.__table__, _entry.id == _answer.entry_id)
    .outerjoin(Credit.__table__, _credit.answer_id == _answer.id)
    .outerjoin(_credited, _credited.c.id == _credit.user_id)
    .where(_answer.id.in_(_latest))
    .order_by(_answer.id, _credit.id)
)


def _answers_in_list(idea_ids: Sequence[int]) -> dict[int, ListedLine]:
    """As `answers_on`, in plain values."""
    found: dict[int, ListedLine] = {}
    for row in db.session.execute(_ANSWERS_IN_LIST, {"ideas": list(idea_ids)}) if idea_ids else ():
        line = found.get(row.idea_id)
        if line is None:
            words = (row.id, row.reason, row.text, row.text_html, row.planned_for, row.review_by)
            status = ListedStatus(row.slug, row.name, row.stage)
            answer = ListedAnswer(*words, Author(row.by_id, row.by_name), status, ListedEntry(row.fanned_out_at))
            line = found[row.idea_id] = ListedLine(answer, [])
        if row.kind is not None:
            line.credits.append(_listed_credit(row))
    return found


def _listed_credit(row: Any) -> ListedCredit:
    is_named = row.credited_id is not None and (row.kind != CreditKind.EVIDENCE or row.shown_as_backer)
    named = Author(row.credited_id, row.credited_name) if is_named else None
    return ListedCredit(row.kind, row.comment_id or row.merged_idea_id or row.evidence_id, named, row.how)


def answers_on(idea_ids: Sequence[int]) -> dict[int, AnswerLine]:
    """The answer that stands on each idea that has one, with its credits; one query, none for no ideas."""
    found: dict[int, AnswerLine] = {}
    if idea_ids:
        for answer, credit in db.session.execute(_ANSWERS_ON, {"ideas": list(idea_ids)}):
            line = found.setdefault(answer.idea_id, AnswerLine(answer, []))
            if credit is not None:
                line.credits.append(credit)
    return found


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
