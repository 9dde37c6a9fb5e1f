"""Who was told when ideas were closed, and how telling people goes: metrics 1, 2 and 8, read from the ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ideas.boards.models import FINAL_STAGES, Answer, Comment, Idea, Status, Vote
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.db import db
from ideas.insights.scope import Scope, share_of
from ideas.ledger.models import Channel, Delivery, Path, State, Suppressed
from ideas.outbox import OutboxEntry

# the ways of those who put something in; whoever merely follows, owns or reads an idea did not
CONTRIBUTED = (Path.CREDITED, Path.AUTHOR, Path.MERGED_AUTHOR, Path.COMMENTER, Path.VOTER)
# who wants e-mail alone, and no e-mail of this, opted out as well
OPTED_OUT = (Suppressed.OFF, Suppressed.MUTED, Suppressed.UNSUBSCRIBED, Suppressed.EMAIL_ONLY)
SENDING = (State.PENDING, State.SENT, State.FAILED)


@dataclass(frozen=True)
class PeopleClosed:
    """Metric 1. failed, suppressed: reason → how many; all of them are among `owed`."""

    owed: int
    delivered: int
    pending: int
    failed: Mapping[str, int]
    suppressed: Mapping[str, int]

    @property
    def share(self) -> float | None:
        return share_of(self.delivered, self.owed)

    @property
    def undeliverable(self) -> int:
        return sum(self.failed.values())

    @property
    def opted_out(self) -> int:
        return sum(self.suppressed.get(reason, 0) for reason in OPTED_OUT)


@dataclass(frozen=True)
class IdeasClosed:
    """Metric 2."""

    finalised: int
    closed: int

    @property
    def share(self) -> float | None:
        return share_of(self.closed, self.finalised)


@dataclass(frozen=True)
class Sending:
    """Metric 8. by_channel: channel → state → how many lines; failed, suppressed: reason → how many e-mails.

    people: who got an e-mail; a_week: how many e-mails each of them got in a week, on average. complaints: e-mails that
    their readers called junk.
    """

    by_channel: Mapping[str, Mapping[str, int]]
    failed: Mapping[str, int]
    suppressed: Mapping[str, int]
    people: int
    a_week: float | None
    unsubscribed: int
    complaints: int
    duplicates: int

    @property
    def sent(self) -> int:
        return self.by_channel.get(Channel.EMAIL, {}).get(State.SENT, 0)


@dataclass
class _Outcomes:
    states: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    suppressed: Counter[str] = field(default_factory=Counter)

    def add(self, state: str, reason: str | None, number: int) -> None:
        self.states[state] += number
        if state == State.FAILED:
            self.failed[reason or ""] += number
        elif state == State.SUPPRESSED:
            self.suppressed[reason or ""] += number


def people_closed(scope: Scope) -> PeopleClosed:
    """Loop closure, people: closures delivered / closures owed, over pairs of a person and an idea.

    An idea is closed by an answer that gives it a final stage in the period; of several such answers to an idea, by the
    last. Its pairs are the ledger's lines of that answer for those who put something in, also into ideas merged into
    it. The idea of a pair is the one they put it into, so that merging moves no pair, and a pair that was closed twice
    counts once, as the last time. It is delivered when its e-mail was sent or, where none was to be sent, when it
    stands in the inbox. Who could not be reached and who opted out is reported apart and stays among those owed.
    """
    lines = pairs(scope).subquery()
    rows = db.session.execute(
        sa.select(lines.c.state, lines.c.reason, sa.func.count().label("pairs")).group_by(lines.c.state, lines.c.reason)
    )
    found = _Outcomes()
    for row in rows:
        found.add(row.state, row.reason, row.pairs)
    return PeopleClosed(
        owed=sum(found.states.values()),
        delivered=found.states[State.SENT],
        pending=found.states[State.PENDING],
        failed=found.failed,
        suppressed=found.suppressed,
    )


def pairs(scope: Scope) -> sa.Select[Any]:
    """SQL: the pairs of `people_closed`, by the ledger's line: user_id, idea_id, at, state, reason, is_told."""
    inbox, email = aliased(Delivery), aliased(Delivery)
    closing = closings(*scope.on_boards(), *scope.within(Answer.created_at))
    into = sa.func.coalesce(
        Vote.idea_id,
        Comment.idea_id,
        VoteOnBehalf.idea_id,
        Evidence.idea_id,
        sa.case((inbox.contribution_kind == "idea", inbox.contribution_id)),
        closing.c.idea_id,
    )
    last = sa.func.row_number().over(partition_by=(inbox.user_id, into), order_by=inbox.entry_id.desc())
    state = sa.func.coalesce(email.state, inbox.state)
    lines = (
        sa.select(
            inbox.id,
            inbox.user_id,
            into.label("idea_id"),
            Answer.created_at.label("at"),
            state.label("state"),
            sa.case((email.state.is_not(None), email.reason), else_=inbox.reason).label("reason"),
            (state == State.SENT.value).label("is_told"),
            last.label("place"),
        )
        .select_from(closing)
        .join(Answer, Answer.id == closing.c.answer_id)
        .join(inbox, sa.and_(inbox.entry_id == Answer.entry_id, inbox.channel == Channel.INBOX.value))
        .outerjoin(
            email,
            sa.and_(
                email.entry_id == inbox.entry_id,
                email.user_id == inbox.user_id,
                email.channel == Channel.EMAIL.value,
                email.state.in_(SENDING),
            ),
        )
        .outerjoin(Vote, sa.and_(inbox.contribution_kind == "vote", Vote.id == inbox.contribution_id))
        .outerjoin(Comment, sa.and_(inbox.contribution_kind == "comment", Comment.id == inbox.contribution_id))
        .outerjoin(
            VoteOnBehalf, sa.and_(inbox.contribution_kind == "on_behalf", VoteOnBehalf.id == inbox.contribution_id)
        )
        .outerjoin(Evidence, sa.and_(inbox.contribution_kind == "evidence", Evidence.id == inbox.contribution_id))
        .where(inbox.path.in_(CONTRIBUTED), *scope.tagged(into), *scope.by_whom(inbox.user_id))
        .subquery()
    )
    return sa.select(*(column for column in lines.c if column.name != "place")).where(lines.c.place == 1)


def ideas_closed(scope: Scope) -> IdeasClosed:
    """Loop closure, ideas: ideas of which every owed person was told, or it is written down why not / ideas finalised.

    An idea is finalised as in `people_closed`. It is closed once its answer was announced and no line of it waits.
    """
    found = ideas_by_closing(scope).subquery()
    done = sa.func.sum(sa.case((found.c.is_closed, 1), else_=0))
    row = db.session.execute(
        sa.select(sa.func.count().label("finalised"), done.label("closed")).select_from(found)
    ).one()
    return IdeasClosed(row.finalised, row.closed or 0)


def ideas_by_closing(scope: Scope) -> sa.Select[Any]:
    """SQL: the ideas of `ideas_closed`: idea_id, at, is_closed."""
    closing = closings(*scope.ideas(), *scope.within(Answer.created_at))
    # as the partial index says it
    waits = sa.select(Delivery.entry_id).where(Delivery.state == sa.literal_column("'pending'", sa.String))
    announced = sa.and_(OutboxEntry.fanned_out_at.is_not(None), OutboxEntry.under_way.is_(None))
    is_closed = sa.and_(OutboxEntry.id.is_not(None), announced, OutboxEntry.id.not_in(waits))
    return (
        sa.select(closing.c.idea_id, Answer.created_at.label("at"), is_closed.label("is_closed"))
        .select_from(closing)
        .join(Answer, Answer.id == closing.c.answer_id)
        .outerjoin(OutboxEntry, OutboxEntry.id == Answer.entry_id)
    )


def closings(*conditions: sa.ColumnElement[bool]) -> sa.Subquery:
    """Of each idea the last answer that closed it."""
    return (
        sa.select(Answer.idea_id, sa.func.max(Answer.id).label("answer_id"))
        .join(Status, Status.id == Answer.status_id)
        .join(Idea, Idea.id == Answer.idea_id)
        .where(Status.stage.in_(FINAL_STAGES), Answer.undone_at.is_(None), *conditions)
        .group_by(Answer.idea_id)
        .subquery("closing")
    )


def sending(scope: Scope) -> Sending:
    """Notification health: sent, failed and suppressed by reason, messages for each person and week, duplicates.

    Over the ledger's lines of all that was announced of these ideas in the period. Duplicates are lines that tell
    somebody by one way what another line tells by the same: there are to be none. Unsubscribed are those who were
    sent no e-mail because they had unsubscribed from it: the ledger keeps that when a person is erased. Complaints are
    e-mails of which their readers, or the providers of those, reported that they are junk.
    """
    entries = entries_of(scope)
    lines = (
        sa.select(Delivery.channel, Delivery.state, Delivery.reason, Delivery.user_id)
        .join(entries, entries.c.id == Delivery.entry_id)
        .where(*scope.by_whom(Delivery.user_id))
    )
    counted = lines.subquery()
    mailed = sa.and_(counted.c.channel == Channel.EMAIL.value, counted.c.state == State.SENT.value)
    told = sa.case((mailed, counted.c.user_id))
    rows = db.session.execute(
        sa.select(
            counted.c.channel,
            counted.c.state,
            counted.c.reason,
            sa.func.count().label("lines"),
            sa.func.count(sa.distinct(told)).label("people"),
            sa.func.count(sa.distinct(counted.c.user_id)).label("everybody"),
        ).group_by(counted.c.channel, counted.c.state, counted.c.reason)
    ).all()
    channels: dict[str, _Outcomes] = {}
    for row in rows:
        channels.setdefault(row.channel, _Outcomes()).add(row.state, row.reason, row.lines)
    by_email = channels.get(Channel.EMAIL, _Outcomes())
    people = sum(row.people for row in rows)
    return Sending(
        by_channel={channel: outcomes.states for channel, outcomes in channels.items()},
        failed=by_email.failed,
        suppressed=by_email.suppressed,
        people=people,
        a_week=share_of(by_email.states[State.SENT], people * scope.weeks),
        unsubscribed=sum(row.everybody for row in rows if row.reason == Suppressed.UNSUBSCRIBED),
        complaints=sum(row.lines for row in rows if (row.state, row.reason) == (State.SENT, Suppressed.COMPLAINED)),
        duplicates=_duplicates(entries),
    )


def entries_of(scope: Scope) -> sa.CTE:
    """SQL: what was announced of these ideas in the period: id, kind, about_id, idea_id."""
    return (
        sa.select(OutboxEntry.id, OutboxEntry.kind, OutboxEntry.about_id, Idea.id.label("idea_id"))
        .join(Idea, OutboxEntry.subject == sa.literal("idea:") + sa.cast(Idea.id, sa.String))
        .where(*scope.about(), *scope.within(OutboxEntry.recorded_at))
        .cte("entries")
        .prefix_with("MATERIALIZED")
    )


def _duplicates(entries: sa.CTE) -> int:
    """The unique key of the ledger makes them impossible for one entry; here two may tell of the same."""
    twice = (
        sa.select(entries.c.kind, entries.c.about_id)
        .group_by(entries.c.kind, entries.c.about_id)
        .having(sa.func.count() > 1)
        .subquery()
    )
    same = (
        sa.select(sa.func.count().label("lines"))
        .select_from(entries)
        .join(twice, sa.and_(twice.c.kind == entries.c.kind, twice.c.about_id == entries.c.about_id))
        .join(Delivery, Delivery.entry_id == entries.c.id)
        .where(Delivery.state == State.SENT.value)
        .group_by(entries.c.kind, entries.c.about_id, Delivery.user_id, Delivery.channel)
        .having(sa.func.count() > 1)
        .subquery()
    )
    return int(db.session.scalars(sa.select(sa.func.coalesce(sa.func.sum(same.c.lines - 1), 0))).one())
