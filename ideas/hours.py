"""When hours of the day come in a time zone, across the days on which clocks are changed. Pure: no clock of its own.

An hour that is skipped, because clocks go forward over it, counts as come at the moment they do. Of an hour that comes
twice, because clocks go back over it, the first counts. So each hour comes exactly once on each day.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


class Hours(NamedTuple):
    """What hours somebody wants mail at. Hours are 0 to 23, weekdays 0 (Monday) to 6.

    quiet_from, quiet_to: nothing comes by itself in between; None, or both the same, for no such hours.
    """

    digest_hour: int
    digest_weekday: int
    quiet_from: int | None = None
    quiet_to: int | None = None


class Moments(NamedTuple):
    """What those hours mean from some moment on.

    daily_at, weekly_at: when the next digests go out. quiet_until: when the quiet that is now ends; None if it is not
    quiet. good_until: from then on one of these is another.
    """

    daily_at: datetime
    weekly_at: datetime
    quiet_until: datetime | None
    good_until: datetime


def moments(hours: Hours, zone: ZoneInfo, now: datetime) -> Moments:
    """What `hours` mean in `zone`, from `now` on."""
    daily_at = next_at(zone, hours.digest_hour, after=now)
    weekly_at = next_at(zone, hours.digest_hour, after=now, weekday=hours.digest_weekday)
    ends, begins = _quiet(hours, zone, now)
    quiet_until = ends if ends and begins and ends < begins else None
    return Moments(daily_at, weekly_at, quiet_until, min(at for at in (daily_at, weekly_at, ends, begins) if at))


def next_at(zone: ZoneInfo, hour: int, *, after: datetime, weekday: int | None = None) -> datetime:
    """The first moment after `after` at which the clocks of `zone` come to `hour`; on that weekday, if one is given."""
    # from the day before, because a skipped hour may come on the next day by the clocks
    day = after.astimezone(zone).date() - DAY
    while True:
        if weekday is None or day.weekday() == weekday:
            # without a fold: of two the first; one that is not there is reckoned with the clocks before the change
            moment = datetime.combine(day, time(hour), zone).astimezone(UTC)
            if moment > after:
                return moment
        day += DAY


def _quiet(hours: Hours, zone: ZoneInfo, now: datetime) -> tuple[datetime | None, datetime | None]:
    """When quiet ends next, and when it begins next; whichever comes first says what is now."""
    if hours.quiet_from is None or hours.quiet_to is None or hours.quiet_from == hours.quiet_to:
        return None, None
    return next_at(zone, hours.quiet_to, after=now), next_at(zone, hours.quiet_from, after=now)
