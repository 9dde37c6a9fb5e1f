"""What the tests of this room arrange: people of companies who back ideas, and the numbers counted."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import Company, User
from ideas.backlog import estimating, ranking, schemas
from ideas.backlog.models import BacklogRank
from ideas.boards import queries
from ideas.boards import ranking as places
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.db import db, unit_of_work, utcnow
from tests.factories import CompanyFactory, UserFactory

SAID = {
    "impact": 2,
    "impact_source": "Five interviews",
    "confidence": 50,
    "confidence_source": "A guess",
    "effort": 4,
    "effort_source": "The gardeners",
}


def company(plan: str | None = None, revenue: int | None = None, **values: Any) -> Company:
    made: Any = CompanyFactory(plan=plan, monthly_revenue=revenue, **values)
    return made  # type: ignore[no-any-return]  # factories have no types


def people(number: int, of: Company | None = None) -> list[User]:
    made: list[Any] = [UserFactory(company_id=of.id if of else None) for _ in range(number)]
    return made


def back(idea: Idea, voters: list[User], at: Any = None) -> None:
    """These people back the idea, and its place says so."""
    if not voters:
        return
    db.session.execute(
        sa.insert(Vote), [{"idea_id": idea.id, "user_id": each.id, "cast_at": at or utcnow()} for each in voters]
    )
    places.hold(idea.id)
    places.count_backers(idea.id)
    db.session.commit()


def walk() -> int:
    """All walks to their ends, as workers make them; how many turns it took."""
    db.session.commit()
    turns = 0
    for turn in (ranking.refresh_segments, ranking.refresh_companies, ranking.refresh):
        has_more = True
        while has_more:
            with unit_of_work():
                has_more = turn()
            turns += 1
    return turns


def rank_of(idea: Idea) -> BacklogRank:
    db.session.rollback()
    return db.session.get_one(BacklogRank, idea.id, populate_existing=True)


def place_of(idea: Idea) -> IdeaRank:
    db.session.rollback()
    return db.session.get_one(IdeaRank, idea.id, populate_existing=True)


def estimate(by: User, idea: Idea, **words: Any) -> None:
    db.session.commit()
    with unit_of_work():
        estimating.say(by, queries.get_idea(by, idea.id), schemas.EstimateWords().load({**SAID, **words}))
