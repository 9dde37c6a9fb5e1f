"""What lists show of ideas and their answers, as plain values under the names that the models have."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, NamedTuple

from ideas.boards.models import FINAL_STAGES, Board
from ideas.text import slug


class Author(NamedTuple):
    """What a list shows of the person who posted an idea."""

    id: int
    name: str


class ListedStatus(NamedTuple):
    """What a list shows of an idea's status."""

    slug: str
    name: str
    stage: str

    @property
    def takes_votes(self) -> bool:
        return self.stage not in FINAL_STAGES


class ListedEntry(NamedTuple):
    """When people were told, if they were."""

    fanned_out_at: datetime | None


class ListedAnswer(NamedTuple):
    """What a list shows of the answer that stands on an idea, under the names that `Answer` has."""

    id: int
    reason: str
    text: str
    text_html: str
    planned_for: date | None
    review_by: date | None
    by: Author
    status: ListedStatus
    entry: ListedEntry

    # what stands was not taken back
    undone_at: None = None


class ListedCredit(NamedTuple):
    """What a list shows of a credit, under the names that `Credit` has."""

    kind: str
    named_id: int | None
    named: Author | None
    how: str


class ListedLine(NamedTuple):
    """An `AnswerLine` of plain values."""

    answer: ListedAnswer
    credits: list[ListedCredit]


class ListedIdea(NamedTuple):
    """What a list shows of an idea, under the names that `Idea` has: plain values, read in one row.

    Making models of twenty ideas with all that belongs to them took longer than anything else that a list does.
    rank: vote_count, comment_count and the like, as IdeaRank has them.
    """

    id: int
    board: Board
    title: str
    body: str
    body_html: str
    excerpt: str
    created_at: datetime
    hidden_at: datetime | None
    source_kind: str
    source_id: str | None
    author: Author
    status: ListedStatus
    rank: Any

    # what is in lists stands for itself
    withdrawn_at: None = None
    merged_root_id: None = None

    @property
    def slug(self) -> str:
        return slug(self.title)
