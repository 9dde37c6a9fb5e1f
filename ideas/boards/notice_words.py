"""What the texts of notices are made of: for a batch of deliveries the idea, the news, the person's own part in it.

Plain values, not sentences: the templates say them in each person's language and time zone. A delivery that is left
out has lost what it would tell of (the comment was deleted since), and the ledger records it as no longer visible.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NotRequired, TypedDict

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.boards import contributions, listing, policy, sayings, trees
from ideas.boards.events import MergeUndone
from ideas.boards.labels import REASON_WORDS
from ideas.boards.models import Answer, AnswerVersion, Comment, Idea, Reason
from ideas.boards.models_merging import Merge
from ideas.boards.models_moderating import Hiding
from ideas.boards.sayings import Occasion
from ideas.db import db
from ideas.ledger.models import Path
from ideas.outbox import DueDelivery

Words = Mapping[int, Mapping[str, Any]]


def received(batch: Sequence[DueDelivery]) -> Words:
    """For the author: the promise. For the others: the idea."""
    ideas = ideas_of(delivery.about_id for delivery in batch)
    return {
        delivery.id: {**said_of(ideas[delivery.about_id]), "sender": ideas[delivery.about_id].board.name}
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
    ideas = ideas_of(comment.idea_id for comment in comments.values())
    own = parts_of(batch)
    words = {}
    for delivery in batch:
        comment = comments.get(delivery.about_id)
        if comment is None:
            continue
        about = said_of(ideas[comment.idea_id])
        words[delivery.id] = {
            **about,
            "sender": comment.author.name,
            "url": f"{about['url']}#comment-{comment.id}",
            "comment": comment,
            **own[delivery.id],
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
    ideas = ideas_of(answer.idea_id for answer in answers.values())
    own = parts_of(batch)
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
            **said_of(idea),
            "sender": answer.by.name,
            "answer": answer,
            "reason": REASON_WORDS[Reason(answer.reason)],
            "owed_as": policy.owed_as(answer.reason, answer.status.stage),
            "occasion": occasion,
            **own[delivery.id],
            "uses": contributions.uses(
                credits.get(answer.id, []),
                delivery.user_id,
                # who was told that their vote was used reads it for ever, also when ideas are taken apart again
                voted=(idea.id, delivery.user_id) in voters
                or (delivery.path, delivery.contribution_kind) == (Path.CREDITED, "vote"),
                title=idea.title,
            ),
        }
    return words


def merged(batch: Sequence[DueDelivery]) -> Words:
    """Which idea is part of which now, why, and how to object; for somebody on the one side or on the other."""
    return _merge_words(batch)


def unmerged(batch: Sequence[DueDelivery]) -> Words:
    """Which idea stands for itself again, and why."""
    return _merge_words(batch)


def _merge_words(batch: Sequence[DueDelivery]) -> Words:
    merges = {
        merge.id: merge
        for merge in db.session.scalars(
            sa.select(Merge)
            .where(Merge.id.in_({delivery.about_id for delivery in batch}))
            .options(joinedload(Merge.by), joinedload(Merge.unmerged_by))
        )
    }
    ideas = ideas_of(idea_id for merge in merges.values() for idea_id in (merge.idea_id, merge.into_id))
    links = trees.all_links({idea.merged_root_id or idea.id for idea in ideas.values()})
    parts = contributions.find((delivery.contribution_kind, delivery.contribution_id) for delivery in batch)
    followed = contributions.followed({delivery.user_id for delivery in batch}, {*ideas, *links})
    titles = _titles({*links, *ideas})
    words = {}
    for delivery in batch:
        merge = merges.get(delivery.about_id)
        if merge is None:
            continue
        this, into = ideas[merge.idea_id], ideas[merge.into_id]
        if this.hidden_at is not None and this.author_id != delivery.user_id:
            continue  # its title is not said any more
        theirs = {this.id} | trees.below(links, this.id)
        contribution = _part(parts, delivery)
        made_on = {contribution.idea_id} if contribution else followed.get(delivery.user_id, set())
        # whoever had a part in what was merged reads of it by the title they know
        own = min(made_on & theirs, key=lambda each: each != this.id, default=None)
        root_id = into.merged_root_id or into.id
        others = {root_id, *trees.below(links, root_id)} - theirs
        other = min(made_on & others, key=lambda each: each != into.id, default=into.id)
        by = (merge.unmerged_by or merge.by) if delivery.kind == MergeUndone.kind else merge.by
        words[delivery.id] = {
            **said_of(this if own and merge.unmerged_at else into),
            "contribution": contribution,
            "merge": merge,
            "into": into,
            "by": by,
            "sender": by.name,
            "is_theirs": own is not None,
            "moved_title": titles.get(own or this.id, this.title),
            "own_title": (known := titles.get(own or other, into.title)),
            "known_title": known,
        }
    return words


def hidden(batch: Sequence[DueDelivery]) -> Words:
    """What was hidden, why, and whom to ask."""
    hidings = {
        hiding.id: hiding
        for hiding in db.session.scalars(
            sa.select(Hiding)
            .where(
                Hiding.id.in_({delivery.about_id for delivery in batch}),
                Hiding.restored_at.is_(None),
                Hiding.by_id.is_not(None),
            )
            .options(joinedload(Hiding.by))
        )
    }
    ideas = ideas_of(hiding.idea_id for hiding in hidings.values())
    own = parts_of(batch)
    return {
        delivery.id: {
            **said_of(ideas[hiding.idea_id]),
            "sender": hiding.by.name if hiding.by else "",
            "hiding": hiding,
            **own[delivery.id],
            "appeal_url": settings.absolute(f"/hidden/{hiding.id}"),
        }
        for delivery in batch
        if (hiding := hidings.get(delivery.about_id)) is not None
    }


def appeal_answered(batch: Sequence[DueDelivery]) -> Words:
    """What the team said to an appeal, and whether what was hidden is shown again."""
    hidings = {
        hiding.id: hiding
        for hiding in db.session.scalars(
            sa.select(Hiding)
            .where(Hiding.id.in_({delivery.about_id for delivery in batch}), Hiding.appeal_settled_at.is_not(None))
            .options(joinedload(Hiding.appeal_settled_by))
        )
    }
    ideas = ideas_of(hiding.idea_id for hiding in hidings.values())
    return {
        delivery.id: {
            **said_of(ideas[hiding.idea_id]),
            "sender": hiding.appeal_settled_by.name,
            "hiding": hiding,
            "answered_by": hiding.appeal_settled_by,
        }
        for delivery in batch
        if (hiding := hidings.get(delivery.about_id)) is not None and hiding.appeal_settled_by is not None
    }


def ideas_of(ids: Iterable[int]) -> dict[int, Idea]:
    statement = sa.select(Idea).where(Idea.id.in_(set(ids))).options(joinedload(Idea.board), joinedload(Idea.author))
    return {idea.id: idea for idea in db.session.scalars(statement)}


def said_of(idea: Idea) -> dict[str, Any]:
    address = settings.absolute(f"/ideas/{idea.id}-{idea.slug}")
    named = {"subject_name": idea.title, "known_title": idea.title, "board_name": idea.board.name}
    return {"say": sayings, "idea": idea, "board": idea.board, "url": address, **named}


def _titles(ids: Collection[int]) -> dict[int, str]:
    """What those of the ideas are called that are not hidden."""
    rows = db.session.execute(sa.select(Idea.id, Idea.title).where(Idea.id.in_(ids), Idea.hidden_at.is_(None)))
    return {row.id: row.title for row in rows}


def _part(
    parts: Mapping[tuple[str, int], contributions.Contribution], delivery: DueDelivery
) -> contributions.Contribution | None:
    return parts.get((delivery.contribution_kind or "", delivery.contribution_id or 0))


class _Own(TypedDict):
    """What a person put into what they hear of, and through which idea that is part of it, if it was not there."""

    contribution: contributions.Contribution | None
    through: contributions.Through | None
    known_title: NotRequired[str]


def parts_of(batch: Sequence[DueDelivery]) -> dict[int, _Own]:
    """Delivery id → the person's own part; the same number of queries for any number."""
    found = contributions.find((delivery.contribution_kind, delivery.contribution_id) for delivery in batch)
    parts = {delivery.id: _part(found, delivery) for delivery in batch}
    about = {delivery.id: int(delivery.subject.partition(":")[2]) for delivery in batch}
    followed = contributions.followed_parts(
        (about[delivery.id], delivery.user_id) for delivery in batch if delivery.path == Path.FOLLOWER
    )
    triples = {}
    for delivery in batch:
        idea_id, part = about[delivery.id], parts[delivery.id]
        own = part.idea_id if part else followed.get((idea_id, delivery.user_id), idea_id)
        triples[delivery.id] = (idea_id, delivery.user_id, own)

    throughs = contributions.throughs(triples.values())
    own_parts: dict[int, _Own] = {}
    for delivery in batch:
        through = throughs.get(triples[delivery.id])
        own_parts[delivery.id] = {"contribution": parts[delivery.id], "through": through}
        if through is not None:
            own_parts[delivery.id]["known_title"] = through.title
    return own_parts
