"""How a board is shown on other sites, as JSON."""

from __future__ import annotations

from typing import Any

from ideas import api
from ideas.accounts import policy
from ideas.api import Blueprint, list_of
from ideas.boards import queries
from ideas.boards.models import Board
from ideas.db import unit_of_work
from ideas.embed import api_examples as examples
from ideas.embed import publishable
from ideas.embed import schemas as shapes

WRITE = "boards:write"

blueprint = Blueprint(
    "embed", __name__, about="The widget on pages of yours: the keys of these pages, and who is signed in on them."
)


def _kept(slug: str) -> Board:
    """The board, for an administrator."""
    policy.require_admin(api.member())
    return queries.get_board(api.member(), slug).board


@blueprint.route("/boards/<slug:slug>/embed/keys")
@blueprint.needs(WRITE)
@blueprint.gives(list_of(shapes.PublishableKeyOut, paged=False), example={"data": [examples.KEY]})
def list_publishable_keys(slug: str) -> Any:
    """List the publishable keys of a board

    The newest first. For administrators.
    """
    return {"data": [shapes.key(row) for row in publishable.of(_kept(slug))]}


@blueprint.route("/boards/<slug:slug>/embed/keys", method="POST")
@blueprint.needs(WRITE)
@blueprint.gives(shapes.PublishableKeyOut, status=201, example=examples.KEY)
def make_publishable_key(slug: str) -> Any:
    """Make a publishable key

    It may stand in public: it opens what visitors may see of this board, on pages of the sites in its “embed_sites”.
    For administrators.
    """
    with unit_of_work():
        shape = shapes.key(publishable.make(api.member(), _kept(slug)))
    return api.created(shape, f"/boards/{slug}/embed/keys")


@blueprint.route("/boards/<slug:slug>/embed/keys/<id:key_id>", method="DELETE")
@blueprint.needs(WRITE)
@blueprint.gives_nothing
def revoke_publishable_key(slug: str, key_id: int) -> None:
    """Revoke a publishable key

    Pages that have it show nothing of the board any more. For administrators.
    """
    with unit_of_work():
        publishable.revoke(api.member(), _kept(slug), key_id)
