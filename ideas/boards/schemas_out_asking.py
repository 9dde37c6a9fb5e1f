"""What the API shows of whether something solved the need: a schema for each shape, and the function that makes it."""

from __future__ import annotations

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.models_solving import Helped, Solved
from ideas.boards.outcomes import Outcome
from ideas.boards.overdue import Support
from ideas.boards.schemas_out import PersonOut, Shape, person
from ideas.schemas import UtcTime, when

_ANSWER = validate.OneOf([str(each) for each in Helped])


class OwnWordsOut(OutSchema):
    """What you said; answer is null while you said nothing."""

    asked_at = UtcTime()
    answer = fields.String(allow_none=True, validate=_ANSWER)
    words = fields.String()
    may_publish = fields.Boolean()
    show_name = fields.Boolean()
    answered_at = UtcTime(allow_none=True)
    published_at = UtcTime(allow_none=True)


class StoryOut(OutSchema):
    """What somebody said, shown with their consent."""

    words = fields.String()
    by = fields.Nested(PersonOut, allow_none=True, metadata={"description": "null without their consent to be named."})
    answered_at = UtcTime()


class OutcomeOut(OutSchema):
    """What people say of what was built."""

    asked_at = UtcTime(allow_none=True)
    asked = fields.Integer(metadata={"description": "How many people were asked."})
    yes = fields.Integer()
    partly = fields.Integer()
    no = fields.Integer()
    not_solved = fields.Boolean(metadata={"description": "Fewer than 60 % of at least 5 say yes."})
    follow_up = fields.Integer(allow_none=True, metadata={"description": "The idea that goes on with it."})
    mine = fields.Nested(OwnWordsOut, allow_none=True, metadata={"description": "null when you were not asked."})
    stories = fields.List(fields.Nested(StoryOut))


class SaidOut(OwnWordsOut):
    """What one person said, as the team reads it."""

    id = fields.Integer()
    by = fields.Nested(PersonOut)


class FollowedUpOut(OutSchema):
    """The idea that goes on, and how many back it from the start."""

    idea_id = fields.Integer()
    vote_count = fields.Integer()


class SupportOut(OutSchema):
    """Who still wants an idea on which the team said nothing for long."""

    asked_at = UtcTime(allow_none=True)
    confirmed = fields.Integer(metadata={"description": "Said since that they still want it."})
    stale = fields.Integer(metadata={"description": "Voted before, and were not heard of for 30 days after that."})


def support(found: Support | None) -> Shape:
    if found is None:
        return {"asked_at": None, "confirmed": 0, "stale": 0}
    return {"asked_at": when(found.asked_at), "confirmed": found.confirmed, "stale": found.stale}


def own(row: Solved) -> Shape:
    return {
        "asked_at": when(row.asked_at),
        "answer": row.answer,
        "words": row.words,
        "may_publish": row.may_publish,
        "show_name": row.show_name,
        "answered_at": when(row.answered_at),
        "published_at": when(row.published_at),
    }


def said(row: Solved) -> Shape:
    return {"id": row.id, "by": person(row.user), **own(row)}


def story(row: Solved) -> Shape:
    return {
        "words": row.words,
        "by": person(row.user) if row.show_name else None,
        "answered_at": when(row.answered_at),
    }


def outcome(found: Outcome | None, *, unsolved: bool = False) -> Shape:
    if found is None:
        nothing: Shape = {"asked_at": None, "asked": 0, "yes": 0, "partly": 0, "no": 0, "not_solved": False}
        return nothing | {"follow_up": None, "mine": None, "stories": []}
    counts = found.counts
    return {
        "asked_at": when(found.inquiry.asked_at),
        "asked": counts.asked,
        "yes": counts.yes,
        "partly": counts.partly,
        "no": counts.no,
        "not_solved": unsolved,
        "follow_up": found.inquiry.follow_up_id,
        "mine": own(found.mine) if found.mine else None,
        "stories": [story(row) for row in found.stories],
    }
