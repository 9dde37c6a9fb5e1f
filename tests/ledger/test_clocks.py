"""Clocks that are changed, put forward, put back: no digest comes early, none twice, nobody sends what others have."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from ideas import mail
from ideas.accounts import rhythms
from ideas.accounts.models import User
from ideas.accounts.rhythms import Chosen
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import digests, sending
from ideas.ledger.models import Delivery, Digest
from tests.ledger.arranging import World, lines, outcome, person

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
EIGHT = datetime(2026, 3, 4, 8, tzinfo=UTC)
SENT = ("sent", None)


def daily(world: World, who: User, number: int = 7) -> int:
    entry = world.happens((who, "voter", "planned", "daily"), subject=f"idea:{number}")
    world.announce()
    return entry


def midnight(day: tuple[int, int, int]) -> datetime:
    return datetime(day[0], day[1], day[2], tzinfo=UTC)


def living_in(zone: str, **hours: int) -> User:
    mia = person()
    with unit_of_work():
        rhythms.choose(db.session.merge(mia), Chosen(**hours), timezone=zone)
    return mia


CHOOSERS = pytest.mark.parametrize("zone", [None, "Europe/Berlin"], ids=["site's hours", "own hours"])


def reader(zone: str | None) -> tuple[User, datetime]:
    """Somebody, and when their digest of 4 March is due."""
    return (living_in(zone), EIGHT - HOUR) if zone else (person(), EIGHT)


@CHOOSERS
@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_put_back_after_a_digest_brings_no_second_one(world: World, clock, zone: str | None, step: timedelta):
    clock.move_to(EIGHT - DAY + 4 * HOUR)
    mia, due = reader(zone)
    daily(world, mia)
    clock.move_to(due + HOUR / 2)
    world.work()
    assert len(world.mailed) == 1

    clock.shift(-step)
    later = daily(world, mia, 8)
    while utcnow() < due + 12 * HOUR:
        world.work()
        clock.shift(HOUR / 2)

    # what came after the digest of a moment waits for the digest of a later one
    moments = db.session.scalars(sa.select(Digest.moment)).all()
    assert len(set(moments)) == len(moments) == len(world.mailed)
    if step == HOUR:
        assert len(world.mailed) == 1
        assert lines(later)[mia.id, "email"].due_at == due + DAY


@CHOOSERS
@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_that_is_ahead_for_a_while_brings_no_second_digest(world: World, clock, zone, step: timedelta):
    clock.move_to(EIGHT - 2 * HOUR)
    mia, due = reader(zone)
    daily(world, mia)
    clock.move_to(due - HOUR / 2 + step)
    world.work()
    assert len(world.mailed) == 1  # by that clock it was late enough

    clock.shift(-step)
    daily(world, mia, 8)
    clock.move_to(due + HOUR / 4)
    world.work()

    assert len(world.mailed) == 1


def test_no_digest_comes_before_its_hour_when_the_clock_is_put_back(world: World, clock):
    clock.move_to(EIGHT - HOUR / 2)
    mia = person()
    entry = daily(world, mia)
    clock.shift(-HOUR)

    while utcnow() < EIGHT - timedelta(minutes=10):
        world.work()
        assert world.mailed == []
        clock.shift(timedelta(minutes=10))
    clock.move_to(EIGHT)
    world.work()

    assert outcome(mia, "email", entry) == SENT


@pytest.mark.parametrize(
    ("day", "hour", "came"),
    [
        ((2026, 3, 29), 2, datetime(2026, 3, 29, 1, tzinfo=UTC)),  # skipped: at three
        ((2026, 10, 25), 2, datetime(2026, 10, 25, 0, tzinfo=UTC)),  # twice: the first
        ((2026, 3, 29), 8, datetime(2026, 3, 29, 6, tzinfo=UTC)),
        ((2026, 10, 25), 8, datetime(2026, 10, 25, 7, tzinfo=UTC)),
    ],
)
def test_a_digest_comes_once_on_days_on_which_clocks_are_changed(world: World, clock, day, hour: int, came: datetime):
    clock.move_to(midnight(day) - 12 * HOUR)
    mia = living_in("Europe/Berlin", digest_hour=hour)
    daily(world, mia)
    clock.move_to(came - timedelta(seconds=1))
    world.work()
    assert world.mailed == []

    clock.move_to(came)
    world.work()
    assert len(world.mailed) == 1
    for step in range(1, 40):
        daily(world, mia, 100 + step)
        clock.move_to(came + step * HOUR / 2)
        world.work()

    assert len(world.mailed) == 1


@pytest.mark.parametrize(("day", "ends"), [((2026, 3, 29), 5), ((2026, 10, 25), 6)])
def test_quiet_hours_end_by_the_clock_of_the_wall(world: World, clock, day, ends: int):
    clock.move_to(midnight(day) - HOUR)
    mia = living_in("Europe/Berlin", quiet_from=22, quiet_to=7)
    entry = world.happens((mia, "voter", "shipped"))
    world.announce()

    assert lines(entry)[mia.id, "email"].due_at == midnight(day) + ends * HOUR


# --- Leases ---


@pytest.mark.parametrize("step", [-SECOND, -HOUR, -DAY])
def test_a_clock_put_back_in_the_middle_of_a_lease_sends_nothing_twice(world: World, clock, step: timedelta):
    clock.move_to(EIGHT - HOUR)
    mia = person()
    single, gathered = world.happens((mia, "voter"), subject="idea:1"), daily(world, mia)
    clock.move_to(EIGHT)
    with unit_of_work():
        mine, digest = sending.claim(), digests.claim()
    assert (len(mine.rows), len(digest.rows)) == (1, 1)

    clock.shift(step)
    world.work()
    assert world.mailed == []  # others leave alone what is in my hands

    assert sending.is_still_mine(mine, mine.rows[0])
    digest.rows[0].included = digests.still_mine(digest, digest.rows[0])
    with unit_of_work():
        assert sending.write_down(mine, mine.rows[0], sending.SENT).is_mine
        assert digests.write_down(digest, digest.rows[0], sending.SENT)
    assert outcome(mia, "email", single) == outcome(mia, "email", gathered) == SENT


@pytest.mark.parametrize("step", [HOUR, DAY])
def test_a_clock_put_forward_over_a_lease_fences_its_holder(world: World, clock, step: timedelta):
    clock.move_to(EIGHT - HOUR)
    mia = person()
    daily(world, mia)
    clock.move_to(EIGHT)
    with unit_of_work():
        held = digests.claim()

    clock.shift(step)
    assert digests.still_mine(held, held.rows[0]) == set()
    world.work()

    held.rows[0].included = [each.id for each in held.rows[0].deliveries]
    with unit_of_work():
        assert not digests.write_down(held, held.rows[0], sending.refused("too late"))
    assert [message.message_id for message in world.transport.sent] == [f"<digest-{held.rows[0].id}@localhost>"]


# --- Two at once ---


def test_two_workers_at_once_make_each_digest_once(world: World, app: Flask):
    people = [person(f"Voter {number}") for number in range(40)]
    addresses = sorted(each.email or "" for each in people)
    for number in range(5):
        world.happens(*((each, "voter", "planned", "daily") for each in people), subject=f"idea:{number}")
    world.announce()
    with unit_of_work():
        db.session.execute(sa.update(Delivery).where(Delivery.digest.is_not(None)).values(due_at=EIGHT - DAY))
    db.session.remove()
    relays = [mail.MemoryTransport() for _ in range(4)]
    start = threading.Barrier(len(relays))

    def work(relay: mail.MemoryTransport) -> None:
        worker = world.worker(relay)
        start.wait()
        while worker.turn():
            pass
        with app.app_context():
            db.session.remove()

    threads = [threading.Thread(target=work, args=(relay,)) for relay in relays]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)

    sent = [message.to for relay in relays for message in relay.sent]
    assert len(sent) == len(set(sent))
    world.work()  # whoever found all taken left nothing behind
    assert sorted([*sent, *world.mailed]) == addresses
    states = db.session.execute(
        sa.select(Delivery.state, sa.func.count()).where(Delivery.digest.is_not(None)).group_by(Delivery.state)
    ).all()
    assert [tuple(row) for row in states] == [("sent", 200)]
