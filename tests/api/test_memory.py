"""Answers to visitors are remembered while nothing was written, and not a moment longer."""

import random
import time

import pytest
import sqlalchemy as sa
from flask import Response

from ideas import api_memory
from ideas.boards.models import Idea
from ideas.db import db, unit_of_work
from tests.api.test_cost import counted
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def idea():
    return IdeaFactory(board=BoardFactory(slug="garden"), title="Book a bed").id


def cost(asking, path):
    """How many questions one more reading takes."""
    statements = []

    def note(_connection, _cursor, statement, _parameters, _context, _many):
        if not statement.startswith("BEGIN"):
            statements.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        asking.get(path)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    return len(statements)


def cost_while_nobody_writes(asking, path):
    """What a reading costs while the database is the same before and after it.

    PostgreSQL names the state of all its databases, and tests beside this one write to theirs: on a busy machine
    a quiet moment may be long in coming.
    """
    until = time.monotonic() + 60
    while (asked := cost(asking, path)) > 1 and time.monotonic() < until:
        time.sleep(random.uniform(0, 0.02))  # out of step with whoever writes
    return asked


@pytest.mark.parametrize("path", ["ideas", "ideas/{}", "boards", "boards/garden", "ideas/{}/comments"])
def test_what_was_read_is_not_read_again_while_nothing_was_written(ask, idea, path):
    visitor = ask()
    first = visitor.get(path.format(idea))

    again = visitor.get(path.format(idea))

    assert cost_while_nobody_writes(visitor, path.format(idea)) == 1
    assert again.data == first.data
    for name in ("ETag", "Cache-Control", "Content-Type", "Vary"):
        assert again.headers[name] == first.headers[name]
    assert again.headers["X-Request-Id"] != first.headers["X-Request-Id"]


def test_the_next_page_is_still_named(ask, idea):
    IdeaFactory()
    visitor = ask()

    links = [visitor.get("ideas?limit=1").headers["Link"] for _ in range(2)]

    assert links[0] == links[1]


def by_a_service(idea_id, ask):
    ask(UserFactory()).put(f"ideas/{idea_id}/vote")


def by_this_connection(idea_id, ask):
    db.session.execute(sa.update(Idea).values(title="Changed"))
    db.session.commit()


def by_another_process(idea_id, ask):
    # with an engine of its own, so that the visitor's connection is the same as before and must be told
    engine = sa.create_engine(db.engine.url)
    with engine.begin() as connection:
        connection.execute(sa.update(Idea).values(title="Changed"))
    engine.dispose()


@pytest.mark.parametrize("write", [by_a_service, by_this_connection, by_another_process])
@pytest.mark.parametrize("path", ["ideas", "ideas/{}"])
def test_what_was_written_is_read_at_once(ask, idea, write, path):
    visitor = ask()
    before = [visitor.get(path.format(idea)).json for _ in range(2)]

    write(idea, ask)

    after = visitor.get(path.format(idea)).json
    assert before[0] == before[1] != after


def test_what_is_hidden_is_gone_at_once(ask, idea):
    visitor = ask()
    assert visitor.get(f"ideas/{idea}").status_code == visitor.get(f"ideas/{idea}").status_code == 200

    with unit_of_work():
        db.session.execute(sa.update(Idea).values(hidden_at=sa.func.now()))

    assert visitor.get(f"ideas/{idea}").status_code == 404


def change_and_fail():
    with unit_of_work():
        db.session.execute(sa.update(Idea).values(title="Changed"))
        raise RuntimeError("not after all")


def test_what_was_rolled_back_changes_nothing(ask, idea):
    visitor = ask()
    before = visitor.get("ideas").json

    with pytest.raises(RuntimeError, match="not after all"):
        change_and_fail()

    assert visitor.get("ideas").json == before


def test_whoever_has_a_key_is_given_their_own(ask, idea):
    board = db.session.get_one(Idea, idea).board_id
    visitor, team = ask(), ask(team_member(_board(board)))
    visitor.get(f"ideas/{idea}")

    assert "hidden" in team.get(f"ideas/{idea}").json
    assert "hidden" not in visitor.get(f"ideas/{idea}").json


def _board(board_id):
    from ideas.boards.models import Board

    return db.session.get_one(Board, board_id)


def test_each_address_is_remembered_for_itself(ask, idea):
    other = VoteFactory().idea_id
    visitor = ask()
    for _ in range(2):
        assert [row["id"] for row in visitor.get("ideas?sort=top&limit=1").json["data"]] == [other]
        assert len(visitor.get("ideas?sort=top&limit=2").json["data"]) == 2
        assert visitor.get(f"ideas/{idea}").json["id"] == idea


def test_what_changed_while_it_was_read_is_not_kept_for_those_who_come_after(app):
    """The state is asked for before the reading: an answer may be newer than its name, never older."""

    def read(then=lambda: None):
        def make():
            title = db.session.scalars(sa.select(Idea.title)).one()
            db.session.rollback()
            then()
            return Response(title)

        with app.test_request_context("/api/v1/ideas"):
            return api_memory.recall(make).get_data(as_text=True)

    IdeaFactory(title="Old")

    def somebody_writes():
        db.session.execute(sa.update(Idea).values(title="New"))
        db.session.commit()

    assert read(then=somebody_writes) == "Old"
    assert read() == "New"


def test_only_so_much_is_remembered(monkeypatch):
    monkeypatch.setattr(api_memory, "BYTES_MOST", 100)
    monkeypatch.setattr(api_memory, "ONE_MOST", 40)
    memory = api_memory.Memory()

    for place in range(4):
        memory.put(place, 1, Response("x" * 30))
    memory.put("large", 1, Response("x" * 41))

    assert [memory.get(place, 1) is not None for place in range(4)] == [False, True, True, True]
    assert memory.get("large", 1) is None
    assert memory.get(1, 2) is None


def test_problems_are_not_remembered(ask):
    visitor = ask()
    assert visitor.get("ideas/1").status_code == 404

    with counted() as asked:
        visitor.get("ideas/1")

    assert len(asked) > 1
