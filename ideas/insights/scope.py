"""What figures are about: some boards, perhaps a tag of theirs, a company or a segment, in a period."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts import queries as accounts_queries
from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.boards import policy, queries
from ideas.boards.models import Board, Idea, IdeaRank, IdeaTag, Tag
from ideas.boards.queries import BoardRow
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.words import _

USUAL_DAYS = 90
EVER = "ever"
PERIODS = ("30", str(USUAL_DAYS), "365", EVER)  # days until now


def share_of(part: float, whole: float) -> float | None:
    """None when there is nothing to have a share of."""
    return part / whole if whole else None


@dataclass(frozen=True)
class Scope:
    """Figures are about these `boards`, from `since` until `until`, which is not included.

    tag: of ideas that carry the tag of that slug, on whichever board. company: of ideas that people of that company
    wrote, and of those people where people are counted; segment: the same of its people. now: the moment at which the
    figures are taken.
    """

    boards: tuple[Board, ...]
    since: datetime
    until: datetime
    now: datetime
    tag: str | None = None
    company: Company | None = None
    segment: Segment | None = None

    @property
    def board_ids(self) -> list[int]:
        return [board.id for board in self.boards]

    @property
    def promises(self) -> bool:
        """Whether any of the boards promises to answer within some days."""
        return any(board.answer_within_days is not None for board in self.boards)

    @property
    def weeks(self) -> float:
        """How long the period is so far; at least a day."""
        return max((min(self.until, self.now) - self.since) / timedelta(days=7), 1 / 7)

    def on_boards(self) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL, in a statement that joins Idea: it is on these boards."""
        return (Idea.board_id.in_(self.board_ids),)

    def about(self) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL, in a statement that joins Idea: it is on these boards and tagged so, whoever wrote it."""
        return (*self.on_boards(), *self.tagged(Idea.id))

    def ideas(self) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL, in a statement that joins Idea: it is one of those that are counted, whenever it was posted."""
        return (*self.about(), *self.by_whom(Idea.author_id))

    def tagged(self, idea_id: Any) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL: that idea carries the tag, if one is asked for."""
        if self.tag is None:
            return ()
        carrying = sa.select(IdeaTag.idea_id).join(Tag, Tag.id == IdeaTag.tag_id)
        return (idea_id.in_(carrying.where(Tag.slug == self.tag, Tag.board_id.in_(self.board_ids))),)

    def by_whom(self, user_id: Any) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL: that person belongs to the company and to the segment, as far as they are asked for."""
        theirs = []
        if self.company is not None:
            theirs.append(user_id.in_(sa.select(User.id).where(User.company_id == self.company.id)))
        if self.segment is not None:
            theirs.append(user_id.in_(segments.belonging(self.segment.id)))
        return tuple(theirs)

    def within(self, at: Any) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL: that time is in the period."""
        return (at >= self.since, at < self.until)

    def posted(self) -> tuple[sa.ColumnElement[bool], ...]:
        """SQL, in a statement that joins Idea: it is one of those, and was posted in the period."""
        return (*self.ideas(), *self.within(Idea.created_at))


def of_team(reader: User, asked: dict[str, Any]) -> Scope:
    """What `reader` asks for, as schemas.ScopeQuery loads it, on boards whose team they are of.

    Raises NotFound for somebody of no team, for a board they may not see and for a company unless they administer the
    site; NotAllowed for a board whose team they are not of; ValidationError for a tag that none of the boards has, and
    for a segment that is not there.
    """
    if asked["board"] is not None:
        rows = [queries.get_board(reader, asked["board"])]
        policy.require_team(rows[0].standing)
    else:
        rows = boards_of(reader)
    if not rows:
        raise NotFound(_("There is nothing here, or you may not see it."))
    boards = tuple(row.board for row in rows)
    if asked["tag"] is not None and asked["tag"] not in {tag.slug for tag in tags_of(boards)}:
        raise ValidationError({"tag": [_("None of these boards has a tag “%(tag)s”.", tag=asked["tag"])]})
    company = None if asked["company"] is None else _company(reader, asked["company"])
    segment = None if asked["segment"] is None else segments.by_slug(asked["segment"])
    return replace(_scope(boards, asked, tag=asked["tag"], company=company), segment=segment)


def of_rows(reader: User, asked: dict[str, Any]) -> Scope:
    """The same, of a part of the period, as schemas.RowsQuery loads it."""
    scope = of_team(reader, asked)
    return replace(scope, since=asked.get("begins") or scope.since, until=asked.get("ends") or scope.until)


def of_public(row: BoardRow, *, days: int = 365) -> Scope:
    """What everybody who sees the board may know of it: its last year."""
    now = utcnow()
    return Scope((row.board,), since=now - timedelta(days=days), until=now, now=now)


def boards_of(reader: User) -> list[BoardRow]:
    """The boards whose team `reader` is of."""
    return [row for row in queries.list_boards(reader) if row.standing.is_team]


def tags_of(boards: tuple[Board, ...]) -> list[Tag]:
    """The tags of those boards by name; of those that several boards have, the first."""
    found: dict[str, Tag] = {}
    statement = sa.select(Tag).where(Tag.board_id.in_([board.id for board in boards])).order_by(Tag.name, Tag.id)
    for tag in db.session.scalars(statement):
        found.setdefault(tag.slug, tag)
    return list(found.values())


def companies_for(reader: User, *, most: int = 500) -> list[Company]:
    """The companies that `reader` may ask for: whose customer somebody is, administrators alone are shown."""
    if not reader.is_admin:
        return []
    return list(db.session.scalars(sa.select(Company).order_by(Company.name, Company.id).limit(most)))


def _company(reader: User, company_id: int) -> Company:
    if not reader.is_admin:
        raise NotFound(_("There is no such company."))
    return accounts_queries.get_company(reader, company_id)


def _scope(boards: tuple[Board, ...], asked: dict[str, Any], *, tag: str | None, company: Company | None) -> Scope:
    """Days are whole, in UTC, the last one included; a period ends now unless it is said when."""
    now = utcnow()
    first: date | None = asked["first"]
    last: date | None = asked["last"]
    until = now if last is None or last >= now.date() else _midnight(last + timedelta(days=1))
    if first is not None:
        since = _midnight(first)
    elif asked["period"] == EVER:
        since = _first_idea(boards) or now - timedelta(days=USUAL_DAYS)
    else:
        since = _midnight((last or now.date()) - timedelta(days=int(asked["period"]) - 1))
    return Scope(boards, since, until, now, tag, company)


def _first_idea(boards: tuple[Board, ...]) -> datetime | None:
    first = sa.select(sa.func.min(IdeaRank.created_at)).where(IdeaRank.board_id.in_([board.id for board in boards]))
    return db.session.scalar(first)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
