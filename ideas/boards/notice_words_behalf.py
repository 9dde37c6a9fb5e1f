"""What the texts of this notice are made of; as notice_words.py, for what the team noted of somebody."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.boards import contributions, evidence, notice_words
from ideas.boards.models_evidence import PENDING, VoteOnBehalf
from ideas.boards.notice_words import Words
from ideas.db import db
from ideas.outbox import DueDelivery


def voted_on_behalf(batch: Sequence[DueDelivery]) -> Words:
    """Who noted it and when, and where the person says yes or no; what they are said to have said is not repeated.

    Left out for whoever has said it, or voted, meanwhile.
    """
    rows = db.session.scalars(
        sa.select(VoteOnBehalf)
        .where(VoteOnBehalf.id.in_({delivery.about_id for delivery in batch}), PENDING)
        .options(joinedload(VoteOnBehalf.by))
    )
    asked = {row.id: row for row in rows}
    ideas = notice_words.ideas_of(row.idea_id for row in asked.values())
    voters = contributions.voters_among((row.idea_id, row.user_id) for row in asked.values())
    own = notice_words.parts_of(batch)
    words = {}
    for delivery in batch:
        row = asked.get(delivery.about_id)
        if row is None or (row.idea_id, row.user_id) in voters:
            continue
        words[delivery.id] = {
            **notice_words.said_of(ideas[row.idea_id]),
            **own[delivery.id],
            "sender": row.by.name,
            "by": row.by,
            "page": settings.absolute(f"/on-behalf/{evidence.token(row.id)}"),
            "site_page": settings.absolute(f"/ideas/{row.idea_id}/on-behalf"),
        }
    return words
