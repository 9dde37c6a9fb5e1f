"""The roadmap: what is planned, being made and there, by stage and by date; of one board, or of all that one sees."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from ideas import markup
from ideas.accounts.models import User
from ideas.boards import trees
from ideas.boards.listed import ListedStatus
from ideas.boards.models import Answer, Board, Idea, IdeaRank, Stage, Status, Vote
from ideas.boards.queries import READER, BoardRow, reader_id
from ideas.db import db
from ideas.text import slug

STAGES = (Stage.PLANNED, Stage.STARTED, Stage.SHIPPED)
EACH = 30  # of a stage are shown
LOOKED_AT = 500  # the most wanted of what is to come, among which those with the nearest dates come first
SAID_LONGEST = 140


class Item(NamedTuple):
    """An idea on the roadmap. day: when it is planned for; answered_at: when the answer that stands was given.

    said: the first words of that answer. voted: the reader backs it, also through what is merged into it.
    """

    id: int
    title: str
    board: Board
    status: ListedStatus
    vote_count: int
    voted: bool
    day: date | None
    answered_at: datetime | None
    said: str

    @property
    def slug(self) -> str:
        return slug(self.title)

    @property
    def when(self) -> date | None:
        """The day by which it stands in the roadmap: when it was shipped, or is planned for."""
        if self.status.stage != Stage.SHIPPED:
            return self.day
        return self.answered_at.astimezone(UTC).date() if self.answered_at else None


class Column(NamedTuple):
    """A stage with what is in it, in the order of the days; is_cut: there is more."""

    stage: Stage
    items: list[Item]
    is_cut: bool


class Span(StrEnum):
    LATE = "late"  # the day that was said is past
    MONTH = "month"
    UNDATED = "undated"


class Period(NamedTuple):
    """What comes, or came, in one month (`month` is its first day); or has no day, or is later than was said."""

    span: Span
    month: date | None
    items: list[Item]


_rank, _idea, _status, _answer = (model.__table__.c for model in (IdeaRank, Idea, Status, Answer))
_seen = sa.and_(
    _rank.listed,
    _rank.board_id.in_(sa.bindparam("boards", expanding=True)),
    sa.or_(sa.not_(_rank.is_hidden), _rank.board_id.in_(sa.bindparam("team_boards", expanding=True))),
)
_SHOWN = (_rank.idea_id, _rank.board_id, _rank.stage, _rank.vote_count, _rank.has_merged)
_wanted = (
    sa.select(*_SHOWN)
    .where(_seen, _rank.stage == sa.bindparam("stage"))
    .order_by(_rank.vote_count.desc(), _rank.idea_id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    .subquery("wanted")
)
_lately = (
    sa.select(*_SHOWN)
    .where(_seen, _rank.stage == sa.bindparam("stage"))
    .order_by(sa.func.coalesce(_rank.answered_at, _rank.created_at).desc(), _rank.idea_id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
    .subquery("wanted")
)


def _statement(chosen: sa.Subquery) -> sa.Select[tuple[int]]:
    """What is shown of them, in the order of the days; at most EACH and one more."""
    latest = sa.select(sa.func.max(_answer.id)).where(_answer.idea_id == chosen.c.idea_id, _answer.undone_at.is_(None))
    came, comes = _answer.created_at.desc(), (_answer.planned_for.is_(None), _answer.planned_for)
    return (
        sa.select(
            *chosen.c,
            _idea.title,
            _status.slug.label("status_slug"),
            _status.name.label("status_name"),
            _answer.planned_for,
            _answer.created_at.label("answered_at"),
            _answer.text_html,
            sa.exists().where(Vote.idea_id == chosen.c.idea_id, Vote.user_id == READER).label("voted"),
        )
        .select_from(chosen)
        .join(Idea.__table__, _idea.id == chosen.c.idea_id)
        .join(Status.__table__, _status.id == _idea.status_id)
        .outerjoin(Answer.__table__, _answer.id == latest.correlate(chosen).scalar_subquery())
        .order_by(
            *([_answer.id.is_(None), came] if chosen is _lately else comes),
            chosen.c.vote_count.desc(),
            chosen.c.idea_id.desc(),
        )
        .limit(EACH + 1)
    )


_STATEMENTS = {stage: _statement(_lately if stage is Stage.SHIPPED else _wanted) for stage in STAGES}


def of(reader: User | None, boards: Sequence[BoardRow]) -> list[Column]:
    """What is planned, being made and there on `boards`, already found visible for `reader`.

    What is to come: the nearest day first, then what has none, the most wanted first; what is there: the latest first.
    Four queries for any number.
    """
    on = {row.board.id: row.board for row in boards}
    asked = {
        **reader_id(reader),
        "boards": list(on),
        "team_boards": [row.board.id for row in boards if row.standing.is_team],
    }
    found = {
        stage: db.session.execute(
            _STATEMENTS[stage], {**asked, "stage": stage, "most": EACH + 1 if stage is Stage.SHIPPED else LOOKED_AT}
        ).all()
        for stage in STAGES
    }
    backed = trees.backed_through(reader, [row.idea_id for rows in found.values() for row in rows if row.has_merged])
    return [
        Column(
            stage,
            [
                Item(
                    row.idea_id,
                    row.title,
                    on[row.board_id],
                    ListedStatus(row.status_slug, row.status_name, row.stage),
                    row.vote_count,
                    row.voted or row.idea_id in backed,
                    row.planned_for,
                    row.answered_at,
                    markup.excerpt(row.text_html, SAID_LONGEST) if row.text_html else "",
                )
                for row in rows[:EACH]
            ],
            len(rows) > EACH,
        )
        for stage, rows in found.items()
    ]


def periods(items: Iterable[Item], today: date) -> list[Period]:
    """The items by month, in the order of their days: later than was said, each month, and those without a day."""
    found: dict[tuple[Span, date | None], list[Item]] = {}
    for item in items:
        found.setdefault(_period(item, today), []).append(item)
    return [Period(*key, found[key]) for key in sorted(found, key=_place)]


def _period(item: Item, today: date) -> tuple[Span, date | None]:
    if item.when is None:
        return Span.UNDATED, None
    if item.status.stage != Stage.SHIPPED and item.when < today:
        return Span.LATE, None
    return Span.MONTH, item.when.replace(day=1)


def _place(key: tuple[Span, date | None]) -> tuple[int, date]:
    return list(Span).index(key[0]), key[1] or date.min


def of_stage(column: Column, today: date) -> list[Period]:
    """One column by month: what is there the latest first."""
    found = periods(column.items, today)
    if column.stage != Stage.SHIPPED:
        return found
    return sorted(found, key=lambda period: period.month or date.min, reverse=True)


def to_come(columns: Sequence[Column], today: date) -> list[Period]:
    """All that is planned or being made by month, the nearest first, whatever its stage."""
    return periods(_by_day(columns, lambda column: column.stage != Stage.SHIPPED), today)


def there(columns: Sequence[Column], today: date) -> list[Period]:
    """What is there by month, the latest first."""
    return [period for column in columns if column.stage == Stage.SHIPPED for period in of_stage(column, today)]


def _by_day(columns: Sequence[Column], which: Callable[[Column], bool]) -> list[Item]:
    items = [item for column in columns if which(column) for item in column.items]
    return sorted(items, key=lambda item: (item.when is None, item.when or date.min, -item.vote_count, -item.id))
