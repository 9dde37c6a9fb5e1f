"""Periodic work is done once, however many workers there are, and stays due when whoever did it died."""

import multiprocessing
import os
import signal
import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from config import Config
from ideas import create_app, outbox, rounds, settings
from ideas.boards.events import IdeaReceived
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import doctoring, worker
from ideas.outbox import OutboxEntry
from ideas.rounds import Round, RoundDue
from tests.conftest import SETTINGS

processes = multiprocessing.get_context("fork")
HOUR = timedelta(hours=1)


@pytest.fixture
def work(app):
    """Registers periodic work: work("name", run, every=…)."""
    settings.rooms().rounds.clear()

    def register(name, run, *, every=HOUR):
        settings.rooms().rounds[name] = Round(every, run)

    return register


def a_turn(app):
    """One turn of a worker that has just begun, so that it looks at once."""
    at_work = worker.Worker(app, transport=None)
    did = at_work._make_rounds()
    db.session.rollback()
    return did


def note_it():
    """Something that stands in the database once for each time it was done and committed."""
    outbox.record(IdeaReceived("idea:1", 1, None), wait=timedelta(days=1))
    return False


def noted():
    db.session.rollback()
    return db.session.scalars(sa.select(sa.func.count(OutboxEntry.id))).one()


def due(name):
    db.session.rollback()
    return db.session.get_one(RoundDue, name, populate_existing=True)


def test_new_work_is_done_at_once_and_again_when_its_time_is_over(app, work, clock):
    work("notes", note_it)

    a_turn(app)
    a_turn(app)
    assert noted() == 1
    clock.shift(timedelta(minutes=59))
    a_turn(app)
    assert noted() == 1
    clock.shift(timedelta(minutes=2))
    a_turn(app)

    assert noted() == 2


def test_work_that_has_more_to_do_goes_on_and_lets_other_work_have_its_turn(app, work, clock):
    left, order = [3], []

    def much():
        order.append("much")
        left[0] -= 1
        clock.shift(timedelta(milliseconds=1))
        return left[0] > 0

    work("a.much", much)
    work("b.little", lambda: order.append("little") or False)

    a_turn(app)

    assert order == ["much", "little", "much", "much"]
    assert due("a.much").due_at > utcnow() + timedelta(minutes=59)


def test_a_worker_that_goes_on_all_the_time_still_turns_to_what_else_is_due(app, work):
    count = [0]

    def without_end():
        count[0] += 1
        return True

    work("endless", without_end)

    assert a_turn(app) is True
    assert count == [worker.ROUNDS_A_TURN]


def test_what_fails_leaves_nothing_behind_does_not_hold_up_the_rest_and_is_tried_again(app, work, clock):
    broken = [True]

    def fails():
        note_it()
        if broken[0]:
            raise LookupError("no words")
        return False

    work("a.fails", fails)
    work("b.fine", note_it)

    a_turn(app)
    assert noted() == 1
    assert due("a.fails").failing_since == utcnow()
    assert any("a.fails keeps failing" in line for line in doctoring.look()["Queue"])

    broken[0] = False
    clock.shift(rounds.AGAIN_AFTER)
    a_turn(app)

    assert noted() == 2
    assert due("a.fails").failing_since is None
    assert not any("a.fails" in line for line in doctoring.look()["Queue"])


def test_work_that_nobody_does_is_missed(app, work, clock):
    work("notes", note_it)
    a_turn(app)

    clock.shift(HOUR + timedelta(minutes=20))

    assert any("The oldest periodic work has waited for 20 minutes" in line for line in doctoring.look()["Queue"])
    figures = {figure.name: figure.value for figure in rounds.figures(settings.rooms().rounds)}
    assert figures == {"round_late_seconds": 20 * 60, "round_failing": 0}


def test_work_that_is_no_longer_known_is_left_alone(app, work):
    work("former", note_it)
    a_turn(app)
    settings.rooms().rounds.clear()
    work("new", lambda: False)

    a_turn(app)

    assert noted() == 1


def test_somebody_at_work_is_passed_over_and_afterwards_it_is_done(app, work):
    """Two threads on two connections; the second comes while the first is in the middle of it."""
    begun, go_on, second = threading.Event(), threading.Event(), []

    def slowly():
        begun.set()
        assert go_on.wait(30)
        return note_it()

    work("slow", slowly)
    with unit_of_work():
        rounds.enter(settings.rooms().rounds)

    def make(found):
        with app.app_context(), unit_of_work():
            found.append(rounds.make_next(settings.rooms().rounds))

    first = []
    one = threading.Thread(target=make, args=(first,))
    other = threading.Thread(target=make, args=(second,))
    one.start()
    assert begun.wait(30)
    other.start()
    if db.engine.dialect.name == "postgresql":
        other.join(30)  # it does not wait for the first
        assert second == [False]
    go_on.set()
    one.join(30)
    other.join(30)

    assert (first, second) == ([True], [False])
    assert noted() == 1


# --- Whole workers ---


@pytest.fixture
def site(empty_database, tmp_path):
    own = {"DATABASE_URL": empty_database.url, "INSTANCE_PATH": str(tmp_path), "LOG_LEVEL": "error"}
    return {**SETTINGS, **own, "WORKER_POLL_SECONDS": "0.01"}


def start(site, tries: Path, crashpoint=""):
    process = processes.Process(target=_work, args=(site, tries, crashpoint), daemon=True)
    process.start()
    return process


def _work(site, tries, crashpoint):
    os.environ["CRASHPOINT"] = crashpoint
    app = create_app(Config.from_env(site))
    with app.app_context():
        handed = settings.rooms().rounds
        handed.clear()
        for name in ("one", "two", "three", "four"):
            handed[name] = Round(HOUR, lambda name=name: _try(tries, name))
    worker.run(app, drain=not crashpoint)


def _try(tries, name):
    with tries.open("a") as file:
        file.write(f"{name}\n")
    return note_it()


def test_two_workers_that_race_do_each_work_once(site, tmp_path, app):
    tries = tmp_path / "tries"

    racing = [start(site, tries) for _ in range(2)]
    for process in racing:
        process.join(60)

    assert [process.exitcode for process in racing] == [0, 0]
    assert sorted(tries.read_text().split()) == ["four", "one", "three", "two"]
    assert noted() == 4


@pytest.mark.parametrize("point", ["round.after_take", "round.before_commit"])
def test_a_worker_killed_in_the_middle_leaves_the_work_due(site, tmp_path, app, point):
    killed = start(site, tmp_path / "tries", point)
    killed.join(60)
    assert killed.exitcode == -signal.SIGKILL, f"{point} was not reached"
    assert noted() == 0

    heir = start(site, tmp_path / "tries")
    heir.join(60)

    assert heir.exitcode == 0
    assert noted() == 4
