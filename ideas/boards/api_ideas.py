"""Ideas and votes as JSON."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import fields, validate

from ideas import api, api_match
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.api_addresses import ID_MOST
from ideas.boards import api_examples as examples
from ideas.boards import api_reading, histories, listing, posting, queries, voting, whole
from ideas.boards import schemas_out as shapes
from ideas.boards.listing import Sort, Wanted
from ideas.boards.models import SourceKind, Stage
from ideas.boards.schemas import IdeaEdit, NewIdea
from ideas.db import unit_of_work
from ideas.schemas import AppSchema, Line, Slug

IDEAS_ASKED_MOST = 100
EDITED = ("title", "body", "tags")  # what an edit rests on: votes that come meanwhile do not count

blueprint = Blueprint("ideas", __name__, about="Needs and proposals, and who backs them.")


class Me(fields.String):
    """“me”, the only person one may ask about."""

    def __init__(self, about: str) -> None:
        super().__init__(validate=validate.OneOf(["me"]), metadata={"description": about})


class IdeasWanted(ListQuery):
    """Which ideas, and in which order."""

    board = Slug(metadata={"description": "Slug of the board; left out: every board in lists."})
    sort = fields.Enum(
        Sort,
        by_value=fields.String,
        metadata={"description": "Left out: the best match first with “q”, and trending without."},
    )
    stage = fields.Enum(Stage, by_value=fields.String)
    status = Slug(metadata={"description": "Slug of a status of the board."})
    tag = Slug(longest=40, metadata={"description": "Slug of a tag of the board."})
    q = Line(longest=200, load_default="", metadata={"description": "Words to search for."})
    author = Me("Only ideas you wrote: “me”.")
    voted = Me("Only ideas you voted for: “me”.")
    updated_since = fields.AwareDateTime(
        metadata={"description": "Only ideas to which something happened since then, votes apart; see /events."}
    )


class IdeaPosted(NewIdea):
    """An idea as it is posted."""

    board = Slug(required=True, metadata={"description": "Slug of the board."})


class Ids(fields.Field[list[int]]):
    """Ids separated by commas."""

    FORM = r" *[0-9]{1,10} *(?:, *[0-9]{1,10} *)*"  # ten digits are more than any id has

    default_error_messages = {"invalid": "Ids separated by commas, such as 23,24."}  # noqa: RUF012 - marshmallow's way

    def __init__(self, **options: Any) -> None:
        described = {
            "type": "string",
            "pattern": f"^{self.FORM}$",
            "maxLength": 13 * IDEAS_ASKED_MOST,
            "description": f"Ids separated by commas, at most {IDEAS_ASKED_MOST}.",
            "example": "23,24",
        }
        super().__init__(validate=validate.Length(max=IDEAS_ASKED_MOST), metadata=described, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **options: Any) -> list[int]:
        text = str(value)
        if not re.fullmatch(self.FORM, text) or len(text) > self.metadata["maxLength"]:
            raise self.make_error("invalid")
        return [number for number in map(int, text.split(",")) if number <= ID_MOST]


class VotesWanted(AppSchema):
    """Which ideas are asked about."""

    ideas = Ids(required=True)


@blueprint.route("/ideas")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(IdeasWanted)
@blueprint.gives(list_of(shapes.IdeaOut), example=examples.page(examples.IDEA))
def list_ideas(asked: dict[str, Any]) -> Any:
    """List ideas

    Hidden ideas are in the lists of the team alone. “author” and “voted” need a key.
    """
    mine, voted = "author" in asked, "voted" in asked
    reader = api.member() if mine or voted else api.reader()
    rows = [queries.get_board(reader, asked["board"])] if "board" in asked else queries.list_boards(reader)
    wanted = Wanted(
        sort=asked.get("sort"),
        stage=asked.get("stage"),
        status=asked.get("status"),
        tag=asked.get("tag"),
        question=asked["q"],
        mine=mine,
        voted=voted,
        since=asked.get("updated_since"),
    )
    page = listing.ideas_on(reader, rows, wanted, limit=asked["limit"], cursor=asked.get("cursor"))
    ours = {row.board.id for row in rows if row.standing.is_team}
    return api.listed(
        page, lambda card: shapes.idea(card.idea, card.tags, card.answer, team=card.idea.board.id in ours)
    )


@blueprint.route("/ideas", method="POST")
@blueprint.needs("ideas:write")
@blueprint.takes(IdeaPosted, example=examples.NEW_IDEA)
@blueprint.gives(shapes.IdeaOut, status=201, example=examples.WHOLE_IDEA)
def post_idea(new: dict[str, Any]) -> Any:
    """Post an idea"""
    with unit_of_work():
        where = queries.get_board(api.member(), new.pop("board"))
        source = SourceKind.WIDGET if api.is_on_page() else SourceKind.API
        idea_id = posting.submit(api.member(), where, **new, source=source).id
    return api.created(whole_idea(idea_id), f"/ideas/{idea_id}")


@blueprint.route("/ideas/<id:idea_id>")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.IdeaOut, example=examples.WHOLE_IDEA)
def get_idea(idea_id: int) -> Any:
    """Read an idea"""
    return api_match.editable(whole_idea(idea_id), EDITED)


@blueprint.route("/ideas/<id:idea_id>", method="PATCH")
@blueprint.needs("ideas:write")
@blueprint.takes(IdeaEdit, example=examples.IDEA_EDIT)
@blueprint.gives(shapes.IdeaOut, example=examples.WHOLE_IDEA)
@blueprint.matched
def edit_idea(changes: dict[str, Any], idea_id: int) -> Any:
    """Edit your idea

    A merge patch (RFC 7396): what is left out stays. Possible until the team's first answer; each version is kept.
    """
    with unit_of_work():
        on = queries.get_idea(api.member(), idea_id)
        api_match.require(lambda: whole.idea(on), EDITED)
        posting.revise(api.member(), on, changes)
    return api_match.editable(whole_idea(idea_id), EDITED)


@blueprint.route("/ideas/<id:idea_id>/withdraw", method="POST")
@blueprint.needs("ideas:write")
@blueprint.gives(shapes.IdeaOut, example=examples.WHOLE_IDEA)
def withdraw_idea(idea_id: int) -> Any:
    """Take your idea back

    It leaves the lists and takes no votes; what others said on it stays readable. Possible until the team's first
    answer, and not when other ideas are part of it.
    """
    with unit_of_work():
        posting.withdraw(api.member(), queries.get_idea(api.member(), idea_id))
    return whole_idea(idea_id)


@blueprint.route("/ideas/<id:idea_id>/revisions")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.RevisionOut), example=examples.page(examples.REVISION))
def list_revisions(asked: dict[str, Any], idea_id: int) -> Any:
    """List the versions of an idea

    Latest first, each with what it changed. “material” marks a change that came after people had backed the idea, and
    after which they might not.
    """
    on = queries.get_idea(api.reader(), idea_id)
    page = histories.of_idea(on, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.revision)


@blueprint.route("/ideas/<id:idea_id>/vote", method="PUT")
@blueprint.needs("votes:write")
@blueprint.gives(shapes.VoteOut, example=examples.VOTE)
def cast_vote(idea_id: int) -> Any:
    """Vote for an idea

    Voting twice is voting once.
    """
    count = voting.cast_by(api.member, idea_id)
    return {"idea_id": idea_id, "voted": True, "vote_count": count}


@blueprint.route("/ideas/<id:idea_id>/vote", method="DELETE")
@blueprint.needs("votes:write")
@blueprint.gives(shapes.VoteOut, example=examples.NO_VOTE)
def retract_vote(idea_id: int) -> Any:
    """Take your vote back

    Without a vote nothing changes.
    """
    with unit_of_work():
        count = voting.retract(api.member(), queries.get_idea(api.member(), idea_id).idea)
    return {"idea_id": idea_id, "voted": False, "vote_count": count}


@blueprint.route("/me/votes")
@blueprint.needs(READ)
@blueprint.asks(VotesWanted)
@blueprint.gives(shapes.OwnVotes, example=examples.OWN_VOTES)
def list_own_votes(asked: dict[str, Any]) -> Any:
    """Ask which of some ideas you voted for

    Apart from the ideas themselves, so that those can be the same for everyone and cached.
    """
    return {"data": api_reading.votes_among(api.member(), asked["ideas"])}


def whole_idea(idea_id: int) -> shapes.Shape:
    """One idea as whoever asks may see it, with how many were told."""
    return whole.idea(queries.get_idea(api.reader(), idea_id))
