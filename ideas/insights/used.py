"""Whether what people say is used: metric 7."""

from __future__ import annotations

from dataclasses import dataclass

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
    given = (Answer.undone_at.is_(None), *scope.within(Answer.created_at))
    with_credits = sa.exists().where(Credit.answer_id == Answer.id).correlate(Answer)
    answers = db.session.execute(
        sa.select(sa.func.count().label("given"), sa.func.sum(sa.case((with_credits, 1), else_=0)).label("credited"))
        .select_from(Answer)
        .join(Idea, Idea.id == Answer.idea_id)
        .where(*given, *scope.ideas())
    ).one()
    on_boards = sa.select(Answer.id).join(Idea, Idea.id == Answer.idea_id).where(*given, *scope.about())
    entries = sa.union(
        sa.select(Answer.entry_id).where(Answer.id.in_(on_boards)),
        sa.select(AnswerVersion.entry_id).where(AnswerVersion.answer_id.in_(on_boards)),
    ).subquery()
    credited = sa.case((Delivery.path == Path.CREDITED.value, Delivery.user_id))
    people = db.session.execute(
        sa.select(
            sa.func.count(sa.distinct(Delivery.user_id)).label("all"),
            sa.func.count(sa.distinct(credited)).label("credited"),
        )
        .join(entries, entries.c.entry_id == Delivery.entry_id)
        .where(
            Delivery.channel == Channel.INBOX.value,
            Delivery.path.in_(CONTRIBUTED),
            *scope.by_whom(Delivery.user_id),
        )
    ).one()
    return Used(answers.given, answers.credited or 0, people.all, people.credited)
