"""What is like an idea: shown to whoever is about to say it again, and to the team beside each new one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.boards import marking, policy, queries, scoring, similar
from ideas.boards.models import TITLE_LONGEST
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.similar import Similar
from ideas.http import wants_part
from ideas.text import cut, readable

LIKELY_SHOWN = 3
BODY_READ = 2_000  # of a text that is still being typed; its first words tell enough

bp = Blueprint("similar", __name__, template_folder="templates")


@bp.app_template_filter("marked")
def _marked(text: str, question: str) -> Any:
    return marking.marked(text, question)


@bp.app_template_filter("marked_excerpt")
def _marked_excerpt(html: str, short: str, question: str) -> Any:
    return marking.excerpt(html, short, question)


@bp.get("/boards/<slug>/similar")
def while_typing(slug: str) -> ResponseReturnValue:
    """What is like the title and text in the address: a part of a page, for the script of the form."""
    reader = signin.reader()
    row = queries.get_board(reader, slug)
    asked = request.args
    found = about_to_say(reader, row, asked.get("title", ""), asked.get("body", ""))
    return render_template("boards/_similar.html", found=found, title=readable(asked.get("title", "")))


def about_to_say(reader: User | None, row: BoardRow, title: str | None, body: str | None) -> list[Similar]:
    """What is on the board already of what somebody types; [] while there is no title."""
    typed = cut(readable(title or ""), 2 * TITLE_LONGEST)
    return similar.similar(reader, [row], typed, readable(body or "")[:BODY_READ]) if typed else []


@bp.get("/ideas/<int:idea_id>/similar")
def beside(idea_id: int) -> ResponseReturnValue:
    """What an idea may be the same as, for the team, which can merge it: a page, or the part of it for a script."""
    row = queries.get_idea(signin.member(), idea_id)
    policy.require_team(row.standing)
    template = "boards/_beside.html" if wants_part() else "boards/beside.html"
    return render_template(template, idea=row.idea, beside=likely_the_same(row))


def likely_the_same(on: IdeaRow) -> list[Similar]:
    """Ideas of the board that the idea may be merged with; [] when it cannot be."""
    idea = on.idea
    if idea.merged_root_id is not None or idea.withdrawn_at or idea.hidden_at:
        return []
    return similar.similar(
        on.standing.user,
        [BoardRow(idea.board, on.standing, follows=False)],
        idea.title,
        idea.body[:BODY_READ],
        besides=idea.id,
        least=scoring.LIKELY_THE_SAME,
        most=LIKELY_SHOWN,
    )
