"""What comes in of segments. Pure: no database, no current person."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, post_load, validate

from ideas.accounts import segment_questions as questions
from ideas.accounts.models_segments import NAME_LONGEST
from ideas.schemas import AppSchema, Line


class SegmentWords(AppSchema):
    """A question that is kept under a name."""

    name = Line(longest=NAME_LONGEST, required=True, metadata={"description": "What people call it."})
    question = fields.Nested(questions.QuestionWords, required=True)

    @post_load
    def _as_it_is_kept(self, loaded: dict[str, Any], **_values: Any) -> dict[str, Any]:
        if "question" in loaded:
            loaded["question"] = questions.kept(loaded["question"])
        return loaded


class SegmentEdit(SegmentWords):
    """What is changed of a segment; what is left out stays."""

    name = Line(longest=NAME_LONGEST, validate=validate.Length(min=1))
    question = fields.Nested(questions.QuestionWords)
