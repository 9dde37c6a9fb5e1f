"""How administrators keep boards: words, statuses, tags, people, invitations; and how an invitation is followed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import addresses, limits, people, signin
from ideas.accounts import policy as site_policy
from ideas.accounts.models import User
from ideas.boards import boardkeeping, queries
from ideas.boards.errors import InUse, SlugTaken
from ideas.boards.forms import BoardForm, InvitationForm, PersonForm, StatusForm, TagForm
from ideas.boards.models import Board, BoardRole
from ideas.boards.queries import BoardRow
from ideas.db import unit_of_work
from ideas.forms import ButtonForm, SchemaForm
from ideas.words import _

bp = Blueprint("manage", __name__, template_folder="templates")


def _board(slug: str) -> BoardRow:
    site_policy.require_admin(signin.member())
    return queries.get_board(signin.member(), slug)


def _page(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".board", slug=slug), 303)


@bp.get("/manage")
def manage() -> ResponseReturnValue:
    return redirect(url_for(".boards"), 303)


@bp.get("/manage/boards")
def boards() -> ResponseReturnValue:
    site_policy.require_admin(signin.member())
    return render_template("boards/manage_boards.html", boards=queries.list_boards(signin.member()))


@bp.route("/manage/boards/new", methods=["GET", "POST"])
def new_board() -> ResponseReturnValue:
    site_policy.require_admin(signin.member())
    form = BoardForm()
    if form.validate_on_submit():
        try:
            with unit_of_work():
                board = boardkeeping.make(signin.member(), form.loaded)
        except SlugTaken as error:
            form.show(ValidationError({error.field: [error.message]}))
        else:
            flash(_("The board is there, with statuses to begin with. Change them as you like."))
            return _page(board.slug)
    return render_template("boards/manage_new.html", form=form), 422 if form.errors else 200


@bp.route("/manage/boards/<slug>", methods=["GET", "POST"])
def board(slug: str) -> ResponseReturnValue:
    row = _board(slug)
    form = BoardForm(obj=row.board)
    if not form.validate_on_submit():
        return _show(row, form), 422 if form.errors else 200
    try:
        with unit_of_work():
            here = _board(slug).board
            boardkeeping.edit(signin.member(), here, form.loaded)
            slug = here.slug
    except SlugTaken as error:
        form.show(ValidationError({error.field: [error.message]}))
        return _show(_board(slug), form), 422
    flash(_("Saved."))
    return _page(slug)


def _show(row: BoardRow, form: BoardForm, sent: SchemaForm | None = None) -> str:
    """The board with all its parts, each a form of its own; `sent` is one of them that could not be used."""
    board = row.board

    def part(kind: type[SchemaForm], prefix: str, **values: Any) -> SchemaForm:
        mine = sent is not None and sent._prefix == f"{prefix}-"
        return sent if sent is not None and mine else kind(formdata=None, prefix=prefix, **values)

    return render_template(
        "boards/manage_board.html",
        row=row,
        board=board,
        form=form,
        statuses=[
            (status, part(StatusForm, f"status-{status.id}", name=status.name, stage=status.stage))
            for status in queries.statuses_of(board)
        ],
        tags=[(tag, part(TagForm, f"tag-{tag.id}", name=tag.name)) for tag in queries.tags_of(board)],
        people=boardkeeping.people_of(board),
        invitations=boardkeeping.invitations_of(board),
        new_status=part(StatusForm, "new-status"),
        new_tag=part(TagForm, "new-tag"),
        new_person=part(PersonForm, "new-person"),
        new_invitation=part(InvitationForm, "new-invitation"),
    )


def _did(slug: str, form: SchemaForm, act: Callable[[User, Board], Any], said: str = "") -> ResponseReturnValue:
    """Do `act` on the board in one transaction; what does not fit is said beside its field, or on top."""
    if form.validate_on_submit():
        try:
            with unit_of_work():
                act(signin.member(), _board(slug).board)
        except ValidationError as error:
            form.show(error)
        except SlugTaken as error:
            form.show(ValidationError({error.field: [error.message]}))
        except InUse as error:
            flash(error.message, "problem")
            return _page(slug)
        else:
            if said:
                flash(said)
            return _page(slug)
    row = _board(slug)
    return _show(row, BoardForm(formdata=None, obj=row.board), form), 422


# --- Statuses and tags ---


@bp.post("/manage/boards/<slug>/statuses")
def add_status(slug: str) -> ResponseReturnValue:
    form = StatusForm(prefix="new-status")
    return _did(slug, form, lambda actor, board: boardkeeping.add_status(actor, board, **form.loaded))


@bp.post("/manage/boards/<slug>/statuses/<int:status_id>")
def change_status(slug: str, status_id: int) -> ResponseReturnValue:
    form = StatusForm(prefix=f"status-{status_id}")
    return _did(
        slug,
        form,
        lambda actor, board: boardkeeping.change_status(actor, board, status_id, **form.loaded),
        _("Saved."),
    )


@bp.post("/manage/boards/<slug>/statuses/<int:status_id>/up")
def move_status_up(slug: str, status_id: int) -> ResponseReturnValue:
    def move(actor: User, board: Board) -> None:
        order = [status.id for status in queries.statuses_of(board)]
        if status_id in order and (place := order.index(status_id)) > 0:
            order[place - 1 : place + 1] = [order[place], order[place - 1]]
            boardkeeping.order_statuses(actor, board, order)

    return _did(slug, ButtonForm(), move)


@bp.post("/manage/boards/<slug>/statuses/<int:status_id>/remove")
def remove_status(slug: str, status_id: int) -> ResponseReturnValue:
    return _did(
        slug, ButtonForm(), lambda actor, board: boardkeeping.remove_status(actor, board, status_id), _("Removed.")
    )


@bp.post("/manage/boards/<slug>/tags")
def add_tag(slug: str) -> ResponseReturnValue:
    form = TagForm(prefix="new-tag")
    return _did(slug, form, lambda actor, board: boardkeeping.add_tag(actor, board, **form.loaded))


@bp.post("/manage/boards/<slug>/tags/<int:tag_id>")
def rename_tag(slug: str, tag_id: int) -> ResponseReturnValue:
    form = TagForm(prefix=f"tag-{tag_id}")
    return _did(
        slug, form, lambda actor, board: boardkeeping.rename_tag(actor, board, tag_id, **form.loaded), _("Saved.")
    )


@bp.post("/manage/boards/<slug>/tags/<int:tag_id>/remove")
def remove_tag(slug: str, tag_id: int) -> ResponseReturnValue:
    return _did(slug, ButtonForm(), lambda actor, board: boardkeeping.remove_tag(actor, board, tag_id), _("Removed."))


# --- People and invitations ---


@bp.post("/manage/boards/<slug>/people")
def add_person(slug: str) -> ResponseReturnValue:
    form = PersonForm(prefix="new-person")

    def add(actor: User, board: Board) -> None:
        try:
            person = people.by_email(addresses.email(form.loaded["email"]))
        except ValueError:
            person = None
        if person is None:
            raise ValidationError({"email": [_("Nobody has an account with this address. Invite them instead.")]})
        boardkeeping.add_person(actor, board, person, role=form.loaded["role"])

    return _did(slug, form, add, _("They belong to the board now."))


@bp.post("/manage/boards/<slug>/people/<int:person_id>/remove")
def remove_person(slug: str, person_id: int) -> ResponseReturnValue:
    return _did(
        slug,
        ButtonForm(),
        lambda actor, board: boardkeeping.remove_person(actor, board, person_id),
        _("They no longer belong to the board."),
    )


@bp.post("/manage/boards/<slug>/invitations")
def invite(slug: str) -> ResponseReturnValue:
    form = InvitationForm(prefix="new-invitation")

    def send(actor: User, board: Board) -> None:
        limits.spend(limits.INVITE, network=signin.network(), email=form.loaded["email"])
        boardkeeping.invite(actor, board, **form.loaded)

    return _did(
        slug,
        form,
        send,
        _("An invitation is on its way. Its link works once, for 14 days."),
    )


@bp.post("/manage/boards/<slug>/invitations/<int:invitation_id>/withdraw")
def withdraw_invitation(slug: str, invitation_id: int) -> ResponseReturnValue:
    return _did(
        slug,
        ButtonForm(),
        lambda actor, board: boardkeeping.withdraw_invitation(actor, board, invitation_id),
        _("The link of that invitation no longer works."),
    )


@bp.route("/invitations/<token>", methods=["GET", "POST"])
def invitation(token: str) -> ResponseReturnValue:
    """Reading the link uses nothing up: mail programs read links too. The button does."""
    offered = boardkeeping.look_at(token)
    if request.method != "POST":
        return render_template("boards/invitation.html", offered=offered, board=offered.board, form=ButtonForm())
    ButtonForm().loaded_or_raise()
    is_team = offered.role == BoardRole.TEAM
    if signin.reader() is None:
        return signin.ask_to_sign_in("invitation", {"token": token, "back": request.path})
    with unit_of_work():
        slug = boardkeeping.accept(signin.member(), token).slug
    welcome = _("Welcome. You are of the team here.") if is_team else _("Welcome. You are a member of this board.")
    flash(welcome)
    return redirect(url_for("boards.board", slug=slug), 303)
