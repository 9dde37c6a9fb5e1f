"""Whether what people say is used: metric 7."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ideas.boards.models import Answer, AnswerVersion, Credit, Idea
from ideas.db import db
from ideas.insights.scope import Scope, share_of
from ideas.insights.told import CONTRIBUTED
from ideas.ledger.models import Channel, Delivery, Path


@dataclass(frozen=True)
class Used:
    """Metric 7."""

    answers: int
    with_credits: int
    contributors: int
    credited: int

    @property
    def share_of_answers(self) -> float | None:
        return share_of(self.with_credits, self.answers)

    @property
    def share_of_people(self) -> float | None:
        return share_of(self.credited, self.contributors)


def feedback_used(scope: Scope) -> Used:
    """Feedback used: answers with at least one credit / answers; credited people / contributors.

    Over the answers given in the period, without those that were undone. Contributors are the people whom the ledger
    names for these answers and their corrections as having put something in; credited are those it names as credited,
    also as one of the voters when they were credited as a whole.
    """
    answers = db.session.execute(
        sa.select(sa.func.count().label("given"), sa.func.sum(sa.case((with_credits(), 1), else_=0)).label("credited"))
        .select_from(Answer)
        .join(Idea, Idea.id == Answer.idea_id)
        .where(*given(scope), *scope.ideas())
    ).one()
    credited = sa.case((Delivery.path == Path.CREDITED.value, Delivery.user_id))
    people = db.session.execute(
        named(scope).with_only_columns(
            sa.func.count(sa.distinct(Delivery.user_id)).label("all"),
            sa.func.count(sa.distinct(credited)).label("credited"),
        )
    ).one()
    return Used(answers.given, answers.credited or 0, people.all, people.credited)


def given(scope: Scope) -> tuple[sa.ColumnElement[bool], ...]:
    """SQL: answers given in the period."""
    return (Answer.undone_at.is_(None), *scope.within(Answer.created_at))


def with_credits() -> sa.ColumnElement[bool]:
    """SQL, over Answer."""
    return sa.exists().where(Credit.answer_id == Answer.id).correlate(Answer)


def named(scope: Scope) -> sa.Select[Any]:
    """SQL: the ledger's lines of those who put something into what these answers are about."""
    on_boards = sa.select(Answer.id).join(Idea, Idea.id == Answer.idea_id).where(*given(scope), *scope.about())
    entries = sa.union(
        sa.select(Answer.entry_id).where(Answer.id.in_(on_boards)),
        sa.select(AnswerVersion.entry_id).where(AnswerVersion.answer_id.in_(on_boards)),
    ).subquery()
    return (
        sa.select(Delivery.user_id)
        .join(entries, entries.c.entry_id == Delivery.entry_id)
        .where(
            Delivery.channel == Channel.INBOX.value,
            Delivery.path.in_(CONTRIBUTED),
            *scope.by_whom(Delivery.user_id),
        )
    )
