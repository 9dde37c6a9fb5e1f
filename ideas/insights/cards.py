"""What the dashboard shows: each card with its figures, its chart, its table and its file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ideas.insights import charts, definitions
from ideas.insights.charts import Bar
from ideas.insights.counting import Figure
from ideas.insights.dashboard import Dashboard
from ideas.insights.tables import Cell, Table
from ideas.words import _, lazy

ALL = "all"  # the file with every figure


class Card(NamedTuple):
    """name: in addresses. figures: what it counts, the whole first. draw: its bars. How it is counted: about."""

    name: str
    title: Any
    figures: tuple[Figure, ...]
    about: Any
    draw: Callable[[list[tuple[int, ...]]], list[Bar]] | None


FIGURES = {
    Figure.IDEAS: lazy("ideas"),
    Figure.VOTES: lazy("votes"),
    Figure.PEOPLE: lazy("people"),
    Figure.NEW: lazy("new voices"),
    Figure.ANSWERS: lazy("answers"),
    Figure.FINALISED: lazy("ideas closed by an answer"),
    Figure.CLOSED: lazy("everybody told"),
    Figure.OWED: lazy("people owed word"),
    Figure.DELIVERED: lazy("told"),
    Figure.HEARD: lazy("companies heard"),
    Figure.CUSTOMERS: lazy("companies with people here"),
}


def _single(numbers: list[tuple[int, ...]]) -> list[Bar]:
    return charts.columns([number[0] for number in numbers], "ideas")


def _of(numbers: list[tuple[int, ...]]) -> list[Bar]:
    return charts.heights([(whole, part) for whole, part in numbers], ("all", "answered"))


def _beside(numbers: list[tuple[int, ...]]) -> list[Bar]:
    return charts.side_by_side([(first, second) for first, second in numbers], ("ideas", "answers"))


CARDS = (
    Card("ideas", lazy("Ideas"), (Figure.IDEAS,), definitions.IDEAS, _single),
    Card("votes", lazy("Votes"), (Figure.VOTES,), definitions.VOTES, _single),
    Card("people", lazy("People"), (Figure.PEOPLE, Figure.NEW), definitions.PEOPLE, _of),
    Card("answers", lazy("Answers"), (Figure.IDEAS, Figure.ANSWERS), definitions.KEEPING_UP, _beside),
    Card("closed-ideas", lazy("Loops closed, ideas"), (Figure.FINALISED, Figure.CLOSED), definitions.IDEAS_CLOSED, _of),
    Card(
        "closed-people", lazy("Loops closed, people"), (Figure.OWED, Figure.DELIVERED), definitions.PEOPLE_CLOSED, _of
    ),
    Card("heard", lazy("Customers heard"), (Figure.CUSTOMERS, Figure.HEARD), definitions.HEARD, _of),
    Card("evenness", lazy("How evenly people take part"), (Figure.PEOPLE,), definitions.GINI, None),
)
BY_NAME = {card.name: card for card in CARDS}


def numbers(found: Dashboard, card: Card) -> list[tuple[int, ...]]:
    """The card's figures in each part of the period."""
    return list(zip(*(found.figures[figure].parts for figure in card.figures), strict=True))


def bars(found: Dashboard, card: Card) -> list[Bar]:
    return card.draw(numbers(found, card)) if card.draw else []


def table(found: Dashboard, card: Card) -> Table:
    """The card as a table: a line for each part, then the whole period, in which whoever comes twice counts once."""
    head = (_("From"), _("Until"), *(str(FIGURES[figure]) for figure in card.figures))
    rows: list[tuple[Cell, ...]] = [
        (part.begins.isoformat(), part.ends.isoformat(), *those)
        for part, those in zip(found.parts, numbers(found, card), strict=True)
    ]
    if card.draw is None:
        head, rows = (_("From"), _("Until"), _("people"), _("Gini coefficient")), []
    whole: tuple[Cell, ...] = tuple(found.number(figure) for figure in card.figures)
    if card.draw is None:
        whole = (*whole, None if found.gini is None else round(found.gini, 4))
    return Table(head, [*rows, (found.scope.since.isoformat(), found.scope.until.isoformat(), *whole)])


def everything(found: Dashboard) -> Table:
    """Every figure of the whole period on a line."""
    rows: list[tuple[Cell, ...]] = [(str(figure), found.number(figure)) for figure in Figure]
    rows += [
        ("answers_by_ideas", found.capacity),
        ("share_of_companies_heard", found.share(Figure.HEARD, Figure.CUSTOMERS)),
        ("share_of_new_voices", found.share(Figure.NEW, Figure.PEOPLE)),
        ("gini", found.gini),
    ]
    return Table((_("Figure"), _("Number")), rows)
