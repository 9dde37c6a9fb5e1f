"""What a frame on another site shows of a board: read as by a visitor, and without anybody's name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ideas.boards import listing, queries, releases, roadmap
from ideas.boards.listing import AnswerLine, IdeaCard, Sort, Wanted
from ideas.boards.models import Board
from ideas.boards.queries import IdeaRow
from ideas.boards.releases import Shown
from ideas.boards.roadmap import Column
from ideas.errors import NotFound
from ideas.words import _

IDEAS_MOST = 10
RELEASES_MOST = 5


class IdeaShown(NamedTuple):
    """An idea, and the answer that stands."""

    row: IdeaRow
    answer: AnswerLine | None


def idea(idea_id: int) -> IdeaShown:
    """Raises NotFound for what a visitor may not read, was taken back, or is part of another now."""
    row = queries.get_idea(None, idea_id)
    if row.idea.withdrawn_at is not None or row.idea.merged_root_id is not None:
        raise NotFound(_("There is no such idea, or you may not see it."))
    return IdeaShown(row, listing.answers_on([idea_id]).get(idea_id))


def board(slug: str) -> tuple[Board, list[IdeaCard]]:
    """The board and the ideas that most want."""
    row = queries.get_board(None, slug)
    return row.board, list(listing.ideas_on(None, [row], Wanted(sort=Sort.TOP), limit=IDEAS_MOST).rows)


def the_roadmap(slug: str) -> tuple[Board, list[Column]]:
    row = queries.get_board(None, slug)
    return row.board, roadmap.of(None, [row])


def the_releases(slug: str) -> tuple[Board, Sequence[Shown]]:
    """The board and its last releases."""
    row = queries.get_board(None, slug)
    return row.board, releases.published(None, [row], limit=RELEASES_MOST).rows
