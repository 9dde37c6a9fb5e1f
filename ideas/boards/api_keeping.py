"""How administrators keep boards, as JSON: new ones, their statuses and tags, who belongs to them, invitations."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError

from ideas import api
from ideas.accounts import limits, signin
from ideas.accounts import policy as administration
from ideas.accounts import queries as accounts
from ideas.api import READ, Blueprint, ListQuery, list_of
from ideas.boards import api_examples, api_reading, boardkeeping, queries
from ideas.boards import schemas_keeping as shapes
from ideas.boards import schemas_out as boards_shapes
from ideas.boards.models import Board, Status, Tag
from ideas.boards.schemas import StatusWords, TagWords
from ideas.db import unit_of_work
from ideas.errors import NotFound
from ideas.paging import Page
from ideas.words import _

WRITE = "boards:write"

STATUSES = list_of(boards_shapes.StatusOut)

blueprint = Blueprint("keeping", __name__, about="What boards are made of, and who belongs to them.")


def _kept(slug: str) -> Board:
    """The board, for its administrators. Raises NotFound for anybody else."""
    administration.require_admin(api.member())
    return queries.get_board(api.member(), slug).board


@blueprint.route("/boards", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.NewBoard, example=shapes.NEW_BOARD)
@blueprint.gives(
    boards_shapes.BoardOut, status=201, example={**api_examples.BOARD, **shapes.NEW_BOARD, "slug": "orchard"}
)
def make_board(words: dict[str, Any]) -> Any:
    """Make a board

    With statuses to begin with. For administrators.
    """
    with unit_of_work():
        administration.require_admin(api.member())
        board = boardkeeping.make(api.member(), words)
    shape = boards_shapes.board(board, *api_reading.words_of([board.id])[board.id])
    return api.created(shape, f"/boards/{board.slug}")


# --- Statuses ---


@blueprint.route("/boards/<slug:slug>/statuses")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(STATUSES, example={"data": [shapes.STATUS], "next": None})
def list_statuses(slug: str) -> Any:
    """List the statuses of a board

    In the order in which it shows them, all on one page.
    """
    return api.listed(Page(queries.statuses_of(queries.get_board(api.reader(), slug).board), None), shapes.status)


@blueprint.route("/boards/<slug:slug>/statuses", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(StatusWords, example=shapes.NEW_STATUS)
@blueprint.gives(boards_shapes.StatusOut, status=201, example=shapes.STATUS)
def add_status(words: dict[str, Any], slug: str) -> Any:
    """Add a status

    It is shown after the others. For administrators.
    """
    with unit_of_work():
        status = boardkeeping.add_status(api.member(), _kept(slug), **words)
    # a status has no address of its own: it stands among the others of its board
    return api.created(shapes.status(status), f"/boards/{slug}/statuses")


@blueprint.route("/boards/<slug:slug>/statuses", method="PUT")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.StatusOrder, example={"order": [9, 3]})
@blueprint.gives(STATUSES, example={"data": [shapes.STATUS], "next": None})
def order_statuses(wanted: dict[str, Any], slug: str) -> Any:
    """Show the statuses in another order

    For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        there = {status.id for status in queries.statuses_of(board)}
        unknown = [place for place, each in enumerate(wanted["order"]) if each not in there]
        if unknown:
            raise ValidationError({"order": {place: [_("The board has no such status.")] for place in unknown}})
        boardkeeping.order_statuses(api.member(), board, wanted["order"])
        rows = queries.statuses_of(board)
    return api.listed(Page(rows, None), shapes.status)


@blueprint.route("/boards/<slug:slug>/statuses/<id:status_id>", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.StatusEdit, example={"name": "In the shed"})
@blueprint.gives(boards_shapes.StatusOut, example=shapes.STATUS)
def edit_status(changes: dict[str, Any], slug: str, status_id: int) -> Any:
    """Change the name or the meaning of a status

    Ideas that have it follow its stage; its slug stays. What is left out stays. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        status = _status(board, status_id)
        words = {"name": status.name, "stage": status.stage} | changes
        boardkeeping.change_status(api.member(), board, status_id, **words)
        return shapes.status(_status(board, status_id))


@blueprint.route("/boards/<slug:slug>/statuses/<id:status_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def remove_status(slug: str, status_id: int) -> None:
    """Remove a status

    Not while an idea has it or an answer names it (409, in-use). For administrators.
    """
    with unit_of_work():
        boardkeeping.remove_status(api.member(), _kept(slug), status_id)


def _status(board: Board, status_id: int) -> Status:
    found = next((each for each in queries.statuses_of(board) if each.id == status_id), None)
    if found is None:
        raise NotFound(_("The board has no such status."))
    return found


# --- Tags ---


@blueprint.route("/boards/<slug:slug>/tags")
@blueprint.needs(READ, or_nobody=True)
@blueprint.gives(list_of(shapes.TagOut), example={"data": [shapes.TAG], "next": None})
def list_tags(slug: str) -> Any:
    """List the tags of a board

    By name, all on one page.
    """
    return api.listed(Page(queries.tags_of(queries.get_board(api.reader(), slug).board), None), shapes.tag)


@blueprint.route("/boards/<slug:slug>/tags", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(TagWords, example={"name": "Water"})
@blueprint.gives(shapes.TagOut, status=201, example=shapes.TAG)
def add_tag(words: dict[str, Any], slug: str) -> Any:
    """Add a tag

    For administrators.
    """
    with unit_of_work():
        tag = boardkeeping.add_tag(api.member(), _kept(slug), **words)
    return api.created(shapes.tag(tag), f"/boards/{slug}/tags")


@blueprint.route("/boards/<slug:slug>/tags/<id:tag_id>", method="PATCH")
@blueprint.needs(WRITE)
@blueprint.takes(TagWords, example={"name": "Water"})
@blueprint.gives(shapes.TagOut, example=shapes.TAG)
def rename_tag(words: dict[str, Any], slug: str, tag_id: int) -> Any:
    """Give a tag another name

    Its slug stays. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        boardkeeping.rename_tag(api.member(), board, tag_id, **words)
        return shapes.tag(_tag(board, tag_id))


@blueprint.route("/boards/<slug:slug>/tags/<id:tag_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def remove_tag(slug: str, tag_id: int) -> None:
    """Remove a tag

    From the board and from all its ideas. For administrators.
    """
    with unit_of_work():
        boardkeeping.remove_tag(api.member(), _kept(slug), tag_id)


def _tag(board: Board, tag_id: int) -> Tag:
    return next(each for each in queries.tags_of(board) if each.id == tag_id)


# --- People ---


@blueprint.route("/boards/<slug:slug>/people")
@blueprint.needs(WRITE)
@blueprint.asks(ListQuery)
@blueprint.gives(list_of(shapes.BoardPersonOut), example={"data": [shapes.PERSON], "next": None})
def list_board_people(asked: dict[str, Any], slug: str) -> Any:
    """List who belongs to a board

    Its team, and of a private board its members. For administrators.
    """
    page = boardkeeping.page_of_people(_kept(slug), limit=asked["limit"], cursor=asked.get("cursor"))
    return api.listed(page, shapes.board_person)


@blueprint.route("/boards/<slug:slug>/people/<id:person_id>", method="PUT")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.BoardRoleWanted, example={"role": "team"})
@blueprint.gives_nothing
def put_board_person(wanted: dict[str, Any], slug: str, person_id: int) -> None:
    """Let somebody belong to a board

    As a member or as one of its team; whoever belongs already has the new role afterwards. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        person = accounts.get_person(api.member(), person_id)
        boardkeeping.add_person(api.member(), board, person, role=wanted["role"])


@blueprint.route("/boards/<slug:slug>/people/<id:person_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def remove_board_person(slug: str, person_id: int) -> None:
    """Take somebody from a board

    Ideas they own there have no owner afterwards, and a private board is out of their sight. For administrators.
    """
    with unit_of_work():
        boardkeeping.remove_person(api.member(), _kept(slug), person_id)


# --- Invitations ---


@blueprint.route("/boards/<slug:slug>/invitations")
@blueprint.needs(WRITE)
@blueprint.gives(list_of(shapes.InvitationOut), example={"data": [shapes.INVITATION], "next": None})
def list_board_invitations(slug: str) -> Any:
    """List invitations to a board

    Those whose link still works, the newest first, all on one page. For administrators.
    """
    return api.listed(Page(boardkeeping.invitations_of(_kept(slug)), None), shapes.invitation)


@blueprint.route("/boards/<slug:slug>/invitations", method="POST")
@blueprint.needs(WRITE)
@blueprint.takes(shapes.NewInvitation, example={"email": "ada@example.org", "role": "member"})
@blueprint.gives(shapes.InvitationOut, status=201, example=shapes.INVITATION)
def invite_to_board(wanted: dict[str, Any], slug: str) -> Any:
    """Invite somebody to a board by mail

    The link in it works once, for 14 days; an earlier one to the same address no longer does. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        limits.spend(limits.INVITE, network=signin.network(), email=wanted["email"])
        invitation = boardkeeping.invite(api.member(), board, **wanted)
    return api.created(shapes.invitation(invitation), f"/boards/{slug}/invitations")


@blueprint.route("/boards/<slug:slug>/invitations/<id:invitation_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def withdraw_board_invitation(slug: str, invitation_id: int) -> None:
    """Withdraw an invitation to a board

    Its link no longer works. For administrators.
    """
    with unit_of_work():
        boardkeeping.withdraw_invitation(api.member(), _kept(slug), invitation_id)
