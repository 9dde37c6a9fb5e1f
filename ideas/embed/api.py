"""How a board is shown on other sites, as JSON."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from ideas import api, api_origins, api_repeats
from ideas.accounts import policy
from ideas.api import ON_PAGES, Blueprint, list_of
from ideas.boards import boardkeeping, queries
from ideas.boards.models import Board
from ideas.db import unit_of_work, utcnow
from ideas.embed import api_examples as examples
from ideas.embed import arriving, checking, hosts, publishable, sessions
from ideas.embed import schemas as shapes
from ideas.errors import NotFound
from ideas.schemas import when
from ideas.words import _

MANAGE = "embed:manage"

blueprint = Blueprint(
    "embed", __name__, about="The widget on pages of yours: the keys of these pages, and who is signed in on them."
)


def _kept(slug: str) -> Board:
    """The board, for an administrator."""
    policy.require_admin(api.member())
    return queries.get_board(api.member(), slug).board


@blueprint.route("/boards/<slug:slug>/embed")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.EmbedOut, example=examples.EMBED)
def get_embed(slug: str) -> Any:
    """Read how a board is shown on other sites

    On which, and how their host says who somebody is. For administrators.
    """
    return _embed(_kept(slug))


@blueprint.route("/boards/<slug:slug>/embed", method="PATCH")
@blueprint.needs(MANAGE)
@blueprint.takes(shapes.EmbedEdit, example={"issuer": "https://app.example.org", "algorithm": "HS256"})
@blueprint.gives(shapes.EmbedOut, example=examples.EMBED)
def edit_embed(said: dict[str, Any], slug: str) -> Any:
    """Change how a board is shown on other sites

    What is left out stays. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        if "sites" in said:
            boardkeeping.edit(api.member(), board, {"embed_sites": said.pop("sites")})
        hosts.change(api.member(), board, said)
    return _embed(_kept(slug))


@blueprint.route("/boards/<slug:slug>/embed/secret", method="POST")
@blueprint.needs(MANAGE)
@blueprint.gives(shapes.EmbedSecretOut, status=201, example=examples.SECRET)
def make_embed_secret(slug: str) -> Any:
    """Make the secret with which the host signs

    Shown this once. For 24 hours the former one counts as well. For administrators.
    """
    with unit_of_work():
        board = _kept(slug)
        secret = hosts.rotate(api.member(), board)
        until = hosts.of(board.id).former_until
    api_repeats.shown_once("secret")
    return {"secret": secret, "former_until": when(until)}


@blueprint.route("/boards/<slug:slug>/embed/secret/former", method="DELETE")
@blueprint.needs(MANAGE)
@blueprint.gives_nothing
def end_former_secret(slug: str) -> None:
    """End the former secret of the host now

    For when it leaked: it does not count for the rest of its day. For administrators.
    """
    with unit_of_work():
        hosts.end_former(api.member(), _kept(slug))


@blueprint.route("/boards/<slug:slug>/embed/keys")
@blueprint.needs(MANAGE)
@blueprint.gives(list_of(shapes.PublishableKeyOut, paged=False), example={"data": [examples.KEY]})
def list_publishable_keys(slug: str) -> Any:
    """List the publishable keys of a board

    The newest first. For administrators.
    """
    return {"data": [shapes.key(row) for row in publishable.of(_kept(slug))]}


@blueprint.route("/boards/<slug:slug>/embed/keys", method="POST")
@blueprint.needs(MANAGE)
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
@blueprint.needs(MANAGE)
@blueprint.gives_nothing
def revoke_publishable_key(slug: str, key_id: int) -> None:
    """Revoke a publishable key

    Pages that have it show nothing of the board any more. For administrators.
    """
    with unit_of_work():
        publishable.revoke(api.member(), _kept(slug), key_id)


@blueprint.route("/boards/<slug:slug>/embed/check", method="POST")
@blueprint.needs(MANAGE)
@blueprint.takes(shapes.CheckWords, example={"address": "https://www.example.org/"})
@blueprint.gives(shapes.FindingsOut, example=examples.FINDINGS)
@blueprint.only_looks
def check_embed(said: dict[str, Any], slug: str) -> Any:
    """Look whether a page shows the widget

    Reads the page once and says whether the line, the key, the site and the page's content policy are right; and what
    is right or wrong with a signed identity, which is not used up. For administrators.
    """
    return shapes.findings(checking.findings(_kept(slug), **said))


@blueprint.route("/embed/sessions", method="POST")
@blueprint.needs(ON_PAGES)
@blueprint.takes(shapes.TokenOfHost, example={"board": "garden", "token": "eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOi….mLkO9"})
@blueprint.gives(shapes.SignedInOut, status=201, example=examples.SIGNED_IN)
def sign_in_on_page(said: dict[str, Any]) -> Any:
    """Sign somebody in on a page

    By the word of the host, with the publishable key of the board. The token that comes back acts for that person on
    this board and this origin, for fifteen minutes.
    """
    key = api.page_key()
    api_origins.require_named()  # what is no page would get a token that counts without a page
    claims = hosts.read(key.board_id, said["token"])  # may ask the host for its keys, so in no transaction
    with unit_of_work():
        person = arriving.arrive(key.board_id, claims)
        board = queries.get_board(person, key.slug).board
        token, expires_at = sessions.open_for(person, board, api_origins.asking())
        return shapes.signed_in(token, expires_at, person)


@blueprint.route("/embed/sessions/current", method="DELETE")
@blueprint.needs(ON_PAGES)
@blueprint.may_answer(HTTPStatus.NOT_FOUND)
@blueprint.gives_nothing
def sign_out_of_page() -> None:
    """Sign out on a page

    The token that is sent works no more.
    """
    key = api.page_key()
    if key.user is None:
        raise NotFound(_("Nobody is signed in with this key."))
    with unit_of_work():
        sessions.end(key.id)


def _embed(board: Board) -> shapes.Shape:
    host, now = hosts.of(board.id), utcnow()
    return shapes.host(board, host, has_secret=bool(hosts.secrets_of(host, now)), now=now)
