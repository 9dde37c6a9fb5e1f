"""The team's list: every idea one may answer, in any order, narrowed by anything, a page at a time by keyset.

What few ideas answer is read first, by what makes it narrow, and then sorted; otherwise the index of the order is
walked. So no page reads the whole table, and the number of queries is the same for a page of one and of a hundred.
The statements stand in statements.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from babel.numbers import get_currency_precision

from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.backlog import statements
from ideas.backlog.asking import ME, Asked
from ideas.boards import listing, queries, similar
from ideas.boards.listed import ListedStatus
from ideas.boards.listing import NARROW_MOST
from ideas.boards.models import (
    Board,
    Status,
    Tag,
)
from ideas.boards.queries import BoardRow
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.paging import Page, read_cursor
from ideas.settings import current
from ideas.text import slug
from ideas.words import _

VALUE_OF = 1_000  # of the currency, for which a view's weight gives points


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
    team = (
        sa.select(User.id, User.name)
        .where(User.id.in_(sa.union(*queries.team_of(ids))), User.suspended_at.is_(None))
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
    statement = statements.page(
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
        statement = statements.ids(asked.narrows, one_board=len(boards) == 1)
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
