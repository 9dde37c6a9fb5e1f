"""The statements of the team's list, each built once: what narrows it, by what it goes, and what it shows.

Whatever they are given comes as bound values, by the names that `desk` gives them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.backlog.asking import Order
from ideas.backlog.models import BacklogDouble, BacklogPlan, BacklogRank
from ideas.backlog.models_segments import BacklogSegment
from ideas.boards.listing import Walked
from ideas.boards.models import Answer, Credit, Idea, IdeaRank, IdeaTag, Status, Vote

_idea, _rank, _counted, _status, _person = (model.__table__.c for model in (Idea, IdeaRank, BacklogRank, Status, User))
_owner = User.__table__.alias("owner")
_reached = BacklogSegment.__table__.c
_TIME = IdeaRank.created_at.type

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
_company_votes = (
    sa.select(Vote.idea_id)
    .select_from(User.__table__)
    .join(Vote.__table__, Vote.user_id == _person.id)
    .where(_person.company_id == _bound("company"))
)
_company_backs = _company_votes.with_only_columns(sa.func.coalesce(_part.c.merged_root_id, _part.c.id)).join(
    _part, _part.c.id == Vote.idea_id
)
_company_backs_a_part = sa.select(_part.c.merged_root_id).where(
    _part.c.merged_root_id.is_not(None), _part.c.id.in_(_company_votes)
)


def _backed_by_company(idea_id: Any) -> sa.ColumnElement[bool]:
    """Whether the company backs that idea or one that is part of it.

    Asked so, PostgreSQL finds those once beside the walk; as a join it would sort all that there is. A company may have
    voted for very much, so what is merged is looked up apart, which is little. `idea_id` is that of the table that is
    walked: PostgreSQL thinks that it finds them anew for each row of any other, and then sorts all the same.
    """
    backed, in_part = Walked(idea_id).in_(_company_votes), Walked(idea_id).in_(_company_backs_a_part)
    return sa.or_(backed, in_part).is_(sa.true())


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
    "company": _backed_by_company(_rank.idea_id),
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
    # said so, it is asked of each row on the way; as a join PostgreSQL may gather all doubles before it begins
    "doubled": _doubled.is_(sa.true()),
    "undoubled": _doubled.is_not(sa.true()),
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
def ids(narrows: frozenset[str], *, one_board: bool) -> sa.Select[Any]:
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
def page(
    order: Order, backwards: bool, narrows: frozenset[str], *, one_board: bool, after: bool, among: bool
) -> sa.Select[Any]:
    """A page of the list. With `among` a few ideas are looked up and sorted, otherwise the order's index is walked."""
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
    found = found.where(_rank.listed, *_checked(narrows, number))
    if order is Order.DUE:
        found = found.where(_rank.due_on.is_not(None))
    found = _in_order(found, key, number, least_first is not backwards, after=after)
    return found.where(_rank.idea_id.in_(_many("among"))) if among else found


def _checked(narrows: frozenset[str], walked: Any) -> list[Any]:
    """The conditions by name; `walked` is the idea's id in the table whose order is walked."""
    return [_backed_by_company(walked) if name == "company" else _CHECKED[name] for name in sorted(narrows)]


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
        best = best.where(*_checked(narrows, _counted.idea_id))
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
