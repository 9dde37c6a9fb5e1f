"""The rows behind each figure of insights and loop health: as many as it says, by keyset, for the same eyes."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import Company, User
from ideas.boards import waiting
from ideas.boards.models import Answer, Board, Comment, Idea, Vote
from ideas.db import db
from ideas.insights import counting, told
from ideas.insights.behind_health import STATEMENTS, Counted, Statement
from ideas.insights.counting import Figure
from ideas.insights.scope import Scope
from ideas.paging import Page, read_cursor
from ideas.text import slug

ROWS = 50


@dataclass(frozen=True)
class Row:
    """One thing that was counted. Which of its parts there are depends on the figure. acts: how often somebody took
    part in the period."""

    id: int
    at: datetime | None = None
    idea: Any = None  # id, title, slug, board
    person: Any = None  # id, name
    company: Any = None  # id, name
    acts: int | None = None


@dataclass(frozen=True)
class _Named:
    id: int
    title: str
    board: str

    @property
    def slug(self) -> str:
        return slug(self.title)


def rows(scope: Scope, figure: Figure | Counted, *, limit: int = ROWS, cursor: str | None = None) -> Page[Row]:
    """What `figure` counted in the scope's period, the newest first; five queries at most for a page of any length."""
    order = f"behind {figure}"
    after = read_cursor(order, cursor)
    statement, key = _statement(scope, figure)
    if after:
        statement = statement.where(key < after[0])
    found = db.session.execute(statement.order_by(key.desc()).limit(limit + 1), _now(scope)).all()
    page = Page.of(found, limit, order=order, key=lambda row: [row.id])
    return Page(_rows(scope, page.rows, with_acts=isinstance(figure, Figure)), page.next)


def number(scope: Scope, figure: Figure | Counted) -> int:
    """How many rows there are, counted one by one."""
    statement, _key = _statement(scope, figure)
    counted = sa.select(sa.func.count()).select_from(statement.subquery())
    return int(db.session.scalar(counted, _now(scope)) or 0)


def _statement(scope: Scope, figure: Figure | Counted) -> Statement:
    if isinstance(figure, Counted) and figure in STATEMENTS:
        return STATEMENTS[figure](scope)
    return _STATEMENTS[Figure(figure.value)](scope)


def _now(scope: Scope) -> dict[str, int]:
    """What statements are given that ask how long something waits."""
    return {"now": waiting.epoch(scope.now)}


def _rows(scope: Scope, found: Sequence[Any], *, with_acts: bool) -> list[Row]:
    names = found[0]._fields if found else ()
    ideas = _ideas([row.idea_id for row in found]) if "idea_id" in names else {}
    persons = _names(User, [row.user_id for row in found]) if "user_id" in names else {}
    companies = _names(Company, [row.company_id for row in found]) if "company_id" in names else {}
    alone = with_acts and "user_id" in names and "idea_id" not in names
    acts = _acts(scope, [row.user_id for row in found]) if alone else {}
    return [
        Row(
            id=row.id,
            at=getattr(row, "at", None),
            idea=ideas.get(getattr(row, "idea_id", None)),
            person=persons.get(getattr(row, "user_id", None)),
            company=companies.get(getattr(row, "company_id", None)),
            acts=acts.get(getattr(row, "user_id", None)),
        )
        for row in found
    ]


# --- What stands in a row ---


def _ideas(ids: Collection[int]) -> Mapping[Any, _Named]:
    statement = sa.select(Idea.id, Idea.title, Board.name).join(Board, Board.id == Idea.board_id)
    return {row[0]: _Named(*row) for row in db.session.execute(statement.where(Idea.id.in_(ids)))}


def _names(model: type[User] | type[Company], ids: Collection[int]) -> Mapping[Any, Any]:
    return {row.id: row for row in db.session.execute(sa.select(model.id, model.name).where(model.id.in_(ids)))}


def _acts(scope: Scope, ids: Collection[int]) -> Mapping[Any, int]:
    acts = counting.acts_of(scope, scope.within).subquery("acts")
    often = sa.select(acts.c.user_id, sa.func.count()).where(acts.c.user_id.in_(ids)).group_by(acts.c.user_id)
    return {user_id: int(acts) for user_id, acts in db.session.execute(often)}


# --- The rows of each figure, and what they are told apart by ---


def _of_ideas(scope: Scope) -> Statement:
    columns = Idea.id, Idea.created_at.label("at"), Idea.id.label("idea_id")
    return sa.select(*columns).where(*scope.posted()), Idea.id


def _of_votes(scope: Scope) -> Statement:
    columns = Vote.id, Vote.cast_at.label("at"), Vote.idea_id, Vote.user_id
    return sa.select(*columns).join(Idea, Idea.id == Vote.idea_id).where(*counting.votes_of(scope)), Vote.id


def _of_answers(scope: Scope) -> Statement:
    columns = Answer.id, Answer.created_at.label("at"), Answer.idea_id, Answer.by_id.label("user_id")
    return sa.select(*columns).join(Idea, Idea.id == Answer.idea_id).where(*counting.answers_of(scope)), Answer.id


def _of_people(scope: Scope) -> Statement:
    return sa.select(User.id, User.id.label("user_id")).where(_took_part(scope, scope.within)), User.id


def _of_new(scope: Scope) -> Statement:
    statement, key = _of_people(scope)
    return statement.where(sa.not_(_took_part(scope, lambda at: (at < scope.since,)))), key


def _of_heard(scope: Scope) -> Statement:
    theirs = sa.exists().where(User.company_id == Company.id, _took_part(scope, scope.within)).correlate(Company)
    return sa.select(Company.id, Company.id.label("company_id")).where(theirs), Company.id


def _of_customers(scope: Scope) -> Statement:
    theirs = sa.exists().where(User.company_id == Company.id, *counting.customers_of(scope)).correlate(Company)
    return sa.select(Company.id, Company.id.label("company_id")).where(theirs), Company.id


def _of_finalised(scope: Scope, *, done: bool = False) -> Statement:
    found = told.ideas_by_closing(scope).subquery("found")
    statement = sa.select(found.c.idea_id.label("id"), found.c.at, found.c.idea_id)
    return statement.where(found.c.is_closed) if done else statement, found.c.idea_id


def _of_owed(scope: Scope, *, done: bool = False) -> Statement:
    found = told.pairs(scope).subquery("found")
    statement = sa.select(found.c.id, found.c.at, found.c.idea_id, found.c.user_id)
    return statement.where(found.c.is_told) if done else statement, found.c.id


def _took_part(scope: Scope, when: Callable[[Any], tuple[Any, ...]]) -> Any:
    """SQL, over User: they voted, posted or commented at such a time. By the indexes of what each person did."""
    voted = sa.exists().where(Vote.user_id == User.id, Idea.id == Vote.idea_id, *scope.about(), *when(Vote.cast_at))
    posted = sa.exists().where(Idea.author_id == User.id, *scope.about(), *when(Idea.created_at))
    said = sa.exists().where(
        Comment.author_id == User.id,
        Idea.id == Comment.idea_id,
        *counting.said_of(scope),
        *when(Comment.created_at),
    )
    parts = (voted.correlate(User), posted.correlate(User), said.correlate(User))
    return sa.and_(sa.or_(*parts), *scope.by_whom(User.id))


_STATEMENTS: dict[Figure, Callable[[Scope], Statement]] = {
    Figure.IDEAS: _of_ideas,
    Figure.VOTES: _of_votes,
    Figure.PEOPLE: _of_people,
    Figure.ANSWERS: _of_answers,
    Figure.FINALISED: _of_finalised,
    Figure.CLOSED: lambda scope: _of_finalised(scope, done=True),
    Figure.OWED: _of_owed,
    Figure.DELIVERED: lambda scope: _of_owed(scope, done=True),
    Figure.NEW: _of_new,
    Figure.HEARD: _of_heard,
    Figure.CUSTOMERS: _of_customers,
}
