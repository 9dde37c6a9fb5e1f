"""Comments as JSON."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ideas import api
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import api_examples as examples
from ideas.boards import commenting, histories, queries, reading
from ideas.boards import schemas_out as shapes
from ideas.boards.schemas import CommentEdit, NewComment
from ideas.db import unit_of_work

blueprint = Blueprint("comments", __name__, about="What is said on an idea: threads with one level of replies.")


class CommentsQuery(ListQuery):
    """How much of a discussion, from where."""

    updated_since = fields.AwareDateTime(
        metadata={"description": "Only threads in which something happened since then; see /events."}
    )


@blueprint.route("/ideas/<id:idea_id>/comments")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(CommentsQuery)
@blueprint.gives(list_of(shapes.ThreadOut), example=examples.page(examples.THREAD))
def list_comments(asked: dict[str, Any], idea_id: int) -> Any:
    """List what is said on an idea

    Oldest first, each with all its replies. Internal notes are shown to the team alone.
    """
    on = queries.get_idea(api.reader(), idea_id)
    since = asked.get("updated_since")
    page = reading.discussion(on, limit=asked["limit"], cursor=asked.get("cursor"), since=since)
    return api.listed(page, lambda thread: shapes.thread(on, thread))


@blueprint.route("/ideas/<id:idea_id>/comments", method="POST")
@blueprint.needs("comments:write")
@blueprint.takes(NewComment, example=examples.NEW_COMMENT)
@blueprint.gives(shapes.CommentOut, status=201, example=examples.COMMENT)
def add_comment(new: dict[str, Any], idea_id: int) -> Any:
    """Say something on an idea

    With parent_id it is a reply. “official” and “internal” are for the team.
    """
    with unit_of_work():
        on = queries.get_idea(api.member(), idea_id)
        comment_id = commenting.add(api.member(), on, **new).id
    return api.created(_comment(comment_id), f"/comments/{comment_id}")


@blueprint.route("/comments/<id:comment_id>")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(shapes.CommentOut, example=examples.COMMENT)
def get_comment(comment_id: int) -> Any:
    """Read a comment"""
    return _comment(comment_id)


@blueprint.route("/comments/<id:comment_id>", method="PATCH")
@blueprint.needs("comments:write")
@blueprint.takes(CommentEdit, example=examples.COMMENT_EDIT)
@blueprint.gives(shapes.CommentOut, example=examples.COMMENT)
def edit_comment(changes: dict[str, Any], comment_id: int) -> Any:
    """Edit your comment"""
    with unit_of_work():
        commenting.edit(api.member(), queries.get_comment(api.member(), comment_id), **changes)
    return _comment(comment_id)


@blueprint.route("/comments/<id:comment_id>", method="DELETE")
@blueprint.needs("comments:write")
@blueprint.gives_nothing
def delete_comment(comment_id: int) -> Any:
    """Delete your comment

    Its words are gone; its place in the thread stays.
    """
    with unit_of_work():
        commenting.delete(api.member(), queries.get_comment(api.member(), comment_id))


@blueprint.route("/comments/<id:comment_id>/revisions")
@blueprint.needs(READ, or_nobody=True)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.VersionOut), example=examples.page(examples.VERSION))
def list_comment_revisions(asked: dict[str, Any], comment_id: int) -> Any:
    """List the versions of a comment

    Latest first, each with what it changed. A deleted comment has none.
    """
    row = queries.get_comment(api.reader(), comment_id)
    page = histories.of_comment(row, limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.version)


def _comment(comment_id: int) -> shapes.Shape:
    row = queries.get_comment(api.reader(), comment_id)
    return shapes.comment(row.on, row.comment)
