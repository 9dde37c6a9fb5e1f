"""Reading what people say of what was shipped: the counts, one's own word, stories, and all of it for the team."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.errors import NotAsked
from ideas.boards.models_solving import Helped, Inquiry, Solved
from ideas.boards.queries import READER, IdeaRow, reader_id
from ideas.db import db
from ideas.errors import NotFound
from ideas.paging import Page, read_cursor
from ideas.words import _

STORIES_SHOWN = 20


class Counts(NamedTuple):
    """How many were asked, and what they said."""

    asked: int
    yes: int
    partly: int
    no: int

    @property
    def answers(self) -> int:
        return self.yes + self.partly + self.no

    @property
    def unsatisfied(self) -> int:
        return self.partly + self.no


@dataclass(frozen=True)
class Outcome:
    """What became of a shipped idea in the eyes of its people. mine: the reader's own row, if they were asked."""

    inquiry: Inquiry
    counts: Counts
    mine: Solved | None
    stories: list[Solved] = field(default_factory=list)


@dataclass(frozen=True)
class AskedRow:
    """That somebody was asked, with the idea as the reader sees it. Loaded: user."""

    solved: Solved
    on: IdeaRow


def _said(answer: Helped) -> sa.ColumnElement[int]:
    return sa.func.count().filter(Solved.answer == answer.value).label(answer.value)


_COUNTS = sa.select(
    sa.func.count().label("asked"), *(_said(answer) for answer in Helped), sa.func.count(Solved.published_at)
).where(Solved.idea_id == sa.bindparam("the_idea"))
_INQUIRY = (
    sa.select(Inquiry, Solved)
    .outerjoin(Solved, sa.and_(Solved.idea_id == Inquiry.idea_id, Solved.user_id == READER))
    .where(Inquiry.idea_id == sa.bindparam("the_idea"))
    .execution_options(populate_existing=True)
)
_STORIES = (
    sa.select(Solved)
    .where(Solved.idea_id == sa.bindparam("the_idea"), Solved.published_at.is_not(None), Solved.may_publish)
    .options(joinedload(Solved.user))
    .order_by(Solved.published_at.desc(), Solved.id.desc())
    .limit(STORIES_SHOWN)
)


def counts_of(idea_id: int) -> Counts:
    return Counts(*db.session.execute(_COUNTS, {"the_idea": idea_id}).one()[:4])


def of_idea(on: IdeaRow) -> Outcome | None:
    """What people say of the idea; None when nobody was asked. At most three queries."""
    asked = {**reader_id(on.standing.user), "the_idea": on.idea.id}
    row = db.session.execute(_INQUIRY, asked).one_or_none()
    if row is None:
        return None
    *counts, published = db.session.execute(_COUNTS, {"the_idea": on.idea.id}).one()
    stories = list(db.session.scalars(_STORIES, {"the_idea": on.idea.id})) if published else []
    return Outcome(row.Inquiry, Counts(*counts), row.Solved, stories)


def get_own(person: User, idea_id: int) -> AskedRow:
    """What `person` was asked about that idea. NotAsked when they were not."""
    on = queries.get_idea(person, idea_id)
    return _row(sa.and_(Solved.idea_id == on.idea.id, Solved.user_id == person.id), on)


def get_said(reader: User, solved_id: int) -> AskedRow:
    """What somebody was asked, and said, for the team; NotFound for who may not see the idea."""
    said = db.session.get(Solved, min(solved_id, 2**62))
    if said is None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    on = queries.get_idea(reader, said.idea_id)
    if not on.standing.is_team:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return _row(Solved.id == solved_id, on)


def _row(which: sa.ColumnElement[bool], on: IdeaRow) -> AskedRow:
    statement = sa.select(Solved).where(which).options(joinedload(Solved.user))
    said = db.session.scalar(statement.execution_options(populate_existing=True))
    if said is None:
        raise NotAsked(_("You were not asked about this."))
    return AskedRow(said, on)


def what_they_said(on: IdeaRow, *, limit: int, cursor: str | None = None) -> Page[Solved]:
    """All answers on an idea, newest first, each with its person: for the team."""
    statement = (
        sa.select(Solved)
        .where(Solved.idea_id == on.idea.id, Solved.answered_at.is_not(None))
        .options(joinedload(Solved.user))
        .order_by(Solved.answered_at.desc(), Solved.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor("said", cursor):
        statement = statement.where(sa.tuple_(Solved.answered_at, Solved.id) < sa.tuple_(*after))
    rows = db.session.scalars(statement).all()
    return Page.of(rows, limit, order="said", key=lambda row: (row.answered_at, row.id))


# --- Links in mail ---


def token(solved_id: int) -> str:
    """The secret of a link by which a person answers without signing in. Nobody can make one, and it never ends."""
    return _signer().dumps(solved_id)


def by_token(token: str) -> AskedRow:
    """What the link is about, as its owner sees it. NotFound for one that we did not make, or when it is gone."""
    try:
        solved_id = int(_signer().loads(token))
    except (BadData, ValueError, TypeError):
        raise NotFound(_("This link is not complete. Open it from the mail once more.")) from None
    statement = sa.select(Solved).where(Solved.id == solved_id).options(joinedload(Solved.user))
    said = db.session.scalar(statement.execution_options(populate_existing=True))
    if said is None or said.user.erased_at is not None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return AskedRow(said, queries.get_idea(said.user, said.idea_id))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="solved")
