"""What the API shows of what customers asked for: a schema for each shape, and beside it what puts a row into it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.accounts import schemas_out as accounts_shapes
from ideas.api import OutSchema
from ideas.backlog.customers import Asked, CompanyRow
from ideas.backlog.owing import Debt, Owed
from ideas.boards import schemas_out as boards_shapes
from ideas.schemas import UtcTime, when

Shape = dict[str, Any]


class CompanyThereOut(accounts_shapes.CompanyOut):
    """A customer account, and how many people belong to it."""

    people = fields.Integer()


class OwedOut(OutSchema):
    """What the team still owes on an idea."""

    what = fields.String(validate=validate.OneOf([str(debt) for debt in Debt]))
    since = UtcTime()
    by = fields.Date(allow_none=True, metadata={"description": "The day that was promised or given; null for none."})
    is_late = fields.Boolean()


class AskedOut(OutSchema):
    """An idea in which people of a company have a part, also through what is merged into it."""

    idea = fields.Nested(boards_shapes.IdeaNamed)
    board = fields.String()
    status = fields.Nested(boards_shapes.StageOut)
    people = fields.Integer(metadata={"description": "How many of theirs posted it, voted for it or commented on it."})
    voters = fields.Integer(metadata={"description": "How many of theirs vote for it."})
    vote_count = fields.Integer(metadata={"description": "Everybody’s votes."})
    last_at = UtcTime(metadata={"description": "When one of theirs last did something about it."})
    answer_id = fields.Integer(allow_none=True)
    owed = fields.Nested(OwedOut, allow_none=True)
    told = fields.Integer(metadata={"description": "How many of theirs were told of the answer that stands."})
    waiting = fields.Integer(metadata={"description": "How many of theirs are still to be told of it."})


class ContributedOut(boards_shapes.ReceiptOut):
    """One contribution of somebody and what became of it."""


def company(row: CompanyRow) -> Shape:
    return {**accounts_shapes.company(row.company), "people": row.people}


def asked(row: Asked) -> Shape:
    return {
        "idea": boards_shapes.idea_named(row.idea),
        "board": row.idea.board.slug,
        "status": boards_shapes.stage(row.idea.status),
        "people": row.people,
        "voters": row.voters,
        "vote_count": row.idea.rank.vote_count,
        "last_at": when(row.last_at),
        "answer_id": row.answer.answer.id if row.answer else None,
        "owed": _owed(row.owed) if row.owed else None,
        "told": row.told,
        "waiting": row.waiting,
    }


def _owed(owed: Owed) -> Shape:
    return {
        "what": owed.debt.value,
        "since": when(owed.since),
        "by": owed.by.isoformat() if owed.by else None,
        "is_late": owed.is_late,
    }
