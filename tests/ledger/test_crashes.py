"""The worker is killed wherever it can be: nothing is lost, and nothing repeated but what was under way."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ideas import migrating
from ideas.ledger import fanout
from tests.conftest import SETTINGS, Database
from tests.ledger import faults
from tests.ledger.faults import Sink, Site
from tests.servers import PostgresServer

PEOPLE = 5


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink() as sink:
        yield sink


@pytest.fixture
def site(database: Database, sink: Sink, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    database.empty()
    monkeypatch.setattr(fanout, "PIECE", faults.PIECE)
    own = {"DATABASE_URL": database.url, "INSTANCE_PATH": str(tmp_path), "MAIL_URL": sink.url}
    site = Site({**SETTINGS, **own})
    site.settle_in(PEOPLE)
    yield site
    site.close()


def test_there_are_places_to_kill_on_the_whole_way():
    points = faults.crash_points()

    assert len(set(points)) == len(points) >= 25
    stations = {"round", "fanout", "claim", "digest", "send", "mail", "sweep"}
    assert {point.partition(".")[0] for point in points} == stations


SINGLE = [(point, False) for point in faults.crash_points() if not point.startswith("digest.")]
GATHERED = [(point, True) for point in faults.crash_points() if point.startswith(("digest.", "send.", "mail."))]


@pytest.mark.parametrize(("point", "gathered"), SINGLE + GATHERED)
def test_a_worker_killed_anywhere_loses_nothing(site: Site, sink: Sink, point: str, gathered: bool):
    owed = site.answer(site.people(), gathered=gathered)
    worker = faults.start_worker(site.settings, point)
    worker.join(300)
    assert worker.exitcode == -signal.SIGKILL, f"{point} was not reached"
    site.outlast_leases()

    site.work_here()

    verdict = faults.judge(site, sink, owed=owed, may_repeat=1 if point in faults.IN_FLIGHT else 0)
    assert verdict.problems == []
    assert verdict.repeated == (1 if point in faults.IN_FLIGHT else 0)


@pytest.mark.parametrize("point", faults.crash_points_of_replies())
def test_an_answer_by_mail_is_posted_once_wherever_whoever_takes_it_is_killed(site: Site, tmp_path: Path, point: str):
    site.settings = {**site.settings, "MAIL_IN_ADDRESS": "reply@in.example.test"}
    site.close()
    site.__post_init__()
    given, said = site.reply_by_mail(site.people()[0], 1, tmp_path)
    killed = faults.start_worker(given, point, work=faults.take_mail)
    killed.join(300)
    assert killed.exitcode == -signal.SIGKILL, f"{point} was not reached"

    again = faults.start_worker(given, work=faults.take_mail)  # whoever handed it over had no answer, and comes again
    again.join(300)

    assert again.exitcode == 0
    assert site.comments_saying(said) == 1


def test_ending_a_worker_finishes_what_it_has_in_hand_and_nothing_is_repeated(site: Site, sink: Sink):
    sink.pause = 0.05
    owed = site.answer(site.people())
    worker = faults.start_worker(site.settings)
    while not sink.taken:
        assert worker.is_alive()

    faults.stop(worker)

    assert worker.exitcode == 0
    assert 0 < len(sink.taken) < PEOPLE
    site.work_here()
    verdict = faults.judge(site, sink, owed=owed, may_repeat=0)
    assert verdict.problems == []


@pytest.mark.postgresql
def test_a_worker_waits_out_a_database_that_is_gone(sink: Sink, tmp_path: Path):
    with PostgresServer() as server:
        url = server.create_database("site")
        migrating.upgrade(url)
        own = {"DATABASE_URL": url, "INSTANCE_PATH": str(tmp_path), "MAIL_URL": sink.url}
        site = Site({**SETTINGS, **own, "LOG_LEVEL": "error"})
        site.settle_in(PEOPLE)
        voters = site.people()
        worker = faults.start_worker(site.settings)
        owed = site.answer(voters)
        site.wait_until_done(worker, 300)

        server.crash()
        time.sleep(1)
        server.start()
        site.close()  # its connections are gone as well

        owed += site.answer(voters)
        site.wait_until_done(worker, 300)
        faults.stop(worker)

        assert worker.exitcode == 0
        assert faults.judge(site, sink, owed=owed, may_repeat=0).problems == []
        site.close()
