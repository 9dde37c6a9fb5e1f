"""The dashboard: all its figures at once, kept for an hour where there are too many votes to count them each time."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, replace
from datetime import timedelta

import sqlalchemy as sa

from ideas.boards.models import IdeaRank
from ideas.db import db
from ideas.insights import counting, periods
from ideas.insights.counting import Counted, Figure
from ideas.insights.periods import By, Part
from ideas.insights.scope import Scope, share_of

KEPT_FOR = timedelta(hours=1)
VOTES_MANY = 100_000  # on the boards that are asked for; of fewer, figures are counted anew each time
KEPT_MOST = 100


@dataclass(frozen=True)
class Dashboard:
    """Figures of a scope, in parts of its period, as of `scope.now`. customers: companies that have people here."""

    scope: Scope
    by: By
    parts: list[Part]
    figures: dict[Figure, Counted]
    gini: float | None

    def number(self, figure: Figure) -> int:
        return self.figures[figure].number

    def share(self, part: Figure, whole: Figure) -> float | None:
        return share_of(self.number(part), self.number(whole))

    @property
    def capacity(self) -> float | None:
        """Answers for each idea: below one, what waits grows."""
        return self.share(Figure.ANSWERS, Figure.IDEAS)

    def scope_of(self, part: Part) -> Scope:
        return replace(self.scope, since=part.begins, until=part.ends)


def measure(scope: Scope, by: By) -> Dashboard:
    """Take all figures, a dozen statements whatever the scope; of many votes, as they were within the last hour.

    The period begins at midnight, in UTC, so that parts do.
    """
    scope = replace(scope, since=scope.since.replace(hour=0, minute=0, second=0, microsecond=0))
    key = _key(scope, by)
    if (kept := _kept(key, scope)) is not None:
        return kept
    found = _count(scope, by)
    if _is_large(scope):
        _keep(key, found)
    return found


def _is_large(scope: Scope) -> bool:
    votes = sa.select(sa.func.sum(IdeaRank.vote_count)).where(IdeaRank.board_id.in_(scope.board_ids))
    return int(db.session.scalar(votes) or 0) >= VOTES_MANY


def _count(scope: Scope, by: By) -> Dashboard:
    parts = periods.parts_of(scope.since, scope.until, by)
    part_taken = counting.taking_part(scope, parts)
    customers = counting.customers(scope)
    counted = [
        counting.ideas(scope, parts),
        counting.votes(scope, parts),
        counting.answers(scope, parts),
        *counting.closures(scope, parts),
        *(part_taken.people, part_taken.new, part_taken.heard),
        Counted(Figure.CUSTOMERS, customers, (customers,) * len(parts)),
    ]
    return Dashboard(scope, by, parts, {each.figure: each for each in counted}, part_taken.gini)


# --- What is kept ---

_memory: OrderedDict[Hashable, Dashboard] = OrderedDict()
_turn = threading.Lock()


def forget() -> None:
    """Count everything anew."""
    with _turn:
        _memory.clear()


def _key(scope: Scope, by: By) -> Hashable:
    ends = None if scope.until >= scope.now else scope.until  # a period that goes on is the same one an hour later
    company = scope.company.id if scope.company else None
    segment = scope.segment.id if scope.segment else None
    return (tuple(scope.board_ids), scope.since, ends, scope.tag, company, segment, by)


def _kept(key: Hashable, scope: Scope) -> Dashboard | None:
    with _turn:
        kept = _memory.get(key)
        if kept is None or not timedelta() <= scope.now - kept.scope.now < KEPT_FOR:
            return None
        return kept


def _keep(key: Hashable, found: Dashboard) -> None:
    with _turn:
        _memory[key] = found
        _memory.move_to_end(key)
        while len(_memory) > KEPT_MOST:
            _memory.popitem(last=False)
