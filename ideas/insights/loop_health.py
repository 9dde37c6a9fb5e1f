"""All of loop health at once, for pages, tables and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ideas.boards.waiting import Waiting, Word
from ideas.insights import answered, pace, solved, told, used
from ideas.insights.answered import Answered, Silence
from ideas.insights.pace import Capacity
from ideas.insights.scope import Scope
from ideas.insights.solved import Solutions
from ideas.insights.told import IdeasClosed, PeopleClosed, Sending
from ideas.insights.used import Used


@dataclass(frozen=True)
class BoardHealth:
    """The figures that are safe to publish: they count ideas and answers, and say nothing of single people."""

    scope: Scope
    ideas_closed: IdeasClosed
    answered: Answered
    waits: Mapping[Word, Waiting]
    silence: Silence
    capacity: Capacity


@dataclass(frozen=True)
class LoopHealth(BoardHealth):
    """All figures of a scope."""

    people_closed: PeopleClosed
    solved: Solutions
    used: Used
    sending: Sending


def measure(scope: Scope) -> LoopHealth:
    """Take all figures. The number of queries is the same whatever the scope and however many ideas there are."""
    return LoopHealth(
        **vars(measure_in_public(scope)),
        people_closed=told.people_closed(scope),
        solved=solved.solved(scope),
        used=used.feedback_used(scope),
        sending=told.sending(scope),
    )


def measure_in_public(scope: Scope) -> BoardHealth:
    words = answered.words(scope)
    return BoardHealth(
        scope=scope,
        ideas_closed=told.ideas_closed(scope),
        answered=words.answered,
        waits=words.waits,
        silence=answered.silence(scope),
        capacity=pace.capacity(scope),
    )
