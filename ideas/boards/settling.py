"""How long the telling of an answer waits: the settle time, or longer if planned, never beyond a day that was told."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from marshmallow import ValidationError

from ideas import settings
from ideas.db import utcnow
from ideas.outbox import OutboxEntry
from ideas.words import _

SCHEDULED_MOST = timedelta(days=60)


def settle_time() -> timedelta:
    """How long an answer waits before people are told of it."""
    return timedelta(minutes=settings.current().settle_minutes)


def wait_before(day: date | None) -> timedelta:
    """The settle time, but less when a day that people were told would pass meanwhile: they hear before it does."""
    left = _left_of(day)
    return settle_time() if left is None else min(settle_time(), left)


def wait_again(entry: OutboxEntry | None, day: date | None) -> timedelta:
    """How long the telling of an answer that is corrected waits: the settle time anew, or until it was planned for."""
    planned = entry.due_at - utcnow() if entry is not None else timedelta(0)
    return max(planned, wait_before(day))


def _left_of(day: date | None) -> timedelta | None:
    """How long it is until a day that people were told has passed; None when it has, or there was none."""
    if day is None:
        return None
    left = datetime.combine(day, time.max, UTC) - timedelta(minutes=1) - utcnow()
    return left if left > timedelta(0) else None


def wait_until(at: datetime | None, day: date | None) -> timedelta:
    """How long the telling waits for that moment, never less than the settle time.

    Raises ValidationError for one that is past or far away, or after `day`, which people were told, has passed.
    """
    if at is None:
        return wait_before(day)
    wait = at - utcnow()
    if wait <= timedelta(0):
        raise ValidationError({"announce_at": [_("This time is past. Choose one to come.")]})
    if wait > SCHEDULED_MOST:
        raise ValidationError({"announce_at": [_("This is too far away: at most 60 days from now.")]})
    left = _left_of(day)
    if left is not None and wait > left:
        raise ValidationError(
            {"announce_at": [_("People were told another day for this, and have to hear before it passes.")]}
        )
    return max(wait, wait_before(day))
