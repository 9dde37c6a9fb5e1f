"""Reading silence: what is overdue and who owes it, which ideas nobody said a word on, whose support is stale."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import joinedload

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import queries, trees
from ideas.boards.models import FINAL_STAGES, Answer, Board, Idea, IdeaRank, Vote
from ideas.boards.models_silence import Occasion, Reminder, StillWanted
from ideas.boards.queries import IdeaRow
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.words import _

STALE_AFTER = timedelta(days=30)  # whoever says nothing for so long after being asked
LIST_MOST = 100


class Support(NamedTuple):
    """Who still wants an idea that nobody said a word on for long. asked_at: when they were asked.

    confirmed: people who said since that they do; stale: voters of before who said nothing, once there was time to.
    """

    asked_at: datetime
    confirmed: int
    stale: int


class Owed(NamedTuple):
    """An idea that is overdue. days: beyond the promise, or since the day that was given."""

    idea: Idea
    days: int


def _is_overdue(now: datetime) -> sa.ColumnElement[bool]:
    """SQL, of Idea and IdeaRank: unanswered beyond the board's promise, past a day that the team gave, or past the one
    it gave itself."""
    boards = db.session.execute(sa.select(Board.id, Board.answer_within_days)).all()
    late = [
        sa.and_(IdeaRank.board_id == row.id, IdeaRank.created_at < now - timedelta(days=row.answer_within_days))
        for row in boards
        if row.answer_within_days is not None
    ]
    later = sa.orm.aliased(Answer)
    passed = sa.exists().where(
        Answer.idea_id == IdeaRank.idea_id,
        Answer.undone_at.is_(None),
        sa.or_(Answer.planned_for < now.date(), Answer.review_by < now.date()),
        ~sa.exists().where(later.idea_id == Answer.idea_id, later.id > Answer.id, later.undone_at.is_(None)),
    )
    return sa.and_(
        IdeaRank.listed,
        sa.not_(IdeaRank.is_hidden),
        sa.or_(
            sa.and_(IdeaRank.answered_at.is_(None), sa.or_(sa.false(), *late)),
            sa.and_(IdeaRank.stage.not_in(FINAL_STAGES), passed),
            IdeaRank.due_on < now.date(),
        ),
    )


def owners(now: datetime) -> list[int]:
    """Who owes an overdue idea its next word."""
    statement = sa.select(Idea.owner_id).join(IdeaRank, IdeaRank.idea_id == Idea.id).where(Idea.owner_id.is_not(None))
    found = db.session.scalars(statement.where(_is_overdue(now)).distinct().order_by(Idea.owner_id))
    return [owner_id for owner_id in found if owner_id is not None]


def owed_by(owner_id: int, now: datetime) -> list[Owed]:
    """What is overdue of that owner's, longest first, at most LIST_MOST. Loaded: board."""
    statement = (
        sa.select(Idea)
        .join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.owner_id == owner_id, _is_overdue(now), queries.idea_seen_by(sa.literal(owner_id)))
        .options(joinedload(Idea.board))
        .order_by(Idea.created_at, Idea.id)
        .limit(LIST_MOST)
    )
    return [Owed(idea, (now - idea.created_at).days) for idea in db.session.scalars(statement)]


# --- Who still wants it ---

_ASKED = sa.select(Reminder.at).where(
    Reminder.occasion == Occasion.SILENCE, Reminder.about_id == sa.bindparam("the_idea")
)


def asked_at(idea_id: int) -> datetime | None:
    """When the people of an idea were last asked whether they still want it."""
    return db.session.scalar(_ASKED, {"the_idea": idea_id})


def support(on: IdeaRow) -> Support | None:
    """Who still wants the idea; None when nobody was asked since the team's last word."""
    rank = on.idea.rank
    if rank.stage in FINAL_STAGES:
        return None
    asked = asked_at(on.idea.id)
    if asked is None or asked < (rank.answered_at or rank.created_at):
        return None
    said = StillWanted.idea_id == on.idea.id, StillWanted.said_at >= asked
    confirmed = db.session.scalars(sa.select(sa.func.count()).where(*said, StillWanted.wanted)).one()
    if utcnow() < asked + STALE_AFTER:
        return Support(asked, confirmed, 0)
    heard = sa.select(StillWanted.user_id).where(*said)
    whole = [on.idea.id, *trees.links(on.idea.id)]
    voters = sa.select(sa.func.count(sa.distinct(Vote.user_id))).where(Vote.idea_id.in_(whole), Vote.cast_at < asked)
    return Support(asked, confirmed, db.session.scalars(voters.where(Vote.user_id.not_in(heard))).one())


# --- Links in mail ---


def token(user_id: int, idea_id: int) -> str:
    """The secret of a link by which a person says it without signing in."""
    return _signer().dumps([user_id, idea_id])


class Linked(NamedTuple):
    """Whose link it is, and the idea as they see it."""

    person: User
    on: IdeaRow


def by_token(token: str) -> Linked:
    """What the link is about. NotFound for a link that we did not make, or when it is gone."""
    try:
        user_id, idea_id = _signer().loads(token)
    except (BadData, ValueError, TypeError):
        raise NotFound(_("This link is not complete. Open it from the mail once more.")) from None
    person = db.session.get(User, user_id, populate_existing=True)
    if person is None or person.erased_at is not None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return Linked(person, queries.get_idea(person, idea_id))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="still wanted")
