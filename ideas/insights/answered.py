"""Whether ideas get a word of the team, and how long that takes: metrics 3, 4 and 5."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.boards import waiting
from ideas.boards.models import FINAL_STAGES, Board, Idea, IdeaRank
from ideas.boards.waiting import DAY_SECONDS, HALF, NINE_TENTHS, Waiting, Waits, Word
from ideas.db import db
from ideas.insights.scope import Scope, share_of

TENTHS = 10


class Tenth(NamedTuple):
    """One of ten equal parts of the ideas that are due, from the least backed (1) to the most (10)."""

    number: int
    ideas: int
    answered: int
    votes_least: int
    votes_most: int


@dataclass(frozen=True)
class Answered:
    """Metric 3. in_time: of those `answered`, how many within the promise."""

    due: int
    answered: int
    in_time: int
    tenths: tuple[Tenth, ...]

    @property
    def share(self) -> float | None:
        return share_of(self.answered, self.due)


class Quiet(NamedTuple):
    """So many ideas have heard nothing for that many days; `late` of them for longer than was promised."""

    days: int
    ideas: int
    promised: int
    late: int


@dataclass(frozen=True)
class Silence:
    """Metric 5. promised: on boards with a promise; days: how many ideas for each number of days."""

    ideas: int
    median: int | None
    ninth: int | None
    promised: int
    late: int
    days: tuple[Quiet, ...]

    @property
    def share_late(self) -> float | None:
        return share_of(self.late, self.promised)


@dataclass(frozen=True)
class Words:
    """Metrics 3 and 4, which are read together."""

    answered: Answered
    waits: Mapping[Word, Waiting]


def words(scope: Scope) -> Words:
    """Answered: ideas with at least one official answer or comment / ideas older than the board's promise.

    Over the ideas posted in the period. An idea is due once it has waited as long as its board promises to answer
    within; one that was merged, hidden or taken back before never is, and boards without a promise have none. Also by
    tenths of those due, from the least backed to the most, by votes.

    Time to first answer, to decision, to shipping: median and 90th percentile by Kaplan-Meier over the ideas posted in
    the period. An idea without the word is censored now, or when it was merged, hidden or taken back. Which words
    count: waiting.Word; the estimator and its source: waiting.curve.
    """
    found = lives(scope)
    statement = sa.union_all(*(_rows_of_waits(found, word) for word in Word), _rows_of_tenths(found))
    rows = db.session.execute(statement, {"now": waiting.epoch(scope.now)}).all()
    waits = {word: waiting.estimate(_waits(rows, word)) for word in Word}
    return Words(_answered([row for row in rows if row.what == "tenth"]), waits)


def lives(scope: Scope) -> sa.CTE:
    """SQL, to be given `now`: the ideas posted in the period, with what their boards promise and their votes."""
    return waiting.lives_of(
        *scope.posted(),
        promise=_of_idea(sa.select(Board.answer_within_days).where(Board.id == Idea.board_id)),
        votes=_of_idea(sa.select(IdeaRank.vote_count).where(IdeaRank.idea_id == Idea.id)),
    )


def of_promise(lives: sa.CTE) -> tuple[Any, Any, Any]:
    """SQL: whether an idea is due; and of one that is, whether it has a word, and whether within the promise."""
    within = lives.c.promise * DAY_SECONDS
    has_word = waiting.has_ended(lives, Word.ANSWER)
    in_time = sa.and_(has_word, lives.c[Word.ANSWER.value] - lives.c.since <= within)
    return sa.and_(lives.c.promise.is_not(None), lives.c.until - lives.c.since >= within), has_word, in_time


def _of_idea(statement: sa.Select[Any]) -> Any:
    return statement.correlate(Idea).scalar_subquery()


def _rows_of_waits(lives: sa.CTE, word: Word) -> sa.Select[Any]:
    waits = waiting.waits(lives, word).subquery()
    return _row(word.value, waits.c.days, waits.c.ended, waits.c.left)


def _rows_of_tenths(lives: sa.CTE) -> sa.Select[Any]:
    is_due, has_word, in_time = of_promise(lives)
    due = (
        sa.select(
            sa.func.ntile(TENTHS).over(order_by=(lives.c.votes, lives.c.idea_id)).label("tenth"),
            sa.case((has_word, 1), else_=0).label("answered"),
            sa.case((in_time, 1), else_=0).label("in_time"),
            lives.c.votes,
        )
        .where(is_due)
        .subquery()
    )
    return _row(
        "tenth",
        due.c.tenth,
        sa.func.count(),
        sa.func.sum(due.c.answered),
        sa.func.sum(due.c.in_time),
        sa.func.min(due.c.votes),
        sa.func.max(due.c.votes),
    ).group_by(due.c.tenth)


def _row(what: str, *numbers: Any) -> sa.Select[Any]:
    """Rows of several kinds in one answer, so that the lives are gone through once."""
    names = ("key", "first", "second", "third", "fourth", "fifth")
    filled = [*numbers, *[sa.literal_column("0", sa.Integer)] * (len(names) - len(numbers))]
    return sa.select(
        sa.literal_column(f"'{what}'", sa.String).label("what"),
        *(number.label(name) for number, name in zip(filled, names, strict=True)),
    )


def _waits(rows: Iterable[Any], word: Word) -> list[Waits]:
    return [Waits(row.key, int(row.first), int(row.second)) for row in rows if row.what == word]


def _answered(rows: Iterable[Any]) -> Answered:
    rows = sorted(rows, key=lambda row: int(row.key))
    tenths = tuple(Tenth(row.key, row.first, int(row.second), row.fourth, row.fifth) for row in rows)
    return Answered(
        due=sum(tenth.ideas for tenth in tenths),
        answered=sum(tenth.answered for tenth in tenths),
        in_time=sum(int(row.third) for row in rows),
        tenths=tenths,
    )


def silence(scope: Scope) -> Silence:
    """Silence: days since the last official word on open ideas: median, 90th percentile, share beyond the promise.

    Of all ideas that are not shipped or declined and stand in lists now, whenever they were posted. Where there was no
    word yet, days since it was posted.
    """
    one = silences(scope).subquery()
    late = sa.case((one.c.days > one.c.promise, 1), else_=0)
    rows = db.session.execute(
        sa.select(
            one.c.days,
            sa.func.count().label("ideas"),
            sa.func.count(one.c.promise).label("promised"),
            sa.func.sum(late).label("late"),
        )
        .group_by(one.c.days)
        .order_by(one.c.days),
        {"now": waiting.epoch(scope.now)},
    )
    days = tuple(Quiet(row.days, row.ideas, row.promised, int(row.late)) for row in rows)
    # nobody is censored here, so this is the plain quantile
    steps = waiting.curve(Waits(each.days, each.ideas, 0) for each in days)
    return Silence(
        ideas=sum(each.ideas for each in days),
        median=waiting.reached(steps, HALF),
        ninth=waiting.reached(steps, NINE_TENTHS),
        promised=sum(each.promised for each in days),
        late=sum(each.late for each in days),
        days=days,
    )


def silences(scope: Scope) -> sa.Select[Any]:
    """SQL, to be given `now`: the ideas of `silence`: idea_id, at (when it last heard something), days, promise."""
    now: Any = sa.bindparam("now", type_=sa.BigInteger)
    at = sa.func.coalesce(IdeaRank.answered_at, IdeaRank.created_at)
    return (
        sa.select(
            Idea.id.label("idea_id"),
            at.label("at"),
            waiting.days_between(waiting.seconds(at), now).label("days"),
            Board.answer_within_days.label("promise"),
        )
        .select_from(IdeaRank)
        .join(Idea, Idea.id == IdeaRank.idea_id)
        .join(Board, Board.id == IdeaRank.board_id)
        .where(
            IdeaRank.listed,
            sa.not_(IdeaRank.is_hidden),
            IdeaRank.stage.not_in(FINAL_STAGES),
            *scope.ideas(),
        )
    )
