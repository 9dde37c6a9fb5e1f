"""The team's list: every idea one may answer, in any order, narrowed by anything, a page at a time by keyset.

What few ideas answer is read first, by what makes it narrow, and then sorted; otherwise the index of the order is
walked. So no page reads the whole table, and the number of queries is the same for a page of one and of a hundred.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from babel.numbers import get_currency_precision

from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.backlog.asking import ME, Asked, Order
from ideas.backlog.models import BacklogDouble, BacklogPlan, BacklogRank
from ideas.backlog.models_segments import BacklogSegment
from ideas.boards import listing, queries, similar
from ideas.boards.listing import NARROW_MOST, ListedStatus, Walked
from ideas.boards.models import (
    Answer,
    Board,
    BoardRole,
    Credit,
    Idea,
    IdeaRank,
    IdeaTag,
    Membership,
    Status,
    Tag,
    Vote,
)
from ideas.boards.queries import BoardRow
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.paging import Page, read_cursor
from ideas.settings import current
from ideas.text import slug
from ideas.words import _

_idea, _rank, _counted, _status, _person = (model.__table__.c for model in (Idea, IdeaRank, BacklogRank, Status, User))
_owner = User.__table__.alias("owner")
_reached = BacklogSegment.__table__.c
_TIME = IdeaRank.created_at.type
VALUE_OF = 1_000  # of the currency, for which a view's weight gives points

# key, and whether the list begins with the least
KEYS: dict[Order, tuple[Any, bool]] = {
    Order.VOTES: (_rank.vote_count, False),
    Order.TRENDING: (_rank.hot, False),
    Order.NEW: (_rank.created_at, False),
    Order.DISCUSSED: (_rank.comment_count, False),
    Order.SILENCE: (_counted.silent_since, True),
    Order.BREADTH: (_counted.breadth, False),
    Order.VALUE: (_counted.value, False),
    Order.PRIORITY: (_counted.priority, False),
    Order.LATELY: (_counted.lately, False),
    Order.SINCE: (_counted.since_word, False),
    Order.DUE: (_rank.due_on, True),
    Order.REACH: (_rank.vote_count, False),  # without a segment, everybody is reached
}
# within a segment, where its people are whom an idea reaches
KEYS_IN_SEGMENT: dict[Order, tuple[Any, bool]] = {
    **KEYS,
    Order.REACH: (_reached.votes, False),
    Order.PRIORITY: (_reached.priority, False),
}


class Line(NamedTuple):
    """An idea in the team's list. Numbers are None while it was not counted yet. tags: rows of slug, name.

    reach: votes of the segment that is asked for, of all people without one; priority is of that reach.
    """

    id: int
    title: str
    board: Board
    status: ListedStatus
    owner: str | None
    tags: Sequence[Any]
    votes: int
    reach: int
    comments: int
    hot: float
    created_at: datetime
    silent_since: datetime
    due_on: date | None
    lately: int | None
    since: int | None
    companies: int | None
    unpriced: int | None
    breadth: float | None
    value: int | None
    priority: float | None
    points: float | None
    counted_at: datetime | None
    double: int | None  # the idea that it is likely the same as
    is_hidden: bool
    key: Any  # what the order goes by

    @property
    def slug(self) -> str:
        return slug(self.title)


@dataclass(frozen=True)
class Desk:
    """The boards somebody answers on, with what their ideas may be narrowed by."""

    person: User
    boards: list[BoardRow]
    statuses: list[Any]  # rows of id, slug, name, stage
    tags: list[Any]  # rows of id, slug, name
    team: list[Any]  # rows of id, name
    plans: list[str]
    segments: list[Segment]

    def segment(self, asked: str | None) -> Segment | None:
        """The segment of that slug. Raises ValidationError for one that is not there."""
        if asked is None:
            return None
        return next((each for each in self.segments if each.slug == asked), None) or segments.by_slug(asked)

    def ids(self, kind: str, asked: str) -> list[int]:
        """The ids of the statuses or tags of that slug on any of the boards."""
        rows = self.statuses if kind == "status" else self.tags
        return [row.id for row in rows if row.slug == asked]

    def one_each(self, kind: str) -> list[Any]:
        """Statuses or tags to choose from: of those that several boards have, the first."""
        found: dict[str, Any] = {}
        for row in self.statuses if kind == "status" else self.tags:
            found.setdefault(row.slug, row)
        return list(found.values())


# --- Who may ---

_PLANS_MOST = 100
_there = sa.select(Company.plan).where(Company.plan.is_not(None)).distinct().order_by(Company.plan).limit(_PLANS_MOST)
_plan = _there.subquery("there").c.plan
_CHOICES = sa.union_all(
    sa.select(
        sa.literal("status").label("kind"), Status.position.label("place"), Status.id, Status.slug, Status.name,
        Status.stage,
    ).where(Status.board_id.in_(sa.bindparam("boards", expanding=True))),
    sa.select(sa.literal("tag"), sa.literal(0), Tag.id, Tag.slug, Tag.name, sa.literal("")).where(
        Tag.board_id.in_(sa.bindparam("boards", expanding=True))
    ),
    sa.select(sa.literal("plan"), sa.literal(0), sa.literal(0), _plan, _plan, sa.literal("")),
).order_by("kind", "place", "name", "id")  # fmt: skip
_TEAM_MOST = 200


def boards_of(reader: User) -> list[BoardRow]:
    """The boards whose team `reader` is of. Raises NotFound for somebody of no team."""
    rows = [row for row in queries.list_boards(reader) if row.standing.is_team]
    if not rows:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return rows


def open_for(reader: User) -> Desk:
    """What `reader` may ask; four queries. Raises NotFound for somebody of no team."""
    boards = boards_of(reader)
    ids = [row.board.id for row in boards]
    rows = db.session.execute(_CHOICES, {"boards": ids}).all()
    member = sa.select(Membership.user_id).where(Membership.board_id.in_(ids), Membership.role == BoardRole.TEAM)
    team = (
        sa.select(User.id, User.name)
        .where(sa.or_(User.id.in_(member), User.site_role.in_(queries.TEAM_ROLES)), User.suspended_at.is_(None))
        .order_by(User.name, User.id)
        .limit(_TEAM_MOST)
    )
    return Desk(
        reader,
        boards,
        [row for row in rows if row.kind == "status"],
        [row for row in rows if row.kind == "tag"],
        list(db.session.execute(team).all()),
        [row.name for row in rows if row.kind == "plan"],
        segments.all_of_them(),
    )


# --- A page ---


def lines(desk: Desk, asked: Asked, *, limit: int, cursor: str | None = None) -> Page[Line]:
    """A page of the list. Raises NotFound for a board that is not the reader's to answer, ValidationError for a cursor
    of another list."""
    boards = _asked_boards(desk, asked)
    values = _values(desk, asked, boards)
    name = f"desk {asked.order}{' backwards' if asked.backwards else ''}"
    after = read_cursor(name, cursor)
    among = _few(desk, asked, boards, values)
    if after is not None:
        values |= {"after": after[0], "after_id": after[1]}
    statement = _statement(
        asked.order,
        asked.backwards,
        asked.narrows,
        one_board=len(boards) == 1,
        after=after is not None,
        among=among is not None,
    )
    rows = db.session.execute(statement, {**values, "most": limit + 1, "among": among}).all()
    page = Page.of(rows, limit, order=name, key=lambda row: (row.key, row.idea_id))
    tags = listing.tags_on([row.idea_id for row in page.rows])
    on = {row.board.id: row.board for row in boards}
    return Page([_line(asked, row, on[row.board_id], tags.get(row.idea_id, ())) for row in page.rows], page.next)


def _asked_boards(desk: Desk, asked: Asked) -> list[BoardRow]:
    if asked.board is None:
        return desk.boards
    boards = [row for row in desk.boards if row.board.slug == asked.board]
    if not boards:
        raise NotFound(_("There is no such board, or you may not see it."))
    return boards


def _values(desk: Desk, asked: Asked, boards: Sequence[BoardRow]) -> dict[str, Any]:
    now = utcnow()
    segment = desk.segment(asked.segment)
    owner = str(desk.person.id) if asked.owner == ME else asked.owner
    return {
        "boards": [row.board.id for row in boards],
        "board": boards[0].board.id,
        "stage": asked.stage,
        "statuses": desk.ids("status", asked.status or ""),
        "tags": desk.ids("tag", asked.tag or ""),
        "owner": int(owner) if owner and owner.isdigit() else None,
        "company": asked.company,
        "plan": asked.plan,
        "segment": segment.id if segment else None,
        "young": now - timedelta(days=asked.young or 0),
        "old": now - timedelta(days=asked.old or 0),
        "silent": now - timedelta(days=asked.silent or 0),
        "since": asked.since,
        "lately": asked.lately,
        "due": now.date() + timedelta(days=asked.due or 0),
        "value_of": VALUE_OF * 10 ** get_currency_precision(current().currency),
        **{f"w_{name}": float(value) for name, value in vars(asked.weights).items()},
    }


def _few(desk: Desk, asked: Asked, boards: Sequence[BoardRow], values: dict[str, Any]) -> list[int] | None:
    """The ids of a list that is short, in no order; None for a long one. Found by what makes it narrow."""
    few = None
    if asked.narrows or asked.board:
        statement = _ids(asked.narrows, one_board=len(boards) == 1)
        few = list(db.session.scalars(statement, {**values, "most": NARROW_MOST + 1}))
        few = few if len(few) <= NARROW_MOST else None
    if asked.question:
        found = similar.search(boards, asked.question, among=few)
        if found is not None:
            few = list(found)
    return few


def _line(asked: Asked, row: Any, board: Board, tags: Sequence[Any]) -> Line:
    return Line(
        id=row.idea_id,
        title=row.title,
        board=board,
        status=ListedStatus(row.status_slug, row.status_name, row.stage),
        owner=row.owner_name,
        tags=tags,
        votes=row.vote_count,
        reach=row.reach if asked.segment else row.vote_count,
        comments=row.comment_count,
        hot=row.hot,
        created_at=row.created_at,
        silent_since=row.answered_at or row.created_at,
        due_on=row.due_on,
        lately=row.lately,
        since=row.since_word,
        companies=row.companies,
        unpriced=row.unpriced,
        breadth=row.breadth,
        value=row.value,
        priority=row.priority_there if asked.segment else row.priority,
        points=row.points if asked.weights else None,
        counted_at=row.counted_at,
        double=row.double,
        is_hidden=row.is_hidden,
        key=row.key,
    )


# --- Statements ---


def _bound(name: str, type_: Any = sa.Integer) -> Any:
    return sa.bindparam(name, type_=type_)


def _many(name: str) -> Any:
    return sa.bindparam(name, expanding=True)


_BOARDS = _many("boards")
_credited = (
    sa.exists()
    .where(Credit.answer_id == Answer.id, Answer.idea_id == _rank.idea_id, Answer.undone_at.is_(None))
    .correlate(IdeaRank.__table__)
)
_part = Idea.__table__.alias("part")
_company_backs = (
    sa.select(sa.func.coalesce(_part.c.merged_root_id, _part.c.id))
    .select_from(User.__table__)
    .join(Vote.__table__, Vote.user_id == _person.id)
    .join(_part, _part.c.id == Vote.idea_id)
    .where(_person.company_id == _bound("company"))
)
_carries = (
    sa.exists().where(IdeaTag.idea_id == _rank.idea_id, IdeaTag.tag_id.in_(_many("tags"))).correlate(IdeaRank.__table__)
)
_other = IdeaRank.__table__.alias("other")
_same_as = _other.c.idea_id == BacklogDouble.other_id, _other.c.listed, sa.not_(_other.c.is_hidden)
_doubled = sa.exists().where(BacklogDouble.idea_id == _rank.idea_id, *_same_as).correlate(IdeaRank.__table__)
_planned = (
    sa.exists()
    .where(BacklogPlan.idea_id == _rank.idea_id, BacklogPlan.plan == _bound("plan", sa.String))
    .correlate(IdeaRank.__table__)
)
_of_segment = _reached.segment_id == _bound("segment")
_reaches = sa.exists().where(_reached.idea_id == _rank.idea_id, _of_segment).correlate(IdeaRank.__table__)

# Checked along the way, where the index of the order is walked: no other index may look better.
_CHECKED: dict[str, Any] = {
    "stage": Walked(_rank.stage) == _bound("stage", sa.String),
    "status": Walked(_idea.status_id).in_(_many("statuses")),
    "tag": _carries,
    "owner": Walked(_idea.owner_id) == _bound("owner"),
    "nobody": Walked(_idea.owner_id).is_(None),
    # asked so, PostgreSQL finds those once beside the walk; as a join it would sort all that there is
    "company": Walked(_rank.idea_id).in_(_company_backs).is_(sa.true()),
    "plan": _planned,
    "segment": _reaches,
    "young": Walked(_rank.created_at) >= _bound("young", _TIME),
    "old": Walked(_rank.created_at) <= _bound("old", _TIME),
    "silent": Walked(_counted.silent_since) <= _bound("silent", _TIME),
    "since": Walked(_counted.since_word) >= _bound("since"),
    "lately": Walked(_counted.lately) >= _bound("lately"),
    "due": Walked(_rank.due_on) <= _bound("due", sa.Date),
    "credited": _credited,
    "uncredited": sa.not_(_credited),
    "doubled": _doubled,
    "undoubled": sa.not_(_doubled),
}
# Looked up, where what makes the list narrow is found first.
_FOUND: dict[str, Any] = {
    **_CHECKED,
    "stage": _rank.stage == _bound("stage", sa.String),
    "status": _idea.status_id.in_(_many("statuses")),
    "owner": _idea.owner_id == _bound("owner"),
    "nobody": _idea.owner_id.is_(None),
    "company": _rank.idea_id.in_(_company_backs),
    "young": _rank.created_at >= _bound("young", _TIME),
    "old": _rank.created_at <= _bound("old", _TIME),
    "silent": _counted.silent_since <= _bound("silent", _TIME),
    "since": _counted.since_word >= _bound("since"),
    "lately": _counted.lately >= _bound("lately"),
    "due": _rank.due_on <= _bound("due", sa.Date),
    "credited": _rank.idea_id.in_(
        sa.select(Answer.idea_id).join(Credit, Credit.answer_id == Answer.id).where(Answer.undone_at.is_(None))
    ),
    "doubled": _rank.idea_id.in_(
        sa.select(BacklogDouble.idea_id)
        .join(_other, _same_as[0])
        .where(BacklogDouble.other_id.is_not(None), *_same_as[1:])
    ),
}
_OF_THE_COUNT = {"silent", "since", "lately"}
_BY_BOARD = {"stage", "young", "old"}  # found by an index that begins with the board


def _points_with(priority: Any) -> Any:
    return (
        _bound("w_votes", sa.Double) * _counted.votes
        + _bound("w_breadth", sa.Double) * _counted.breadth
        + _bound("w_value", sa.Double) * _counted.value / _bound("value_of", sa.Double)
        + _bound("w_priority", sa.Double) * priority
        + _bound("w_lately", sa.Double) * _counted.lately
    )


_points, _points_in_segment = _points_with(_counted.priority), _points_with(_reached.priority)


@cache
def _ids(narrows: frozenset[str], *, one_board: bool) -> sa.Select[Any]:
    """Some ids of such a list, in no order."""
    found = sa.select(_rank.idea_id).select_from(IdeaRank.__table__).join(Idea.__table__, _idea.id == _rank.idea_id)
    if narrows & _OF_THE_COUNT:
        found = found.join(BacklogRank.__table__, _counted.idea_id == _rank.idea_id)
    if "tag" in narrows:
        found = found.join(IdeaTag.__table__, IdeaTag.idea_id == _rank.idea_id)
        found = found.where(IdeaTag.tag_id.in_(_many("tags")))
    if "segment" in narrows:
        found = found.join(BacklogSegment.__table__, _reached.idea_id == _rank.idea_id).where(_of_segment)
    if "plan" in narrows:
        found = found.join(BacklogPlan.__table__, BacklogPlan.idea_id == _rank.idea_id)
        found = found.where(BacklogPlan.plan == _bound("plan", sa.String))
    board = _rank.board_id if narrows <= _BY_BOARD else Walked(_rank.board_id)
    on_boards = board == sa.bindparam("board") if one_board else board.in_(_BOARDS)
    others = [_FOUND[name] for name in sorted(narrows - {"tag", "plan", "segment"})]
    return found.where(_rank.listed, on_boards, *others).limit(_bound("most"))


@cache
def _statement(
    order: Order, backwards: bool, narrows: frozenset[str], *, one_board: bool, after: bool, among: bool
) -> sa.Select[Any]:
    """A page. With `among` a few ideas are looked up and sorted, otherwise the index of the order is walked."""
    if order is Order.POINTS:
        return _by_points(backwards, narrows, after=after, among=among)
    in_segment = "segment" in narrows
    key, least_first = (KEYS_IN_SEGMENT if in_segment else KEYS)[order]
    # the place is looked up for what was counted, never the other way round: SQLite would sort all it finds
    is_counted = key.table is not IdeaRank.__table__
    number = key.table.c.idea_id
    first = number if among else Walked(number)
    tables = key.table.join(IdeaRank.__table__, _rank.idea_id == first) if is_counted else IdeaRank.__table__
    if key.table is not BacklogRank.__table__:
        tables = tables.outerjoin(BacklogRank.__table__, _counted.idea_id == _rank.idea_id)
    if in_segment and key.table is not BacklogSegment.__table__:
        tables = tables.outerjoin(BacklogSegment.__table__, sa.and_(_reached.idea_id == _rank.idea_id, _of_segment))
    shown = [*_SHOWN, *(_SHOWN_OF_SEGMENT if in_segment else ())]
    points = _points_in_segment if in_segment else _points
    found = _shown(sa.select(*shown, key.label("key"), points.label("points")).select_from(tables))
    if key.table is BacklogSegment.__table__:
        found, narrows = found.where(_of_segment), narrows - {"segment"}
    if one_board and not among and not is_counted:
        found = found.where(_rank.board_id == sa.bindparam("board"))
    else:
        found = found.where(Walked(_rank.board_id).in_(_BOARDS))
    found = found.where(_rank.listed, *(_CHECKED[name] for name in sorted(narrows)))
    if order is Order.DUE:
        found = found.where(_rank.due_on.is_not(None))
    found = _in_order(found, key, number, least_first is not backwards, after=after)
    return found.where(_rank.idea_id.in_(_many("among"))) if among else found


def _by_points(backwards: bool, narrows: frozenset[str], *, after: bool, among: bool) -> sa.Select[Any]:
    """By the weights of a view: every row that is counted is added up, in the narrowest table there is."""
    in_segment = "segment" in narrows
    points = _points_in_segment if in_segment else _points
    best = sa.select(_counted.idea_id, points.label("points")).where(_counted.board_id.in_(_BOARDS))
    if in_segment:
        best = best.join(BacklogSegment.__table__, _reached.idea_id == _counted.idea_id).where(_of_segment)
        narrows = narrows - {"segment"}
    if narrows:
        best = best.join(IdeaRank.__table__, _rank.idea_id == _counted.idea_id)
        best = best.join(Idea.__table__, _idea.id == _rank.idea_id)
        best = best.where(*(_CHECKED[name] for name in sorted(narrows)))
    if among:
        best = best.where(_counted.idea_id.in_(_many("among")))
    chosen = _in_order(best, points, _counted.idea_id, backwards, after=after).subquery("best")
    tables = chosen.join(BacklogRank.__table__, _counted.idea_id == chosen.c.idea_id).join(
        IdeaRank.__table__, _rank.idea_id == chosen.c.idea_id
    )
    shown = list(_SHOWN)
    if in_segment:
        there = sa.and_(_reached.idea_id == chosen.c.idea_id, _of_segment)
        tables, shown = tables.join(BacklogSegment.__table__, there), [*shown, *_SHOWN_OF_SEGMENT]
    found = _shown(sa.select(*shown, chosen.c.points.label("key"), chosen.c.points).select_from(tables))
    return found.order_by(*_turned([chosen.c.points, chosen.c.idea_id], least_first=backwards))


_SHOWN = (
    *_rank,
    *(_counted[name] for name in ("lately", "since_word", "companies", "unpriced", "breadth", "value", "priority")),
    _counted.counted_at,
    BacklogDouble.__table__.c.other_id.label("double"),
    _idea.title,
    _status.slug.label("status_slug"),
    _status.name.label("status_name"),
    _owner.c.name.label("owner_name"),
)
_SHOWN_OF_SEGMENT = (_reached.votes.label("reach"), _reached.priority.label("priority_there"))


def _shown(found: sa.Select[Any]) -> sa.Select[Any]:
    return (
        found.join(Idea.__table__, _idea.id == _rank.idea_id)
        .join(Status.__table__, _status.id == _idea.status_id)
        .outerjoin(_owner, _owner.c.id == _idea.owner_id)
        .outerjoin(BacklogDouble.__table__, BacklogDouble.__table__.c.idea_id == _rank.idea_id)
    )


def _in_order(found: sa.Select[Any], key: Any, number: Any, least_first: bool, *, after: bool) -> sa.Select[Any]:
    found = found.order_by(*_turned([key, number], least_first=least_first)).limit(_bound("most"))
    if not after:
        return found
    place, last = sa.tuple_(key, number), sa.tuple_(_bound("after", key.type), _bound("after_id"))
    return found.where(place > last if least_first else place < last)


def _turned(columns: Sequence[Any], *, least_first: bool) -> list[Any]:
    return [column.asc() if least_first else column.desc() for column in columns]
