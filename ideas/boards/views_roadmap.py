"""The roadmap as pages: of one board, and of all that the reader finds in lists; by stage, or by date."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ideas.accounts import signin
from ideas.boards import queries, roadmap
from ideas.boards.queries import BoardRow
from ideas.db import utcnow
from ideas.words import _

bp = Blueprint("roadmap", __name__, template_folder="templates")


@bp.get("/roadmap")
def everywhere() -> ResponseReturnValue:
    return _show(queries.list_boards(signin.reader()), None)


@bp.get("/boards/<slug>/roadmap")
def of_board(slug: str) -> ResponseReturnValue:
    row = queries.get_board(signin.reader(), slug)
    return _show([row], row)


def _show(boards: Sequence[BoardRow], one: BoardRow | None) -> ResponseReturnValue:
    by_date = request.args.get("by") == "date"
    here = url_for(".of_board", slug=one.board.slug) if one else url_for(".everywhere")
    columns, today = roadmap.of(signin.reader(), boards), utcnow().date()
    return render_template(
        "boards/roadmap.html",
        row=one,
        boards=boards,
        columns=columns,
        by_date=by_date,
        by_stage=[(column, roadmap.of_stage(column, today)) for column in columns],
        to_come=roadmap.to_come(columns, today) if by_date else [],
        there=roadmap.there(columns, today) if by_date else [],
        tabs_shown=[(_("By stage"), here, not by_date), (_("By date"), f"{here}?by=date", by_date)],
    )
