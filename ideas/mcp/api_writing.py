"""The tools that write, where the site's settings allow it. Each does what the API does, by the same services."""

from __future__ import annotations

from typing import Any

from ideas.accounts.models import User
from ideas.boards import answering, commenting, composing, forecast, listing, posting, queries, whole
from ideas.boards import schemas_out as shapes
from ideas.boards import schemas_out_composing as previews
from ideas.boards.listing import AnswerLine
from ideas.boards.models import SourceKind
from ideas.boards.schemas import NewAnswer, NewComment, NewIdea
from ideas.db import unit_of_work
from ideas.mcp.tools import TEXT_LONGEST, Shape, tool
from ideas.schemas import AppSchema, Id, Slug

ANSWERS = "answers:write"
_NUMBER = {"description": "The idea's number."}


class IdeaPosted(NewIdea):
    """An idea, and where it is posted."""

    board = Slug(required=True, metadata={"description": "The slug of a board."})


class CommentSaid(NewComment):
    """A comment, and on which idea."""

    idea_id = Id(required=True, metadata=_NUMBER)


class AnswerGiven(NewAnswer):
    """An answer, and to which idea."""

    idea_id = Id(required=True, metadata=_NUMBER)


class WhichAnswer(AppSchema):
    """Which answer."""

    answer_id = Id(required=True, metadata={"description": "Its number."})


@tool(AnswerGiven, scope=ANSWERS)
def preview_answer(reader: User, asked: dict[str, Any]) -> Shape:
    """Preview an answer

    Writes nothing. What answering with these words would do: how many people are told and by what, how hard the text is
    to read, and which of the last answers says nearly the same. What would be refused is refused, with the reason.
    """
    on = queries.get_idea(reader, asked.pop("idea_id"))
    answering.try_out(reader, on, asked)
    seen = forecast.of(reader, on, forecast.as_typed(asked))
    return previews.preview(seen, composing.read(reader, asked["text"]))


@tool(IdeaPosted, scope="ideas:write", writes=True, longest=TEXT_LONGEST)
def post_idea(author: User, asked: dict[str, Any]) -> Shape:
    """Post an idea

    In the name of the person whose key this is. Ask find_similar first: one that is there already is better backed.
    """
    with unit_of_work():
        where = queries.get_board(author, asked.pop("board"))
        idea_id = posting.submit(author, where, **asked, source=SourceKind.API).id
    return {"idea": whole.idea(queries.get_idea(author, idea_id))}


@tool(CommentSaid, scope="comments:write", writes=True, longest=TEXT_LONGEST)
def comment(author: User, asked: dict[str, Any]) -> Shape:
    """Say something on an idea

    In the name of the person whose key this is, and seen by everybody who sees the idea. “internal” makes it a note
    that its team alone sees, “official” a word of the team; both are for the team.
    """
    with unit_of_work():
        on = queries.get_idea(author, asked.pop("idea_id"))
        comment_id = commenting.add(author, on, **asked).id
    row = queries.get_comment(author, comment_id)
    return {"comment": shapes.comment(row.on, row.comment)}


@tool(AnswerGiven, scope=ANSWERS, writes=True, longest=TEXT_LONGEST)
def answer_idea(author: User, asked: dict[str, Any]) -> Shape:
    """Answer an idea

    The team's official word: moves the idea to a status at once, and tells everybody who had a part after the settle
    time. Until then undo_answer takes it back. Preview it first, and let a person of the team agree.
    """
    with unit_of_work():
        on = queries.get_idea(author, asked.pop("idea_id"))
        answer_id = answering.answer(author, on, asked).id
    return _answer(author, answer_id)


@tool(WhichAnswer, scope=ANSWERS, writes=True, longest=TEXT_LONGEST)
def undo_answer(author: User, asked: dict[str, Any]) -> Shape:
    """Undo an answer

    Possible until it is announced: nobody hears of it, and the idea's former status is back.
    """
    with unit_of_work():
        answering.undo(author, queries.get_answer(author, asked["answer_id"]))
    return _answer(author, asked["answer_id"])


def _answer(reader: User, answer_id: int) -> Shape:
    row = queries.get_answer(reader, answer_id)
    return {"answer": shapes.answer(AnswerLine(row.answer, listing.credits_on([answer_id]).get(answer_id, [])))}
