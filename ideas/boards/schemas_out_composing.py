"""What an answer would do, as JSON."""

from __future__ import annotations

from marshmallow import fields

from ideas.api import OutSchema
from ideas.boards.composing import Reading
from ideas.boards.forecast import Forecast
from ideas.boards.schemas_out import Shape
from ideas.settings import absolute


class CountOut(OutSchema):
    """A code of the ledger, and how many people it holds for."""

    code = fields.String()
    people = fields.Integer()


class GradeOut(OutSchema):
    """How hard an English text is to read, by Flesch and Kincaid; see the guide for product managers."""

    level = fields.Float(metadata={"description": "About the years at school after which most people read it easily."})
    longest_sentence = fields.String()
    longest_sentence_words = fields.Integer()


class EarlierOut(OutSchema):
    """One of the last 500 answers on your boards, which says nearly the same."""

    answer_id = fields.Integer()
    idea_id = fields.Integer()
    title = fields.String()
    percent = fields.Integer(metadata={"description": "How much of it is the same."})
    url = fields.URL()


class PreviewOut(OutSchema):
    """What an answer would do now."""

    people = fields.Integer(metadata={"description": "How many people would be told."})
    by_email = fields.Integer()
    in_inbox = fields.Integer(metadata={"description": "In their inbox alone."})
    paths = fields.List(fields.Nested(CountOut), metadata={"description": "How they are connected with it."})
    left_out = fields.List(fields.Nested(CountOut), metadata={"description": "Why others would not be told."})
    grade = fields.Nested(GradeOut, allow_none=True, metadata={"description": "null: too short, or not English."})
    earlier = fields.Nested(EarlierOut, allow_none=True)


EXAMPLE = {
    "people": 312,
    "by_email": 290,
    "in_inbox": 22,
    "paths": [{"code": "credited", "people": 2}, {"code": "voter", "people": 310}],
    "left_out": [{"code": "off", "people": 4}, {"code": "left_out", "people": 3}],
    "grade": {"level": 7.4, "longest_sentence": "It will be there in spring.", "longest_sentence_words": 6},
    "earlier": None,
}


def preview(seen: Forecast, reading: Reading) -> Shape:
    """`seen` of a draft that the ledger was asked about."""
    people, grade, earlier = seen.people, reading.grade, reading.earlier
    return {
        "people": seen.total,
        "by_email": seen.email,
        "in_inbox": seen.inbox,
        "paths": _counts(people.paths if people else []),
        "left_out": _counts(people.left_out if people else []),
        "grade": None
        if grade is None
        else {
            "level": round(grade.level, 1),
            "longest_sentence": grade.longest,
            "longest_sentence_words": grade.longest_words,
        },
        "earlier": None
        if earlier is None
        else {
            "answer_id": earlier.answer_id,
            "idea_id": earlier.idea_id,
            "title": earlier.title,
            "percent": earlier.percent,
            "url": absolute(f"/ideas/{earlier.idea_id}"),
        },
    }


def _counts(found: list[tuple[str, int]]) -> list[Shape]:
    return [{"code": code, "people": people} for code, people in found]
