"""What the team's desk forgets of a person: the numbers stay, and no words beside them name anybody."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.backlog.models import SOURCE_LONGEST, Estimate
from ideas.db import db
from ideas.privacy import Leaving

SOURCES = (Estimate.reach_source, Estimate.impact_source, Estimate.confidence_source, Estimate.effort_source)


def erase(leaving: Leaving) -> None:
    """Their name and address leave what the team gave as its sources."""
    worth_reading = sa.or_(*(leaving.may_stand_in(source) for source in SOURCES))
    for estimate in db.session.scalars(sa.select(Estimate).where(worth_reading)):
        for source in SOURCES:
            setattr(estimate, source.key, leaving.rewritten(getattr(estimate, source.key))[:SOURCE_LONGEST])
