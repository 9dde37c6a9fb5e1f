"""Boards as JSON, and the room's other parts of the API, which are in the files beside this one."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.accounts import policy as administration
from ideas.api import READ, Blueprint, list_of
from ideas.boards import (
    api_answers,
    api_asking,
    api_comments,
    api_events,
    api_evidence,
    api_examples,
    api_ideas,
    api_keeping,
    api_me,
    api_merging,
    api_moderating,
    api_pictures,
    api_reading,
    api_releases,
    api_roadmap,
    api_search,
    api_snippets,
    boardkeeping,
    queries,
)
from ideas.boards import schemas_out as shapes
from ideas.boards.schemas import BoardEdit
from ideas.db import unit_of_work
from ideas.paging import Page

boards = Blueprint("boards", __name__, about="Where ideas live, and what their team promises.")
blueprints = (
    boards,
    api_keeping.blueprint,
    api_ideas.blueprint,
    api_search.blueprint,
    api_comments.blueprint,
    api_answers.blueprint,
    api_asking.blueprint,
    api_merging.blueprint,
    api_pictures.blueprint,
    api_moderating.blueprint,
    api_me.blueprint,
    api_roadmap.blueprint,
    api_releases.blueprint,
    api_snippets.blueprint,
    api_evidence.blueprint,
    api_events.blueprint,
)


@boards.route("/boards")
@boards.needs(READ, or_nobody=True)
@boards.gives(list_of(shapes.BoardOut), example=api_examples.page(api_examples.BOARD))
def list_boards() -> Any:
    """List boards

    Public ones, and those you belong to. All of them are on one page.
    """
    rows = queries.list_boards(api.reader())
    words = api_reading.words_of([row.board.id for row in rows])
    return api.listed(Page(rows, None), lambda row: shapes.board(row.board, *words[row.board.id]))


@boards.route("/boards/<slug:slug>")
@boards.needs(READ, or_nobody=True)
@boards.gives(shapes.BoardOut, example=api_examples.BOARD)
def get_board(slug: str) -> Any:
    """Read a board"""
    board = queries.get_board(api.reader(), slug).board
    return shapes.board(board, *api_reading.words_of([board.id])[board.id])


@boards.route("/boards/<slug:slug>", method="PATCH")
@boards.needs("boards:write")
@boards.takes(BoardEdit, example=api_examples.BOARD_EDIT)
@boards.gives(shapes.BoardOut, example={**api_examples.BOARD, **api_examples.BOARD_EDIT})
def edit_board(words: dict[str, Any], slug: str) -> Any:
    """Change a board

    Its name, address, promise, who sees it, and what of members waits until the team has read it. For administrators.
    """
    administration.require_admin(api.member())
    with unit_of_work():
        board = queries.get_board(api.member(), slug).board
        boardkeeping.edit(api.member(), board, words)
    return shapes.board(board, *api_reading.words_of([board.id])[board.id])
