"""Pointing out, hiding, appeals and what waits for the team, as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.api import Blueprint
from ideas.boards import api_examples as examples
from ideas.boards import flagging, moderating, policy, queries, queues, replying
from ideas.boards import schemas_out_moderating as shapes
from ideas.boards.schemas import AppealReply, HideReason, NewAppeal, NewFlag
from ideas.boards.schemas_out import Shape
from ideas.db import unit_of_work
from ideas.errors import NotFound
from ideas.words import _

FLAG, MODERATE = "flags:write", "moderation:write"

blueprint = Blueprint("moderation", __name__, about="What should not stand there, and who decides.")


@blueprint.route("/ideas/<id:idea_id>/flags", method="POST")
@blueprint.needs(FLAG)
@blueprint.takes(NewFlag, example=examples.NEW_FLAG)
@blueprint.gives(shapes.FlaggedOut, status=201, example=examples.FLAGGED)
def flag_idea(new: dict[str, Any], idea_id: int) -> Any:
    """Point out an idea to its team

    Once; again changes nothing. Nothing is hidden by itself.
    """
    with unit_of_work():
        flagging.flag(api.member(), queries.get_idea(api.member(), idea_id), **new)
    return {"flagged": True}


@blueprint.route("/comments/<id:comment_id>/flags", method="POST")
@blueprint.needs(FLAG)
@blueprint.takes(NewFlag, example=examples.NEW_FLAG)
@blueprint.gives(shapes.FlaggedOut, status=201, example=examples.FLAGGED)
def flag_comment(new: dict[str, Any], comment_id: int) -> Any:
    """Point out a comment to the team

    Once; again changes nothing. Nothing is hidden by itself.
    """
    with unit_of_work():
        row = queries.get_comment(api.member(), comment_id)
        flagging.flag(api.member(), row.on, row.comment, **new)
    return {"flagged": True}


@blueprint.route("/hidings/<id:hiding_id>")
@blueprint.needs("ideas:read")
@blueprint.gives(shapes.HidingOut, example=examples.HIDING)
def get_hiding(hiding_id: int) -> Any:
    """Read why something was hidden

    For the author of what was hidden, and the team.
    """
    return shapes.hiding(queries.get_hiding(api.member(), hiding_id).hiding)


@blueprint.route("/hidings/<id:hiding_id>/appeal", method="POST")
@blueprint.needs(FLAG)
@blueprint.takes(NewAppeal, example=examples.NEW_APPEAL)
@blueprint.gives(shapes.HidingOut, status=201, example=examples.HIDING)
def appeal(new: dict[str, Any], hiding_id: int) -> Any:
    """Ask the team to look again at what it hid of yours

    Once, in your own words.
    """
    with unit_of_work():
        moderating.appeal(api.member(), queries.get_hiding(api.member(), hiding_id), **new)
    return _hiding(hiding_id)


@blueprint.route("/boards/<slug:slug>/moderation")
@blueprint.needs(MODERATE)
@blueprint.gives(shapes.QueueOut, example=examples.QUEUE)
def list_waiting(slug: str) -> Any:
    """List what waits for a look of the team

    Held, appealed, pointed out, and mail in doubt; at most fifty of each, the oldest first. For the team.
    """
    row = queries.get_board(api.member(), slug)
    policy.require_team(row.standing)
    return shapes.queue(queues.waiting([row]))


@blueprint.route("/moderation")
@blueprint.needs(MODERATE)
@blueprint.gives(shapes.QueueOut, example=examples.QUEUE)
def list_all_waiting() -> Any:
    """List what waits for a look of the team on all boards

    Those in your lists whose team you are of; at most fifty of each kind, the oldest first.
    """
    boards = [row for row in queries.list_boards(api.member()) if row.standing.is_team]
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return shapes.queue(queues.waiting(boards))


@blueprint.route("/ideas/<id:idea_id>/flags/dismiss", method="POST")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def dismiss_flags_of_idea(idea_id: int) -> Any:
    """Leave an idea as it is

    Closes all that was pointed out about it. For the team.
    """
    with unit_of_work():
        flagging.dismiss(api.member(), queries.get_idea(api.member(), idea_id))


@blueprint.route("/comments/<id:comment_id>/flags/dismiss", method="POST")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def dismiss_flags_of_comment(comment_id: int) -> Any:
    """Leave a comment as it is

    Closes all that was pointed out about it. For the team.
    """
    with unit_of_work():
        row = queries.get_comment(api.member(), comment_id)
        flagging.dismiss(api.member(), row.on, row.comment)


@blueprint.route("/ideas/<id:idea_id>/hide", method="POST")
@blueprint.needs(MODERATE)
@blueprint.takes(HideReason, example=examples.HIDE)
@blueprint.gives_nothing
def hide_idea(why: dict[str, Any], idea_id: int) -> Any:
    """Hide an idea

    Its author is told why, and may appeal. For the team.
    """
    with unit_of_work():
        moderating.hide_idea(api.member(), queries.get_idea(api.member(), idea_id), **why)


@blueprint.route("/ideas/<id:idea_id>/restore", method="POST")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def restore_idea(idea_id: int) -> Any:
    """Show a hidden idea again

    This is also how one that was held is approved; then its author and followers are told. For the team.
    """
    with unit_of_work():
        moderating.restore_idea(api.member(), queries.get_idea(api.member(), idea_id))


@blueprint.route("/comments/<id:comment_id>/hide", method="POST")
@blueprint.needs(MODERATE)
@blueprint.takes(HideReason, example=examples.HIDE)
@blueprint.gives_nothing
def hide_comment(why: dict[str, Any], comment_id: int) -> Any:
    """Hide a comment

    Its author is told why, and may appeal. For the team.
    """
    with unit_of_work():
        moderating.hide_comment(api.member(), queries.get_comment(api.member(), comment_id), **why)


@blueprint.route("/comments/<id:comment_id>/restore", method="POST")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def restore_comment(comment_id: int) -> Any:
    """Show a hidden comment again

    This is also how one that was held is approved. For the team.
    """
    with unit_of_work():
        moderating.restore_comment(api.member(), queries.get_comment(api.member(), comment_id))


@blueprint.route("/hidings/<id:hiding_id>/refuse", method="POST")
@blueprint.needs(MODERATE)
@blueprint.takes(HideReason, example=examples.HIDE)
@blueprint.gives(shapes.HidingOut, example=examples.HIDING)
def refuse_held(why: dict[str, Any], hiding_id: int) -> Any:
    """Send back what was held

    It stays hidden; its author is told why, and may appeal. For the team.
    """
    with unit_of_work():
        moderating.refuse(api.member(), queries.get_hiding(api.member(), hiding_id), **why)
    return _hiding(hiding_id)


@blueprint.route("/hidings/<id:hiding_id>/keep", method="POST")
@blueprint.needs(MODERATE)
@blueprint.takes(AppealReply, example=examples.APPEAL_REPLY)
@blueprint.gives(shapes.HidingOut, example=examples.HIDING)
def refuse_appeal(said: dict[str, Any], hiding_id: int) -> Any:
    """Refuse an appeal

    It stays hidden, and its author is told why. For the team; to grant one, show it again.
    """
    with unit_of_work():
        moderating.uphold(api.member(), queries.get_hiding(api.member(), hiding_id), **said)
    return _hiding(hiding_id)


@blueprint.route("/mail-replies/<id:reply_id>/keep", method="POST")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def keep_mail(reply_id: int) -> Any:
    """Keep an answer by mail as a note

    It stands beside its idea, for the team alone, and not in the name of its writer. For the team.
    """
    with unit_of_work():
        replying.keep_as_note(api.member(), reply_id)


@blueprint.route("/mail-replies/<id:reply_id>", method="DELETE")
@blueprint.needs(MODERATE)
@blueprint.gives_nothing
def discard_mail(reply_id: int) -> Any:
    """Let go of an answer by mail that was set aside

    For the team.
    """
    with unit_of_work():
        replying.discard(api.member(), reply_id)


def _hiding(hiding_id: int) -> Shape:
    return shapes.hiding(queries.get_hiding(api.member(), hiding_id).hiding)
