"""Whom the team counts on: asked once, and told like a voter until they deny it. As notices.py, for these."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ideas.boards import notice_words_behalf as words
from ideas.boards import notices
from ideas.boards.events import VotedOnBehalf
from ideas.boards.models_evidence import PENDING, VoteOnBehalf
from ideas.ledger.models import Mode, Path
from ideas.outbox import Notice, Notices


def voted_on_behalf(asked_id: int) -> sa.CompoundSelect[Any]:
    """The person named alone; nobody once they said something, or the team took it back."""
    named = notices.rows(VoteOnBehalf.user_id, Path.VOTER, "on_behalf", Mode.INSTANT, "on_behalf", VoteOnBehalf.id)
    return sa.union_all(named.where(VoteOnBehalf.id == asked_id, PENDING))


NOTICES: Notices = {
    VotedOnBehalf.kind: Notice(
        voted_on_behalf,
        notices.sees_idea,
        words.voted_on_behalf,
        "boards/notices/voted_on_behalf",
        notices.one_with,
    ),
}
