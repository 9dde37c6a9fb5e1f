"""The formulas of the team's scores: pure, so that each can be followed with a pencil.

breadth: the effective number of independent supporters, (Σw)² / Σw² over companies: the inverse Simpson index, or
participation ratio. Source: M. O. Hill, Ecology 54 (1973), 427-432, the number of order 2. priority: RICE, reach ×
impact × confidence / effort. Source: S. McBride, Intercom, 2016.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LARGEST_SHARE = 0.05  # of all votes: no company weighs more


class Backing(NamedTuple):
    """What one company gives an idea. votes: distinct people of it. revenue: a month's, None where nobody knows.

    lately, since_word: those votes that are young, see models.BacklogRank. company_id None: all people without one.
    """

    company_id: int | None
    votes: int
    lately: int = 0
    since_word: int = 0
    plan: str | None = None
    revenue: int | None = None


class Scores(NamedTuple):
    """What a month's and a person's words make of an idea; see models.BacklogRank."""

    votes: int
    lately: int
    since_word: int
    companies: int
    unpriced: int
    breadth: float
    value: int


def most(votes: int) -> float:
    """So much at most a company weighs when an idea has so many votes."""
    return max(1.0, LARGEST_SHARE * votes)


def weight(votes: int, all_votes: int) -> float:
    """What the votes of one company weigh among `all_votes`."""
    return min(float(votes), most(all_votes))


def breadth(by_company: Iterable[int], alone: int = 0) -> float:
    """Effective number of independent supporters; `alone`: people without a company, each a company of one.

    0.0 without votes, otherwise between 1 and the number of companies. More votes of one company can lower it.
    """
    votes = list(by_company)
    total = sum(votes) + alone
    if not total:
        return 0.0
    weights = [weight(each, total) for each in votes]
    return (sum(weights) + alone) ** 2 / (sum(each * each for each in weights) + alone)


def score(backing: Iterable[Backing]) -> Scores:
    """The scores of an idea that is backed so."""
    rows = list(backing)
    companies = [row for row in rows if row.company_id is not None]
    alone = sum(row.votes for row in rows if row.company_id is None)
    return Scores(
        votes=sum(row.votes for row in rows),
        lately=sum(row.lately for row in rows),
        since_word=sum(row.since_word for row in rows),
        companies=len(companies),
        unpriced=sum(row.revenue is None for row in companies),
        breadth=breadth((row.votes for row in companies), alone),
        value=sum(row.revenue or 0 for row in companies),
    )


def priority(reach: int, impact: float, confidence: int, effort: float) -> float:
    """reach in people, impact 0.25 to 3, confidence in per cent, effort in weeks of a person, more than 0."""
    return reach * impact * confidence / 100 / effort
