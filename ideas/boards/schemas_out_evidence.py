"""What the API shows of what customers said elsewhere: a schema for each shape, and the function that makes it."""

from __future__ import annotations

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.behalf import Became
from ideas.boards.evidence import AskedRow, Noted
from ideas.boards.models_evidence import EvidenceKind, VoteOnBehalf
from ideas.boards.schemas_out import PersonOut, Shape, person
from ideas.schemas import UtcTime, when

_STATES = ("waiting", "confirmed", "denied")


class EvidenceOut(OutSchema):
    """What somebody said, as the team noted it."""

    id = fields.Integer()
    idea_id = fields.Integer(metadata={"description": "Of which it was noted; perhaps part of the idea asked about."})
    kind = fields.String(validate=validate.OneOf([str(each) for each in EvidenceKind]))
    words = fields.String()
    link = fields.String(metadata={"description": "Where it was said; empty when there is none."})
    person = fields.Nested(PersonOut, allow_none=True, metadata={"description": "null when nobody knows whose it is."})
    by = fields.Nested(PersonOut, metadata={"description": "Who of the team noted it."})
    noted_at = UtcTime()
    vote = fields.String(
        allow_none=True,
        validate=validate.OneOf(_STATES),
        metadata={"description": "What the person said to a vote on their behalf; null when there is none."},
    )


class AddedOut(EvidenceOut):
    """The same, and what became of the vote on their behalf."""

    became = fields.String(
        allow_none=True,
        validate=validate.OneOf([str(each) for each in Became]),
        metadata={"description": "null when no vote was wanted."},
    )


class WaitingOut(OutSchema):
    """Whom the team counts on, and who has not said anything."""

    idea_id = fields.Integer()
    person = fields.Nested(PersonOut)
    by = fields.Nested(PersonOut)
    noted_at = UtcTime()


class ConfirmedOut(OutSchema):
    """What you said to what the team noted of you."""

    idea_id = fields.Integer()
    noted_at = UtcTime()
    vote = fields.String(validate=validate.OneOf(_STATES))
    voted = fields.Boolean()
    vote_count = fields.Integer()


class OnBehalfOut(OutSchema):
    """What became of a vote on somebody's behalf."""

    idea_id = fields.Integer()
    person_id = fields.Integer()
    became = fields.String(validate=validate.OneOf([str(each) for each in Became]))
    vote_count = fields.Integer()
    on_behalf_count = fields.Integer(
        metadata={"description": "How many have not said yet; none of them is in vote_count."}
    )


def _state(asked: VoteOnBehalf | None) -> str | None:
    if asked is None:
        return None
    return "confirmed" if asked.confirmed_at else "denied" if asked.denied_at else "waiting"


def evidence(each: Noted) -> Shape:
    noted = each.evidence
    return {
        "id": noted.id,
        "idea_id": noted.idea_id,
        "kind": noted.kind,
        "words": noted.words,
        "link": noted.link,
        "person": person(noted.user) if noted.user else None,
        "by": person(noted.by),
        "noted_at": when(noted.noted_at),
        "vote": _state(each.asked),
    }


def waiting(asked: VoteOnBehalf) -> Shape:
    return {
        "idea_id": asked.idea_id,
        "person": person(asked.user),
        "by": person(asked.by),
        "noted_at": when(asked.noted_at),
    }


def said(row: AskedRow) -> Shape:
    return {
        "idea_id": row.asked.idea_id,
        "noted_at": when(row.asked.noted_at),
        "vote": _state(row.asked),
        "voted": row.on.voted,
        "vote_count": row.on.idea.rank.vote_count,
    }
