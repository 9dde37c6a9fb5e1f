"""Whether what was shipped solved what people needed: metric 6."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from ideas.boards import outcomes
from ideas.boards.models import Answer, Idea, Stage, Status
from ideas.boards.models_solving import Helped, Solved
from ideas.db import db
from ideas.insights import told
from ideas.insights.scope import Scope, share_of


@dataclass(frozen=True)
class Solutions:
    """Metric 6. answers: yes, partly, no → how many; asked: ideas of those shipped whose people were asked."""

    answers: Mapping[str, int]
    shipped: int
    asked: int

    @property
    def answered(self) -> int:
        return sum(self.answers.values())

    @property
    def share(self) -> float | None:
        return share_of(self.answers.get(Helped.YES, 0), self.answered)

    @property
    def share_asked(self) -> float | None:
        return share_of(self.asked, self.shipped)


def solved(scope: Scope) -> Solutions:
    """Solved: yes / answers to "did this solve it?"; and the share of shipped ideas asked.

    Over the answers that people gave in the period, each person's last word each time they were asked; and over the
    ideas that were closed in the period by an answer that ships them, as `told.people_closed` says it.
    """
    rows = db.session.execute(
        sa.select(Solved.answer, sa.func.count().label("people"))
        .join(Idea, Idea.id == Solved.idea_id)
        .where(*said_of(scope))
        .group_by(Solved.answer)
    ).all()
    closing = told.closings(*scope.ideas(), *scope.within(Answer.created_at))
    was_asked = outcomes.was_asked(closing.c.idea_id, closing.c.answer_id)
    shipped = db.session.execute(
        sa.select(sa.func.count().label("all"), sa.func.sum(sa.case((was_asked, 1), else_=0)).label("asked"))
        .select_from(closing)
        .join(Answer, Answer.id == closing.c.answer_id)
        .join(Status, Status.id == Answer.status_id)
        .where(Status.stage == Stage.SHIPPED)
    ).one()
    return Solutions({row.answer: row.people for row in rows}, shipped.all, shipped.asked or 0)


def said_of(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL, over Solved in a statement that joins Idea: what people answered in the period."""
    said = Solved.answer.is_not(None), *scope.within(Solved.answered_at)
    return (*said, *scope.about(), *scope.by_whom(Solved.user_id))
