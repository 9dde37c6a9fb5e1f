"""What the tests of this room arrange: a board with a team that answers at times of its choosing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Flask

from ideas.accounts.models import User
from ideas.boards import answering, commenting, merging, queries, schemas, voting
from ideas.boards.models import Board, Idea
from ideas.db import at, db, unit_of_work
from ideas.insights import loop_health
from ideas.insights.loop_health import LoopHealth
from ideas.insights.scope import Scope
from ideas.ledger import worker
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TEXT = "We thought about this for a while, and this is what we decided in the end."
REASONS = {"considering": "under_review", "planned": "committed", "started": "in_progress", "open": "reopened"}
REASONS |= {"shipped": "shipped", "declined": "not_us"}


def day(number: float) -> datetime:
    """So many days after the story began."""
    return BEGIN + timedelta(days=number)


@dataclass
class Story:
    """A board, its team, and what happens there; days are counted from BEGIN."""

    app: Flask
    board: Any = field(default_factory=BoardFactory)
    petra: User = field(init=False)

    def __post_init__(self) -> None:
        self.petra = team_member(self.board, name="Petra")

    @contextmanager
    def on(self, number: float) -> Iterator[None]:
        """That day, in one act."""
        db.session.commit()
        with unit_of_work(), at(day(number)):
            yield

    def post(self, number: float = 0, author: User | None = None, voters: Any = (), **values: Any) -> Idea:
        by: Any = author or UserFactory()
        made: Any = IdeaFactory(board=self.board, author=by, created_at=day(number), **values)
        for voter in voters:
            self.vote(voter, made, number)
        return made  # type: ignore[no-any-return]  # factories have no types

    def vote(self, voter: User, idea: Idea, number: float = 0) -> None:
        with self.on(number):
            voting.cast(voter, queries.get_idea(voter, idea.id).idea)

    def say(self, who: User, idea: Idea, number: float, *, official: bool = False) -> int:
        with self.on(number):
            row = queries.get_idea(who, idea.id)
            return commenting.add(who, row, body="This is what I have to say.", official=official).id

    def answer(self, idea: Idea, number: float, status: str, credits: Any = (), *, tell: bool = True) -> int:
        words = schemas.NewAnswer().load(
            {"status": status, "reason": REASONS[status], "text": TEXT, "credits": list(credits)}
        )
        with self.on(number):
            made = answering.answer(self.petra, queries.get_idea(self.petra, idea.id), words).id
        if tell:
            self.tell()
        return made

    def merge(self, idea: Idea, into: Idea, number: float) -> None:
        with self.on(number):
            on, other = (queries.get_idea(self.petra, each.id) for each in (idea, into))
            merging.merge(self.petra, on, other, text=TEXT)
        self.tell()

    def tell(self) -> None:
        """Everybody who is owed word hears it."""
        db.session.commit()
        worker.run_once(self.app)
        db.session.expire_all()

    def scope(self, now: float, **values: Any) -> Scope:
        asked: dict[str, Any] = {"boards": (self.board,), "since": day(-1), "until": day(now), "now": day(now)}
        return Scope(**asked | values)

    def health(self, now: float, **values: Any) -> LoopHealth:
        db.session.commit()
        return loop_health.measure(self.scope(now, **values))


def board_of(**values: Any) -> Board:
    made: Board = BoardFactory(**values)  # type: ignore[assignment]  # factories have no types
    return made
