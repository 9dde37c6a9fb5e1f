"""What somebody may ask of the team's list: its orders, its filters, its columns. Pure: no database, no person."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from marshmallow import fields, validate

from ideas.accounts.models_segments import SLUG_LONGEST
from ideas.backlog.models import PLAN_LONGEST
from ideas.boards.models import Stage
from ideas.schemas import AppSchema, Id, Line, Slug

DAYS_MOST = 36_500
VOTES_MOST = 1_000_000_000
ME, NOBODY = "me", "nobody"


class Order(StrEnum):
    """By what the list goes; each begins with what it is named for."""

    VOTES = "votes"
    TRENDING = "trending"
    NEW = "new"
    DISCUSSED = "discussed"
    SILENCE = "silence"  # the longest first
    BREADTH = "breadth"
    VALUE = "value"
    PRIORITY = "priority"
    LATELY = "lately"
    SINCE = "since"
    REACH = "reach"  # voters of the segment that is asked for; of all people without one
    DUE = "due"  # those with a day by which the next answer is due, the soonest first
    POINTS = "points"  # the weights of a view


class Column(StrEnum):
    """What the list shows beside the title."""

    VOTES = "votes"
    POINTS = "points"
    REACH = "reach"
    BREADTH = "breadth"
    COMPANIES = "companies"
    VALUE = "value"
    PRIORITY = "priority"
    LATELY = "lately"
    SINCE = "since"
    SILENCE = "silence"
    STATUS = "status"
    OWNER = "owner"
    TAGS = "tags"
    BOARD = "board"
    POSTED = "posted"
    COMMENTS = "comments"
    TRENDING = "trending"
    DUE = "due"
    DOUBLE = "double"


USUAL = (
    *(Column.VOTES, Column.BREADTH, Column.VALUE, Column.PRIORITY, Column.SINCE),
    *(Column.SILENCE, Column.STATUS, Column.OWNER),
)


@dataclass(frozen=True)
class Weights:
    """How many points each amount is worth: of a vote, of an independent supporter, of 1,000 of revenue and so on."""

    votes: float = 0.0
    breadth: float = 0.0
    value: float = 0.0
    priority: float = 0.0
    lately: float = 0.0

    def __bool__(self) -> bool:
        return any((self.votes, self.breadth, self.value, self.priority, self.lately))


@dataclass(frozen=True)
class Asked:
    """Which ideas, in which order. board, status, tag, segment: slugs. owner: an id, ME or NOBODY.

    Days and votes: at least. young: posted within so many days; old: before. silent: so many days without an official
    word. since, lately: so many votes since that word, in the last 30 days. due: an answer is due within so many days,
    or was. credited: whether an answer names somebody. doubled: whether it is likely the same as another. question:
    words.
    """

    order: Order = Order.VOTES
    backwards: bool = False
    question: str = ""
    board: str | None = None
    stage: Stage | None = None
    status: str | None = None
    tag: str | None = None
    owner: str | None = None
    company: int | None = None
    plan: str | None = None
    segment: str | None = None
    young: int | None = None
    old: int | None = None
    silent: int | None = None
    since: int | None = None
    lately: int | None = None
    due: int | None = None
    credited: bool | None = None
    doubled: bool | None = None
    weights: Weights = Weights()

    @property
    def is_by_count(self) -> bool:
        """Whether the order goes by what is counted apart from the votes."""
        return self.order not in (Order.VOTES, Order.TRENDING, Order.NEW, Order.DISCUSSED, Order.DUE)

    @property
    def narrows(self) -> frozenset[str]:
        """The filters that are set, apart from the board and the words."""
        names = ("stage", "status", "tag", "owner", "company", "plan", "segment", "young", "old", "silent", "since")
        found = {name for name in (*names, "lately", "due") if getattr(self, name)}
        if self.owner == NOBODY:
            found = found - {"owner"} | {"nobody"}
        if self.credited is not None:
            found.add("credited" if self.credited else "uncredited")
        if self.doubled is not None:
            found.add("doubled" if self.doubled else "undoubled")
        return frozenset(found)


def _said(words: str) -> dict[str, str]:
    return {"description": words}


def _days(words: str) -> fields.Integer:
    return fields.Integer(validate=validate.Range(1, DAYS_MOST), metadata=_said(words))


def _votes(words: str) -> fields.Integer:
    return fields.Integer(validate=validate.Range(1, VOTES_MOST), metadata=_said(words))


class AskedQuery(AppSchema):
    """Which ideas of the team's list, and in which order."""

    order = fields.Enum(
        Order,
        by_value=fields.String,
        load_default=None,
        metadata=_said("Left out: the points of a view that has any, and the most votes otherwise."),
    )
    backwards = fields.Boolean(load_default=False, metadata=_said("The other way round."))
    question = Line(data_key="q", longest=200, load_default="", metadata=_said("Words to search for."))
    board = Slug(metadata=_said("Slug of a board; left out: every board whose team you are of."))
    stage = fields.Enum(Stage, by_value=fields.String)
    status = Slug(metadata=_said("Slug of a status."))
    tag = Slug(longest=40, metadata=_said("Slug of a tag."))
    owner = fields.String(
        validate=validate.Regexp(rf"^({ME}|{NOBODY}|[1-9][0-9]{{0,8}})$"),
        metadata=_said("“me”, “nobody” or a person's id."),
    )
    company = Id(metadata=_said("A company's id: ideas that its people back."))
    plan = Line(longest=PLAN_LONGEST, metadata=_said("Ideas that people of companies on that plan back."))
    segment = Slug(
        longest=SLUG_LONGEST,
        metadata=_said("Slug of a segment: ideas that its people back, whose reach and priority count those alone."),
    )
    young = _days("Posted within so many days.")
    old = _days("Posted at least so many days ago.")
    silent = _days("At least so many days without an official word.")
    since = _votes("At least so many votes since the last official word.")
    lately = _votes("At least so many votes in the last 30 days.")
    due = _days("The next answer is due within so many days, or is overdue.")
    credited = fields.Boolean(metadata=_said("Whether an answer names somebody's contribution."))
    doubled = fields.Boolean(metadata=_said("Whether it waits for a word and is likely the same as another."))


FIELDS = {field.data_key or name for name, field in AskedQuery().load_fields.items()}
WEIGHED = tuple(Weights.__dataclass_fields__)


def said(loaded: dict[str, Any]) -> dict[str, str]:
    """What AskedQuery loaded, as an address says it; what is as usual is left out."""
    usual = AskedQuery().load({})
    found = {}
    for name, field in AskedQuery().load_fields.items():
        value = loaded.get(name)
        if value is not None and value != usual.get(name):
            found[field.data_key or name] = str(int(value)) if isinstance(value, bool) else str(value)
    return found


def asked(loaded: dict[str, Any], weights: Weights = Weights()) -> Asked:
    """What AskedQuery loaded, with the weights of a view. Without weights there are no points to go by, and without a
    segment everybody is reached."""
    values = {name: value for name, value in loaded.items() if name in Asked.__dataclass_fields__}
    order = values.get("order")
    if order is None or (order is Order.POINTS and not weights) or (order is Order.REACH and not values.get("segment")):
        values["order"] = Order.VOTES
    return Asked(**values, weights=weights)


def kept_or_said(kept: dict[str, str], said: dict[str, str], weights: Weights) -> Asked:
    """What a view keeps, with what is said beside it in its place; by its points where it has any and no order."""
    both = {**kept, **said}
    if weights and "order" not in both:
        both["order"] = str(Order.POINTS)
    return asked(AskedQuery().load(both), weights)
