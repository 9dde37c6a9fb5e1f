"""How long ideas wait for the team's word: estimated over those that still wait too, never over the others alone.

Days are whole and counted from when the idea was posted, times cut to the second, so that both databases agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ideas.boards.models import Answer, Comment, Idea, Stage, Status
from ideas.boards.models_merging import Merge
from ideas.db import db

DAY_SECONDS = 86_400
HALF, NINE_TENTHS = 0.5, 0.9
# products of shares are rounded: what should be exactly a half may be a little more
_ROUNDING = 1e-9


class Word(StrEnum):
    """What an idea waits for."""

    ANSWER = "answer"  # the first official answer or comment
    DECISION = "decision"  # the first answer that plans, starts, ships or declines it
    SHIPPING = "shipping"  # the first answer that says it is there


DECIDED = (Stage.PLANNED, Stage.STARTED, Stage.SHIPPED, Stage.DECLINED)


class Waits(NamedTuple):
    """How many ideas' waits took that many whole days: `ended` with the word, `left` without (censored)."""

    days: int
    ended: int
    left: int


class Step(NamedTuple):
    """From that day on, this share of ideas still waits."""

    day: int
    share: float


class Waiting(NamedTuple):
    """What became of the waits of some ideas. median, ninth: days until a half, nine tenths had the word; None when so
    many never had it (not reached)."""

    ideas: int
    ended: int
    median: int | None
    ninth: int | None
    curve: tuple[Step, ...]


def estimate(rows: Iterable[Waits]) -> Waiting:
    """What those waits say of how long one has to wait."""
    rows = list(rows)
    steps = curve(rows)
    ended = sum(row.ended for row in rows)
    ideas = ended + sum(row.left for row in rows)
    return Waiting(ideas, ended, reached(steps, HALF), reached(steps, NINE_TENTHS), steps)


def curve(rows: Iterable[Waits]) -> tuple[Step, ...]:
    """The share that still waits, from each day on which some wait ended: the product of (1 − ended / at risk).

    At risk on a day are all whose wait lasted until then, those among them who leave on that very day too.
    Source: E. L. Kaplan, P. Meier, J. Am. Stat. Assoc. 53 (1958), 457-481.
    """
    days: dict[int, tuple[int, int]] = {}
    for row in rows:
        ended, left = days.get(row.days, (0, 0))
        days[row.days] = (ended + row.ended, left + row.left)
    at_risk = sum(ended + left for ended, left in days.values())
    share, steps = 1.0, []
    for day, (ended, left) in sorted(days.items()):
        if ended:
            share *= (at_risk - ended) / at_risk
            steps.append(Step(day, share))
        at_risk -= ended + left
    return tuple(steps)


def reached(steps: Iterable[Step], share: float) -> int | None:
    """The first day by which at least that share has the word; None when it is not reached."""
    return next((step.day for step in steps if step.share <= 1 - share + _ROUNDING), None)


def of_board(board_id: int, now: datetime) -> Waiting:
    """How long the ideas of a board wait for their first official word. One query."""
    lives = lives_of(Idea.board_id == board_id)
    rows = db.session.execute(waits(lives, Word.ANSWER), {"now": epoch(now)})
    return estimate(Waits(row.days, row.ended, row.left) for row in rows)


def epoch(at: datetime) -> int:
    """Whole seconds since 1970: what the statements below are given as `now`."""
    return math.floor(at.timestamp())


class seconds(FunctionElement[int]):
    """SQL: the same of a time."""

    type = sa.BigInteger()
    inherit_cache = True


class earliest(FunctionElement[int]):
    """SQL: the least of several numbers. With a NULL among them the databases disagree."""

    type = sa.BigInteger()
    inherit_cache = True


@compiles(seconds)
def _seconds(element: seconds, compiler: Any, **options: Any) -> str:
    at = compiler.process(element.clauses, **options)
    if compiler.dialect.name == "sqlite":
        return f"CAST(strftime('%s', {at}) AS INTEGER)"
    return f"CAST(floor(extract(epoch FROM {at})) AS BIGINT)"


@compiles(earliest)
def _earliest(element: earliest, compiler: Any, **options: Any) -> str:
    name = "min" if compiler.dialect.name == "sqlite" else "least"
    return f"{name}({compiler.process(element.clauses, **options)})"


def lives_of(*conditions: sa.ColumnElement[bool], **more: Any) -> sa.CTE:
    """SQL, to be given `now`: of each idea that meets the conditions since when it waits, until when at most, and when
    the words came. `more`: columns of Idea, or what is correlated with it, by the name they shall have.

    until: now, or when the author took it back, the team hid it or made it part of another. An idea that stands for
    itself again waits on, as if it had never been merged.
    """
    now: Any = sa.bindparam("now", type_=sa.BigInteger)
    answers = (
        sa.select(
            Answer.idea_id,
            sa.func.min(Answer.created_at).label("answer"),
            sa.func.min(sa.case((Status.stage.in_(DECIDED), Answer.created_at))).label("decision"),
            sa.func.min(sa.case((Status.stage == Stage.SHIPPED, Answer.created_at))).label("shipping"),
        )
        .join(Status, Status.id == Answer.status_id)
        .where(Answer.undone_at.is_(None))
        .group_by(Answer.idea_id)
        .subquery("answers")
    )
    official = (
        sa.select(Comment.idea_id, sa.func.min(Comment.created_at).label("at"))
        .where(Comment.is_official, Comment.deleted_at.is_(None), Comment.hidden_at.is_(None))
        .group_by(Comment.idea_id)
        .subquery("official")
    )
    ends = (sa.func.coalesce(seconds(at), now) for at in (Idea.withdrawn_at, Idea.hidden_at, Merge.merged_at))
    words = (seconds(answers.c.answer), seconds(official.c.at))
    return (
        sa.select(
            Idea.id.label("idea_id"),
            seconds(Idea.created_at).label("since"),
            earliest(now, *ends).label("until"),
            sa.func.coalesce(earliest(*words), *words).label(Word.ANSWER.value),
            seconds(answers.c.decision).label(Word.DECISION.value),
            seconds(answers.c.shipping).label(Word.SHIPPING.value),
            *(column.label(name) for name, column in more.items()),
        )
        .outerjoin(answers, answers.c.idea_id == Idea.id)
        .outerjoin(official, official.c.idea_id == Idea.id)
        .outerjoin(Merge, sa.and_(Merge.idea_id == Idea.id, Merge.unmerged_at.is_(None)))
        .where(*conditions)
        .cte("lives")
        # or each use of a column would ask for it anew
        .prefix_with("MATERIALIZED")
    )


def has_ended(lives: sa.CTE, word: Word) -> sa.ColumnElement[bool]:
    """SQL: the word came while the idea waited for it."""
    came = lives.c[word.value]
    return sa.and_(came.is_not(None), came <= lives.c.until)


def waits(lives: sa.CTE, word: Word) -> sa.Select[Any]:
    """SQL: the waits for that word as rows of Waits, a row for each number of days."""
    ended = has_ended(lives, word)
    one = (
        sa.select(
            days_between(lives.c.since, sa.case((ended, lives.c[word.value]), else_=lives.c.until)).label("days"),
            sa.case((ended, 1), else_=0).label("ended"),
        )
    ).subquery()
    return sa.select(
        one.c.days, sa.func.sum(one.c.ended).label("ended"), sa.func.sum(1 - one.c.ended).label("left")
    ).group_by(one.c.days)


def days_between(since: Any, until: Any) -> Any:
    """SQL: whole days between two times in seconds; none if the second is before the first."""
    return sa.case((until > since, (until - since) // DAY_SECONDS), else_=0)
