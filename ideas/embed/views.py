"""The page on which administrators say how a board is shown on other sites, and see whether it works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import policy, signin
from ideas.boards import boardkeeping, queries
from ideas.boards.models import Board
from ideas.db import unit_of_work, utcnow
from ideas.embed import checking, hosts, publishable, snippets
from ideas.embed.checking import Finding
from ideas.embed.forms import CheckForm, HostForm, SitesForm
from ideas.errors import Conflict
from ideas.forms import ButtonForm, SchemaForm
from ideas.settings import current
from ideas.words import _

bp = Blueprint("embed", __name__, template_folder="templates")


def _board(slug: str) -> Board:
    policy.require_admin(signin.member())
    return queries.get_board(signin.member(), slug).board


@bp.route("/manage/boards/<slug>/embed", methods=["GET", "POST"])
def show(slug: str) -> ResponseReturnValue:
    form = SitesForm(sites=_board(slug).embed_sites)
    if not form.validate_on_submit():
        return _draw(slug, form), 422 if form.errors else 200
    with unit_of_work():
        boardkeeping.edit(signin.member(), _board(slug), {"embed_sites": form.loaded["sites"]})
    flash(_("Saved."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/identity")
def identity(slug: str) -> ResponseReturnValue:
    form = HostForm()
    _board(slug)
    if not form.validate_on_submit():
        return _draw(slug, form), 422
    try:
        with unit_of_work():
            hosts.change(signin.member(), _board(slug), form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(slug, form), 422
    flash(_("Saved."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/secret")
def make_secret(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        secret = hosts.rotate(signin.member(), _board(slug))
    # shown on this answer and nowhere else: a redirect would have to carry it in an address or a cookie
    return _draw(slug, secret=secret), 201


@bp.post("/manage/boards/<slug>/embed/keys")
def make_key(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    try:
        with unit_of_work():
            publishable.make(signin.member(), _board(slug))
    except Conflict as error:
        flash(error.message, "problem")
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/keys/<int:key_id>/revoke")
def revoke_key(slug: str, key_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        publishable.revoke(signin.member(), _board(slug), key_id)
    flash(_("That key works no more."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/check")
def check(slug: str) -> ResponseReturnValue:
    """Asks the page and changes nothing."""
    form = CheckForm()
    board = _board(slug)
    if not form.validate_on_submit():
        return _draw(slug, form), 422
    return _draw(slug, form, findings=checking.findings(board, **form.loaded))


def _draw(slug: str, sent: SchemaForm | None = None, *, secret: str = "", findings: list[Finding] | None = None) -> str:
    """The page with all its forms; `sent` is one of them that is drawn as it was sent."""
    board = _board(slug)
    host, keys, now = hosts.of(board.id), publishable.of(board), utcnow()

    def drawn(kind: type[SchemaForm], **values: Any) -> SchemaForm:
        return sent if isinstance(sent, kind) else kind(formdata=None, **values)

    base = current().base_url
    return render_template(
        "embed/settings.html",
        board=board,
        host=host,
        keys=keys,
        secret=secret,
        has_secret=bool(hosts.secrets_of(host, now)),
        former_until=host.former_until if host.former_until and host.former_until > now else None,
        sites_form=drawn(SitesForm, sites=board.embed_sites),
        host_form=drawn(
            HostForm, issuer=host.issuer or "", algorithm=host.algorithm, keys_address=host.keys_address or ""
        ),
        check_form=drawn(CheckForm),
        findings=findings,
        line=snippets.line(base, board.slug, keys[0].token) if keys else "",
        identify=snippets.identify(),
        snippets=snippets.all_of(host.issuer or "", base),
        audience=base,
    )


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".show", slug=slug), 303)
