"""The page on which administrators take companies and people over from a spreadsheet, and the same as a file."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Response, render_template, request, stream_with_context
from flask.typing import ResponseReturnValue

from ideas.accounts import policy, signin, spreadsheets
from ideas.accounts.spreadsheets import Kind, Taken
from ideas.accounts.views import bp
from ideas.csv_in import FileRefused
from ideas.db import one_moment, unit_of_work
from ideas.forms import ButtonForm
from ideas.http import takes_file
from ideas.words import _

FILE_MOST = 10 * 2**20
REFUSED_SHOWN = 50
TRY, TAKE, TAKE_OTHERS = "try", "take", "take-others"


class _Undo(Exception):
    """Ends a unit of work that was only tried."""


@bp.route("/manage/companies/import", methods=["GET", "POST"], endpoint="import_companies")
@takes_file(FILE_MOST)
def import_companies() -> ResponseReturnValue:
    return _page(Kind.COMPANIES)


@bp.route("/manage/people/import", methods=["GET", "POST"], endpoint="import_people")
@takes_file(FILE_MOST)
def import_people() -> ResponseReturnValue:
    return _page(Kind.PEOPLE)


@bp.get("/manage/companies.csv")
def companies_as_csv() -> ResponseReturnValue:
    return _file(Kind.COMPANIES)


@bp.get("/manage/people.csv")
def people_as_csv() -> ResponseReturnValue:
    return _file(Kind.PEOPLE)


def _page(kind: Kind) -> ResponseReturnValue:
    policy.require_admin(signin.member())
    if request.method != "POST":
        return _draw(kind)
    ButtonForm().loaded_or_raise()
    sent, act = request.files.get("file"), request.form.get("act", TRY)
    if sent is None or not sent.filename:
        return _draw(kind, wrong=_("Choose a file first.")), 422
    taken: Taken | None = None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent.csv"
        sent.save(path)
        sent.close()
        try:
            with unit_of_work():
                # tried, a file says everything that is wrong with it, and what the rest would do
                is_lenient = act in (TRY, TAKE_OTHERS)
                taken = spreadsheets.take(signin.member(), kind, path, skip_refused=is_lenient)
                if act not in (TAKE, TAKE_OTHERS):
                    raise _Undo
        except _Undo:
            return _draw(kind, taken=taken, tried=True)
        except FileRefused as error:
            return _draw(kind, wrong=error.message, refused=error.refused), 422
    return _draw(kind, taken=taken)


def _draw(kind: Kind, **drawn: Any) -> str:
    found = {"taken": None, "tried": False, "wrong": "", "refused": (), **drawn}
    taken = found["taken"]
    refused = taken.refused if taken else found["refused"]
    return render_template(
        "accounts/import.html",
        kind=kind,
        columns=spreadsheets.COLUMNS[kind],
        **{**found, "refused": refused[:REFUSED_SHOWN], "refused_more": max(0, len(refused) - REFUSED_SHOWN)},
    )


def _lines(kind: Kind) -> Iterator[str]:
    with one_moment():
        yield from spreadsheets.lines_of(signin.member(), kind)


def _file(kind: Kind) -> ResponseReturnValue:
    policy.require_admin(signin.member())
    answer = Response(stream_with_context(_lines(kind)), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{kind}.csv"'
    return answer
