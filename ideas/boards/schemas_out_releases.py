"""What the API shows of releases: a schema for each shape, and beside it the function that makes it."""

from __future__ import annotations

from marshmallow import fields, validate

from ideas.api import OutSchema
from ideas.boards.models_releases import Release
from ideas.boards.releases import Line, Shown
from ideas.boards.schemas_out import CreditOut, IdeaNamed, Shape, SpeakerOut, StageOut, day, idea_path, person, speaker
from ideas.boards.schemas_releases import SHIPPING
from ideas.schemas import UtcTime, when
from ideas.settings import absolute


class ReleaseIdeaOut(OutSchema):
    """An idea in a release, and what was done about it."""

    idea = fields.Nested(IdeaNamed)
    status = fields.Nested(StageOut)
    vote_count = fields.Integer()
    reason = fields.String(validate=validate.OneOf([str(each) for each in SHIPPING]))
    text = fields.String(metadata={"description": "Markdown. Once it is published, as the answer reads now."})
    text_html = fields.String(metadata={"description": "Safe HTML."})
    ships = fields.Boolean(
        metadata={"description": "The release answers the idea, or will. False: it was there before."}
    )
    answer_id = fields.Integer(allow_none=True, metadata={"description": "The answer by which it is there."})
    thanks = fields.List(
        fields.Nested(CreditOut),
        metadata={"description": "The credits of people who agreed to be named, and of the voters as a whole."},
    )


class ReleaseOut(OutSchema):
    """What shipped."""

    id = fields.Integer()
    board = fields.String(metadata={"description": "Slug of the board."})
    title = fields.String()
    body = fields.String(metadata={"description": "Markdown."})
    body_html = fields.String(metadata={"description": "Safe HTML."})
    date = fields.Date(allow_none=True, metadata={"description": "null in a draft: the day on which it is published."})
    published_at = UtcTime(allow_none=True, metadata={"description": "null for a draft."})
    announced_at = UtcTime(allow_none=True, metadata={"description": "null until people are being told."})
    by = fields.Nested(SpeakerOut)
    url = fields.URL(metadata={"description": "Its page."})
    ideas = fields.List(fields.Nested(ReleaseIdeaOut))


def release(shown: Shown) -> Shape:
    row: Release = shown.row.release
    entry = row.entry
    address = f"/releases/{row.id}-{row.slug}" if row.slug else f"/releases/{row.id}"
    return {
        "id": row.id,
        "board": row.board.slug,
        "title": row.title,
        "body": row.body,
        "body_html": row.body_html,
        "date": day(row.released_on),
        "published_at": when(row.published_at),
        "announced_at": when(entry.fanned_out_at) if entry is not None and entry.cancelled_at is None else None,
        "by": speaker(row.published_by or row.by),
        "url": absolute(address),
        "ideas": [_line(line) for line in shown.lines],
    }


def _line(line: Line) -> Shape:
    return {
        "idea": {"id": line.idea_id, "title": line.title, "url": absolute(idea_path(line))},
        "status": {"slug": line.status.slug, "name": line.status.name, "stage": line.status.stage},
        "vote_count": line.vote_count,
        "reason": line.reason,
        "text": line.text,
        "text_html": line.text_html,
        "ships": line.ships,
        "answer_id": line.answer_id,
        "thanks": [
            {"kind": each.kind, "id": each.named_id, "person": person(each.user), "how": each.how}
            for each in line.thanks
        ],
    }
