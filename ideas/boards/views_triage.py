"""What waits for a first word, by what was promised, with one idea open beside it and all that can be done with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.accounts.models import User
from ideas.boards import labels, listing, marking, policy, queries, reading, sayings
from ideas.boards.forms import CommentForm
from ideas.boards.models import Comment, Tag
from ideas.boards.models_moderating import Flag
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.boards.similar import Similar
from ideas.boards.views_back import undo_offered
from ideas.boards.views_similar import likely_the_same
from ideas.errors import NotFound
from ideas.paging import PAGE, Page
from ideas.settings import current
from ideas.words import _

bp = Blueprint("triage", __name__, template_folder="templates")


@dataclass(frozen=True)
class Likely:
    """An idea that the open one may be the same as. both_say: the words that they share."""

    found: Similar
    both_say: list[str]


@dataclass(frozen=True)
class Opened:
    """The idea that is open, with what the team needs to decide. notes: internal ones, oldest first, loaded: author."""

    on: IdeaRow
    likely: list[Likely]
    notes: list[Comment]
    flags: list[Flag]
    tags: list[Tag]
    carries: set[str]
    team: list[User]


@bp.get("/needs-an-answer")
def everywhere() -> ResponseReturnValue:
    boards = [row for row in queries.list_boards(signin.member()) if row.standing.is_team]
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return _show(boards, None)


@bp.get("/boards/<slug>/needs-an-answer")
def of_board(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.member(), slug)
    policy.require_team(row.standing)
    return _show([row], row)


def _show(boards: list[BoardRow], one: BoardRow | None) -> ResponseReturnValue:
    page = reading.needs_an_answer(boards, limit=2 * PAGE, cursor=request.args.get("cursor"))
    here = url_for(".of_board", slug=one.board.slug) if one else url_for(".everywhere")
    place = _place(page)
    return render_template(
        "boards/triage.html",
        row=one,
        page=page,
        opened=_opened(page.rows[place]) if page.rows else None,
        line=page.rows[place] if page.rows else None,
        note=CommentForm(),
        undo=undo_offered(),
        flag_words=labels.FLAG_WORDS,
        sayings=sayings,
        settle_minutes=current().settle_minutes,
        **_addresses(here, page, place),
    )


def _place(page: Page[reading.Waiting]) -> int:
    """Where in the list the idea stands that the address names; the first one otherwise."""
    asked = request.args.get("idea", "")
    return next((place for place, line in enumerate(page.rows) if str(line.idea.id) == asked), 0)


def _addresses(here: str, page: Page[reading.Waiting], place: int) -> dict[str, Any]:
    """Where the list goes on, where each idea is open, and where one goes from the open one."""
    cursor = request.args.get("cursor")

    def at(number: int | None) -> str:
        pairs = [("cursor", cursor), ("idea", str(page.rows[number].idea.id) if number is not None else None)]
        asked = urlencode([(name, value) for name, value in pairs if value])
        return f"{here}?{asked}#open" if asked else f"{here}#open"

    after = place + 1 if place + 1 < len(page.rows) else None
    before = place - 1 if place > 0 else None
    more = f"{here}?cursor={page.next}" if page.next else None
    return {
        "here": here,
        "open_at": at,
        "stay": at(place) if page.rows else here,
        "go_on": at(after if after is not None else before),
        "following": at(after) if after is not None else more,
        "former": at(before) if before is not None else None,
        "next": more,
        "first": here if cursor else None,
    }


def _opened(line: reading.Waiting) -> Opened:
    on = queries.get_idea(signin.member(), line.idea.id)
    return Opened(
        on,
        [
            Likely(each, marking.shared(f"{each.idea.title} {each.idea.excerpt}", on.idea.title))
            for each in likely_the_same(on)
        ],
        reading.notes_on(on),
        reading.flags_on(on),
        queries.tags_of(on.idea.board),
        {tag.slug for tag in listing.tags_on([on.idea.id]).get(on.idea.id, [])},
        reading.team_of(on),
    )
