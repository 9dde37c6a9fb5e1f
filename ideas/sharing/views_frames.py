"""Frames for other sites: a single idea, a board, its roadmap, its releases, each as a light page of its own.

They know nobody: no cookie is looked at or set, nobody is named, and the language is the site's own unless the address
says another. Which sites may show them, the board says.
"""

from __future__ import annotations

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from ideas import looks
from ideas.boards.labels import REASON_WORDS
from ideas.boards.models import Board
from ideas.sharing import frames
from ideas.sharing.everybody import addressed
from ideas.sharing.views_feeds import as_everybody_gets_it

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors {sites}"
)

bp = Blueprint("frames", __name__, template_folder="templates")


@bp.get("/embed/ideas/<int:idea_id>")
def idea(idea_id: int) -> ResponseReturnValue:
    shown = frames.idea(idea_id)
    return _frame(shown.row.idea.board, "idea", idea=shown.row.idea, answer=shown.answer)


@bp.get("/embed/boards/<slug>")
def board(slug: str) -> ResponseReturnValue:
    found, cards = frames.board(slug)
    return _frame(found, "board", cards=cards)


@bp.get("/embed/boards/<slug>/roadmap")
def roadmap(slug: str) -> ResponseReturnValue:
    found, columns = frames.the_roadmap(slug)
    return _frame(found, "roadmap", columns=columns)


@bp.get("/embed/boards/<slug>/releases")
def releases(slug: str) -> ResponseReturnValue:
    found, shown = frames.the_releases(slug)
    return _frame(found, "releases", releases=shown)


def _frame(board: Board, what: str, **shown: object) -> Response:
    asked = request.args.get("lang", "").replace("-", "_")
    known = {each.code for each in looks.languages()}
    with addressed(asked if asked in known else None):
        page = render_template(f"sharing/frame_{what}.html", board=board, reasons=REASON_WORDS, **shown)
    answer = Response(page)
    answer.headers["Content-Security-Policy"] = POLICY.format(sites=" ".join(board.embed_sites) or "'none'")
    # what stands around it is another site, which learns no more than that somebody is there
    answer.headers["Referrer-Policy"] = "no-referrer"
    return as_everybody_gets_it(answer)
