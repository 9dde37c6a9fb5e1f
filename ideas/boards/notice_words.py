"""What the texts of notices are made of: for a batch of deliveries the idea, the news, the person's own part in it.

Plain values, not sentences: the templates say them in each person's language and time zone. A delivery that is left
out has lost what it would tell of (the comment was deleted since), and the ledger records it as no longer visible.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.boards import contributions, listing, policy, sayings
from ideas.boards.labels import REASON_WORDS
from ideas.boards.models import Answer, AnswerVersion, Comment, Hiding, Idea, Reason
from ideas.boards.sayings import Occasion
from ideas.db import db
from ideas.outbox import DueDelivery

Words = Mapping[int, Mapping[str, Any]]


def received(batch: Sequence[DueDelivery]) -> Words:
    """For the author: the promise. For the others: the idea."""
    ideas = _ideas(delivery.about_id for delivery in batch)
    return {
        delivery.id: {**_about(ideas[delivery.about_id]), "sender": ideas[delivery.about_id].board.name}
        for delivery in batch
        if delivery.about_id in ideas
    }


def commented(batch: Sequence[DueDelivery]) -> Words:
    """The comment in full, and what it has to do with the person."""
    comments = {
        comment.id: comment
        for comment in db.session.scalars(
            sa.select(Comment)
            .where(
                Comment.id.in_({delivery.about_id for delivery in batch}),
                Comment.deleted_at.is_(None),
                Comment.hidden_at.is_(None),
            )
            .options(joinedload(Comment.author))
        )
    }
    ideas = _ideas(comment.idea_id for comment in comments.values())
    parts = _parts(batch)
    words = {}
    for delivery in batch:
        comment = comments.get(delivery.about_id)
        if comment is None:
            continue
        about = _about(ideas[comment.idea_id])
        words[delivery.id] = {
            **about,
            "sender": comment.author.name,
            "url": f"{about['url']}#comment-{comment.id}",
            "comment": comment,
            "contribution": _part(parts, delivery),
        }
    return words


def answered(batch: Sequence[DueDelivery]) -> Words:
    """The answer in full, and how what the person contributed was used."""
    return _answer_words(batch, {delivery.about_id: (delivery.about_id, Occasion.ANSWER) for delivery in batch})


def corrected(batch: Sequence[DueDelivery]) -> Words:
    """The same for a correction, whose news is a date that moved or input that was named since."""
    versions = db.session.execute(
        sa.select(AnswerVersion.id, AnswerVersion.answer_id, AnswerVersion.date_moved).where(
            AnswerVersion.id.in_({delivery.about_id for delivery in batch})
        )
    )
    return _answer_words(
        batch, {row.id: (row.answer_id, Occasion.DATE if row.date_moved else Occasion.CREDITS) for row in versions}
    )


def _answer_words(batch: Sequence[DueDelivery], told: Mapping[int, tuple[int, Occasion]]) -> Words:
    """told: about_id → the answer, and what of it is news."""
    answers = {
        answer.id: answer
        for answer in db.session.scalars(
            sa.select(Answer)
            .where(Answer.id.in_({answer_id for answer_id, _occasion in told.values()}), Answer.undone_at.is_(None))
            .options(joinedload(Answer.by), joinedload(Answer.status))
        )
    }
    credits = listing.credits_on(list(answers))
    ideas = _ideas(answer.idea_id for answer in answers.values())
    parts = _parts(batch)
    voters = contributions.voters_among(
        (answers[told[delivery.about_id][0]].idea_id, delivery.user_id)
        for delivery in batch
        if told[delivery.about_id][0] in answers
    )
    words = {}
    for delivery in batch:
        answer_id, occasion = told[delivery.about_id]
        answer = answers.get(answer_id)
        if answer is None:
            continue
        idea = ideas[answer.idea_id]
        words[delivery.id] = {
            **_about(idea),
            "sender": answer.by.name,
            "answer": answer,
            "reason": REASON_WORDS[Reason(answer.reason)],
            "owed_as": policy.owed_as(answer.reason, answer.status.stage),
            "occasion": occasion,
            "contribution": _part(parts, delivery),
            "uses": contributions.uses(
                credits.get(answer.id, []),
                delivery.user_id,
                voted=(idea.id, delivery.user_id) in voters,
                title=idea.title,
            ),
        }
    return words


def hidden(batch: Sequence[DueDelivery]) -> Words:
    """What was hidden, why, and whom to ask."""
    hidings = {
        hiding.id: hiding
        for hiding in db.session.scalars(
            sa.select(Hiding)
            .where(Hiding.id.in_({delivery.about_id for delivery in batch}), Hiding.restored_at.is_(None))
            .options(joinedload(Hiding.by))
        )
    }
    ideas = _ideas(hiding.idea_id for hiding in hidings.values())
    parts = _parts(batch)
    return {
        delivery.id: {
            **_about(ideas[hiding.idea_id]),
            "sender": hiding.by.name,
            "hiding": hiding,
            "contribution": _part(parts, delivery),
            "team_address": settings.current().support_email,
        }
        for delivery in batch
        if (hiding := hidings.get(delivery.about_id)) is not None
    }


def _ideas(ids: Iterable[int]) -> dict[int, Idea]:
    statement = sa.select(Idea).where(Idea.id.in_(set(ids))).options(joinedload(Idea.board), joinedload(Idea.author))
    return {idea.id: idea for idea in db.session.scalars(statement)}


def _about(idea: Idea) -> dict[str, Any]:
    address = settings.absolute(f"/ideas/{idea.id}-{idea.slug}")
    return {"say": sayings, "idea": idea, "board": idea.board, "url": address, "subject_name": idea.title}


def _parts(batch: Sequence[DueDelivery]) -> dict[tuple[str, int], contributions.Contribution]:
    return contributions.find((delivery.contribution_kind, delivery.contribution_id) for delivery in batch)


def _part(
    parts: Mapping[tuple[str, int], contributions.Contribution], delivery: DueDelivery
) -> contributions.Contribution | None:
    return parts.get((delivery.contribution_kind or "", delivery.contribution_id or 0))
