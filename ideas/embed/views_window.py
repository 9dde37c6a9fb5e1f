"""The window in which somebody says, on this site, that the page which opened it may act for them."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Response, g, make_response, render_template, request, session
from flask.typing import ResponseReturnValue

from ideas import api_origins
from ideas.accounts import signin
from ideas.boards import queries
from ideas.boards.models import Board
from ideas.db import unit_of_work
from ideas.embed import schemas, sessions
from ideas.embed.errors import SiteNotListed
from ideas.embed.forms import WindowForm
from ideas.words import _

WAITS = 900  # seconds that a page is waited for while somebody signs in

bp = Blueprint("embed_window", __name__, template_folder="templates")


def init_app(app: Flask) -> None:
    """On the way through signing in, the window keeps hold of the page that opened it."""
    app.before_request(_remember_opener)
    app.after_request(_keep_opener)


@bp.get("/embed/sign-in")
def ask() -> ResponseReturnValue:
    asked = schemas.WindowWords().load(request.args.to_dict())
    board = _board(asked["board"], asked["origin"])
    g.keeps_opener = True
    if signin.reader() is None:
        session[signin.WINDOW] = int(time.time()) + WAITS
        return signin.ask_to_sign_in()
    sessions.require_customer(signin.member())
    form = WindowForm(formdata=None, **asked)
    return render_template("embed/ask.html", board=board, form=form, site=urlsplit(asked["origin"]).netloc)


@bp.post("/embed/sign-in")
def hand_over() -> ResponseReturnValue:
    said = WindowForm().loaded_or_raise()
    g.keeps_opener = True
    with unit_of_work():
        person = signin.member()
        board = _board(said["board"], said["origin"])
        token, expires_at = sessions.open_for(person, board, said["origin"])
        handed = {"type": "answerback:signed-in", "state": said["state"]}
        handed |= schemas.signed_in(token, expires_at, person)
    answer = make_response(
        render_template("embed/handed.html", handed=handed, origin=said["origin"], site=urlsplit(said["origin"]).netloc)
    )
    session.pop(signin.WINDOW, None)
    answer.headers["Referrer-Policy"] = "no-referrer"
    return answer


def _board(slug: str, origin: str) -> Board:
    """The board, if pages of `origin` may show it. Raises NotFound, SiteNotListed."""
    board = queries.get_board(signin.reader(), slug).board
    if origin not in board.embed_sites and origin != api_origins.own():
        raise SiteNotListed(
            _("%(site)s is not among the sites on which this board may be shown, so it is told nothing.", site=origin)
        )
    return board


def _remember_opener() -> None:
    """Asked before anything is done: signing in forgets what the session knew."""
    if request.path.startswith("/sign-") or request.blueprint == "accounts":
        g.keeps_opener = int(session.get(signin.WINDOW, 0)) > time.time()


def _keep_opener(answer: Response) -> Response:
    if g.get("keeps_opener"):
        answer.headers["Cross-Origin-Opener-Policy"] = "unsafe-none"
    return answer
