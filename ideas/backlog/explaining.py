"""Why an idea has the scores it has: each formula with what goes into it, taken from the votes as they are now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.backlog import estimating, ranking, scoring
from ideas.backlog.models import BacklogRank, Estimate
from ideas.backlog.scoring import Backing, Scores
from ideas.boards import policy
from ideas.boards.queries import IdeaRow
from ideas.db import db

SHOWN = 20  # companies, the heaviest first; the others are summed up


class Weighed(NamedTuple):
    """What a company gives to an idea. name: only for those who may know whose customer somebody is."""

    backing: Backing
    weight: float
    name: str | None


class Rest(NamedTuple):
    """The companies that are not shown one by one."""

    companies: int
    votes: int
    weight: float
    weight_squared: float
    revenue: int


@dataclass(frozen=True)
class Explained:
    """The scores of an idea with all that goes into them. alone: people without a company, each a company of one.

    weight, weight_squared: the two sums of breadth over all of them. reach: whom priority counts, of `segment` if one
    is asked for. reaches: every segment with how many of its people back it. counted: what the list goes by until it is
    counted again, None for an idea that was not yet.
    """

    scores: Scores
    most: float
    shown: list[Weighed]
    rest: Rest
    alone: int
    weight: float
    weight_squared: float
    hot: float
    estimate: Estimate | None
    reach: int
    priority: float
    segment: Segment | None
    reaches: list[tuple[Segment, int]]
    counted: BacklogRank | None

    @property
    def is_counted(self) -> bool:
        """Whether the list says what is said here."""
        if self.counted is None:
            return False
        return (self.counted.breadth, self.counted.value) == (self.scores.breadth, self.scores.value)


def explain(reader: User, on: IdeaRow, *, segment: str | None = None) -> Explained:
    """For the team; with the slug of a segment, priority is of its people. Raises NotAllowed for others, Merged for a
    part of another idea, ValidationError for no segment."""
    policy.require_team(on.standing)
    policy.require_unmerged(on.idea)
    backing = ranking.backing_of([on.idea.id]).get(on.idea.id, [])
    scores = scoring.score(backing)
    companies = sorted(
        (each for each in backing if each.company_id is not None),
        key=lambda each: (-each.votes, -(each.revenue or 0), each.company_id or 0),
    )
    alone = sum(each.votes for each in backing if each.company_id is None)
    names = _names(reader, [each.company_id or 0 for each in companies[:SHOWN]])
    weighed = [
        Weighed(each, scoring.weight(each.votes, scores.votes), names.get(each.company_id or 0)) for each in companies
    ]
    rest = weighed[SHOWN:]
    estimate = estimating.of(on)
    asked = segments.by_slug(segment) if segment else None
    there = segments.all_of_them()
    reached = ranking.reach_of([on.idea.id]) if there else {}
    reaches = [(each, reached.get((each.id, on.idea.id), 0)) for each in there]
    voters = scores.votes if asked is None else reached.get((asked.id, on.idea.id), 0)
    return Explained(
        scores=scores,
        most=scoring.most(scores.votes),
        shown=weighed[:SHOWN],
        rest=Rest(
            len(rest),
            sum(each.backing.votes for each in rest),
            sum(each.weight for each in rest),
            sum(each.weight**2 for each in rest),
            sum(each.backing.revenue or 0 for each in rest),
        ),
        alone=alone,
        weight=sum(each.weight for each in weighed) + alone,
        weight_squared=sum(each.weight**2 for each in weighed) + alone,
        hot=on.idea.rank.hot,
        estimate=estimate,
        reach=voters if estimate is None or estimate.reach is None else estimate.reach,
        priority=ranking.priority_of(estimate, voters),
        segment=asked,
        reaches=reaches,
        counted=db.session.get(BacklogRank, on.idea.id, populate_existing=True),
    )


def _names(reader: User, company_ids: list[int]) -> dict[int, str]:
    if not reader.is_admin or not company_ids:
        return {}
    rows = db.session.execute(sa.select(Company.id, Company.name).where(Company.id.in_(company_ids)))
    return {row.id: row.name for row in rows}
