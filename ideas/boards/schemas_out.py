"""What the API shows of boards: a schema for each shape, and beside it the function that puts a row into that shape."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Any, Protocol
from urllib.parse import quote

from marshmallow import fields, validate

from ideas.accounts.models import User
from ideas.api import OutSchema
from ideas.boards import picturing, reading
from ideas.boards.histories import Version
from ideas.boards.listed import Author, ListedAnswer, ListedIdea, ListedLine, ListedStatus
from ideas.boards.listing import AnswerLine
from ideas.boards.models import (
    Answer,
    Board,
    Comment,
    CreditKind,
    Idea,
    Premoderation,
    Reason,
    SourceKind,
    Stage,
    Status,
    Tag,
    Visibility,
)
from ideas.boards.models_pictures import Picture
from ideas.boards.queries import IdeaRow
from ideas.boards.reading import Thread
from ideas.boards.receipts import Receipt
from ideas.boards.revising import Kind
from ideas.ledger.models import Channel, State
from ideas.ledger.report import People
from ideas.schemas import UtcTime, when
from ideas.settings import absolute

Shape = dict[str, Any]


def _one_of(kind: type[StrEnum], **options: Any) -> fields.String:
    return fields.String(validate=validate.OneOf([str(each) for each in kind]), **options)


class PersonOut(OutSchema):
    """A person, as everybody may see them."""

    id = fields.Integer()
    name = fields.String()


class SpeakerOut(PersonOut):
    """One of the team, who signed an answer."""

    role = fields.String(validate=validate.OneOf(["team"]))


class StageOut(OutSchema):
    """What an idea is now: the board's name for it, and the stage that decides how it behaves."""

    slug = fields.String()
    name = fields.String()
    stage = _one_of(Stage)


class StatusOut(StageOut):
    """A status of a board."""

    id = fields.Integer()


class PromiseOut(OutSchema):
    """What the team reads, and by when it answers."""

    text = fields.String()
    answer_within_days = fields.Integer(allow_none=True)


class BoardOut(OutSchema):
    """Where ideas on one product or topic live."""

    id = fields.Integer()
    slug = fields.String()
    name = fields.String()
    about = fields.String()
    visibility = _one_of(Visibility)
    promise = fields.Nested(PromiseOut)
    premoderation = _one_of(Premoderation)
    embed_sites = fields.List(fields.String(), metadata={"description": "Sites that may show it in a frame."})
    statuses = fields.List(fields.Nested(StatusOut))
    tags = fields.List(fields.String(), metadata={"description": "Slugs of the tags that ideas here may carry."})
    url = fields.URL()


class CreditOut(OutSchema):
    """A contribution that the answer names, and how it was used."""

    kind = _one_of(CreditKind)
    id = fields.Integer(
        allow_none=True, metadata={"description": "The comment's, merged idea's or evidence's; null otherwise."}
    )
    person = fields.Nested(
        PersonOut,
        allow_none=True,
        metadata={"description": "null for the voters as a whole, and for evidence of who did not choose to be seen."},
    )
    how = fields.String()


class AnswerOut(OutSchema):
    """The team's official word."""

    id = fields.Integer()
    status = fields.String(metadata={"description": "Slug of the status that the idea was moved to."})
    reason = _one_of(Reason)
    text = fields.String(metadata={"description": "Markdown."})
    text_html = fields.String(metadata={"description": "Safe HTML."})
    date = fields.Date(allow_none=True, metadata={"description": "When it is planned for."})
    review_by = fields.Date(allow_none=True, metadata={"description": "When it is looked at again."})
    by = fields.Nested(SpeakerOut)
    announced_at = UtcTime(allow_none=True, metadata={"description": "null until people are being told."})
    credits = fields.List(fields.Nested(CreditOut))
    undone_at = UtcTime(metadata={"sometimes": True, "description": "Only on answers that were undone, for the team."})


class SourceOut(OutSchema):
    """Where an idea came from."""

    kind = _one_of(SourceKind)
    id = fields.String(allow_none=True, metadata={"sometimes": True, "description": "Its id there. For the team."})


class ToldOut(OutSchema):
    """How many people were owed word of the answer that stands, and what became of it; each person once."""

    owed = fields.Integer()
    sent = fields.Integer()
    pending = fields.Integer()
    suppressed = fields.Integer()
    failed = fields.Integer()


class IdeaOut(OutSchema):
    """A need or a proposal, with the team's answer if there is one."""

    id = fields.Integer()
    board = fields.String(metadata={"description": "Slug of the board."})
    title = fields.String()
    body = fields.String(metadata={"description": "Markdown."})
    body_html = fields.String(metadata={"description": "Safe HTML."})
    author = fields.Nested(PersonOut)
    status = fields.Nested(StageOut)
    tags = fields.List(fields.String(), metadata={"description": "Slugs."})
    vote_count = fields.Integer()
    comment_count = fields.Integer(
        metadata={"description": "What everybody may read on it; what was said on ideas merged into it counts there."}
    )
    created_at = UtcTime()
    url = fields.URL(metadata={"description": "Its page."})
    merged_into = fields.Integer(
        allow_none=True, metadata={"description": "The idea that this one is part of; votes and answers go there."}
    )
    not_solved = fields.Boolean(metadata={"description": "It was built, and too few say that it solved their need."})
    source = fields.Nested(SourceOut)
    hidden = fields.Boolean(metadata={"sometimes": True, "description": "For the team."})
    answer = fields.Nested(AnswerOut, allow_none=True)
    on_behalf_count = fields.Integer(
        metadata={
            "sometimes": True,
            "description": "On a single idea, for the team: who has not confirmed a vote on their behalf yet.",
        }
    )
    people_told = fields.Nested(ToldOut, metadata={"sometimes": True, "description": "On a single idea."})


class VoteOut(OutSchema):
    """Whether you back the idea now, and how many do."""

    idea_id = fields.Integer()
    voted = fields.Boolean()
    vote_count = fields.Integer()


class OwnVotes(OutSchema):
    """Those of the ideas asked for that you voted for."""

    data = fields.List(fields.Integer())


class CommentOut(OutSchema):
    """Something said on an idea. One that is gone keeps its place, without words and author."""

    id = fields.Integer()
    idea_id = fields.Integer()
    parent_id = fields.Integer(allow_none=True)
    author = fields.Nested(PersonOut, allow_none=True)
    body = fields.String(metadata={"description": "Markdown."})
    body_html = fields.String(metadata={"description": "Safe HTML."})
    official = fields.Boolean(metadata={"description": "Spoken for the team."})
    internal = fields.Boolean(metadata={"description": "A note that the team alone sees."})
    created_at = UtcTime()
    edited_at = UtcTime(allow_none=True)
    deleted = fields.Boolean()
    hidden = fields.Boolean()


class ThreadOut(CommentOut):
    """A comment with what was replied to it."""

    replies = fields.List(fields.Nested(CommentOut))


class PieceOut(OutSchema):
    """Some words of a difference."""

    kind = _one_of(Kind)
    text = fields.String()


class VersionOut(OutSchema):
    """A text as it was, and what was changed in it."""

    number = fields.Integer(metadata={"description": "From 1."})
    body = fields.String(metadata={"description": "Markdown."})
    body_html = fields.String(metadata={"description": "Safe HTML."})
    by = fields.Nested(PersonOut)
    at = UtcTime()
    changes = fields.List(
        fields.Nested(PieceOut), metadata={"description": "The body against the version before; [] for the first."}
    )


class RevisionOut(VersionOut):
    """An idea as it was."""

    title = fields.String()
    material = fields.Boolean(metadata={"description": "Those who backed the version before might not back this one."})
    backers = fields.Integer(metadata={"description": "How many there were, its author apart."})


class PictureOut(OutSchema):
    """A picture that you may show in an idea or a comment."""

    name = fields.String()
    url = fields.URL(metadata={"description": "Until a text shows it, only for you."})
    markdown = fields.String(metadata={"description": "What to put into the text."})
    width = fields.Integer()
    height = fields.Integer()
    bytes = fields.Integer(metadata={"description": "As it is kept, encoded anew."})
    alt = fields.String()


class IdeaNamed(OutSchema):
    """Which idea."""

    id = fields.Integer()
    title = fields.String()
    url = fields.URL()


class ContributionOut(OutSchema):
    """What you put into it."""

    kind = fields.String(validate=validate.OneOf(["idea", "vote", "comment", "on_behalf", "evidence"]))
    id = fields.Integer()
    at = UtcTime()
    through = fields.Integer(
        allow_none=True, metadata={"description": "The idea merged into this one, if it was there."}
    )


class AnswerNamed(OutSchema):
    """The answer that stands, in short."""

    status = fields.String()
    reason = _one_of(Reason)
    text = fields.String()
    announced_at = UtcTime(allow_none=True)


class TellingOut(OutSchema):
    """One way in which you were told, or why not."""

    channel = _one_of(Channel)
    state = _one_of(State)
    at = UtcTime(allow_none=True)


class ReceiptOut(OutSchema):
    """One contribution of yours and what became of it."""

    idea = fields.Nested(IdeaNamed)
    contribution = fields.Nested(ContributionOut)
    answer = fields.Nested(AnswerNamed, allow_none=True)
    how_used = fields.String(allow_none=True)
    told = fields.List(fields.Nested(TellingOut))


def version(row: Version) -> Shape:
    return {
        "number": row.number,
        "body": row.body,
        "body_html": row.body_html,
        "by": person(row.author),
        "at": when(row.at),
        "changes": [{"kind": piece.kind.value, "text": piece.text} for piece in row.changes],
    }


def revision(row: Version) -> Shape:
    return {**version(row), "title": row.title, "material": row.is_material, "backers": row.backers}


def picture(row: Picture) -> Shape:
    return {
        "name": row.name,
        "url": absolute(f"/pictures/{row.name}"),
        "markdown": picturing.markdown(row),
        "width": row.width,
        "height": row.height,
        "bytes": row.bytes,
        "alt": row.alt,
    }


def day(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def told(people: People) -> Shape:
    return {name: getattr(people, name) for name in ("owed", "sent", "pending", "suppressed", "failed")}


def person(user: User | Author | None) -> Shape | None:
    return None if user is None else {"id": user.id, "name": user.name}


def board(row: Board, statuses: Iterable[Status], tags: Iterable[Tag]) -> Shape:
    return {
        "id": row.id,
        "slug": row.slug,
        "name": row.name,
        "about": row.about,
        "visibility": row.visibility,
        "promise": {"text": row.promise, "answer_within_days": row.answer_within_days},
        "premoderation": row.premoderation,
        "embed_sites": row.embed_sites,
        "statuses": [{"id": each.id, **stage(each)} for each in statuses],
        "tags": [tag.slug for tag in tags],
        "url": absolute(f"/boards/{row.slug}"),
    }


def stage(status: Status | ListedStatus) -> Shape:
    return {"slug": status.slug, "name": status.name, "stage": status.stage}


def idea(row: Idea | ListedIdea, tags: Iterable[Any], line: AnswerLine | ListedLine | None, *, team: bool) -> Shape:
    """team: with what only the board's team sees."""
    shape = {
        "id": row.id,
        "board": row.board.slug,
        "title": row.title,
        "body": row.body,
        "body_html": row.body_html,
        "author": person(row.author),
        "status": stage(row.status),
        "tags": [tag.slug for tag in tags],
        "vote_count": row.rank.vote_count,
        "comment_count": row.rank.comment_count,
        "created_at": when(row.created_at),
        "url": absolute(idea_path(row)),
        "merged_into": row.merged_root_id,
        "not_solved": row.rank.is_unsolved and row.status.stage == Stage.SHIPPED,
        "source": {"kind": row.source_kind, "id": row.source_id} if team else {"kind": row.source_kind},
        "answer": None if line is None else answer(line),
    }
    if team:
        shape["hidden"] = row.hidden_at is not None
    return shape


class Addressed(Protocol):
    """What has an idea's address."""

    @property
    def id(self) -> int: ...

    @property
    def slug(self) -> str: ...


def idea_path(row: Addressed) -> str:
    slug = row.slug
    if not slug:
        return f"/ideas/{row.id}"
    return f"/ideas/{row.id}-{slug if slug.isascii() else quote(slug)}"


def answer(line: AnswerLine | ListedLine) -> Shape:
    given: Answer | ListedAnswer = line.answer
    shape = {
        "id": given.id,
        "status": given.status.slug,
        "reason": given.reason,
        "text": given.text,
        "text_html": given.text_html,
        "date": day(given.planned_for),
        "review_by": day(given.review_by),
        "by": speaker(given.by),
        "announced_at": _announced_at(given),
        "credits": [
            {"kind": each.kind, "id": each.named_id, "person": person(each.named), "how": each.how}
            for each in line.credits
        ],
    }
    if given.undone_at is not None:
        shape["undone_at"] = when(given.undone_at)
    return shape


def idea_named(row: Idea) -> Shape:
    return {"id": row.id, "title": row.title, "url": absolute(idea_path(row))}


def speaker(user: User | Author) -> Shape:
    return {"id": user.id, "name": user.name, "role": "team"}


def comment(on: IdeaRow, row: Comment) -> Shape:
    readable = reading.is_readable(on, row)
    return {
        "id": row.id,
        "idea_id": row.idea_id,
        "parent_id": row.parent_id,
        "author": person(row.author) if readable else None,
        "body": row.body if readable else "",
        "body_html": row.body_html if readable else "",
        "official": row.is_official,
        "internal": row.is_internal,
        "created_at": when(row.created_at),
        "edited_at": when(row.edited_at),
        "deleted": row.deleted_at is not None,
        "hidden": row.hidden_at is not None,
    }


def thread(on: IdeaRow, row: Thread) -> Shape:
    return {**comment(on, row.comment), "replies": [comment(on, reply) for reply in row.replies]}


def _in_short(line: AnswerLine) -> Shape:
    given = line.answer
    return {
        "status": given.status.slug,
        "reason": given.reason,
        "text": given.text,
        "announced_at": _announced_at(given),
    }


def _announced_at(given: Answer | ListedAnswer) -> str | None:
    return when(given.entry.fanned_out_at) if given.entry else None


def receipt(row: Receipt) -> Shape:
    idea_of, line = row.idea, row.answer
    return {
        "idea": idea_named(idea_of),
        "contribution": {
            "kind": row.contribution.kind,
            "id": row.contribution.id,
            "at": when(row.contribution.at),
            "through": row.through.id if row.through else None,
        },
        "answer": None if line is None else _in_short(line),
        "how_used": " ".join(use.how for use in row.uses) or None,
        "told": [{"channel": each.channel, "state": each.state, "at": when(each.done_at)} for each in row.told],
    }
