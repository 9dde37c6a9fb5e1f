"""At which hours people want mail. The only code that writes `rhythm`.

The moments those hours mean are worked out ahead, here and not in SQL: announcing to a million people then joins a
small table, and nobody else needs a calendar. One row serves all who chose the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa

from ideas import hours, settings
from ideas.accounts.models import Rhythm, User
from ideas.db import db, insert_once, utcnow
from ideas.hours import Hours, Moments

REFRESHED_MOST = 5000  # in one transaction


@dataclass(frozen=True)
class Chosen:
    """The hours that a person chose; None: as is usual on the site, and for quiet hours: none."""

    digest_hour: int | None = None
    digest_weekday: int | None = None
    quiet_from: int | None = None
    quiet_to: int | None = None


USUAL = Chosen()


def of(person: User) -> Chosen:
    """What `person` chose."""
    row = db.session.get(Rhythm, person.rhythm_id) if person.rhythm_id is not None else None
    return _chosen(row) if row else USUAL


def usual() -> Hours:
    """What holds for whoever chose nothing."""
    config = settings.current()
    return Hours(config.digest_hour, list(type(config.digest_weekday)).index(config.digest_weekday))


def choose(person: User, chosen: Chosen, *, timezone: str | None) -> None:
    """From now on `person` gets mail at these hours, by the clocks of `timezone` (None: the site's).

    What waits moves to the hours that hold now.
    """
    person.timezone = timezone
    before, person.rhythm_id = person.rhythm_id, _find(chosen, timezone)
    if before != person.rhythm_id:
        db.session.flush()  # what follows asks the database for the person's hours
        for tell in settings.rooms().new_hours:
            tell(person.id)


def site_moments(now: datetime) -> Moments:
    """The next moments for those who chose nothing."""
    return _moments(USUAL, None, now)


def moments_of(person_id: int, now: datetime) -> Moments:
    """The next moments for that person, worked out afresh."""
    row = db.session.scalar(
        sa.select(Rhythm).join(User, User.rhythm_id == Rhythm.id).where(User.id == person_id).limit(1)
    )
    return _moments(_chosen(row), row.timezone, now) if row else site_moments(now)


def refresh(now: datetime) -> None:
    """Work out anew the moments that have come, so that every row says what comes next.

    What another process is at is left to it: whoever reads it before gets a moment that has just come.
    """
    rows = db.session.scalars(_STALE, {"now": now}).all()
    for row in rows:
        _put(row, _moments(_chosen(row), row.timezone, now))
    if rows:
        db.session.flush()


_STALE = (
    sa.select(Rhythm)
    .where(Rhythm.good_until <= sa.bindparam("now"))
    .order_by(Rhythm.good_until)
    .limit(REFRESHED_MOST)
    # not against those who only point to it
    .with_for_update(skip_locked=True, key_share=True)
)


def _find(chosen: Chosen, timezone: str | None) -> int | None:
    if chosen == USUAL and timezone is None:
        return None
    values = (timezone, chosen.digest_hour, chosen.digest_weekday, chosen.quiet_from, chosen.quiet_to)
    key = "|".join("" if value is None else str(value) for value in values)
    moments = _moments(chosen, timezone, utcnow())._asdict()
    insert_once(Rhythm, key=key, timezone=timezone, **vars(chosen), **moments)
    return db.session.scalars(sa.select(Rhythm.id).where(Rhythm.key == key)).one()


def _put(row: Rhythm, moments: Moments) -> None:
    for name, at in moments._asdict().items():
        setattr(row, name, at)


def _chosen(row: Rhythm) -> Chosen:
    return Chosen(row.digest_hour, row.digest_weekday, row.quiet_from, row.quiet_to)


def _moments(chosen: Chosen, timezone: str | None, now: datetime) -> Moments:
    site = usual()
    wanted = Hours(
        site.digest_hour if chosen.digest_hour is None else chosen.digest_hour,
        site.digest_weekday if chosen.digest_weekday is None else chosen.digest_weekday,
        chosen.quiet_from,
        chosen.quiet_to,
    )
    return hours.moments(wanted, _zone(timezone), now)


def _zone(name: str | None) -> ZoneInfo:
    try:
        return ZoneInfo(name or settings.current().default_timezone)
    except (ZoneInfoNotFoundError, ValueError):  # a zone that this machine does not know any more
        return ZoneInfo(settings.current().default_timezone)
