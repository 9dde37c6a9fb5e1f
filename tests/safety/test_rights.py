"""Who may do what is what the one table says, by form and by API; make evidence-policy asks all of it."""

import pytest

from ideas.boards import policy
from ideas.db import db
from tests.safety import rights, things, walking


@pytest.fixture
def made(app):
    app.config["PROPAGATE_EXCEPTIONS"] = False  # our faults are answers here too
    return things.make(app)


@pytest.fixture
def walk(app, made):
    with walking.Walk(app, made) as walk:
        yield walk


def test_the_table_is_kept_at_its_edges(walk):
    turn = 0 if db.engine.dialect.name == "sqlite" else 1  # one asks by form what the other asks by API

    found = walking.walked(walk, walking.telling_cells(walk, rights.rows(), turn))

    assert found.breaches == []
    assert found.asked > 600
    assert walking.let_through_by_weak_keys(walk) == []


def test_whatever_writes_has_a_row_and_what_the_table_does_not_say_is_found(walk, monkeypatch):
    assert walking.without_a_row(walk) == []
    rows = [row for row in rights.rows() if (row.act, row.thing) == ("hide an idea", "idea open")]

    monkeypatch.setattr(policy, "require_team", lambda standing: None)
    found = walking.walked(walk, walking.all_cells(walk, rows))

    roles = ("suspended", "member", "invited", "author", "elsewhere")
    assert found.breaches == [
        f"{role}: hide an idea, idea open ({edge}): “+” where the table says “x”"
        for edge in (walking.FORM, walking.API)
        for role in roles
    ]
    walk.rules["planted.write"] = "/planted"
    assert walking.without_a_row(walk) == ["planted.write"]
