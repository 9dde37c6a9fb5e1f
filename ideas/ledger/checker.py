"""What must hold of the ledger at any time, as far as rows show it: for `ideas doctor` and for tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from ideas import settings
from ideas.accounts.models import User
from ideas.checking import Breach
from ideas.db import db, utcnow
from ideas.ledger.models import EVERYTHING, Channel, Delivery, Mute, Preference, State, Suppressed
from ideas.outbox import OutboxEntry

SHOWN = 50  # of one kind of breach; more would say no more


def nobody_is_lost() -> list[Breach]:
    """I3: each announcement still has one line per channel for everybody who was owed word of it, and no other."""

    def lines(channel: Channel) -> sa.ScalarSelect[int]:
        return (
            sa.select(sa.func.count())
            .where(Delivery.entry_id == OutboxEntry.id, Delivery.channel == channel.value)
            .scalar_subquery()
        )

    inbox, email = lines(Channel.INBOX), lines(Channel.EMAIL)
    counted = (
        sa.select(OutboxEntry.id, OutboxEntry.owed, inbox.label("inbox"), email.label("email"))
        .where(OutboxEntry.owed.is_not(None))
        .subquery()
    )
    wrong = sa.select(counted).where(sa.or_(counted.c.inbox != counted.c.owed, counted.c.email != counted.c.owed))
    found = [
        Breach(
            "I3",
            f"was owed to {row.owed} people and has {row.inbox} inbox lines and {row.email} e-mail lines",
            f"entry:{row.id}",
        )
        for row in _some(wrong)
    ]
    to_the_actor = sa.select(Delivery.id).join(Delivery.entry).where(Delivery.user_id == OutboxEntry.actor_id)
    return found + _breaches("I3", "tells somebody of their own act", to_the_actor)


def every_line_ends() -> list[Breach]:
    """I4: a line is pending, or ended with a time and, unless it was sent, a reason; none is stuck with its holder."""
    lease = timedelta(seconds=settings.current().lease_seconds)
    states = [state.value for state in State]
    ended = Delivery.state != State.PENDING.value
    unsent = Delivery.state.in_([State.SUPPRESSED.value, State.FAILED.value])
    reasons = [reason.value for reason in Suppressed]
    return [
        *_breaches("I4", "is in no known state", sa.select(Delivery.id).where(Delivery.state.not_in(states))),
        *_breaches("I4", "ended without saying when", sa.select(Delivery.id).where(ended, Delivery.done_at.is_(None))),
        *_breaches("I4", "ended without a reason", sa.select(Delivery.id).where(unsent, Delivery.reason.is_(None))),
        *_breaches(
            "I4",
            "was suppressed for a reason that is none",
            sa.select(Delivery.id).where(Delivery.state == State.SUPPRESSED.value, Delivery.reason.not_in(reasons)),
        ),
        *_breaches(
            "I4",
            "is said to be both waiting and over",
            sa.select(Delivery.id).where(Delivery.state == State.PENDING.value, Delivery.done_at.is_not(None)),
        ),
        *_breaches(
            "I4",
            "waits in an inbox, where there is nothing to wait for",
            sa.select(Delivery.id).where(
                Delivery.state == State.PENDING.value, Delivery.channel == Channel.INBOX.value
            ),
        ),
        *_breaches(
            "I4",
            "is stuck: whoever was sending it is gone, and no worker took it up. Start one: ideas worker",
            sa.select(Delivery.id).where(
                Delivery.state == State.PENDING.value,
                Delivery.lease.is_not(None),
                Delivery.due_at < utcnow() - lease - timedelta(minutes=1),
            ),
        ),
    ]


def nobody_is_told_against_their_will() -> list[Breach]:
    """I7: no mail left after its reader was suspended, unsubscribed or muted; none for what was called off."""
    # a mail may be under way while somebody stops it
    grace = timedelta(seconds=settings.current().lease_seconds)
    mail = sa.and_(Delivery.channel == Channel.EMAIL.value, Delivery.state == State.SENT.value)
    sent = (
        sa.select(Delivery.id, Delivery.done_at, User.suspended_at, Preference.changed_at, Mute.muted_at)
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .join(User, User.id == Delivery.user_id)
        .outerjoin(
            Preference,
            sa.and_(
                Preference.user_id == Delivery.user_id,
                Preference.news.in_([Delivery.news, EVERYTHING]),
                Preference.by_unsubscribing,
            ),
        )
        .outerjoin(Mute, sa.and_(Mute.user_id == Delivery.user_id, Mute.subject == OutboxEntry.subject))
        .where(
            mail,
            sa.or_(
                User.suspended_at < Delivery.done_at,
                Preference.changed_at < Delivery.done_at,
                Mute.muted_at < Delivery.done_at,
            ),
        )
    )
    found = []
    for row in _some(sent):
        for why, since in (
            ("its reader was suspended", row.suspended_at),
            ("its reader had unsubscribed", row.changed_at),
            ("its reader had muted it", row.muted_at),
        ):
            if since is not None and since + grace < row.done_at:
                found.append(Breach("I7", f"was sent although {why}", f"delivery:{row.id}"))
    called_off = sa.select(Delivery.id).join(Delivery.entry).where(OutboxEntry.cancelled_at.is_not(None))
    unannounced = sa.select(Delivery.id).join(Delivery.entry).where(OutboxEntry.fanned_out_at.is_(None))
    return [
        *found,
        *_breaches("I7", "tells of what was called off", called_off),
        *_breaches("I7", "tells of what was not announced", unannounced),
    ]


def every_line_has_its_inbox() -> list[Breach]:
    """I10: whoever has a line for another channel has one for the inbox."""
    inbox = sa.orm.aliased(Delivery)
    without = sa.select(Delivery.id).where(
        Delivery.channel != Channel.INBOX.value,
        ~sa.exists().where(
            inbox.entry_id == Delivery.entry_id,
            inbox.user_id == Delivery.user_id,
            inbox.channel == Channel.INBOX.value,
        ),
    )
    return _breaches("I10", "has no inbox line beside it", without)


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "nobody who was owed word is lost": nobody_is_lost,
    "every delivery ends": every_line_ends,
    "nobody is told against their will": nobody_is_told_against_their_will,
    "every delivery has its inbox line": every_line_has_its_inbox,
}


def run_all() -> dict[str, list[Breach]]:
    """Every check of every room, by name, with what is broken."""
    return {name: check() for name, check in settings.rooms().checks.items()}


def _some(statement: sa.Select[Any] | sa.Select[*tuple[Any, ...]]) -> list[Any]:
    return list(db.session.execute(statement.limit(SHOWN)))


def _breaches(invariant: str, what: str, deliveries: sa.Select[int]) -> list[Breach]:
    return [Breach(invariant, what, f"delivery:{row.id}") for row in _some(deliveries)]
