"""What administrators send of a board and its parts, and what the API shows of them."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from ideas.accounts.models import User
from ideas.api import OutSchema
from ideas.boards.models import BoardRole, Invitation, Membership, Premoderation, Stage, Status, Tag, Visibility
from ideas.boards.schemas import PromiseEdit
from ideas.boards.schemas_out import PersonOut, Shape, person, stage
from ideas.schemas import AppSchema, Id, Line, Slug, UtcTime, when
from ideas.words import _

ORDERED_MOST = 100

_ROLES = [role.value for role in BoardRole]


class NewBoard(AppSchema):
    """A board as an administrator makes it, in the shape in which it is read."""

    slug = Slug(required=True, metadata={"description": "Its address: /boards/<slug>."})
    name = Line(longest=80, required=True)
    about = Line(longest=300, load_default="")
    visibility = fields.Enum(Visibility, by_value=True, load_default=Visibility.PUBLIC)
    promise = fields.Nested(PromiseEdit, load_default=dict)
    premoderation = fields.Enum(Premoderation, by_value=True, load_default=Premoderation.NONE)

    @post_load
    def _as_kept(self, data: dict[str, Any], **_options: Any) -> dict[str, Any]:
        promise = data.pop("promise")
        return data | {
            "promise": promise.get("text", ""),
            "answer_within_days": promise.get("answer_within_days"),
        }


class StatusEdit(AppSchema):
    """What changes of a status; what is left out stays."""

    name = Line(longest=40, metadata={"minLength": 1})
    stage = fields.Enum(Stage, by_value=True)

    @validates_schema
    def _named(self, data: dict[str, Any], **_options: Any) -> None:
        if data.get("name") == "":
            raise ValidationError({"name": [_("Please fill this in.")]})


class StatusOrder(AppSchema):
    """The statuses of a board in the order in which it shows them."""

    order = fields.List(
        Id(),
        required=True,
        validate=validate.Length(min=1, max=ORDERED_MOST),
        metadata={"description": "Their ids; those not named come after, as they stood."},
    )


class BoardRoleWanted(AppSchema):
    """What somebody is on a board."""

    role = fields.Enum(BoardRole, by_value=True, required=True)


class NewInvitation(AppSchema):
    """Whom an administrator invites to a board."""

    email = fields.String(required=True)
    role = fields.Enum(BoardRole, by_value=True, load_default=BoardRole.MEMBER)


class TagOut(OutSchema):
    """A tag that ideas of a board may carry."""

    id = fields.Integer()
    slug = fields.String(metadata={"description": "Its address, which stays when it is renamed."})
    name = fields.String()


class BoardPersonOut(PersonOut):
    """Somebody who belongs to a board."""

    role = fields.String(validate=validate.OneOf(_ROLES))
    joined_at = UtcTime()


class InvitationOut(OutSchema):
    """An invitation whose link still works."""

    id = fields.Integer()
    email = fields.String()
    role = fields.String(validate=validate.OneOf(_ROLES))
    created_at = UtcTime()
    expires_at = UtcTime()


STATUS = {"id": 9, "slug": "in-the-shed", "name": "In the shed", "stage": "started"}
NEW_STATUS = {"name": "In the shed", "stage": "started"}
TAG = {"id": 4, "slug": "water", "name": "Water"}
PERSON = {"id": 9, "name": "Ole", "role": "member", "joined_at": "2026-11-22T10:00:00Z"}
INVITATION = {
    "id": 5,
    "email": "ada@example.org",
    "role": "member",
    "created_at": "2026-11-22T10:00:00Z",
    "expires_at": "2026-12-06T10:00:00Z",
}
NEW_BOARD = {
    "slug": "orchard",
    "name": "Orchard",
    "about": "Everything about the old trees.",
    "promise": {"text": "We read everything on Mondays.", "answer_within_days": 14},
}


def status(row: Status) -> Shape:
    return {"id": row.id, **stage(row)}


def tag(row: Tag) -> Shape:
    return {"id": row.id, "slug": row.slug, "name": row.name}


def board_person(row: tuple[User, Membership]) -> Shape:
    who, membership = row
    return {**(person(who) or {}), "role": membership.role, "joined_at": when(membership.joined_at)}


def invitation(row: Invitation) -> Shape:
    return {
        "id": row.id,
        "email": row.email,
        "role": row.role,
        "created_at": when(row.created_at),
        "expires_at": when(row.expires_at),
    }
