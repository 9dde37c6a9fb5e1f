"""What the team's desk forgets of a person: the numbers stay, and no words beside them name anybody."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.accounts import segments
from ideas.backlog.models import SOURCE_LONGEST, Estimate
from ideas.backlog.models_views import NAME_LONGEST, BacklogView, asks_for
from ideas.db import db
from ideas.privacy import Leaving

SOURCES = (Estimate.reach_source, Estimate.impact_source, Estimate.confidence_source, Estimate.effort_source)


def erase(leaving: Leaving) -> None:
    """Views they kept for themselves go; their name and address leave all others, and what the team gave as sources."""
    _run(sa.delete(BacklogView).where(BacklogView.owner_id == leaving.id, sa.not_(BacklogView.is_shared)))
    named = sa.or_(leaving.may_stand_in(BacklogView.name), leaving.may_stand_in(BacklogView.asked))
    for view in db.session.scalars(sa.select(BacklogView).where(named)):
        view.name = leaving.rewritten(view.name)[:NAME_LONGEST]
        view.asked = leaving.rewritten_json(view.asked)
    for former, address in segments.named_after(leaving).items():
        for view in db.session.scalars(sa.select(BacklogView).where(asks_for(former))):
            view.asked = {**view.asked, "segment": address}
    worth_reading = sa.or_(*(leaving.may_stand_in(source) for source in SOURCES))
    for estimate in db.session.scalars(sa.select(Estimate).where(worth_reading)):
        for source in SOURCES:
            setattr(estimate, source.key, leaving.rewritten(getattr(estimate, source.key))[:SOURCE_LONGEST])


def _run(statement: sa.UpdateBase) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
