"""The page on which administrators say how a board is shown on other sites, and see whether it works."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas import http
from ideas.accounts import policy, signin
from ideas.boards import boardkeeping, queries
from ideas.boards.models import Board
from ideas.db import unit_of_work, utcnow
from ideas.embed import checking, hosts, publishable, snippets
from ideas.embed.checking import Finding
from ideas.embed.forms import CheckForm, HostForm, LookForm, SitesForm
from ideas.errors import Conflict, NotFound
from ideas.forms import ButtonForm, SchemaForm
from ideas.settings import current
from ideas.words import _

# The page holds a frame of ours, and that frame what a page of another site holds, and nothing else.
AROUND = f"{http.CONTENT_POLICY}; frame-src 'self'"
WITHIN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)

bp = Blueprint("embed", __name__, template_folder="templates")


def _board(slug: str) -> Board:
    policy.require_admin(signin.member())
    return queries.get_board(signin.member(), slug).board


@bp.route("/manage/boards/<slug>/embed", methods=["GET", "POST"])
def show(slug: str) -> ResponseReturnValue:
    form = SitesForm(sites=_board(slug).embed_sites)
    if not form.validate_on_submit():
        return _draw(slug, form, status=422 if form.errors else 200)
    with unit_of_work():
        boardkeeping.edit(signin.member(), _board(slug), {"embed_sites": form.loaded["sites"]})
    flash(_("Saved."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/identity")
def identity(slug: str) -> ResponseReturnValue:
    form = HostForm()
    _board(slug)
    if not form.validate_on_submit():
        return _draw(slug, form, status=422)
    try:
        with unit_of_work():
            hosts.change(signin.member(), _board(slug), form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(slug, form, status=422)
    flash(_("Saved."))
    return _back(slug)


@bp.post("/manage/boards/<slug>/embed/secret")
def make_secret(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    _board(slug)
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".show", slug=slug))
    with unit_of_work():
        secret = hosts.rotate(signin.member(), _board(slug))
    # shown on this answer and nowhere else: a redirect would have to carry it in an address or a cookie
    return _draw(slug, secret=secret, status=201)


@bp.post("/manage/boards/<slug>/embed/secret/end-former")
def end_former_secret(slug: str) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        hosts.end_former(signin.member(), _board(slug))
    flash(_("Saved."))
    return _back(slug)


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
        return _draw(slug, form, status=422)
    return _draw(slug, form, findings=checking.findings(board, **form.loaded))


@bp.get("/manage/boards/<slug>/embed/preview")
def preview(slug: str) -> ResponseReturnValue:
    """What a page of a product looks like with the widget, for the frame beside the settings."""
    board = _board(slug)
    form = LookForm()
    look, keys = form.chosen(), publishable.of(board)
    if form.errors:
        raise ValidationError({name: list(messages) for name, messages in form.errors.items()})
    if not keys:
        raise NotFound(_("There is nothing here, or you may not see it."))
    page = render_template("embed/preview.html", board=board, key=keys[0], look=look, styles=snippets.styles(look))
    answer = make_response(page)
    answer.headers["Content-Security-Policy"] = WITHIN
    return answer


def _draw(
    slug: str,
    sent: SchemaForm | None = None,
    *,
    status: int = 200,
    secret: str = "",
    findings: list[Finding] | None = None,
) -> ResponseReturnValue:
    """The page with all its forms; `sent` is one of them that is drawn as it was sent."""
    board = _board(slug)
    shown = _looked_at(board)
    status = 422 if shown["look_form"].errors else status
    if http.wants_part():
        return render_template("embed/_look.html", board=board, **shown), status
    host, now = hosts.of(board.id), utcnow()

    def drawn(kind: type[SchemaForm], **values: Any) -> SchemaForm:
        return sent if isinstance(sent, kind) else kind(formdata=None, **values)

    base = current().base_url
    page = render_template(
        "embed/settings.html",
        board=board,
        host=host,
        keys=publishable.of(board),
        secret=secret,
        has_secret=bool(hosts.secrets_of(host, now)),
        former_until=host.former_until if host.former_until and host.former_until > now else None,
        sites_form=drawn(SitesForm, sites=board.embed_sites),
        host_form=drawn(
            HostForm, issuer=host.issuer or "", algorithm=host.algorithm, keys_address=host.keys_address or ""
        ),
        check_form=drawn(CheckForm),
        findings=findings,
        identify=snippets.identify(),
        snippets=snippets.all_of(host.issuer or "", base),
        audience=base,
        **shown,
    )
    answer = make_response(page, status)
    answer.headers["Content-Security-Policy"] = AROUND
    return answer


def _looked_at(board: Board) -> dict[str, Any]:
    """The line for the look that the address names, and the frame that shows it; no line while there is no key."""
    form, keys = LookForm(), publishable.of(board)
    look = form.chosen()
    named = {name: value for name, value in look._asdict().items() if value}
    return {
        "look_form": form,
        "line": snippets.line(current().base_url, board.slug, keys[0].token, look) if keys else "",
        "styles": snippets.styles(look),
        "framed": url_for(".preview", slug=board.slug, **named),
    }


def _back(slug: str) -> ResponseReturnValue:
    return redirect(url_for(".show", slug=slug), 303)
