"""The tools that read. Each gives what the API gives, to whoever the key belongs to."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ideas.accounts.models import User
from ideas.api import READ
from ideas.backlog import asking, desk
from ideas.backlog import schemas_out as backlog_shapes
from ideas.boards import api_reading as words
from ideas.boards import listing, queries, reading, releases, roadmap, similar, whole
from ideas.boards import schemas_found as found_shapes
from ideas.boards import schemas_out as shapes
from ideas.boards import schemas_out_releases as release_shapes
from ideas.boards import schemas_out_roadmap as roadmap_shapes
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import Stage
from ideas.boards.queries import BoardRow
from ideas.insights import loop_health, scope
from ideas.insights import schemas_out as health_shapes
from ideas.insights.schemas import ScopeQuery
from ideas.mcp.tools import TEXT_LONGEST, Shape, tool
from ideas.schemas import AppSchema, Id, Line, Prose, Slug

PEOPLE = "people:read"
PAGE, PAGE_MOST = 10, 50
_BOARD = {"description": "The slug of a board; left out: every board in lists."}
_CURSOR = {"description": "next_cursor of the page before."}


class Nothing(AppSchema):
    """Nothing is asked."""


class Part(AppSchema):
    """How much of a list, from where."""

    limit = fields.Integer(load_default=PAGE, validate=validate.Range(1, PAGE_MOST))
    cursor = fields.String(validate=validate.Length(max=1000), metadata=_CURSOR)


class IdeasSought(Part):
    """Which ideas."""

    q = Line(longest=200, load_default="", metadata={"description": "Words that they say, in any form."})
    board = Slug(metadata=_BOARD)
    stage = fields.Enum(Stage, by_value=fields.String)
    status = Slug(metadata={"description": "The slug of a status of the board."})
    tag = Slug(longest=40, metadata={"description": "The slug of a tag of the board."})
    sort = fields.Enum(
        Sort,
        by_value=fields.String,
        metadata={"description": "Left out: the best match first with “q”, and trending without."},
    )


class OneIdea(Part):
    """Which idea, and how much of what was said on it."""

    idea_id = Id(required=True, metadata={"description": "Its number."})


class AboutToSay(AppSchema):
    """What somebody is about to post."""

    board = Slug(required=True, metadata={"description": "The slug of a board."})
    title = Line(longest=300, shortest=1, required=True)
    body = Prose(longest=4_000, load_default="")


class Where(AppSchema):
    """Of which boards."""

    board = Slug(metadata=_BOARD)


class WherePart(Part, Where):
    """Of which boards, and how much."""


class OneBoard(AppSchema):
    """Which board."""

    board = Slug(required=True, metadata={"description": "The slug of a board."})


class BacklogSought(Part, asking.AskedQuery):
    """Which ideas of the team's list, and in which order."""


def _boards(reader: User, slug: str | None) -> list[BoardRow]:
    return [queries.get_board(reader, slug)] if slug else queries.list_boards(reader)


@tool(Nothing, scope=READ)
def list_boards(reader: User, _asked: dict[str, Any]) -> Shape:
    """List the boards

    Every board you may read, with its promise, its statuses and its tags. Their slugs are what other tools take.
    """
    rows = queries.list_boards(reader)
    of = words.words_of([row.board.id for row in rows])
    return {"boards": [shapes.board(row.board, *of[row.board.id]) for row in rows]}


@tool(IdeasSought, scope=READ)
def search_ideas(reader: User, asked: dict[str, Any]) -> Shape:
    """Search ideas

    Ideas that say all of some words, or all of a board, narrowed and sorted; each with its status, its votes and the
    answer that stands. Long texts are cut; get_idea has them whole.
    """
    rows = _boards(reader, asked.get("board"))
    wanted = Wanted(
        sort=asked.get("sort"),
        stage=asked.get("stage"),
        status=asked.get("status"),
        tag=asked.get("tag"),
        question=asked["q"],
    )
    page = listing.ideas_on(reader, rows, wanted, limit=asked["limit"], cursor=asked.get("cursor"))
    ours = {row.board.id for row in rows if row.standing.is_team}
    found = [shapes.idea(card.idea, card.tags, card.answer, team=card.idea.board.id in ours) for card in page.rows]
    return {"ideas": found, "next_cursor": page.next}


@tool(OneIdea, scope=READ, longest=TEXT_LONGEST)
def get_idea(reader: User, asked: dict[str, Any]) -> Shape:
    """Read an idea with its answers and what was said on it

    The idea whole, every answer with its reason and credits, and the discussion, oldest first, a page at a time.
    Internal notes are there for its team alone.
    """
    on = queries.get_idea(reader, asked["idea_id"])
    said = reading.discussion(on, limit=asked["limit"], cursor=asked.get("cursor"))
    return {
        "idea": whole.idea(on),
        "answers": [shapes.answer(line) for line in reading.answers(on)],
        "comments": [shapes.thread(on, thread) for thread in said.rows],
        "next_cursor": said.next,
    }


@tool(AboutToSay, scope=READ)
def find_similar(reader: User, asked: dict[str, Any]) -> Shape:
    """Find ideas like one

    At most five that say much of the same as a title and a text, the most alike first. Ask before anything is posted.
    """
    rows = _boards(reader, asked["board"])
    return {
        "ideas": [found_shapes.alike(each) for each in similar.similar(reader, rows, asked["title"], asked["body"])]
    }


@tool(Where, scope=READ)
def get_roadmap(reader: User, asked: dict[str, Any]) -> Shape:
    """Read the roadmap

    What is planned, being made and there, at most 30 of each, with the dates that people were told.
    """
    columns = roadmap.of(reader, _boards(reader, asked.get("board")))
    return {"items": [roadmap_shapes.roadmap_item(item) for column in columns for item in column.items]}


@tool(WherePart, scope=READ)
def list_releases(reader: User, asked: dict[str, Any]) -> Shape:
    """List releases

    What shipped, the latest first, each with the ideas it came from.
    """
    boards = _boards(reader, asked.get("board"))
    page = releases.published(reader, boards, limit=asked["limit"], cursor=asked.get("cursor"))
    return {"releases": [release_shapes.release(each) for each in page.rows], "next_cursor": page.next}


@tool(OneBoard, scope=READ)
def get_board_record(reader: User, asked: dict[str, Any]) -> Shape:
    """Read how a board answers

    Over its last year, as everybody who sees the board may know: how many ideas were closed and answered, how long they
    waited, and how many still wait.
    """
    row = queries.get_board(reader, asked["board"])
    return health_shapes.board_health(loop_health.measure_in_public(scope.of_public(row)))


@tool(BacklogSought, scope=PEOPLE)
def list_backlog(reader: User, asked: dict[str, Any]) -> Shape:
    """List the team's backlog

    Every idea you may answer in one order: votes, trending, new, silence, breadth, value, priority, lately, since, due.
    Each line has all its scores. For the team.
    """
    limit, cursor = asked.pop("limit"), asked.pop("cursor", None)
    page = desk.lines(desk.open_for(reader), asking.asked(asked), limit=limit, cursor=cursor)
    return {"ideas": [backlog_shapes.line(each) for each in page.rows], "next_cursor": page.next}


@tool(ScopeQuery, scope=PEOPLE)
def get_loop_health(reader: User, asked: dict[str, Any]) -> Shape:
    """Read how well the loop is closed

    Ideas and people closed, answers in time, waits, silence, feedback used and what became of every message, of the
    boards whose team you are of. For the team.
    """
    return health_shapes.loop_health(loop_health.measure(scope.of_team(reader, asked)))
