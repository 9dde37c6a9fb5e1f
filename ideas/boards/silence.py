"""Nobody waits in silence: who still wants it is asked, owners are reminded. Writes `reminder` and `still_wanted`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas import outbox
from ideas.accounts.models import User
from ideas.boards import confirming, evidence, overdue, policy, voting
from ideas.boards.errors import NotAsked
from ideas.boards.events import DateNear, Overdue, StillWantedAsked
from ideas.boards.models import FINAL_STAGES, Answer, AnswerVersion, Idea, IdeaRank, SourceKind, Stage, Status
from ideas.boards.models_silence import Occasion, Reminder, StillWanted
from ideas.boards.queries import IdeaRow
from ideas.db import INSERTS, db, utcnow
from ideas.words import _

SILENT_AFTER = timedelta(days=90)
LIST_EVERY = timedelta(days=7)
DATE_NEAR = timedelta(days=7)
AT_ONCE = 20  # ideas; whoever turns this on with thousands does not write to everybody in one hour


# --- Rounds ---


def ask_due() -> bool:
    """Ask whoever wanted ideas without a word for long whether they still do, and tell who owes it; once a silence."""
    now = utcnow()
    for idea_id in db.session.scalars(_SILENT, {"before": now - SILENT_AFTER, "most": AT_ONCE}).all():
        _note(Occasion.SILENCE, idea_id, before=now)
        outbox.record(StillWantedAsked(f"idea:{idea_id}", idea_id, None))
    return False  # the next of them in the next round


_last_word = sa.func.coalesce(IdeaRank.answered_at, IdeaRank.created_at)
_SILENT = (
    sa.select(IdeaRank.idea_id)
    .join(Idea, Idea.id == IdeaRank.idea_id)
    .outerjoin(Reminder, sa.and_(Reminder.occasion == Occasion.SILENCE, Reminder.about_id == IdeaRank.idea_id))
    .where(
        IdeaRank.listed,
        sa.not_(IdeaRank.is_hidden),
        IdeaRank.stage.not_in(FINAL_STAGES),
        _last_word <= sa.bindparam("before", type_=IdeaRank.created_at.type),
        sa.or_(Reminder.at.is_(None), Reminder.at < _last_word),
        # what was imported was silent elsewhere, until the team has said something here
        sa.or_(Idea.source_kind != SourceKind.IMPORT, IdeaRank.answered_at.is_not(None)),
    )
    .order_by(_last_word, IdeaRank.idea_id)
    .limit(sa.bindparam("most"))
)


def remind_owners() -> bool:
    """Send each owner, once a week, the list of what they owe a word."""
    now = utcnow()
    for owner_id in overdue.owners(now):
        if _note(Occasion.OVERDUE, owner_id, before=now - LIST_EVERY):
            outbox.record(Overdue(f"owner:{owner_id}", owner_id, None))
    return False


def remind_of_dates() -> bool:
    """Tell whoever owes it that a date which people were given comes near; once for each date."""
    today = utcnow().date()
    rows = db.session.execute(_NEAR, {"today": today, "until": today + DATE_NEAR, "most": AT_ONCE}).all()
    for row in rows:
        _note(Occasion.DATE, row.version_id, before=utcnow())
        outbox.record(DateNear(f"idea:{row.idea_id}", row.answer_id, None))
    return len(rows) == AT_ONCE


_later = sa.orm.aliased(Answer)
_NEAR = (
    sa.select(AnswerVersion.id.label("version_id"), Answer.id.label("answer_id"), Answer.idea_id)
    .join(Answer, sa.and_(Answer.id == AnswerVersion.answer_id, Answer.version == AnswerVersion.number))
    .join(Idea, Idea.id == Answer.idea_id)
    .join(Status, Status.id == Idea.status_id)
    .where(
        Answer.undone_at.is_(None),
        Answer.planned_for >= sa.bindparam("today", type_=sa.Date),
        Answer.planned_for <= sa.bindparam("until", type_=sa.Date),
        Status.stage.in_([Stage.PLANNED, Stage.STARTED]),
        Idea.hidden_at.is_(None),
        Idea.merged_root_id.is_(None),
        ~sa.exists().where(_later.idea_id == Answer.idea_id, _later.id > Answer.id, _later.undone_at.is_(None)),
        ~sa.exists().where(Reminder.occasion == Occasion.DATE, Reminder.about_id == AnswerVersion.id),
    )
    .order_by(AnswerVersion.id)
    .limit(sa.bindparam("most"))
)


def _note(occasion: Occasion, about_id: int, *, before: datetime) -> bool:
    """Write down that this is the time; False when there was one since `before`."""
    insert = INSERTS[db.session.get_bind().dialect.name](Reminder)
    statement: Any = insert.values(occasion=occasion.value, about_id=about_id, at=utcnow()).on_conflict_do_update(
        index_elements=["occasion", "about_id"], set_={"at": utcnow()}, where=Reminder.at <= before
    )
    return db.session.scalar(statement.returning(Reminder.about_id)) is not None


# --- What people say ---


def require_asked(person: User, on: IdeaRow) -> None:
    """`person` wrote or backs the idea, is counted on, or was until they said otherwise; and its people were asked."""
    policy.require_unmerged(on.idea)
    had_part = on.voted or on.standing.is_author(on.idea)
    said = db.session.get(StillWanted, (on.idea.id, person.id))
    if overdue.asked_at(on.idea.id) is None or not (had_part or said or evidence.asked_on(on)):
        raise NotAsked(_("You were not asked about this."))


def say(person: User, on: IdeaRow, *, wanted: bool) -> None:
    """`person` still wants the idea, or no longer does: then their vote is taken back.

    Whoever the team counts on, and has said nothing yet, confirms or denies it with this.

    Raises NotAsked for who neither wrote nor backs it, or was never asked; VotingClosed and Merged as retracting does.
    """
    policy.require_part(person)
    require_asked(person, on)
    counted_on = evidence.asked_of(person, on)
    if counted_on is not None:
        confirming.say(person, counted_on, wanted=wanted)
    elif not wanted and on.voted:
        voting.retract(person, on.idea)
    insert = INSERTS[db.session.get_bind().dialect.name](StillWanted)
    values = {"wanted": wanted, "said_at": utcnow()}
    db.session.execute(
        insert.values(idea_id=on.idea.id, user_id=person.id, **values).on_conflict_do_update(
            index_elements=["idea_id", "user_id"], set_=values
        )
    )
    db.session.expire_all()  # what was read of the row before is old now
