"""The doctor finds what is broken, says what to do, and can be asked by a program."""

import json
import shutil
from collections import namedtuple
from datetime import timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from ideas.cli import program
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import beats, doctoring
from ideas.ledger.beats import Beats
from ideas.ledger.models import WorkerBeat
from tests.ledger.arranging import World, person

Usage = namedtuple("Usage", "total used free")


def found(part):
    return doctoring.look()[part]


def test_a_program_is_told_the_same(world: World, ideas_command, clock):
    well = ideas_command("doctor", "--json")
    world.happens((person(), "voter"))
    clock.shift(timedelta(minutes=20))
    ill = ideas_command("doctor", "--json")

    said = json.loads(ill.output)
    assert ill.exit_code == 1
    assert said["well"] is False
    assert "has waited for 20 minutes" in said["wrong"]["Queue"][0]
    assert set(json.loads(well.output)["wrong"]) == set(doctoring.PARTS)


@pytest.mark.parametrize("url", ["sqlite:////not/there/at/all.sqlite", "postgresql://nobody@127.0.0.1:1/nothing"])
def test_a_database_that_is_away_is_a_finding_and_no_traceback(make_app, url):
    app = make_app(DATABASE_URL=url)

    result = CliRunner().invoke(program(), ["doctor", "--json"], obj=app)

    assert result.exit_code == 1
    assert "It cannot be used" in json.loads(result.output)["wrong"]["Database"][0]


def test_a_worker_that_fell_silent_is_missed(app, clock):
    with unit_of_work():
        Beats().beat(closed_until=None)
    assert found("Queue") == []

    clock.shift(timedelta(minutes=9))

    assert "No worker was heard of for 9 minutes" in found("Queue")[0]


def test_in_production_somebody_must_work(make_app):
    app = make_app(ENVIRONMENT="production")
    with app.app_context():
        assert "No worker runs. Start one: ideas worker" in found("Queue")


def test_an_index_that_is_gone_is_named(make_app, database):
    app = make_app(DATABASE_URL=database.fresh())
    with app.app_context():
        db.session.execute(sa.text("DROP INDEX ix_delivery_due"))
        db.session.commit()

        assert any("The index ix_delivery_due is missing." in line for line in found("Database"))


@pytest.mark.postgresql
def test_a_clock_that_goes_wrong_is_noticed(app, monkeypatch):
    monkeypatch.setattr(doctoring, "utcnow", lambda: utcnow() + timedelta(seconds=30))

    assert any("30 seconds apart" in line or "29 seconds apart" in line for line in found("Database"))


def test_a_disk_that_is_nearly_full_is_told_in_time(app, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**9, 10**9, 7 * 2**20))

    assert "has 7 MB left" in found("Files")[0]


def test_a_folder_of_pictures_that_cannot_be_written_is_named(app):
    folder = app.extensions["pictures"].path
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("a file stands where the folder should be")

    assert "Pictures cannot be kept" in found("Files")[0]


def test_the_probe_leaves_nothing_behind(app):
    assert found("Files") == []
    assert [path for path in app.extensions["pictures"].path.rglob("*") if path.is_file()] == []


# --- Signs of life ---


def test_what_workers_did_is_counted_on_after_they_end(app):
    first, second = Beats(), Beats()
    for each in (first, second):
        each.turns = 3
        each.outcomes.update(sent=5, bounced=1)
        with unit_of_work():
            each.beat(closed_until=None)

    with unit_of_work():
        first.end()

    figures = {(figure.name, figure.labels): figure.value for figure in beats.figures()}
    assert figures["workers", ()] == 1
    assert figures["worker_turns", ()] == 6
    assert figures["sends", (("outcome", "sent"),)] == 10
    assert figures["sends", (("outcome", "bounced"),)] == 2


def test_a_worker_that_was_killed_is_taken_as_gone_after_a_while(app, clock):
    dead = Beats()
    dead.turns = 4
    with unit_of_work():
        dead.beat(closed_until=utcnow() + timedelta(minutes=1))
    assert {figure.name: figure.value for figure in beats.figures()}["workers_waiting_for_relay"] == 1

    clock.shift(timedelta(minutes=11))
    with unit_of_work():
        beats.sweep()

    assert db.session.scalars(sa.select(WorkerBeat.name)).all() == [beats.FORMER]
    assert {figure.name: figure.value for figure in beats.figures()}["worker_turns"] == 4


def test_a_worker_says_what_came_of_its_messages(world: World):
    world.happens((person(), "voter"))
    db.session.commit()
    worker = world.worker()
    worker.turn()
    worker.beat()

    row = db.session.scalars(sa.select(WorkerBeat)).one()

    assert row.outcomes == {"sent": 1}
    assert row.turns == 1
