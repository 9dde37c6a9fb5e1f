"""What the texts of these notices are made of; as notice_words.py, for what waits for a word."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ideas import settings
from ideas.boards import notice_words, sayings
from ideas.boards import overdue as reading
from ideas.boards.models import FINAL_STAGES, Answer, IdeaRank
from ideas.boards.models_moderating import Hiding
from ideas.boards.notice_words import Words
from ideas.db import db, utcnow
from ideas.outbox import DueDelivery


def still_wanted(batch: Sequence[DueDelivery]) -> Words:
    """Since when there was no word, the person's own part, and where they say whether they still want it.

    Left out when the team has said something meanwhile.
    """
    ideas = notice_words.ideas_of(delivery.about_id for delivery in batch)
    ranks = {rank.idea_id: rank for rank in db.session.scalars(sa.select(IdeaRank).where(IdeaRank.idea_id.in_(ideas)))}
    own = notice_words.parts_of(batch)
    words = {}
    for delivery in batch:
        idea, rank = ideas.get(delivery.about_id), ranks.get(delivery.about_id)
        if idea is None or rank is None or rank.stage in FINAL_STAGES:
            continue
        if rank.answered_at is not None and rank.answered_at > delivery.recorded_at:
            continue
        page = settings.absolute(f"/still-wanted/{reading.token(delivery.user_id, idea.id)}")
        words[delivery.id] = {
            **notice_words.said_of(idea),
            **own[delivery.id],
            "sender": idea.board.name,
            "since": rank.answered_at or rank.created_at,
            "vote_count": rank.vote_count,
            "page": page,
            "site_page": settings.absolute(f"/ideas/{idea.id}/still-wanted"),
            "answer_page": settings.absolute(f"/ideas/{idea.id}/answer"),
        }
    return words


def overdue(batch: Sequence[DueDelivery]) -> Words:
    """What is overdue now, whatever it was when the list was begun; left out when nothing is any more."""
    found = {owner_id: reading.owed_by(owner_id, utcnow()) for owner_id in {delivery.about_id for delivery in batch}}
    return {
        delivery.id: {
            "say": sayings,
            "sender": settings.brand().site_name,
            "owed": [
                (each, settings.absolute(f"/ideas/{each.idea.id}-{each.idea.slug}"))
                for each in found[delivery.about_id]
            ],
            "url": settings.absolute("/needs-an-answer"),
            "subject_name": "",
        }
        for delivery in batch
        if found[delivery.about_id]
    }


def date_near(batch: Sequence[DueDelivery]) -> Words:
    """Which date people were given for what."""
    answers = {
        answer.id: answer
        for answer in db.session.scalars(
            sa.select(Answer).where(
                Answer.id.in_({delivery.about_id for delivery in batch}),
                Answer.undone_at.is_(None),
                Answer.planned_for.is_not(None),
            )
        )
    }
    ideas = notice_words.ideas_of(answer.idea_id for answer in answers.values())
    return {
        delivery.id: {
            **notice_words.said_of(ideas[answer.idea_id]),
            "sender": ideas[answer.idea_id].board.name,
            "answer": answer,
            "page": settings.absolute(f"/answers/{answer.id}/correct"),
        }
        for delivery in batch
        if (answer := answers.get(delivery.about_id)) is not None
    }


def appealed(batch: Sequence[DueDelivery]) -> Words:
    """What its author says against the hiding; left out once somebody has answered."""
    statement = sa.select(Hiding).where(
        Hiding.id.in_({delivery.about_id for delivery in batch}),
        Hiding.appealed_at.is_not(None),
        Hiding.appeal_settled_at.is_(None),
    )
    hidings = {hiding.id: hiding for hiding in db.session.scalars(statement)}
    ideas = notice_words.ideas_of(hiding.idea_id for hiding in hidings.values())
    return {
        delivery.id: {
            **notice_words.said_of(ideas[hiding.idea_id]),
            "sender": ideas[hiding.idea_id].board.name,
            "hiding": hiding,
            "page": settings.absolute(f"/boards/{ideas[hiding.idea_id].board.slug}/moderation"),
        }
        for delivery in batch
        if (hiding := hidings.get(delivery.about_id)) is not None
    }
