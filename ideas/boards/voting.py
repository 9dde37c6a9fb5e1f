"""The only code that writes `vote`; the count beside it is ranking's."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import policy, ranking
from ideas.boards.errors import VotingClosed
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.db import INSERTS, db, insert_once, utcnow
from ideas.words import _

_RETRACT = (
    sa.delete(Vote)
    .where(Vote.idea_id == sa.bindparam("the_idea"), Vote.user_id == sa.bindparam("the_voter"))
    .returning(Vote.id)
    .execution_options(synchronize_session=False)
)
_COUNT = sa.select(IdeaRank.vote_count).where(IdeaRank.idea_id == sa.bindparam("the_idea"))


def cast(voter: User, idea: Idea) -> int:
    """Record that `voter` backs `idea`; how many do now.

    Voting twice is the same as voting once, so a double click is not an error. Votes are not announced: nobody wants
    a mail for every "+1".
    Raises VotingClosed when the idea takes no votes, NotAllowed for a suspended voter.
    """
    policy.require_vote(voter, idea)
    now = utcnow()
    if not insert_once(Vote, user_id=voter.id, idea_id=idea.id, cast_at=now):
        return _count(idea)
    return _or_closed(ranking.count_vote(idea.id, now))


def retract(voter: User, idea: Idea) -> int:
    """Take the vote of `voter` back; how many back the idea now. Without a vote nothing changes.

    Raises VotingClosed when the idea takes no votes: what a final answer counted stays counted.
    """
    policy.require_vote(voter, idea)
    if db.session.scalar(_RETRACT, {"the_idea": idea.id, "the_voter": voter.id}) is None:
        return _count(idea)
    return _or_closed(ranking.uncount_vote(idea.id))


def take_over(votes: Sequence[tuple[int, int, datetime]]) -> None:
    """Record votes of another system, each (idea, person, when); those that are there stay as they are.

    The counts are the caller's next step: `ranking.recount` sums a whole board at once.
    """
    insert = INSERTS[db.session.get_bind().dialect.name](Vote).on_conflict_do_nothing()
    rows = [{"idea_id": idea_id, "user_id": user_id, "cast_at": at} for idea_id, user_id, at in votes]
    if rows:
        db.session.execute(insert, rows)


def take_back(vote_ids: Sequence[int]) -> None:
    """Remove votes that their people withdrew in another system; the counts as after `take_over`."""
    db.session.execute(sa.delete(Vote).where(Vote.id.in_(vote_ids)).execution_options(synchronize_session=False))


def _count(idea: Idea) -> int:
    return db.session.scalars(_COUNT, {"the_idea": idea.id}).one()


def _or_closed(count: int | None) -> int:
    if count is None:
        raise VotingClosed(_("This idea was decided a moment ago and no longer takes votes."))
    return count
