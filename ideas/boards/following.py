"""The only code that writes `idea_follow` and `board_follow`: wanting to hear, apart from voting."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import policy
from ideas.boards.models import Board, BoardFollow, Idea, IdeaFollow
from ideas.db import INSERTS, db, insert_once, utcnow


def follow_idea(person: User, idea: Idea) -> None:
    """`person` hears of everything on `idea`. Following twice is following once. Raises Merged when it is part of
    another."""
    policy.require_part(person)
    policy.require_unmerged(idea)
    insert_once(IdeaFollow, idea_id=idea.id, user_id=person.id, followed_at=utcnow())


def unfollow_idea(person: User, idea: Idea) -> None:
    """`person` no longer follows `idea`, nor what is merged into it. Raises Merged when it is part of another."""
    policy.require_unmerged(idea)
    parts = sa.select(Idea.id).where(sa.or_(Idea.id == idea.id, Idea.merged_root_id == idea.id))
    db.session.execute(
        sa.delete(IdeaFollow)
        .where(IdeaFollow.idea_id.in_(parts), IdeaFollow.user_id == person.id)
        .execution_options(synchronize_session=False)
    )


def take_over(ideas: Sequence[tuple[int, int, datetime]], boards: Sequence[tuple[int, int, datetime]]) -> None:
    """Those who followed ideas and boards elsewhere do here, each (what, who, since when); who does already, does."""
    for model, what, rows in ((IdeaFollow, "idea_id", ideas), (BoardFollow, "board_id", boards)):
        if rows:
            insert = INSERTS[db.session.get_bind().dialect.name](model).on_conflict_do_nothing()
            db.session.execute(insert, [{what: row[0], "user_id": row[1], "followed_at": row[2]} for row in rows])


def follow_board(person: User, board: Board) -> None:
    """`person` hears of new ideas on `board`."""
    policy.require_part(person)
    insert_once(BoardFollow, board_id=board.id, user_id=person.id, followed_at=utcnow())


def unfollow_board(person: User, board: Board) -> None:
    db.session.execute(sa.delete(BoardFollow).where(BoardFollow.board_id == board.id, BoardFollow.user_id == person.id))
