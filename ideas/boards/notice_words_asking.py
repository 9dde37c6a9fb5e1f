"""What the texts of these notices are made of; as notice_words.py, for what is asked of people and what they said."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.boards import notice_words, outcomes
from ideas.boards.models import Answer, Idea
from ideas.boards.models_solving import Helped, Inquiry, Solved
from ideas.boards.notice_words import Words
from ideas.db import db
from ideas.outbox import DueDelivery


def solved_asked(batch: Sequence[DueDelivery]) -> Words:
    """What was shipped and when, what the person had to do with it, and where they answer.

    Left out for those who were asked of an idea that is not shipped any more.
    """
    inquiries = _inquiries(batch)
    ideas = notice_words.ideas_of(inquiry.idea_id for inquiry in inquiries.values())
    shipped = {
        answer.id: answer
        for answer in db.session.scalars(
            sa.select(Answer)
            .where(Answer.id.in_({inquiry.answer_id for inquiry in inquiries.values()}))
            .options(joinedload(Answer.by))
        )
    }
    rows = db.session.scalars(
        sa.select(Solved).where(
            Solved.inquiry_id.in_(inquiries.keys()), Solved.user_id.in_({delivery.user_id for delivery in batch})
        )
    )
    asked = {(row.inquiry_id, row.user_id): row for row in rows}
    own = notice_words.parts_of(batch)
    words = {}
    for delivery in batch:
        inquiry = inquiries.get(delivery.about_id)
        row = asked.get((inquiry.id, delivery.user_id)) if inquiry else None
        if inquiry is None or row is None:
            continue
        about = notice_words.said_of(ideas[inquiry.idea_id])
        answer = shipped[inquiry.answer_id]
        page = settings.absolute(f"/solved/{outcomes.token(row.id)}")
        words[delivery.id] = {
            **about,
            **own[delivery.id],
            "sender": answer.by.name,
            "answer": answer,
            "said": row,
            "page": settings.absolute(f"/ideas/{inquiry.idea_id}/solved"),
            "choices": {choice.value: f"{page}?answer={choice.value}" for choice in Helped},
        }
    return words


def not_solved(batch: Sequence[DueDelivery]) -> Words:
    """How many said what."""
    inquiries = _inquiries(batch)
    ideas = notice_words.ideas_of(inquiry.idea_id for inquiry in inquiries.values())
    # one as a rule: a batch is of one event
    counts = {inquiry.id: outcomes.counts_of(inquiry) for inquiry in inquiries.values()}
    return {
        delivery.id: {
            **notice_words.said_of(ideas[inquiry.idea_id]),
            "sender": ideas[inquiry.idea_id].board.name,
            "counts": counts[inquiry.id],
            "page": settings.absolute(f"/ideas/{inquiry.idea_id}/said"),
        }
        for delivery in batch
        if (inquiry := inquiries.get(delivery.about_id)) is not None
    }


def followed_up(batch: Sequence[DueDelivery]) -> Words:
    """Which idea goes on with which, and what the person had said of it."""
    inquiries = _inquiries(batch)
    ideas = notice_words.ideas_of(
        idea_id for inquiry in inquiries.values() for idea_id in (inquiry.idea_id, inquiry.follow_up_id or 0)
    )
    rows = db.session.execute(
        sa.select(Solved.inquiry_id, Solved.user_id, Solved.answer).where(
            Solved.inquiry_id.in_(inquiries.keys()),
            Solved.user_id.in_({delivery.user_id for delivery in batch}),
        )
    )
    said = {(row.inquiry_id, row.user_id): row.answer for row in rows}
    words = {}
    for delivery in batch:
        inquiry = inquiries.get(delivery.about_id)
        new = ideas.get(inquiry.follow_up_id or 0) if inquiry else None
        if inquiry is None or new is None:
            continue
        former: Idea = ideas[inquiry.idea_id]
        words[delivery.id] = {
            **notice_words.said_of(new),
            "sender": new.author.name,
            "former": former,
            "said": said.get((inquiry.id, delivery.user_id)),
        }
    return words


def _inquiries(batch: Sequence[DueDelivery]) -> dict[int, Inquiry]:
    statement = sa.select(Inquiry).where(Inquiry.id.in_({delivery.about_id for delivery in batch}))
    return {inquiry.id: inquiry for inquiry in db.session.scalars(statement)}
