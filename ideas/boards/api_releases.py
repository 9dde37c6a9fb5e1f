"""Releases as JSON: what shipped, with the ideas it answers; for the team drafts, and publishing them."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from marshmallow import ValidationError, fields

from ideas import api, api_match
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import api_examples_releases as examples
from ideas.boards import queries, releases, releasing
from ideas.boards import schemas_out_releases as shapes
from ideas.boards.models import TEXT_LONGEST, TITLE_LONGEST
from ideas.boards.releases import Shown
from ideas.boards.schemas_out import Shape
from ideas.boards.schemas_releases import ReleaseLine, ReleaseWords
from ideas.db import unit_of_work
from ideas.paging import Page
from ideas.schemas import AppSchema, Day, Line, Prose, Slug
from ideas.words import _

EDITED = ("title", "body", "date")

blueprint = Blueprint("releases", __name__, about="What shipped, with the ideas that were asked for.")


class State(StrEnum):
    PUBLISHED = "published"
    DRAFT = "draft"


class Sought(ListQuery):
    """Which releases."""

    board = Slug(metadata={"description": "Slug of the board; left out: every board in lists."})
    state = fields.Enum(
        State,
        by_value=fields.String,
        load_default=State.PUBLISHED,
        metadata={"description": "Drafts are shown to the team alone, all on one page."},
    )


class NewRelease(ReleaseWords):
    """A release as it is begun."""

    board = Slug(required=True, metadata={"description": "Slug of the board."})


class ReleaseEdit(AppSchema):
    """What is changed in a release; what is left out stays."""

    title = Line(longest=TITLE_LONGEST, metadata={"minLength": 1})
    body = Prose(longest=TEXT_LONGEST)
    date = Day(allow_none=True)


@blueprint.route("/releases")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(Sought)
@blueprint.gives(list_of(shapes.ReleaseOut), example=examples.page(examples.RELEASE))
def list_releases(asked: dict[str, Any]) -> Any:
    """List releases

    The latest first.
    """
    reader, slug = api.reader(), asked.get("board")
    boards = [queries.get_board(reader, slug)] if slug else queries.list_boards(reader)
    if asked["state"] is State.DRAFT:
        return api.listed(Page(releases.drafts(reader, boards), None), shapes.release)
    page = releases.published(reader, boards, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.release)


@blueprint.route("/releases", method="POST")
@blueprint.needs("answers:write")
@blueprint.takes(NewRelease, example=examples.NEW_RELEASE)
@blueprint.gives(shapes.ReleaseOut, status=201, example=examples.DRAFT)
def draft_release(words: dict[str, Any]) -> Any:
    """Begin a release

    A draft that the board's team alone sees. Take ideas into it, then publish it.
    """
    with unit_of_work():
        where = queries.get_board(api.member(), words["board"])
        release_id = releasing.draft(api.member(), where, words).id
    return api.created(_release(release_id), f"/releases/{release_id}")


@blueprint.route("/releases/<id:release_id>")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.ReleaseOut, example=examples.RELEASE)
def get_release(release_id: int) -> Any:
    """Read a release"""
    return api_match.editable(_release(release_id), EDITED)


@blueprint.route("/releases/<id:release_id>", method="PATCH")
@blueprint.needs("answers:write")
@blueprint.takes(ReleaseEdit, example=examples.RELEASE_EDIT)
@blueprint.gives(shapes.ReleaseOut, example=examples.RELEASE)
@blueprint.matched
def edit_release(changes: dict[str, Any], release_id: int) -> Any:
    """Change the words of a release

    A merge patch (RFC 7396). Also when it is published; nobody is told anew.
    """
    with unit_of_work():
        row = releases.get(api.member(), release_id)
        api_match.require(lambda: _release(release_id), EDITED)
        if changes.get("title") == "":
            raise ValidationError({"title": [_("Please fill this in.")]})
        releasing.revise(api.member(), row, changes)
    return api_match.editable(_release(release_id), EDITED)


@blueprint.route("/releases/<id:release_id>", method="DELETE")
@blueprint.needs("answers:write")
@blueprint.gives_nothing
def discard_release(release_id: int) -> None:
    """Throw a draft away

    Its ideas stay as they are. What is published stays.
    """
    with unit_of_work():
        releasing.discard(api.member(), releases.get(api.member(), release_id))


@blueprint.route("/releases/<id:release_id>/ideas/<id:idea_id>", method="PUT")
@blueprint.needs("answers:write")
@blueprint.takes(ReleaseLine, example=examples.LINE)
@blueprint.gives(shapes.ReleaseOut, example=examples.DRAFT)
def put_release_idea(words: dict[str, Any], release_id: int, idea_id: int) -> Any:
    """Take an idea into a draft

    With the line by which it is answered when the release is published; or give it another one.
    """
    with unit_of_work():
        actor = api.member()
        releasing.put(actor, releases.get(actor, release_id), queries.get_idea(actor, idea_id), words)
    return _release(release_id)


@blueprint.route("/releases/<id:release_id>/ideas/<id:idea_id>", method="DELETE")
@blueprint.needs("answers:write")
@blueprint.gives_nothing
def take_out_release_idea(release_id: int, idea_id: int) -> None:
    """Take an idea out of a draft"""
    with unit_of_work():
        releasing.take_out(api.member(), releases.get(api.member(), release_id), [idea_id])


@blueprint.route("/releases/<id:release_id>/publish", method="POST")
@blueprint.needs("answers:write")
@blueprint.gives(shapes.ReleaseOut, example=examples.RELEASE)
def publish_release(release_id: int) -> Any:
    """Publish a release

    All or nothing: each of its ideas is answered with its line, and whoever had a part in one is told after the settle
    time. Of the release itself hears who follows the releases of the board and is owed word of none of its ideas.
    Publishing twice is publishing once.
    """
    with unit_of_work():
        releasing.publish(api.member(), releases.get(api.member(), release_id))
    return _release(release_id)


@blueprint.route("/releases/<id:release_id>/undo", method="POST")
@blueprint.needs("answers:write")
@blueprint.gives(shapes.ReleaseOut, example=examples.DRAFT)
def undo_release(release_id: int) -> Any:
    """Undo a release

    Possible until it is announced: nobody hears of it, it is a draft again, and its ideas are where they were.
    """
    with unit_of_work():
        releasing.undo(api.member(), releases.get(api.member(), release_id))
    return _release(release_id)


@blueprint.route("/releases/<id:release_id>/send-now", method="POST")
@blueprint.needs("answers:write")
@blueprint.gives(shapes.ReleaseOut, example=examples.RELEASE)
def send_release_now(release_id: int) -> Any:
    """Announce a release now

    Skips what is left of the settle time, for the release and for the answers it gave.
    """
    with unit_of_work():
        releasing.send_now(api.member(), releases.get(api.member(), release_id))
    return _release(release_id)


@blueprint.route("/boards/<slug:slug>/releases/follow", method="PUT")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def follow_releases(slug: str) -> None:
    """Hear of the releases of a board

    Following twice is following once.
    """
    with unit_of_work():
        releasing.follow(api.member(), queries.get_board(api.member(), slug).board)


@blueprint.route("/boards/<slug:slug>/releases/follow", method="DELETE")
@blueprint.needs("notifications:write")
@blueprint.gives_nothing
def unfollow_releases(slug: str) -> None:
    """Hear no more of the releases of a board"""
    with unit_of_work():
        releasing.unfollow(api.member(), queries.get_board(api.member(), slug).board)


def _release(release_id: int) -> Shape:
    row = releases.get(api.reader(), release_id)
    return shapes.release(Shown(row, releases.lines_of(row.standing.user, [row])[release_id]))
