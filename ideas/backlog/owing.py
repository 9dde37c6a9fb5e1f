"""What the team still owes to those who asked for an idea. Pure: numbers and times come in as arguments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from ideas.boards.models import FINAL_STAGES, Answer, Idea


class Debt(StrEnum):
    """What is owed."""

    FIRST_WORD = "first_word"  # nothing official was said yet
    PLANNED = "planned"  # it was announced for a day
    REVIEW = "review"  # it is looked at again by a day
    DECISION = "decision"  # something was said, and it is neither built nor declined


@dataclass(frozen=True)
class Owed:
    """What, since when, by which day if one was given, and whether that day is over."""

    debt: Debt
    since: datetime
    by: date | None
    is_late: bool


def of(idea: Idea, answer: Answer | None, now: datetime) -> Owed | None:
    """What is owed on an idea, whose board and rank are loaded; None when it is decided or was taken back."""
    if idea.withdrawn_at is not None:
        return None
    if answer is not None and answer.review_by is not None:
        return _owed(Debt.REVIEW, answer.created_at, answer.review_by, now)
    if idea.rank.stage in FINAL_STAGES:
        return None
    if idea.rank.answered_at is None:
        days = idea.board.answer_within_days
        by = (idea.created_at + timedelta(days=days)).date() if days is not None else None
        return _owed(Debt.FIRST_WORD, idea.created_at, by, now)
    if answer is not None and answer.planned_for is not None:
        return _owed(Debt.PLANNED, answer.created_at, answer.planned_for, now)
    return _owed(Debt.DECISION, idea.rank.answered_at, None, now)


def _owed(debt: Debt, since: datetime, by: date | None, now: datetime) -> Owed:
    return Owed(debt, since, by, is_late=by is not None and by < now.date())
