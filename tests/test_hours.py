"""Hours of the day across the days on which clocks are changed."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from ideas.hours import Hours, moments, next_at

BERLIN, NEW_YORK, LORD_HOWE, CAIRO, APIA = (
    ZoneInfo(name)
    for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Pacific/Apia")
)


def utc(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


def test_an_hour_that_has_just_come_comes_next_tomorrow():
    assert next_at(BERLIN, 8, after=utc(2026, 3, 3, 6, 59, 59)) == utc(2026, 3, 3, 7)
    assert next_at(BERLIN, 8, after=utc(2026, 3, 3, 7)) == utc(2026, 3, 4, 7)


def test_a_weekday_is_the_one_of_that_zone():
    monday_in_apia = next_at(APIA, 0, after=utc(2026, 3, 3), weekday=0)

    assert monday_in_apia.astimezone(APIA).weekday() == 0
    assert monday_in_apia.weekday() == 6


@pytest.mark.parametrize(
    ("zone", "hour", "before", "moment"),
    [
        (BERLIN, 2, utc(2026, 3, 28, 12), utc(2026, 3, 29, 1)),  # two becomes three
        (NEW_YORK, 2, utc(2026, 3, 7, 12), utc(2026, 3, 8, 7)),
        (LORD_HOWE, 2, utc(2026, 10, 3, 0), utc(2026, 10, 3, 15, 30)),  # by half an hour
        (CAIRO, 0, utc(2026, 4, 23, 12), utc(2026, 4, 23, 22)),  # midnight is skipped
    ],
)
def test_an_hour_that_is_skipped_comes_when_the_clocks_go_forward(zone, hour, before, moment):
    assert next_at(zone, hour, after=before) == moment
    assert moment.astimezone(zone).hour == hour + (zone is not LORD_HOWE)


@pytest.mark.parametrize(
    ("zone", "hour", "before", "moment"),
    [
        (BERLIN, 2, utc(2026, 10, 24, 12), utc(2026, 10, 25, 0)),  # three becomes two
        (NEW_YORK, 1, utc(2026, 10, 31, 12), utc(2026, 11, 1, 5)),
        (CAIRO, 23, utc(2026, 10, 29, 12), utc(2026, 10, 29, 20)),
    ],
)
def test_an_hour_that_comes_twice_counts_once(zone, hour, before, moment):
    assert next_at(zone, hour, after=before) == moment
    again = next_at(zone, hour, after=moment)
    assert again - moment >= timedelta(hours=23)
    assert again.astimezone(zone).date() == moment.astimezone(zone).date() + timedelta(days=1)


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE, CAIRO, APIA])
@pytest.mark.parametrize("hour", [0, 1, 2, 3, 8, 23])
def test_each_hour_comes_once_on_every_day_of_two_years(zone, hour):
    days, at = [], utc(2025, 1, 1)
    while at < utc(2027, 1, 1):
        at = next_at(zone, hour, after=at)
        days.append(at.astimezone(zone).date())

    assert len(set(days)) == len(days)
    assert {later - earlier for earlier, later in pairwise(days)} == {timedelta(days=1)}


def quiet(zone: ZoneInfo, begins: int, ends: int, now: datetime) -> datetime | None:
    return moments(Hours(8, 0, begins, ends), zone, now).quiet_until


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (utc(2026, 3, 3, 20, 59, 59), None),
        (utc(2026, 3, 3, 21), utc(2026, 3, 4, 6)),
        (utc(2026, 3, 4, 5, 59, 59), utc(2026, 3, 4, 6)),
        (utc(2026, 3, 4, 6), None),
        (utc(2026, 3, 28, 23), utc(2026, 3, 29, 5)),  # an hour shorter that night
        (utc(2026, 10, 24, 23), utc(2026, 10, 25, 6)),  # an hour longer
    ],
)
def test_it_is_quiet_from_the_one_hour_to_the_other(now, until):
    assert quiet(BERLIN, 22, 7, now) == until


def test_quiet_hours_within_a_day():
    assert quiet(BERLIN, 12, 14, utc(2026, 3, 3, 11, 30)) == utc(2026, 3, 3, 13)
    assert quiet(BERLIN, 12, 14, utc(2026, 3, 3, 13)) is None


def test_quiet_hours_that_are_skipped_altogether_are_none_that_day():
    for minutes in range(-120, 121, 10):
        assert quiet(BERLIN, 2, 3, utc(2026, 3, 29, 1) + timedelta(minutes=minutes)) is None


def test_quiet_hours_that_come_twice_last_twice_as_long():
    assert quiet(NEW_YORK, 1, 2, utc(2026, 11, 1, 5)) == utc(2026, 11, 1, 7)
    assert quiet(NEW_YORK, 1, 2, utc(2026, 11, 1, 6, 30)) == utc(2026, 11, 1, 7)
    assert quiet(NEW_YORK, 1, 2, utc(2026, 11, 1, 7)) is None


def test_moments_are_good_until_the_first_of_them_comes():
    now = utc(2026, 3, 3, 12)

    assert moments(Hours(8, 0), BERLIN, now).good_until == utc(2026, 3, 4, 7)
    assert moments(Hours(8, 0, 22, 7), BERLIN, now).good_until == utc(2026, 3, 3, 21)
    assert moments(Hours(8, 0, 22, 7), BERLIN, utc(2026, 3, 3, 23)).good_until == utc(2026, 3, 4, 6)
