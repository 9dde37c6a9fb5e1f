"""The large site on which plans are looked at: what the room below arranges, with the team's numbers beside it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts.models_segments import Segment
from ideas.backlog.models import BacklogDouble, BacklogPlan, BacklogRank
from ideas.backlog.models_segments import BacklogSegment
from ideas.boards.models import Idea, IdeaRank
from ideas.db import db, utcnow
from tests.boards.test_plans import a_large_site, learn


def a_counted_site():
    """Every idea is counted; one in a hundred is backed by an enterprise, nearly all by somebody on the free plan."""
    site = a_large_site()
    ranks = IdeaRank.__table__.c
    number = (ranks.idea_id * 7919) % 997
    silent_since = sa.func.coalesce(ranks.answered_at, ranks.created_at)
    zero = sa.literal_column("0")
    columns = ("idea_id", "board_id", "votes", "lately", "since_word", "companies", "unpriced", "breadth", "value")
    columns += ("priority", "silent_since", "hot", "counted_at")
    values = sa.select(
        *(ranks.idea_id, ranks.board_id, ranks.vote_count, number % 40, number % 90, number % 30, zero),
        *(
            number * 1.5,
            number * 100,
            number % 7 * 1.0,
            silent_since,
            ranks.hot,
            sa.literal(utcnow(), ranks.created_at.type),
        ),
    ).where(ranks.listed)
    db.session.execute(sa.insert(BacklogRank).from_select(columns, values))
    ids = list(db.session.scalars(sa.select(BacklogRank.idea_id)))
    db.session.execute(
        sa.insert(BacklogPlan),
        [{"plan": "enterprise", "idea_id": idea, "votes": 1} for idea in ids[::100]]
        + [{"plan": "free", "idea_id": idea, "votes": 1} for idea in ids if idea % 10],
    )
    for slug, place in (("few", 100), ("most", 1)):
        segment = Segment(slug=slug, name=slug, question={}, by_id=site.team.id)
        db.session.add(segment)
        db.session.flush()
        rows = [
            {"segment_id": segment.id, "idea_id": idea, "votes": idea * 7919 % 997, "priority": idea % 7 * 1.0}
            for idea in ids[::place]
        ]
        db.session.execute(sa.insert(BacklogSegment), rows)
    doubles = [{"idea_id": idea, "other_id": ids[-1], "words_at": utcnow()} for idea in ids[::60]]
    db.session.execute(sa.insert(BacklogDouble), doubles)
    db.session.execute(sa.update(Idea).where(Idea.id.in_(ids[::60])).values(owner_id=site.team.id))
    today = utcnow().date()
    db.session.execute(
        sa.update(IdeaRank), [{"idea_id": idea, "due_on": today + timedelta(days=idea * 7919 % 997)} for idea in ids]
    )
    return site


@pytest.fixture
def large_site(begin):
    site = begin(a_counted_site)
    learn()
    return site
