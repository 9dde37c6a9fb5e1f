"""The figures of the dashboard, counted in parts of a period. What is counted here row by row stands in behind.py.

Who took part: whoever voted, posted or commented; what the team says officially or among itself is no part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards.models import Answer, Comment, Idea, Vote
from ideas.db import db
from ideas.insights import periods, told
from ideas.insights.periods import Part
from ideas.insights.scope import Scope


class Figure(StrEnum):
    """What is counted, and what opens into its rows."""

    IDEAS = "ideas"
    VOTES = "votes"
    PEOPLE = "people"
    ANSWERS = "answers"
    FINALISED = "finalised"
    CLOSED = "closed"
    OWED = "owed"
    DELIVERED = "delivered"
    NEW = "new"
    HEARD = "heard"
    CUSTOMERS = "customers"


@dataclass(frozen=True)
class Counted:
    """A figure over the whole period, and in each part of it; people who come twice count once in the whole."""

    figure: Figure
    number: int
    parts: tuple[int, ...]


class TakingPart(NamedTuple):
    """Who took part. gini: how uneven what they put in is; None of nobody."""

    people: Counted
    new: Counted
    heard: Counted
    gini: float | None


def ideas(scope: Scope, parts: list[Part]) -> Counted:
    """Ideas posted in the period, whatever became of them."""
    return _by_parts(Figure.IDEAS, sa.select(Idea.created_at.label("at")).where(*scope.posted()), parts)


def votes(scope: Scope, parts: list[Part]) -> Counted:
    """Votes that were cast in the period and stand, on these ideas; of a segment or company, those of its people."""
    return _by_parts(Figure.VOTES, sa.select(Vote.cast_at.label("at")).where(*votes_of(scope)).join(Idea), parts)


def answers(scope: Scope, parts: list[Part]) -> Counted:
    """Answers given in the period, without those that were undone."""
    given = sa.select(Answer.created_at.label("at")).join(Idea, Idea.id == Answer.idea_id)
    return _by_parts(Figure.ANSWERS, given.where(*answers_of(scope)), parts)


def closures(scope: Scope, parts: list[Part]) -> list[Counted]:
    """Ideas that were closed by an answer in the period, and those of them of which everybody owed was told or it is
    written down why not; people and ideas owed word of it, and those that were told: metrics 1 and 2."""
    done = told.ideas_by_closing(scope).subquery()
    of_ideas = sa.select(done.c.at, done.c.is_closed.label("is_done"))
    pairs = told.pairs(scope).subquery()
    of_pairs = sa.select(pairs.c.at, pairs.c.is_told.label("is_done"))
    return [
        *_all_and_done((Figure.FINALISED, Figure.CLOSED), of_ideas, parts),
        *_all_and_done((Figure.OWED, Figure.DELIVERED), of_pairs, parts),
    ]


def customers(scope: Scope) -> int:
    """Companies that have people here; of a segment, people of it."""
    there = sa.select(sa.func.count(sa.distinct(User.company_id)))
    return int(db.session.scalar(there.where(*customers_of(scope))) or 0)


def taking_part(scope: Scope, parts: list[Part]) -> TakingPart:
    """People who took part in the period, in each part of it; those who never had before; the companies they are of;
    and how uneven what they put in is. Four statements, each one pass over what was put in."""
    acts = acts_of(scope, scope.within).subquery("acts")
    part = periods.number_of(acts.c.at, parts).label("part")
    each = sa.select(acts.c.user_id, part).group_by(acts.c.user_id, part)
    some = each.subquery("some")
    by_part = sa.select(some.c.part, sa.func.count(), sa.func.count(sa.distinct(User.company_id))).join(
        User, User.id == some.c.user_id
    )
    rows = {row[0]: (row[1], row[2]) for row in db.session.execute(by_part.group_by(some.c.part))}
    of_each = sa.select(acts.c.user_id, sa.func.count().label("acts")).group_by(acts.c.user_id).subquery("of_each")
    often = sa.select(of_each.c.acts, sa.func.count()).group_by(of_each.c.acts)
    put_in = [(int(acts), int(people)) for acts, people in db.session.execute(often)]
    heard = sa.select(sa.func.count(sa.distinct(User.company_id))).join(of_each, of_each.c.user_id == User.id)
    ever = acts_of(scope).subquery("ever")
    first = sa.select(sa.func.min(ever.c.at).label("at")).group_by(ever.c.user_id).subquery("first")
    began = sa.select(first.c.at).where(*scope.within(first.c.at))
    numbers = range(len(parts))
    return TakingPart(
        Counted(Figure.PEOPLE, sum(people for _acts, people in put_in), tuple(rows.get(n, (0, 0))[0] for n in numbers)),
        _by_parts(Figure.NEW, began, parts),
        Counted(
            Figure.HEARD,
            int(db.session.scalar(heard) or 0),
            tuple(rows.get(number, (0, 0))[1] for number in numbers),
        ),
        gini(put_in),
    )


def gini(often: Iterable[tuple[int, int]]) -> float | None:
    """How uneven amounts are: 0 when all are the same, towards 1 when few have nearly all. often: amount → how many.

    Half the mean of all differences between two, by the mean. Source: C. Gini, Variabilità e mutabilità, 1912.
    """
    rows = sorted(often)
    people = sum(number for _amount, number in rows)
    whole = sum(amount * number for amount, number in rows)
    if not whole:
        return None
    before, weighted = 0, 0.0
    for amount, number in rows:
        # places before + 1 … before + number, each with this amount
        weighted += amount * (number * before + number * (number + 1) / 2)
        before += number
    return 2 * weighted / (people * whole) - (people + 1) / people


# --- What is counted ---


def votes_of(scope: Scope) -> tuple[Any, ...]:
    """SQL, in a statement that joins Idea."""
    return (*scope.about(), *scope.within(Vote.cast_at), *scope.by_whom(Vote.user_id))


def answers_of(scope: Scope) -> tuple[Any, ...]:
    """SQL, in a statement that joins Idea."""
    return (Answer.undone_at.is_(None), *scope.within(Answer.created_at), *scope.ideas())


def customers_of(scope: Scope) -> tuple[Any, ...]:
    """SQL, over User."""
    return (User.company_id.is_not(None), User.erased_at.is_(None), *scope.by_whom(User.id))


def said_of(scope: Scope) -> tuple[Any, ...]:
    """SQL, over Comment in a statement that joins Idea: what people said to each other and to the team."""
    said = Comment.deleted_at.is_(None), sa.not_(Comment.is_internal), sa.not_(Comment.is_official)
    return (*said, *scope.about(), *scope.by_whom(Comment.author_id))


def acts_of(scope: Scope, when: Callable[[Any], tuple[Any, ...]] = lambda _at: ()) -> sa.Select[Any]:
    """Whatever people put in on these ideas: user_id, at. when: SQL over such a time."""
    put_in = sa.union_all(
        sa.select(Vote.user_id.label("user_id"), Vote.cast_at.label("at"))
        .join(Idea, Idea.id == Vote.idea_id)
        .where(*scope.about(), *scope.by_whom(Vote.user_id), *when(Vote.cast_at)),
        sa.select(Idea.author_id, Idea.created_at).where(*scope.ideas(), *when(Idea.created_at)),
        sa.select(Comment.author_id, Comment.created_at)
        .join(Idea, Idea.id == Comment.idea_id)
        .where(*said_of(scope), *when(Comment.created_at)),
    ).subquery("put_in")
    return sa.select(put_in.c.user_id, put_in.c.at)


def _by_parts(figure: Figure, rows: Any, parts: list[Part]) -> Counted:
    """How many of `rows`, which have a time `at`, are in each part."""
    found = rows.subquery("rows")
    part = periods.number_of(found.c.at, parts).label("part")
    counted = {row[0]: row[1] for row in db.session.execute(sa.select(part, sa.func.count()).group_by(part))}
    numbers = tuple(int(counted.get(number, 0)) for number in range(len(parts)))
    return Counted(figure, sum(numbers), numbers)


def _all_and_done(figures: tuple[Figure, Figure], rows: Any, parts: list[Part]) -> list[Counted]:
    found = rows.subquery("rows")
    part = periods.number_of(found.c.at, parts).label("part")
    done = sa.func.sum(sa.case((found.c.is_done, 1), else_=0))
    counted = {
        row[0]: (row[1], row[2]) for row in db.session.execute(sa.select(part, sa.func.count(), done).group_by(part))
    }
    made = []
    for place, figure in enumerate(figures):
        numbers = tuple(int(counted.get(number, (0, 0))[place]) for number in range(len(parts)))
        made.append(Counted(figure, sum(numbers), numbers))
    return made
