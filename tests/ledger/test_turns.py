"""News to many holds up nobody's reply: neither while it is announced nor while it is sent."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas import outbox, settings
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import checker, fanout, holding, sending, turns
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from tests.ledger.arranging import World, crowd, lines, outcome, person

PIECE = 4


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fanout, "PIECE", PIECE)


def told(world: World, people: list[int], subject: str = "idea:1") -> int:
    return world.happens(*((each, "voter") for each in people), subject=subject)


def entry_of(entry_id: int) -> OutboxEntry:
    db.session.rollback()
    return db.session.get_one(OutboxEntry, entry_id, populate_existing=True)


def one_turn(world: World) -> None:
    db.session.commit()
    world.worker().turn()
    db.session.rollback()


def count(entry_id: int) -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(sa.func.count()).where(Delivery.entry_id == entry_id)).one()


# --- Announcing ---


@pytest.mark.parametrize("people", [1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 1, 23])
def test_whoever_is_told_in_pieces_is_told_as_if_at_once(world: World, small_pieces: None, people: int):
    everybody = crowd(people)
    entry = told(world, everybody)

    world.announce()

    assert sorted(lines(entry)) == sorted((each, channel) for each in everybody for channel in ("email", "inbox"))
    assert entry_of(entry).owed == people
    assert entry_of(entry).under_way is None
    assert [breach for check in checker.CHECKS.values() for breach in check()] == []


def test_one_piece_is_written_at_a_time_and_each_is_complete(world: World, small_pieces: None):
    entry = told(world, crowd(3 * PIECE))
    written = []

    for _ in range(5):
        with unit_of_work():
            fanout.fan_out_next(settings.rooms().notices)
        written.append(count(entry))

    assert written == [0, 2 * PIECE, 4 * PIECE, 6 * PIECE, 6 * PIECE]


def test_somebody_connected_by_many_paths_is_in_one_piece_only(world: World, small_pieces: None):
    everybody = crowd(9)
    paths = [(each, path) for each in everybody for path in ("voter", "commenter", "author")]
    entry = world.happens(*paths, subject="idea:1")

    world.announce()

    assert count(entry) == 2 * len(everybody)
    assert {line.path for line in lines(entry).values()} == {"author"}


def test_a_reply_is_told_in_the_turn_in_which_it_is_found_while_many_are_told(world: World, small_pieces: None):
    many, mia = told(world, crowd(5 * PIECE)), person("Mia")
    one_turn(world)

    reply = told(world, [mia.id], subject="idea:2")
    one_turn(world)

    assert outcome(mia, "email", reply) == ("sent", None)
    assert entry_of(many).under_way is not None


@pytest.mark.parametrize(("people", "written"), [(2, [4]), (3, [0, 6]), (4, [0, 8]), (9, [0, 8, 16, 18])])
def test_what_is_told_to_more_than_a_few_waits_until_everything_smaller_is_told(
    world: World, small_pieces: None, monkeypatch: pytest.MonkeyPatch, people: int, written: list[int]
):
    monkeypatch.setattr(fanout, "FEW", 2)
    everybody, mia = crowd(people), person("Mia")
    entry, reply = told(world, everybody), told(world, [mia.id], subject="idea:2")
    found = []

    for number in range(len(written) + 1):
        with unit_of_work():
            fanout.fan_out_next(settings.rooms().notices)
        if number == 1:
            assert count(reply) == 2
        else:
            found.append(count(entry))

    assert found == written
    assert sorted(lines(entry)) == sorted((each, channel) for each in everybody for channel in ("email", "inbox"))
    assert (entry_of(entry).owed, entry_of(entry).under_way) == (people, None)


def test_two_that_are_told_to_many_take_turns(world: World, small_pieces: None):
    everybody = crowd(4 * PIECE)
    first, second = told(world, everybody, "idea:1"), told(world, everybody, "idea:2")
    written = []

    for _ in range(4):
        one_turn(world)
        written.append((count(first), count(second)))

    assert written == [(2 * PIECE, 0), (2 * PIECE, 2 * PIECE), (4 * PIECE, 2 * PIECE), (4 * PIECE, 4 * PIECE)]


def test_news_of_one_subject_comes_in_order_and_waits_for_none_that_is_told_to_many(world: World, small_pieces: None):
    everybody, stranger = crowd(3 * PIECE), person("Stranger").id
    first, second = told(world, everybody), told(world, everybody[1:])
    reply = told(world, [everybody[0], everybody[-1], stranger])
    with unit_of_work():
        begun = [fanout.begin_next(settings.rooms().notices) for _ in range(3)]

    assert [(each.entry_id, each.left) for each in begun if each] == [(first, 3), (second, 3), (reply, 0)]
    assert [count(each) for each in (first, second, reply)] == [4, 2, 6]
    world.announce()

    order: dict[int, list[int]] = {}
    for line in db.session.scalars(sa.select(Delivery).where(Delivery.channel == "inbox").order_by(Delivery.id)):
        order.setdefault(line.user_id, []).append(line.entry_id)
    assert order.pop(everybody[0]) == [first, reply]
    assert order.pop(everybody[-1]) == [first, second, reply]
    assert order.pop(stranger) == [reply]
    assert order == {each: [first, second] for each in everybody[1:-1]}
    assert [entry_of(each).owed for each in (first, second, reply)] == [3 * PIECE, 3 * PIECE - 1, 3]
    assert [breach for check in checker.CHECKS.values() for breach in check()] == []


def test_what_is_told_in_pieces_cannot_be_called_off_halfway(world: World, small_pieces: None):
    entry = told(world, crowd(3 * PIECE))
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)

    with unit_of_work():
        assert not outbox.cancel(entry)
        assert not outbox.postpone(entry, wait=timedelta(minutes=1))


def test_whoever_joins_meanwhile_is_told_if_their_piece_is_still_to_come(world: World, small_pieces: None):
    everybody = crowd(2 * PIECE)
    entry = told(world, everybody)
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)
    late = person("Late")  # a greater id than all others
    world.audiences[1].append((late.id, "voter", "planned", "instant", None, None))

    world.announce()

    assert (late.id, "email") in lines(entry)
    assert entry_of(entry).owed == len(everybody) + 1


def test_a_piece_that_cannot_be_read_is_tried_again_later_and_holds_up_nobody(world: World, small_pieces: None, clock):
    everybody = crowd(3 * PIECE)
    broken = told(world, everybody)
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)
        fanout.go_on(settings.rooms().notices)
    whole = list(world.audiences[1])
    world.audiences[1] = [()]
    mia = person("Mia")
    told(world, [mia.id], "idea:2")

    world.work()
    assert outcome(mia, "email") == ("sent", None)
    assert count(broken) == 2 * PIECE
    assert fanout.next_due() is not None
    world.audiences[1] = whole
    clock.shift(fanout.TRY_AGAIN)
    world.work()

    assert count(broken) == 2 * len(everybody)


def test_mail_of_what_was_told_halfway_when_a_backup_was_made_is_held_back(world: World, small_pieces: None):
    everybody = crowd(2 * PIECE)
    entry = told(world, everybody)
    with unit_of_work():
        fanout.begin_next(settings.rooms().notices)
        fanout.go_on(settings.rooms().notices)

    with unit_of_work():
        holding.hold_back()
    world.work()

    assert world.mailed == []
    assert Counter(line.reason for line in lines(entry).values()) == {"restored": 2 * PIECE, None: 2 * PIECE}


# --- Sending ---


def test_a_reply_is_among_the_first_mails_however_many_wait(world: World):
    world.happens_to_all(crowd(1000))
    world.announce()
    mia = person("Mia")
    told(world, [mia.id], "idea:2")
    world.announce()

    with unit_of_work():
        claim = sending.claim()

    assert len(claim.rows) == sending.BATCH
    places = [row.to.id for row in claim.rows]
    assert places.index(mia.id) < sending.BATCH / 2


def test_lanes_are_filled_by_how_many_of_the_same_news_go_before(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(fanout, "PIECE", 100)
    entry = world.happens_to_all(crowd(500))

    world.announce()

    found = Counter(line.lane for line in lines(entry).values() if line.channel == "email")
    assert found == {0: 10, 1: 90, 2: 400}


def test_whoever_takes_mail_takes_most_from_the_first_lane_and_some_from_each(world: World):
    world.happens_to_all(crowd(3500))
    world.announce()
    for number in range(60):
        told(world, [person(f"Single {number}").id], f"idea:{number + 10}")
    world.announce()

    with unit_of_work():
        claim = sending.claim()

    ids = [row.delivery.id for row in claim.rows]
    taken = Counter(db.session.scalars(sa.select(Delivery.lane).where(Delivery.id.in_(ids))))
    assert len(ids) == sending.BATCH
    assert set(taken) == {0, 1, 2, 3}
    assert taken[0] > taken[1] > taken[2] > taken[3] > 0


def test_the_last_of_many_are_served_when_there_is_nobody_else(world: World):
    world.happens_to_all(crowd(450))
    world.announce()
    with unit_of_work():
        db.session.execute(sa.update(Delivery).where(Delivery.lane < 2).values(state="sent", done_at=utcnow()))

    with unit_of_work():
        claim = sending.claim()

    assert len(claim.rows) == sending.BATCH


def test_what_is_not_due_yet_is_passed_over_in_every_lane(world: World, clock):
    world.happens_to_all(crowd(500))
    world.announce()
    with unit_of_work():
        later = utcnow() + timedelta(hours=1)
        db.session.execute(sa.update(Delivery).where(Delivery.lane != 1).values(due_at=later))

    with unit_of_work():
        claim = sending.claim()

    ids = [row.delivery.id for row in claim.rows]
    assert len(ids) == sending.BATCH
    assert set(db.session.scalars(sa.select(Delivery.lane).where(Delivery.id.in_(ids)))) == {1}
    assert sending.next_due() is not None


def test_one_event_fills_no_more_than_its_share_of_the_first_claim():
    assert turns.ENDS[0] < sending.BATCH / 2
    assert list(turns.ENDS) == sorted(turns.ENDS)
