"""Whether the team keeps up: metric 9."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ideas.boards import waiting
from ideas.boards.models import Answer, Idea
from ideas.db import db
from ideas.insights.scope import Scope, share_of

WEEK_SECONDS = 7 * waiting.DAY_SECONDS


class Week(NamedTuple):
    """How many ideas were posted and how many answers given in the seven days from `begins`."""

    begins: datetime
    ideas: int
    answers: int


@dataclass(frozen=True)
class Capacity:
    """Metric 9. a_week: on average over the period."""

    ideas: int
    answers: int
    ideas_a_week: float
    answers_a_week: float
    weeks: tuple[Week, ...]

    @property
    def ratio(self) -> float | None:
        return share_of(self.answers, self.ideas)


def capacity(scope: Scope) -> Capacity:
    """Capacity: answers a week / ideas a week.

    Answers given in the period, without those that were undone, by ideas posted in it; weeks begin with the period.
    """
    ideas = sa.select(_week(scope, Idea.created_at), _one(), _none()).where(*scope.posted())
    answers = (
        sa.select(_week(scope, Answer.created_at), _none(), _one())
        .join(Idea, Idea.id == Answer.idea_id)
        .where(Answer.undone_at.is_(None), *scope.within(Answer.created_at), *scope.ideas())
    )
    both = sa.union_all(*(sa.select(*each.subquery().c) for each in (ideas, answers))).subquery()
    week, posted, given = both.c
    rows = db.session.execute(sa.select(week, sa.func.sum(posted), sa.func.sum(given)).group_by(week))
    counted = {number: (int(posted), int(given)) for number, posted, given in rows}
    weeks = tuple(
        Week(scope.since + timedelta(days=7 * number), *counted.get(number, (0, 0)))
        for number in range(max(counted, default=-1) + 1)
    )
    posted_in_all = sum(each.ideas for each in weeks)
    given_in_all = sum(each.answers for each in weeks)
    return Capacity(
        ideas=posted_in_all,
        answers=given_in_all,
        ideas_a_week=posted_in_all / scope.weeks,
        answers_a_week=given_in_all / scope.weeks,
        weeks=weeks,
    )


def _week(scope: Scope, at: sa.ColumnElement[datetime] | sa.orm.InstrumentedAttribute[datetime]) -> sa.Label[int]:
    since = sa.literal(waiting.epoch(scope.since), sa.BigInteger)
    return ((waiting.seconds(at) - since) // WEEK_SECONDS).label("week")


def _one() -> sa.Label[int]:
    return sa.literal_column("1", sa.Integer).label("one")


def _none() -> sa.Label[int]:
    return sa.literal_column("0", sa.Integer).label("none")
