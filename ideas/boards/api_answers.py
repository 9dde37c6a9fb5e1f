"""Answers as JSON: the team's official words, and what may be done with one before and after it is announced."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas import api, api_match
from ideas.api import READ, Blueprint, list_of
from ideas.boards import answering, composing, forecast, listing, queries, reading
from ideas.boards import api_examples as examples
from ideas.boards import schemas_out as shapes
from ideas.boards import schemas_out_composing as previews
from ideas.boards.listing import AnswerLine
from ideas.boards.models import TEXT_LONGEST, CreditKind, Reason
from ideas.boards.queries import AnswerRow
from ideas.boards.schemas import CREDITS_MOST, AnswerWords, NewAnswer, NewCredit
from ideas.db import unit_of_work
from ideas.paging import Page
from ideas.schemas import AppSchema, Day, Prose

blueprint = Blueprint(
    "answers", __name__, about="The team's official words: where an idea stands, why, and thanks to whom."
)


class AnswerEdit(AnswerWords):
    """What is corrected in an answer; what is left out stays. Credits are replaced as a whole."""

    reason = fields.Enum(Reason, by_value=True)
    text = Prose(longest=TEXT_LONGEST)
    date = Day(allow_none=True)
    review_by = Day(allow_none=True)
    credits = fields.List(fields.Nested(NewCredit), validate=validate.Length(max=CREDITS_MOST))


class AnswersQuery(AppSchema):
    """Which answers to an idea."""

    updated_since = fields.AwareDateTime(
        metadata={"description": "Only those given, corrected or undone since then; see /events."}
    )


@blueprint.route("/ideas/<id:idea_id>/answers")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(AnswersQuery)
@blueprint.gives(list_of(shapes.AnswerOut), example=examples.page(examples.ANSWER))
def list_answers(asked: dict[str, Any], idea_id: int) -> Any:
    """List the answers to an idea

    The one that stands first. Those that were undone are shown to the team alone.
    """
    on = queries.get_idea(api.reader(), idea_id)
    return api.listed(Page(reading.answers(on, since=asked.get("updated_since")), None), shapes.answer)


@blueprint.route("/ideas/<id:idea_id>/answers", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(NewAnswer, example=examples.NEW_ANSWER)
@blueprint.gives(shapes.AnswerOut, status=201, example=examples.ANSWER)
def answer_idea(words: dict[str, Any], idea_id: int) -> Any:
    """Answer an idea

    Moves it to the status at once; everyone who had a part is told after the settle time. Each reason wants a text of
    its own length, and some a day by which you look again.
    """
    with unit_of_work():
        on = queries.get_idea(api.member(), idea_id)
        answer_id = answering.answer(api.member(), on, words).id
    return api.created(_answer(answer_id), f"/answers/{answer_id}")


@blueprint.route("/ideas/<id:idea_id>/answers/preview", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(NewAnswer, example=examples.NEW_ANSWER)
@blueprint.gives(previews.PreviewOut, example=previews.EXAMPLE)
@blueprint.only_looks
def preview_answer(words: dict[str, Any], idea_id: int) -> Any:
    """Preview an answer

    What answering with these words would do now: how many people are told and by what, how many are left out and why,
    how hard the text is to read, and which of the last answers says nearly the same. What would be refused is refused.
    """
    on = queries.get_idea(api.member(), idea_id)
    answering.try_out(api.member(), on, words)
    seen = forecast.of(api.member(), on, forecast.as_typed(words))
    return previews.preview(seen, composing.read(api.member(), words["text"]))


@blueprint.route("/answers/<id:answer_id>")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.AnswerOut, example=examples.ANSWER)
def get_answer(answer_id: int) -> Any:
    """Read an answer"""
    return _answer(answer_id)


@blueprint.route("/answers/<id:answer_id>", method="PATCH")
@blueprint.needs("answers:write")
@blueprint.takes(AnswerEdit, example=examples.ANSWER_EDIT)
@blueprint.gives(shapes.AnswerOut, example=examples.ANSWER)
@blueprint.matched
def correct_answer(changes: dict[str, Any], answer_id: int) -> Any:
    """Correct an answer

    A merge patch (RFC 7396). The former words stay readable. Before it is announced only the last ones are told;
    afterwards, those are told for whom the correction holds news.
    """
    with unit_of_work():
        row = queries.get_answer(api.member(), answer_id)
        line = _line(row)
        api_match.require(lambda: shapes.answer(line))
        answering.correct(api.member(), row, {**_words(line), **changes})
    return _answer(answer_id)


@blueprint.route("/answers/<id:answer_id>/undo", method="POST")
@blueprint.needs("answers:write")
@blueprint.gives(
    shapes.AnswerOut, example={**examples.ANSWER, "announced_at": None, "undone_at": "2026-11-22T10:09:00Z"}
)
def undo_answer(answer_id: int) -> Any:
    """Undo an answer

    Possible until it is announced: nobody hears of it, and the idea's former status is back.
    """
    with unit_of_work():
        answering.undo(api.member(), queries.get_answer(api.member(), answer_id))
    return _answer(answer_id)


@blueprint.route("/answers/<id:answer_id>/send-now", method="POST")
@blueprint.needs("answers:write")
@blueprint.gives(shapes.AnswerOut, example={**examples.ANSWER, "announced_at": None})
def send_answer_now(answer_id: int) -> Any:
    """Announce an answer now

    Skips what is left of the settle time.
    """
    with unit_of_work():
        answering.send_now(api.member(), queries.get_answer(api.member(), answer_id))
    return _answer(answer_id)


def _answer(answer_id: int) -> shapes.Shape:
    return shapes.answer(_line(queries.get_answer(api.reader(), answer_id)))


def _line(row: AnswerRow) -> AnswerLine:
    return AnswerLine(row.answer, listing.credits_on([row.answer.id]).get(row.answer.id, []))


def _words(line: AnswerLine) -> dict[str, Any]:
    """The answer as AnswerWords loads it: what a merge patch is laid over."""
    given = line.answer
    return {
        "reason": Reason(given.reason),
        "text": given.text,
        "date": given.planned_for,
        "review_by": given.review_by,
        "credits": [{"kind": CreditKind(each.kind), "id": each.named_id, "how": each.how} for each in line.credits],
    }
