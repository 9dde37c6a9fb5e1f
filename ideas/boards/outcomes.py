"""Reading what people say of what was shipped: the counts, one's own word, stories, and all of it for the team."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.errors import NotAsked
from ideas.boards.models import Answer, Stage, Status
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
    """What became of a shipped idea in the eyes of its people. mine: the reader's own row, if they were asked.

    is_over: the idea was reopened since, and people were not asked anew.
    """

    inquiry: Inquiry
    counts: Counts
    mine: Solved | None
    is_over: bool
    stories: list[Solved] = field(default_factory=list)


@dataclass(frozen=True)
class AskedRow:
    """That somebody was asked, with the idea as the reader sees it. Loaded: user.

    before: what they were asked before the idea was reopened and shipped again.
    """

    solved: Solved
    on: IdeaRow
    before: Solved | None = None


_OF_THIS: Any = Solved.inquiry_id == sa.bindparam("the_inquiry")


def _said(answer: Helped) -> sa.ColumnElement[int]:
    return sa.func.count().filter(_OF_THIS, Solved.answer == answer.value).label(answer.value)


_COUNTS = sa.select(
    sa.func.count().filter(_OF_THIS).label("asked"),
    *(_said(answer) for answer in Helped),
    sa.func.count(Solved.published_at),
).where(Solved.idea_id == sa.bindparam("the_idea"))


def _reopened_since(before: Any = None) -> sa.ColumnElement[bool]:
    """SQL, of an Inquiry: the idea was reopened after people were asked, and before that answer."""
    back, status = sa.orm.aliased(Answer), sa.orm.aliased(Status)
    return (
        sa.select(back.id)
        .join(status, status.id == back.status_id)
        .where(
            back.idea_id == Inquiry.idea_id,
            back.id > Inquiry.answer_id,
            back.undone_at.is_(None),
            status.stage != Stage.SHIPPED,
            *([] if before is None else [back.id < before]),
        )
        .correlate_except(back, status)
        .exists()
    )


_INQUIRY = (
    sa.select(Inquiry, Solved, _reopened_since().label("is_over"))
    .outerjoin(Solved, sa.and_(Solved.inquiry_id == Inquiry.id, Solved.user_id == READER))
    .where(Inquiry.idea_id == sa.bindparam("the_idea"))
    .order_by(Inquiry.id.desc())
    .limit(1)
    .execution_options(populate_existing=True)
)
_later = sa.orm.aliased(Solved)
_STORIES = (
    sa.select(Solved)
    .where(
        Solved.idea_id == sa.bindparam("the_idea"),
        Solved.published_at.is_not(None),
        Solved.may_publish,
        # whoever said something anew when it shipped again is not quoted with what they said before
        ~sa.exists().where(
            _later.idea_id == Solved.idea_id,
            _later.user_id == Solved.user_id,
            _later.id > Solved.id,
            _later.answered_at.is_not(None),
        ),
    )
    .options(joinedload(Solved.user))
    .order_by(Solved.published_at.desc(), Solved.id.desc())
    .limit(STORIES_SHOWN)
)


def counts_of(inquiry: Inquiry) -> Counts:
    return Counts(*_counted(inquiry)[:4])


def _counted(inquiry: Inquiry) -> Sequence[int]:
    """What Counts has, and how many have words that are shown as a story."""
    asked = {"the_idea": inquiry.idea_id, "the_inquiry": inquiry.id}
    return db.session.execute(_COUNTS, asked).one()


def was_asked(idea_id: Any, answer_id: Any) -> sa.ColumnElement[bool]:
    """SQL: people were asked about that idea, which that answer ships, and it was not reopened in between."""
    return sa.exists().where(Inquiry.idea_id == idea_id, ~_reopened_since(before=answer_id))


def of_idea(on: IdeaRow) -> Outcome | None:
    """What people say of the idea as it was shipped last; None when nobody was asked. At most three queries."""
    asked = {**reader_id(on.standing.user), "the_idea": on.idea.id}
    row = db.session.execute(_INQUIRY, asked).one_or_none()
    if row is None:
        return None
    *counts, published = _counted(row.Inquiry)
    stories = list(db.session.scalars(_STORIES, {"the_idea": on.idea.id})) if published else []
    return Outcome(row.Inquiry, Counts(*counts), row.Solved, row.is_over, stories)


def get_own(person: User, idea_id: int) -> AskedRow:
    """What `person` was asked last about that idea. NotAsked when they were not."""
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
    statement = sa.select(Solved).where(which).options(joinedload(Solved.user)).order_by(Solved.id.desc()).limit(2)
    rows = db.session.scalars(statement.execution_options(populate_existing=True)).all()
    if not rows:
        raise NotAsked(_("You were not asked about this."))
    return AskedRow(rows[0], on, before=rows[1] if len(rows) > 1 else None)


def what_they_said(on: IdeaRow, *, limit: int, cursor: str | None = None) -> Page[Solved]:
    """All answers on an idea, also from before it was reopened, newest first, each with its person: for the team."""
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
    """What the link is about, as its owner sees it; an old one leads to what they were asked since.

    NotFound for one that we did not make, or when it is gone.
    """
    try:
        solved_id = int(_signer().loads(token))
    except (BadData, ValueError, TypeError):
        raise NotFound(_("This link is not complete. Open it from the mail once more.")) from None
    statement = sa.select(Solved).where(Solved.id == solved_id).options(joinedload(Solved.user))
    said = db.session.scalar(statement.execution_options(populate_existing=True))
    if said is None or said.user.erased_at is not None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    on = queries.get_idea(said.user, said.idea_id)
    return _row(sa.and_(Solved.idea_id == on.idea.id, Solved.user_id == said.user_id), on)


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="solved")
