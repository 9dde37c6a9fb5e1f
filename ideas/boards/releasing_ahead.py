"""What the team sees of a draft before it is published: which ideas it might ship, and whom it would reach."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ideas.boards import listing, notices_releases, queries
from ideas.boards.listed import ListedIdea
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import Stage
from ideas.boards.queries import BoardRow
from ideas.boards.releases import Line, ReleaseRow
from ideas.ledger import report

CANDIDATES = 8


def candidates(row: ReleaseRow, lines: Sequence[Line], question: str) -> list[ListedIdea]:
    """Ideas of the board that the draft does not have: those that say the words; without any what is being made, then
    what is planned."""
    board = [BoardRow(row.release.board, row.standing, follows=False)]
    wanted = (
        [Wanted(question=question)]
        if question
        else [Wanted(sort=Sort.TOP, stage=stage) for stage in (Stage.STARTED, Stage.PLANNED)]
    )
    there = {line.idea_id for line in lines}
    limit = CANDIDATES + len(there)
    found = [
        card.idea
        for each in wanted
        for card in listing.ideas_on(row.standing.user, board, each, limit=limit).rows
        if card.idea.id not in there
    ]
    return found[:CANDIDATES]


def audience(row: ReleaseRow, lines: Sequence[Line]) -> report.Forecast:
    """Whom publishing it now would reach: each person once, by the release or by its ideas.

    What somebody muted is not looked at, so that a few may be told fewer things than this says.
    """
    board_id = row.release.board_id

    def sees(_subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return queries.may_see_board(user_id, sa.literal(board_id))

    return report.forecast(
        notices_releases.drafted(board_id, [line.idea_id for line in lines if line.ships]),
        visible=sees,
        subject=row.release.subject,
        subjects=[row.release.subject],
        actor_id=row.standing.user.id if row.standing.user else None,
    )
