"""The team says that a customer wants an idea, and asks them whether that is so. The only code that writes
`vote_on_behalf`; what they say is taken by confirming.py."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import outbox
from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.boards import policy, queries, ranking, trees
from ideas.boards.events import VotedOnBehalf
from ideas.boards.models import Vote
from ideas.boards.models_evidence import PENDING, VoteOnBehalf
from ideas.boards.queries import IdeaRow
from ideas.boards.settling import settle_time
from ideas.db import INSERTS, db, utcnow
from ideas.words import _


class Became(StrEnum):
    """What became of saying that somebody wants an idea."""

    ASKED = "asked"  # they are asked now
    WAITING = "waiting"  # they were asked before, and have not said anything
    VOTED = "voted"  # they vote for it themselves
    DENIED = "denied"  # they said that they do not want it, so nobody asks again


def note(actor: User, on: IdeaRow, person: User, *, evidence_id: int | None = None) -> Became:
    """`person` wants the idea, says `actor`; they are told after the settle time, and confirm or deny.

    Saying it twice is saying it once. Raises NotAllowed for anybody but the team, VotingClosed and Merged as voting
    does, ValidationError naming `person` for whom nobody could ask.
    """
    policy.require_team(on.standing)
    ranking.hold(on.idea.id)  # nobody decides or merges it until we are done
    on = queries.get_idea(actor, on.idea.id)
    policy.require_open(on.idea)
    whole = sorted(trees.whole(on.idea.id))
    if _votes(person.id, whole):
        return Became.VOTED
    former = _asked_before(person.id, whole)
    if former is not None:
        return Became.DENIED if former.denied_at else Became.WAITING
    _require_askable(actor, on, person)
    values = {"idea_id": on.idea.id, "user_id": person.id, "by_id": actor.id, "noted_at": utcnow()}
    insert: Any = INSERTS[db.session.get_bind().dialect.name](VoteOnBehalf)
    statement = insert.values(**values, evidence_id=evidence_id).on_conflict_do_nothing().returning(VoteOnBehalf.id)
    row_id = db.session.scalar(statement)
    if row_id is None:
        return Became.WAITING
    event = VotedOnBehalf(subject=on.idea.subject, about_id=row_id, actor_id=actor.id)
    _write(row_id, entry_id=outbox.record(event, wait=settle_time()))
    audit.record(actor, "vote.on_behalf", on.idea.subject, person=person.id, evidence=evidence_id)
    return Became.ASKED


class Former(NamedTuple):
    """Whom a team elsewhere counted on, and what they said to it."""

    idea_id: int
    user_id: int
    by_id: int
    evidence_id: int | None
    at: datetime
    confirmed_at: datetime | None
    denied_at: datetime | None


def take_over(rows: Sequence[Former]) -> None:
    """Put down whom others counted on. They were asked there: nobody asks them here, and they may say it here.

    Whoever is counted on already stays as they are. What a yes is worth is a vote, which comes by itself.
    """
    insert: Any = INSERTS[db.session.get_bind().dialect.name](VoteOnBehalf)
    for each in rows:
        values = {**each._asdict(), "noted_at": each.at}
        del values["at"]
        added = insert.values(**values).on_conflict_do_nothing().returning(VoteOnBehalf.id)
        if db.session.scalar(added) is not None:
            audit.record(
                None,
                "vote.on_behalf",
                f"idea:{each.idea_id}",
                person=each.user_id,
                evidence=each.evidence_id,
                imported=True,
            )


def take_back(actor: User, on: IdeaRow, person_id: int) -> None:
    """The team was wrong about a person who has said nothing: nobody counts on them, nor asks them any more.

    What they said themselves stays. Without such a row, here or on what is merged into the idea, nothing changes.
    """
    policy.require_team(on.standing)
    gone = db.session.execute(
        sa.delete(VoteOnBehalf)
        .where(VoteOnBehalf.idea_id.in_(trees.whole(on.idea.id)), VoteOnBehalf.user_id == person_id, PENDING)
        .returning(VoteOnBehalf.entry_id)
        .execution_options(synchronize_session=False)
    ).all()
    if not gone:
        return
    for row in gone:
        if row.entry_id is not None:
            outbox.cancel(row.entry_id)
    audit.record(actor, "vote.on_behalf_taken_back", on.idea.subject, person=person_id)


def mark(row: VoteOnBehalf, *, wanted: bool) -> None:
    """Keep what the person said. Whoever has said it before they were told is not told any more."""
    now = utcnow()
    row.confirmed_at, row.denied_at = (now, None) if wanted else (None, now)
    if row.entry_id is not None:
        outbox.cancel(row.entry_id)
    db.session.flush()  # read by who asks who is counted on


def mark_retracted(person_id: int, idea_ids: Sequence[int]) -> None:
    """Whoever takes their vote back says no to what the team noted of them, too."""
    db.session.execute(
        sa.update(VoteOnBehalf)
        .where(
            VoteOnBehalf.user_id == person_id,
            VoteOnBehalf.idea_id.in_(idea_ids),
            VoteOnBehalf.denied_at.is_(None),
        )
        .values(confirmed_at=None, denied_at=utcnow())
        .execution_options(synchronize_session=False)
    )


def _votes(person_id: int, idea_ids: Sequence[int]) -> bool:
    statement = sa.select(sa.exists().where(Vote.user_id == person_id, Vote.idea_id.in_(idea_ids)))
    return bool(db.session.scalar(statement))


def _asked_before(person_id: int, idea_ids: Sequence[int]) -> VoteOnBehalf | None:
    """What was noted of the person on one of these; of several, one they denied."""
    return db.session.scalar(
        sa.select(VoteOnBehalf)
        .where(VoteOnBehalf.user_id == person_id, VoteOnBehalf.idea_id.in_(idea_ids))
        .order_by(VoteOnBehalf.denied_at.is_(None), VoteOnBehalf.id)
        .limit(1)
        .execution_options(populate_existing=True)
    )


def _require_askable(actor: User, on: IdeaRow, person: User) -> None:
    if person.id == actor.id:
        raise _not_them(_("This is you. Vote for it yourself."))
    if person.is_suspended:
        raise _not_them(_("This account is suspended and takes no part for now."))
    sees = queries.may_see_board(sa.literal(person.id), sa.literal(on.idea.board_id))
    if not db.session.scalar(sa.select(sees)):
        raise _not_them(_("They do not see this board, so they could not say whether they want it. Invite them first."))
    if on.idea.hidden_at is not None:
        raise _not_them(_("This idea is hidden, so they could not say whether they want it."))


def _not_them(message: str) -> ValidationError:
    return ValidationError({"person": [message]})


def _write(row_id: int, **values: Any) -> None:
    db.session.execute(
        sa.update(VoteOnBehalf)
        .where(VoteOnBehalf.id == row_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
