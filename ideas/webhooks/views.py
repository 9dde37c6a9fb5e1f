"""The pages on which the team looks after webhooks."""

from __future__ import annotations

import json
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from ideas.accounts import signin
from ideas.db import unit_of_work, utcnow
from ideas.errors import Conflict, NotAllowed
from ideas.forms import ButtonForm
from ideas.paging import PAGE
from ideas.webhooks import endpoints, labels, queries
from ideas.webhooks.forms import EndpointEditForm, EndpointForm, ReplayForm, filled, offer_boards
from ideas.webhooks.kinds import EVERY
from ideas.words import _, ngettext

bp = Blueprint("webhooks", __name__, template_folder="templates", url_prefix="/manage/webhooks")


@bp.route("", methods=["GET", "POST"])
def home() -> ResponseReturnValue:
    endpoints.require_team(signin.member())
    form = EndpointForm()
    if not form.validate_on_submit():
        return _draw_home(form), 422 if form.errors or form.form_errors else 200
    try:
        with unit_of_work():
            person = signin.member()
            made = form.make(person.id, lambda: endpoints.add(person, form.loaded)[0].id)
    except ValidationError as error:
        form.show(error)
        return _draw_home(form), 422
    except (Conflict, NotAllowed) as error:
        form.form_errors = [error.message]
        return _draw_home(form), 422
    # shown on this answer and nowhere else: a redirect would have to carry it in an address or a cookie
    return _draw(made, secret=_secret(made)), 201


@bp.route("/<int:endpoint_id>", methods=["GET", "POST"])
def show(endpoint_id: int) -> ResponseReturnValue:
    form = filled(endpoints.get(signin.member(), endpoint_id))
    if not form.validate_on_submit():
        return _draw(endpoint_id, form=form), 422 if request.method == "POST" else 200
    try:
        with unit_of_work():
            endpoints.change(signin.member(), endpoint_id, form.loaded)
    except ValidationError as error:
        form.show(error)
        return _draw(endpoint_id, form=form), 422
    except NotAllowed as error:
        form.form_errors = [error.message]
        return _draw(endpoint_id, form=form), 422
    flash(_("Saved."))
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/pause")
def pause(endpoint_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        endpoints.pause(signin.member(), endpoint_id)
    flash(_("Nothing is sent for now; what happens meanwhile waits, for thirty days at most."))
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/resume")
def resume(endpoint_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        endpoints.resume(signin.member(), endpoint_id)
    flash(_("Messages are sent again."))
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/test")
def send_test(endpoint_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        endpoints.send_test(signin.member(), endpoint_id)
    flash(_("A test is on its way. Look at the log in a moment."))
    return _back(endpoint_id)


@bp.post("/<int:endpoint_id>/secret")
def rotate(endpoint_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    endpoints.get(signin.member(), endpoint_id)
    if not signin.is_fresh():
        return signin.confirm_first(url_for(".show", endpoint_id=endpoint_id))
    with unit_of_work():
        secret = endpoints.rotate(signin.member(), endpoint_id)
    return _draw(endpoint_id, secret=secret), 201


@bp.post("/<int:endpoint_id>/remove")
def remove(endpoint_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        endpoints.remove(signin.member(), endpoint_id)
    flash(_("The endpoint is removed, and its log with it."))
    return redirect(url_for(".home"), 303)


@bp.post("/<int:endpoint_id>/replay")
def replay_range(endpoint_id: int) -> ResponseReturnValue:
    endpoints.get(signin.member(), endpoint_id)
    form = ReplayForm()
    if not form.validate_on_submit():
        return _draw(endpoint_id, replay_form=form), 422
    said = form.loaded
    since = datetime.combine(said["first"], time(), UTC)
    until = datetime.combine(said["last"], time(), UTC) + timedelta(days=1)
    with unit_of_work():
        count = endpoints.replay_range(
            signin.member(), endpoint_id, since=since, until=until, only_unsent=not said["all_of_it"]
        )
    flash(ngettext("%(num)s message is sent again.", "%(num)s messages are sent again.", count))
    return _back(endpoint_id)


@bp.get("/<int:endpoint_id>/messages/<int:message_id>")
def message(endpoint_id: int, message_id: int) -> ResponseReturnValue:
    endpoint = endpoints.get(signin.member(), endpoint_id)
    line = queries.message(signin.member(), endpoint_id, message_id)
    body = queries.body(line)
    return render_template(
        "webhooks/message.html",
        endpoint=endpoint,
        line=line,
        body=json.dumps(json.loads(body), indent=2, ensure_ascii=False) if body else "",
        is_kept=bool(line.body),
        attempts=queries.attempts(line),
        **_words(),
    )


@bp.post("/<int:endpoint_id>/messages/<int:message_id>/replay")
def replay(endpoint_id: int, message_id: int) -> ResponseReturnValue:
    ButtonForm().loaded_or_raise()
    with unit_of_work():
        endpoints.replay(signin.member(), endpoint_id, message_id)
    flash(_("It is sent again, as it was."))
    return redirect(url_for(".message", endpoint_id=endpoint_id, message_id=message_id), 303)


def _offered() -> list[Any]:
    return [row.board for row in endpoints.boards_of(signin.member())]


def _draw_home(form: EndpointForm) -> str:
    offer_boards(form, _offered())
    return render_template("webhooks/home.html", form=form, endpoints=endpoints.every(signin.member()), **_words())


def _draw(
    endpoint_id: int, *, form: EndpointEditForm | None = None, replay_form: ReplayForm | None = None, secret: str = ""
) -> str:
    endpoint = endpoints.get(signin.member(), endpoint_id)
    cursor = request.args.get("cursor") if request.method == "GET" else None
    today = utcnow().date().isoformat()
    form = form or filled(endpoint, formdata=None)
    offer_boards(form, _offered())
    return render_template(
        "webhooks/endpoint.html",
        endpoint=endpoint,
        page=queries.messages(signin.member(), endpoint_id, limit=PAGE, cursor=cursor),
        cursor=cursor,
        secret=secret,
        form=form,
        replay_form=replay_form or ReplayForm(formdata=None, first=today, last=today),
        former_until=endpoint.former_until if endpoint.former_until and endpoint.former_until > utcnow() else None,
        **_words(),
    )


def _secret(endpoint_id: int) -> str:
    endpoint = endpoints.get(signin.member(), endpoint_id)
    return endpoints.secrets_of(endpoint, utcnow())[0]


def _words() -> dict[str, Any]:
    return {
        "endpoint_states": labels.ENDPOINT_STATES,
        "disabled_words": labels.DISABLED,
        "states": labels.STATES,
        "reasons": labels.REASONS,
        "kinds": EVERY,
    }


def _back(endpoint_id: int) -> ResponseReturnValue:
    return redirect(url_for(".show", endpoint_id=endpoint_id), 303)
