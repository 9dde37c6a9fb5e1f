"""Celery carries ids over a real Redis, and the ledger stays the truth: what Redis loses is found again."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from config import Config
from ideas import settings
from ideas.db import db, unit_of_work
from ideas.ledger import carrying, fanout, sending
from ideas.ledger.models import Delivery, State
from ideas.mail import MemoryTransport, RelayDown
from tests.conftest import SETTINGS, Database
from tests.ledger import carriers, faults
from tests.ledger.arranging import World, crowd, lines, person
from tests.ledger.faults import Sink, Site
from tests.servers import RedisServer

PEOPLE = 60


@pytest.fixture(scope="module")
def broker() -> Iterator[RedisServer]:
    with RedisServer() as server:
        yield server


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def site(database: Database, sink: Sink, broker: RedisServer, tmp_path: Path) -> Iterator[Site]:
    broker.empty()
    database.empty()
    own = {"DATABASE_URL": database.url, "INSTANCE_PATH": str(tmp_path), "MAIL_URL": sink.url, "BROKER_URL": broker.url}
    site = Site({**SETTINGS, **own})
    site.settle_in(PEOPLE)
    yield site
    site.close()


@contextmanager
def running(site: Site, *commands: str) -> Iterator[None]:
    """Those commands as processes, ended in order."""
    with ExitStack() as stack:
        for command in commands:
            stack.callback(carriers.end, carriers.start(site.settings, *command.split()))
        yield


def wait_until(is_so: Any, timeout: float = 300) -> None:
    deadline = time.monotonic() + timeout
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("It does not come to that.")
        time.sleep(0.05)


def test_everybody_is_told_once_however_many_schedulers_offer_it(site: Site, sink: Sink):
    owed = site.answer(site.people())

    with running(site, "schedule", "schedule", "carry --processes 2"):
        wait_until(site.is_done)

    verdict = faults.judge(site, sink, owed=owed, may_repeat=0)
    assert verdict.problems == []


def test_what_waits_for_digests_is_carried_too(site: Site, sink: Sink):
    owed = site.answer(site.people(), gathered=True)

    with running(site, "schedule", "carry --processes 2"):
        wait_until(site.is_done)

    assert faults.judge(site, sink, owed=owed, may_repeat=0).problems == []


def test_killed_carriers_and_a_redis_that_forgets_lose_nothing(site: Site, sink: Sink, broker: RedisServer):
    sink.pause = 0.02
    owed = site.answer(site.people())
    kills = 3

    with running(site, "schedule"):
        for _ in range(kills):
            seen = len(sink.taken)
            carrier = carriers.start(site.settings, "carry", "--processes", "2")
            wait_until(lambda seen=seen: len(sink.taken) > seen + 5 or site.is_done())
            carriers.kill(carrier)
            site.outlast_leases()
            broker.empty()
        with running(site, "carry --processes 2"):
            wait_until(site.is_done)

    assert len(sink.taken) > 0
    verdict = faults.judge(site, sink, owed=owed, may_repeat=2 * kills)
    assert verdict.problems == []
    assert verdict.lost == 0


def test_a_redis_that_is_gone_is_waited_for(site: Site, sink: Sink, broker: RedisServer):
    with running(site, "schedule", "carry --processes 1"):
        first = site.answer(site.people()[:5])
        wait_until(site.is_done)
        broker.stop()
        owed = first + site.answer(site.people()[5:10])
        time.sleep(1)
        broker.start()
        wait_until(site.is_done)

    assert faults.judge(site, sink, owed=owed, may_repeat=0).problems == []


# --- What is offered ---


def scheduler(world: World, broker: RedisServer) -> carrying.Scheduler:
    config = Config.from_env({**SETTINGS, "BROKER_URL": broker.url})
    return carrying.Scheduler(world.app, carrying.make_celery(config), world.worker())


def offered(broker: RedisServer) -> list[tuple[str, list[Any]]]:
    """What waits in the queue: tasks and what they are called with."""
    with redis.Redis.from_url(broker.url) as client:
        messages = [json.loads(each) for each in client.lrange(carrying.QUEUE, 0, -1)]
    return [(each["headers"]["task"], json.loads(base64.b64decode(each["body"]))[0]) for each in messages]


def test_nothing_but_ids_goes_through_the_broker_and_no_more_than_so_many(world: World, broker: RedisServer):
    broker.empty()
    world.happens_to_all(crowd(1500))
    world.announce()
    reply = world.happens((person("Mia"), "voter"), subject="idea:2")
    db.session.commit()

    scheduling = scheduler(world, broker)
    scheduling.turn()
    scheduling.turn()

    found = offered(broker)
    assert len(found) == carrying.OFFERED_MOST
    assert ("answerback.announce", [reply]) in found
    mails = [each for task, said in found if task == "answerback.send" for each in said[0]]
    assert len(mails) == len(set(mails)) == (carrying.OFFERED_MOST - 1) * sending.BATCH
    assert all(isinstance(each, int) for each in mails)


def test_what_the_broker_lost_is_offered_again(world: World, broker: RedisServer, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(carrying, "BEGUN_AFTER", 0.0)
    broker.empty()
    world.happens((person("Mia"), "voter"))
    db.session.commit()
    scheduling = scheduler(world, broker)
    scheduling.turn()
    before = offered(broker)

    scheduling.turn()
    assert offered(broker) == before
    broker.empty()
    scheduling.turn()

    assert offered(broker) == before != []


def test_what_is_offered_twice_is_done_once(world: World):
    """The ledger decides when work begins, so a job that comes twice, or late, changes nothing."""
    mia, ole = person("Mia"), person("Ole")
    entry = world.happens((mia, "voter"), (ole, "voter"))
    db.session.commit()
    carrier = world.worker()

    assert [carrier.announce(entry) for _ in range(3)] == [True, False, False]
    ids = [line.id for (_user, channel), line in lines(entry).items() if channel == "email"]
    db.session.rollback()
    assert [carrier.send_some(ids) for _ in range(3)] == [True, False, False]

    assert set(world.mailed) == {mia.email, ole.email}
    assert len(world.mailed) == 2


def test_only_what_is_named_is_claimed(world: World):
    world.happens(*((person(f"Person {number}"), "voter") for number in range(5)))
    world.announce()
    ids = sorted(db.session.scalars(sa.select(Delivery.id).where(Delivery.state == State.PENDING.value)))

    with unit_of_work():
        claim = sending.claim(only=ids[1:3], most=50)

    assert [row.delivery.id for row in claim.rows] == ids[1:3]


def test_a_relay_that_is_down_is_left_alone_and_what_was_offered_stays_due(world: World):
    mia = person("Mia")
    entry = world.happens((mia, "voter"))
    world.announce()
    transport = MemoryTransport(answers={str(mia.email): RelayDown("It is down.")})
    db.session.commit()
    carrier = world.worker(transport)
    ids = [lines(entry)[mia.id, "email"].id]
    db.session.rollback()

    assert carrier.send_some(ids) is False
    transport.answers.clear()
    assert carrier.send_some(ids) is False  # its breaker is closed for a while

    assert lines(entry)[mia.id, "email"].state == "pending"
    assert world.worker().send_some(ids) is True


def test_an_announcement_in_pieces_is_offered_a_piece_at_a_time(
    world: World, broker: RedisServer, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fanout, "PIECE", 4)
    broker.empty()
    entry = world.happens_to_all(crowd(10))
    db.session.commit()
    scheduling, carrier = scheduler(world, broker), world.worker()
    seen = []

    for _ in range(5):
        scheduling.turn()
        for task, said in offered(broker):
            if task == "answerback.announce":
                seen.append(said)
                carrier.announce(*said)
        broker.empty()

    assert seen == [[entry]] * 4
    assert settings.rooms().notices
