"""What waits for a look of a board's team: held, appeals, flags, mail in doubt. Bounded, oldest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.listing import Walked
from ideas.boards.models import Comment, Idea
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.models_replying import MailReply
from ideas.boards.queries import BoardRow
from ideas.db import db

MOST = 50  # of each kind; the rest comes up as these are dealt with


@dataclass(frozen=True)
class Flagged:
    """An idea or a comment with the open flags on it. Loaded: author; of flags: by."""

    idea: Idea
    comment: Comment | None
    flags: list[Flag] = field(default_factory=list)


@dataclass(frozen=True)
class Queue:
    """held and appeals: hidings with idea, comment and their author. mail: answers that were set aside, with idea and
    whom they were meant to be from."""

    held: list[Hiding]
    appeals: list[Hiding]
    flagged: list[Flagged]
    mail: list[MailReply]

    @property
    def is_empty(self) -> bool:
        return not (self.held or self.appeals or self.flagged or self.mail)


_HELD = sa.and_(Hiding.by_id.is_(None), Hiding.restored_at.is_(None))
_APPEALED = sa.and_(Hiding.appealed_at.is_not(None), Hiding.appeal_settled_at.is_(None))


def waiting(boards: Sequence[BoardRow]) -> Queue:
    """What waits on those of `boards` whose team the reader is of."""
    ours = [row.board.id for row in boards if row.standing.is_team]
    return Queue(_hidings(ours, _HELD), _hidings(ours, _APPEALED), _flagged(ours), _mail(ours))


_ASIDE = sa.and_(MailReply.became == sa.literal_column("'set_aside'", sa.String), MailReply.settled_at.is_(None))


def _mail(boards: Sequence[int]) -> list[MailReply]:
    statement = (
        sa.select(MailReply)
        .join(Idea, Idea.id == MailReply.idea_id)
        .where(_ASIDE, Idea.board_id.in_(boards))
        .options(joinedload(MailReply.user), joinedload(MailReply.idea).joinedload(Idea.board))
        .order_by(MailReply.id)
        .limit(MOST)
    )
    return list(db.session.scalars(statement))


def _hidings(boards: Sequence[int], which: sa.ColumnElement[bool]) -> list[Hiding]:
    statement = (
        sa.select(Hiding)
        .join(Idea, Idea.id == Hiding.idea_id)
        .where(which, Idea.board_id.in_(boards), _still_said(Hiding.comment_id), Idea.withdrawn_at.is_(None))
        .options(
            joinedload(Hiding.by),
            joinedload(Hiding.idea).options(joinedload(Idea.author), joinedload(Idea.board)),
            joinedload(Hiding.comment).joinedload(Comment.author),
        )
        .order_by(Hiding.id)
        .limit(MOST)
    )
    return list(db.session.scalars(statement))


def _still_said(comment_id: Any) -> sa.ColumnElement[bool]:
    gone = sa.exists().where(Comment.id == comment_id, Comment.deleted_at.is_not(None))
    return sa.or_(comment_id.is_(None), sa.not_(gone))


def _flagged(boards: Sequence[int]) -> list[Flagged]:
    oldest = (
        sa.select(Flag.subject, sa.func.min(Flag.id).label("first"))
        .join(Idea, Idea.id == Flag.idea_id)
        .where(Flag.settled_at.is_(None), Idea.board_id.in_(boards), _still_said(Flag.comment_id))
        .group_by(Flag.subject)
        .order_by(sa.func.min(Flag.id))
        .limit(MOST)
        .subquery()
    )
    statement = (
        sa.select(Flag)
        .join(oldest, oldest.c.subject == Flag.subject)
        .where(Flag.settled_at.is_(None))
        .options(
            joinedload(Flag.by),
            joinedload(Flag.idea).options(joinedload(Idea.author), joinedload(Idea.board)),
            joinedload(Flag.comment).joinedload(Comment.author),
        )
        .order_by(oldest.c.first, Flag.id)
        .limit(MOST * 10)
    )
    found: dict[str, Flagged] = {}
    for each in db.session.scalars(statement):
        found.setdefault(each.subject, Flagged(each.idea, each.comment)).flags.append(each)
    return list(found.values())


def count_for(person: User) -> int:
    """How many things wait for a look of this person, who is of some team; one query, for every page of theirs."""
    return db.session.scalar(_COUNT, {"person": person.id}) or 0


_theirs = queries.is_team_of(sa.bindparam("person", type_=sa.Integer), Idea.__table__.c.board_id)
# the few that wait are walked; SQLite would rather walk all ideas, and look for those of each
_COUNT = sa.select(
    sa.select(sa.func.count())
    .select_from(Hiding)
    .join(Idea, Idea.id == Walked(Hiding.idea_id))
    .where(_HELD, _theirs, _still_said(Hiding.comment_id), Idea.withdrawn_at.is_(None))
    .scalar_subquery()
    + sa.select(sa.func.count())
    .select_from(Hiding)
    .join(Idea, Idea.id == Walked(Hiding.idea_id))
    .where(_APPEALED, _theirs, _still_said(Hiding.comment_id), Idea.withdrawn_at.is_(None))
    .scalar_subquery()
    + sa.select(sa.func.count(sa.distinct(Flag.subject)))
    .select_from(Flag)
    .join(Idea, Idea.id == Walked(Flag.idea_id))
    .where(Flag.settled_at.is_(None), _theirs, _still_said(Flag.comment_id))
    .scalar_subquery()
    + sa.select(sa.func.count())
    .select_from(MailReply)
    .join(Idea, Idea.id == Walked(MailReply.idea_id))
    .where(_ASIDE, _theirs)
    .scalar_subquery()
)
