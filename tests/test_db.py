"""One transaction for one act, unique keys that decide races, and times that know their zone."""

from __future__ import annotations

import fcntl
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import current_app

from ideas import db as ground
from ideas.boards.models import IdeaFollow, IdeaRank
from ideas.db import UtcDateTime, Written, db, insert_once, one_of, unit_of_work, utcnow
from tests.factories import IdeaFactory, UserFactory

pytestmark = pytest.mark.usefixtures("app")

MOMENT = datetime(2026, 3, 3, 12, 30, 0, 123456, tzinfo=UTC)


def at_once(number, act):
    """What `act` answers when so many people do it at the same moment, each as alone as in production."""
    app, start = current_app._get_current_object(), threading.Barrier(number)

    def alone(place):
        with app.app_context():
            start.wait()
            return act(place)

    db.session.rollback()
    with ThreadPoolExecutor(number) as threads:
        return list(threads.map(alone, range(number)))


def follows():
    return db.session.scalar(sa.select(sa.func.count()).select_from(IdeaFollow))


def followed_at():
    return db.session.scalars(sa.select(IdeaFollow.followed_at)).one()


@pytest.fixture
def idea_id():
    return IdeaFactory().id


@pytest.fixture
def person_id():
    return UserFactory().id


# --- One transaction ---


def test_what_is_done_in_a_unit_of_work_is_done(idea_id, person_id):
    with unit_of_work():
        insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow())

    db.session.rollback()
    assert follows() == 1


@pytest.mark.parametrize("end", [ValueError, KeyboardInterrupt])
def test_what_fails_in_a_unit_of_work_never_was(idea_id, person_id, end):
    def fail():
        with unit_of_work():
            insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow())
            raise end

    with pytest.raises(end):
        fail()

    db.session.commit()
    assert follows() == 0


def test_a_refused_unit_of_work_leaves_the_next_one_free(idea_id, person_id):
    with pytest.raises(ValueError, match="no"), unit_of_work():
        raise ValueError("no")

    with unit_of_work():
        insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow())

    assert follows() == 1


def test_a_unit_of_work_in_another_is_a_mistake(idea_id, person_id):
    def nest():
        with unit_of_work():
            insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow())
            with unit_of_work():
                raise AssertionError("not reached")

    with pytest.raises(RuntimeError, match="edge"):
        nest()

    db.session.commit()
    assert follows() == 0


def test_what_was_read_before_is_read_again_inside(idea_id):
    app = current_app._get_current_object()
    rank = db.session.get_one(IdeaRank, idea_id)
    assert rank.vote_count == 0

    def somebody_votes():
        with app.app_context(), unit_of_work():
            db.session.execute(sa.update(IdeaRank).values(vote_count=5))

    thread = threading.Thread(target=somebody_votes)
    thread.start()
    thread.join()

    with unit_of_work():
        assert db.session.get_one(IdeaRank, idea_id).vote_count == 5


def test_counters_of_many_units_at_once_lose_nothing(idea_id):
    def count(_place):
        for _ in range(5):
            with unit_of_work():
                rank = db.session.get_one(IdeaRank, idea_id)
                rank.vote_count = IdeaRank.vote_count + 1

    at_once(8, count)

    assert db.session.get_one(IdeaRank, idea_id).vote_count == 40


@pytest.mark.sqlite
def test_writers_on_sqlite_wait_in_line(idea_id):
    app, came = current_app._get_current_object(), threading.Event()

    def write():
        with app.app_context(), unit_of_work():
            came.set()

    with Path(f"{db.engine.url.database}.turn").open("a") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        writer = threading.Thread(target=write)
        writer.start()
        came_out_of_turn = came.wait(0.3)
    writer.join()

    assert not came_out_of_turn
    assert came.is_set()


@pytest.mark.sqlite
def test_sqlite_keeps_its_promises_in_every_connection():
    found = {
        name: db.session.scalar(sa.text(f"PRAGMA {name}"))
        for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    }

    assert found == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 20_000}


@pytest.mark.postgresql
def test_postgresql_confirms_what_is_on_disk():
    assert db.session.scalar(sa.text("SHOW synchronous_commit")) == "on"


# --- Unique keys ---


@pytest.mark.postgresql
def test_a_connection_that_the_server_ended_is_replaced(monkeypatch):
    monkeypatch.setattr("ideas.db.IDLE_SECONDS", 0.0)
    db.engine.dispose()  # so that the pool has no other one to give
    held = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
    db.session.remove()
    engine = sa.create_engine(db.engine.url, poolclass=sa.NullPool)
    with engine.connect() as another:
        another.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": held})
    engine.dispose()

    assert db.session.scalar(sa.text("SELECT pg_backend_pid()")) != held


def test_a_row_is_inserted_once(idea_id, person_id):
    with unit_of_work():
        answers = [insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow()) for _ in "ab"]

    assert answers == [True, False]
    assert follows() == 1


def test_of_many_inserts_at_once_one_is_news(idea_id, person_id):
    def follow(_place):
        with unit_of_work():
            return insert_once(IdeaFollow, idea_id=idea_id, user_id=person_id, followed_at=utcnow())

    assert sorted(at_once(8, follow)) == [False] * 7 + [True]

    assert follows() == 1


def test_an_insert_that_breaks_another_rule_is_an_error(idea_id):
    with pytest.raises(sa.exc.IntegrityError), unit_of_work():
        insert_once(IdeaFollow, idea_id=idea_id, user_id=4711, followed_at=utcnow())


# --- Times ---


def test_a_time_comes_back_as_it_went_in(idea_id, person_id):
    db.session.add(IdeaFollow(idea_id=idea_id, user_id=person_id, followed_at=MOMENT))
    db.session.commit()

    assert followed_at() == MOMENT
    assert followed_at().tzinfo is UTC


def test_a_time_of_another_zone_comes_back_in_utc(idea_id, person_id):
    east = MOMENT.astimezone(timezone(timedelta(hours=9)))
    db.session.add(IdeaFollow(idea_id=idea_id, user_id=person_id, followed_at=east))
    db.session.commit()

    assert followed_at() == MOMENT
    assert followed_at().utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        UtcDateTime().process_bind_param(MOMENT.replace(tzinfo=None), db.engine.dialect)


def test_times_compare_and_sort_by_time(idea_id):
    moments = [MOMENT + timedelta(microseconds=each) for each in (-123456, 0, 1, 876544, 10**9)]
    for moment in reversed(moments):
        db.session.add(IdeaFollow(idea_id=idea_id, user_id=UserFactory().id, followed_at=moment))
    db.session.commit()

    in_order = db.session.scalars(sa.select(IdeaFollow.followed_at).order_by(IdeaFollow.followed_at)).all()
    later = db.session.scalars(sa.select(IdeaFollow.followed_at).where(IdeaFollow.followed_at > MOMENT)).all()

    assert in_order == moments
    assert sorted(later) == moments[2:]


def test_history_is_written_at_its_time():
    with ground.at(MOMENT):
        idea = IdeaFactory()
        inside = utcnow()

    assert (inside, idea.created_at) == (MOMENT, MOMENT)
    assert utcnow() > MOMENT


def test_a_told_time_is_told_to_one_thread_alone():
    with ground.at(MOMENT):
        assert at_once(1, lambda _place: utcnow()) != [MOMENT]


# --- Statements ---


def test_one_of_very_many_is_one_value_and_finds_those(idea_id):
    asked = sa.select(IdeaRank.idea_id).where(one_of(IdeaRank.idea_id, "ideas"))

    def found(ideas):
        return db.session.scalars(asked, {"ideas": ideas}).all()

    assert found([*range(idea_id, idea_id + 40_000)]) == [idea_id]  # more than either database takes one by one
    assert found([idea_id + 1]) == []
    assert found([]) == []


def test_what_is_written_once_says_what_the_statement_says(idea_id, person_id):
    follows_of = sa.select(IdeaFollow.idea_id, IdeaFollow.user_id).where(
        IdeaFollow.followed_at == sa.bindparam("moment", type_=IdeaFollow.followed_at.type),
        IdeaFollow.user_id == sa.bindparam("person", type_=sa.Integer),
    )
    written = Written(follows_of)
    insert_once(IdeaFollow, user_id=person_id, idea_id=idea_id, followed_at=MOMENT)

    for _again in range(2):
        assert tuple(written.first(db.session.connection(), {"moment": MOMENT, "person": person_id})) == (
            idea_id,
            person_id,
        )
    assert (
        written.first(db.session.connection(), {"moment": MOMENT + timedelta(seconds=1), "person": person_id}) is None
    )
