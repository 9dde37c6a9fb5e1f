"""Whoever the team counts on says whether they want the idea: a vote of theirs, or nobody asks again."""

from __future__ import annotations

import sqlalchemy as sa

from ideas import happenings
from ideas.accounts.models import User
from ideas.boards import behalf, policy, voting
from ideas.boards.errors import NotAsked
from ideas.boards.evidence import AskedRow
from ideas.boards.models_evidence import VoteOnBehalf
from ideas.db import db
from ideas.words import _


def say(person: User, row: AskedRow, *, wanted: bool) -> None:
    """`person` wants the idea, and votes for it; or does not, and a vote that they have is taken back.

    Raises NotAsked for anybody else and when the team took it back meanwhile, NotAllowed for somebody suspended, and
    VotingClosed and Merged as voting and retracting do: to say no is possible at any time for who has no vote.
    """
    policy.require_part(person)
    if wanted and not row.on.voted:
        voting.cast_where_asked(person, row.on.idea)
    elif not wanted and row.on.voted:
        voting.retract(person, row.on.idea)
    statement = sa.select(VoteOnBehalf).where(VoteOnBehalf.id == row.asked.id, VoteOnBehalf.user_id == person.id)
    asked = db.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if asked is None:
        raise NotAsked(_("You are not asked about this any more."))
    behalf.mark(asked, wanted=wanted)
    if wanted:
        happenings.tell("vote.confirmed", asked.idea_id, person.id)
