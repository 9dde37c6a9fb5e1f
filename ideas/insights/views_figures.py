"""What the pages of figures have in common: what they may be asked for, and the rows that a figure opens into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, TypeVar

from flask import Response, render_template, request, url_for
from marshmallow import ValidationError

from ideas.accounts import segments, signin
from ideas.accounts.models import User
from ideas.errors import NotFound
from ideas.insights import behind, scope, tables
from ideas.insights.behind_health import Counted
from ideas.insights.counting import Figure
from ideas.insights.schemas import RowsQuery
from ideas.insights.scope import Scope
from ideas.insights.tables import Table
from ideas.words import _

NARROWING = ("board", "tag", "segment", "company")
FEW = 5  # of fewer, a share says little

T = TypeVar("T")
F = TypeVar("F", Figure, Counted)


def said() -> dict[str, str]:
    """What the filters say; one that was left empty asks for nothing."""
    return {name: said for name, said in request.args.items() if said}


def draw(template: str, measure: Callable[[User], T], more: Callable[[T | None], Mapping[str, Any]]) -> tuple[str, int]:
    """A page of figures, or of what is wrong with what was asked for. more: what it shows of what was measured."""
    member = signin.member()
    boards = scope.boards_of(member)
    if not boards:
        raise NotFound(_("There is nothing here, or you may not see it."))
    found, wrong = None, {}
    try:
        found = measure(member)
    except ValidationError as error:
        wrong = error.messages_dict
    page = render_template(
        template,
        boards=[row.board for row in boards],
        tags=scope.tags_of(tuple(row.board for row in boards)),
        companies=scope.companies_for(member),
        segments=segments.all_of_them(),
        asked=request.args,
        periods=scope.PERIODS,
        usual=str(scope.USUAL_DAYS),
        wrong=wrong,
        **{"few": FEW, **more(found)},
    )
    return page, 422 if wrong else 200


def rows_of(endpoint: str, figure: StrEnum, of: Scope) -> str:
    """Where the rows of a figure are, counted on these boards in that time."""
    narrowed: dict[str, Any] = {name: request.args[name] for name in NARROWING if request.args.get(name)}
    return url_for(endpoint, figure=figure.value, **narrowed, begins=of.since.isoformat(), ends=of.until.isoformat())


def show_rows(endpoint: str, home: tuple[str, object], heads: Mapping[F, object], wanted: str) -> str:
    """The rows behind a figure; the address says of which boards and moments. home: where the figure stands."""
    figure = next((each for each in heads if each == wanted), None)
    within = scope.of_rows(signin.member(), RowsQuery().load(_without_cursor()))
    if figure is None:
        raise NotFound(_("There is no such figure."))
    page = behind.rows(within, figure, cursor=request.args.get("cursor"))
    kept: dict[str, Any] = _without_cursor()
    return render_template(
        "insights/rows.html",
        title=heads[figure],
        scope=within,
        page=page,
        number=behind.number(within, figure),
        narrowed=[kept[name] for name in NARROWING if name in kept],
        home=url_for(home[0], **{name: kept[name] for name in NARROWING if name in kept}),
        home_name=home[1],
        next=url_for(endpoint, figure=wanted, **kept, cursor=page.next) if page.next else None,
        first=url_for(endpoint, figure=wanted, **kept) if request.args.get("cursor") else None,
    )


def _without_cursor() -> dict[str, str]:
    return {name: value for name, value in said().items() if name != "cursor"}


def as_file(table: Table, name: str) -> Response:
    answer = Response(tables.as_csv(table), mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer
