"""Who may do what is what the one table says, by form and by API; make evidence-policy asks all of it."""

import pytest
from flask import request
from marshmallow import EXCLUDE

from ideas import api
from ideas.boards import merging, policy, posting
from ideas.db import db
from tests.safety import rights, things, trespassing, walking


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


def test_nobody_reaches_what_is_others_or_writes_a_column_by_its_name(app, made, monkeypatch):
    trespassing.prepare(made)
    # columns are refused before any database is asked, so each sees one of the ways
    edge = walking.FORM if db.engine.dialect.name == "sqlite" else walking.API
    with walking.Walk(app, made) as walk:
        asked, found = trespassing.crossed(walk)
        assert found == []
        assert asked > 60
        asked, found = trespassing.mass(walk, [edge])
        assert found == []
        assert asked > 120

        # each is seen, when it is planted
        submit = posting.submit

        def submit_as_said(*given, **more):
            idea = submit(*given, **more)
            idea.owner_id = request.form.get("owner_id", type=int)
            return idea

        monkeypatch.setattr(posting, "submit", submit_as_said)
        monkeypatch.setitem(api.Blueprint.ARGUMENTS_PARSER.DEFAULT_UNKNOWN_BY_LOCATION, "json", EXCLUDE)
        by_form, by_api = "idea.owner_id became", "answered 201, and does not name"
        _asked, (found,) = trespassing.mass(walk, [walking.FORM], ["propose"])
        assert by_form in found
        _asked, found = trespassing.mass(walk, [walking.API], ["propose"])
        assert by_api in found[0]
        monkeypatch.setattr(merging, "_require_two_of_a_board", lambda on, into: None)
        two = [each for each in trespassing.CROSSINGS if each.role == "team" and each.act == "merge"]
        assert [each.endswith(": +") for each in trespassing.crossed(walk, two)[1]] == [True, True]
