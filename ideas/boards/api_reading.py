"""What the API reads and no page does: many boards with their words at once, which of some ideas one backs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import trees
from ideas.boards.models import Idea, IdeaFollow, Status, Tag, Vote
from ideas.db import db


class Words(NamedTuple):
    """What the ideas of one board may be."""

    statuses: list[Status]
    tags: list[Tag]


_BOARDS: sa.BindParameter[int] = sa.bindparam("boards", expanding=True)
_STATUSES = sa.select(Status).where(Status.board_id.in_(_BOARDS)).order_by(Status.position, Status.id)
_TAGS = sa.select(Tag).where(Tag.board_id.in_(_BOARDS)).order_by(Tag.name, Tag.id)
_VOTES = sa.select(Vote.idea_id).where(
    Vote.user_id == sa.bindparam("voter"), Vote.idea_id.in_(sa.bindparam("ideas", expanding=True))
)
_FOLLOWS = (
    sa.select(sa.func.coalesce(Idea.merged_root_id, Idea.id), Idea.id)
    .join(IdeaFollow, IdeaFollow.idea_id == Idea.id)
    .where(
        IdeaFollow.user_id == sa.bindparam("follower"),
        sa.or_(
            Idea.id.in_(sa.bindparam("ideas", expanding=True)),
            Idea.merged_root_id.in_(sa.bindparam("ideas", expanding=True)),
        ),
    )
)


def words_of(board_ids: Sequence[int]) -> dict[int, Words]:
    """The statuses and tags of each board, in the order in which it shows them; two queries."""
    found = {board_id: Words([], []) for board_id in board_ids}
    for status in db.session.scalars(_STATUSES, {"boards": list(board_ids)}):
        found[status.board_id].statuses.append(status)
    for tag in db.session.scalars(_TAGS, {"boards": list(board_ids)}):
        found[tag.board_id].tags.append(tag)
    return found


def votes_among(voter: User, idea_ids: Sequence[int]) -> list[int]:
    """Which of these ideas `voter` backs, themselves or an idea merged into them; two queries."""
    own = db.session.scalars(_VOTES, {"voter": voter.id, "ideas": list(idea_ids)})
    return sorted({*own, *trees.backed_through(voter, idea_ids)})


def follows_among(follower: User, idea_ids: Sequence[int]) -> list[int]:
    """Which of these ideas `follower` follows, themselves or an idea merged into them; one query."""
    rows = db.session.execute(_FOLLOWS, {"follower": follower.id, "ideas": list(idea_ids)})
    return sorted({each for row in rows for each in row} & set(idea_ids))
