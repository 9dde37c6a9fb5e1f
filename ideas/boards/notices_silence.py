"""Who is asked whether they still want it, and what the team is reminded of. As notices.py, for these."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import notice_words_silence as words
from ideas.boards import notices, notices_asking
from ideas.boards.events import Appealed, DateNear, Overdue, StillWantedAsked
from ideas.boards.models import Answer, Idea
from ideas.boards.models_moderating import Hiding
from ideas.ledger.models import Mode, Path
from ideas.outbox import Notice, Notices


def still_wanted_asked(idea_id: int) -> sa.CompoundSelect[Any]:
    """Whoever wrote or backs it, also as part of it, is asked; the owner, or the team while there is none, is told."""
    within, news = notices.parts_of(idea_id), "still_wanted"
    this = sa.select(Idea.board_id).where(Idea.id == idea_id)
    owner = notices.rows(Idea.owner_id, Path.OWNER, "silent", Mode.INSTANT)
    return sa.union_all(
        notices.authors([idea_id], Path.AUTHOR, news, notices.DIGEST),
        notices.authors(within, Path.MERGED_AUTHOR, news, notices.DIGEST),
        notices.voters(idea_id, within, Path.VOTER, news, notices.DIGEST),
        notices.on_behalf([idea_id, *within], news, notices.DIGEST),
        owner.where(Idea.id == idea_id, Idea.owner_id.is_not(None)),
        *notices_asking.team_of(this.where(Idea.owner_id.is_(None)), "silent", notices.DIGEST),
    )


def overdue(owner_id: int) -> sa.CompoundSelect[Any]:
    """The owner alone."""
    return sa.union_all(notices.rows(User.id, Path.OWNER, "overdue", Mode.INSTANT).where(User.id == owner_id))


def date_near(answer_id: int) -> sa.CompoundSelect[Any]:
    """The owner, or whoever gave the date while there is none."""
    owes = sa.func.coalesce(Idea.owner_id, Answer.by_id)
    return sa.union_all(
        notices.rows(owes, Path.OWNER, "date_near", Mode.INSTANT)
        .join(Answer, Answer.idea_id == Idea.id)
        .where(Answer.id == answer_id)
    )


def appealed(hiding_id: int) -> sa.CompoundSelect[Any]:
    """The board's team."""
    board_id = sa.select(Idea.board_id).join(Hiding, Hiding.idea_id == Idea.id).where(Hiding.id == hiding_id)
    return sa.union_all(*notices_asking.team_of(board_id, "appealed", notices.DIGEST))


def _of_oneself(_subject: str, _user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """A list of one's own: what of it one may see is looked at when it is written."""
    return sa.true()


NOTICES: Notices = {
    StillWantedAsked.kind: Notice(
        still_wanted_asked, notices.sees_idea, words.still_wanted, "boards/notices/still_wanted", notices.one_with
    ),
    Overdue.kind: Notice(overdue, _of_oneself, words.overdue, "boards/notices/overdue"),
    DateNear.kind: Notice(date_near, notices.sees_idea, words.date_near, "boards/notices/date_near", notices.one_with),
    Appealed.kind: Notice(appealed, notices.sees_idea, words.appealed, "boards/notices/appealed"),
}
