"""Searching, and asking for what is like an idea about to be posted, as JSON."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import ValidationError, fields

from ideas import api
from ideas.accounts.models import User
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.api_addresses import ID_MOST, at_most
from ideas.boards import api_examples as examples
from ideas.boards import listing, queries, similar
from ideas.boards import schemas_found as found_shapes
from ideas.boards import schemas_out as shapes
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import Stage
from ideas.boards.queries import BoardRow
from ideas.schemas import AppSchema, Line, Prose, Slug
from ideas.words import _

QUESTION_LONGEST = 200
TITLE_LONGEST = 300  # while it is typed it may be longer than it will be
BODY_LONGEST = 4_000  # what an address holds; the first words tell enough

blueprint = Blueprint("search", __name__, about="Finding ideas by their words, and before they are said again.")


class Author(fields.Field[int]):
    """A person's id, or “me”: then 0."""

    FORM = f"me|{at_most(ID_MOST)}"

    def __init__(self, about: str) -> None:
        super().__init__(metadata={"type": "string", "pattern": f"^(?:{self.FORM})$", "description": about})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> int:
        text = str(value)
        if text == "me":
            return 0
        if re.fullmatch(self.FORM, text):
            return int(text)
        raise ValidationError(_("The id of a person, or “me”."))


class Sought(ListQuery):
    """What is searched for, and among which ideas."""

    q = Line(longest=QUESTION_LONGEST, shortest=1, required=True, metadata={"description": "Words to search for."})
    board = Slug(metadata={"description": "Slug of the board; left out: every board in lists."})
    sort = fields.Enum(Sort, by_value=fields.String, load_default=Sort.RELEVANCE)
    stage = fields.Enum(Stage, by_value=fields.String)
    status = Slug(metadata={"description": "Slug of a status of the board."})
    tag = Slug(longest=40, metadata={"description": "Slug of a tag of the board."})
    author = Author("Only what this person wrote: an id, or “me”.")


class AboutToSay(AppSchema):
    """What somebody is about to post."""

    board = Slug(required=True, metadata={"description": "Slug of the board."})
    title = Line(
        longest=TITLE_LONGEST,
        shortest=1,
        required=True,
        metadata={"description": "As far as it is typed; the last word may be half a word."},
    )
    body = Prose(longest=BODY_LONGEST, load_default="", metadata={"description": "Its text, if there is one yet."})


@blueprint.route("/search")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(Sought)
@blueprint.gives(list_of(found_shapes.IdeaFound), example=examples.page(examples.FOUND))
def search(asked: dict[str, Any]) -> Any:
    """Search ideas

    Those that say every word, in any of its forms, the best match first; the last word may be half typed, and one slip
    of the pen is forgiven. What was merged into an idea is found as that idea. At most 300 are found.
    """
    mine = asked.get("author") == 0
    reader = api.member() if mine else api.reader()
    rows = _boards(reader, asked.get("board"))
    wanted = Wanted(
        sort=asked["sort"],
        stage=asked.get("stage"),
        status=asked.get("status"),
        tag=asked.get("tag"),
        question=asked["q"],
        mine=mine,
        author=asked.get("author") or None,
    )
    page = listing.ideas_on(reader, rows, wanted, limit=asked["limit"], cursor=asked.get("cursor"))
    ours = {row.board.id for row in rows if row.standing.is_team}
    return api.listed(
        page,
        lambda card: {
            **shapes.idea(card.idea, card.tags, card.answer, team=card.idea.board.id in ours),
            "highlights": found_shapes.highlights(card.idea, asked["q"]),
        },
    )


@blueprint.route("/similar")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(AboutToSay)
@blueprint.gives(found_shapes.SimilarIdeas, example={"data": [examples.SIMILAR]})
def find_similar(asked: dict[str, Any]) -> Any:
    """Find similar ideas

    Ask while somebody types a new idea, so that they can back what is there already. Merged ideas lead to the one they
    are part of.
    """
    reader = api.reader()
    rows = _boards(reader, asked["board"])
    return {
        "data": [found_shapes.alike(found) for found in similar.similar(reader, rows, asked["title"], asked["body"])]
    }


def _boards(reader: User | None, slug: str | None) -> list[BoardRow]:
    return [queries.get_board(reader, slug)] if slug else queries.list_boards(reader)
