"""Evidence and votes on behalf over the API, with the very bodies that the description shows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import api_evidence_examples as examples
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def idea(board):
    return IdeaFactory(board=board, title="Book a bed")


def test_the_team_notes_it_the_person_says_yes_and_it_is_a_vote(ask, idea, petra):
    team = ask(petra)

    added = team.post(f"ideas/{idea.id}/evidence", examples.NEW_EVIDENCE)

    assert added.status_code == 201
    assert set(added.json) == set(examples.ADDED)
    said = ("kind", "words", "link", "vote", "became")
    assert {name: added.json[name] for name in said} == {name: examples.ADDED[name] for name in said}
    assert added.json["person"]["name"] == "Ole"
    assert team.get(f"evidence/{added.json['id']}").json == {
        name: value for name, value in added.json.items() if name != "became"
    }
    assert team.get(f"ideas/{idea.id}/evidence").json["data"] == [team.get(f"evidence/{added.json['id']}").json]
    (waiting,) = team.get(f"ideas/{idea.id}/on-behalf").json["data"]
    assert set(waiting) == set(examples.WAITING)
    assert (
        team.get(f"ideas/{idea.id}").json["on_behalf_count"],
        "on_behalf_count" in ask().get(f"ideas/{idea.id}").json,
    ) == (
        1,
        False,
    )

    ole = db.session.scalars(sa.select(User).where(User.email == "ole@example.org")).one()
    yes = ask(ole).put(f"ideas/{idea.id}/on-behalf", examples.WANTED)

    assert set(yes.json) == set(examples.SAID)
    assert (yes.json["vote"], yes.json["voted"], yes.json["vote_count"]) == ("confirmed", True, 1)
    assert team.get(f"ideas/{idea.id}/on-behalf").json["data"] == []
    assert team.delete(f"evidence/{added.json['id']}").status_code == 204
    assert team.get(f"ideas/{idea.id}/evidence").json["data"] == []


def test_a_vote_for_somebody_known_and_taken_back(ask, idea, petra):
    ole, team = UserFactory(name="Ole"), ask(petra)
    path = f"ideas/{idea.id}/on-behalf/{ole.id}"

    noted = team.put(path)

    assert noted.json == {
        **examples.ON_BEHALF,
        "idea_id": idea.id,
        "person_id": ole.id,
        "vote_count": 0,
        "on_behalf_count": 1,
    }
    assert team.put(path).json["became"] == "waiting"
    assert team.delete(path).status_code == 204
    assert team.get(f"ideas/{idea.id}/on-behalf").json["data"] == []
    assert team.put(f"ideas/{idea.id}/on-behalf/999").status_code == 404
    assert team.put(f"ideas/{idea.id}/on-behalf/{petra.id}").json["errors"][0]["pointer"] == "/person"


def test_nobody_else_reads_or_writes_it_and_no_key_without_the_scope(ask, idea, petra):
    member = ask(UserFactory())

    assert member.get(f"ideas/{idea.id}/evidence").status_code == 403
    assert member.post(f"ideas/{idea.id}/evidence", examples.NEW_EVIDENCE).status_code == 403
    assert member.put(f"ideas/{idea.id}/on-behalf/{petra.id}").status_code == 403
    assert member.put(f"ideas/{idea.id}/on-behalf", examples.WANTED).json["code"] == "not-asked"
    assert ask(petra, "ideas:read").post(f"ideas/{idea.id}/evidence", examples.NEW_EVIDENCE).status_code == 403
    refused = ask(petra).post(f"ideas/{idea.id}/evidence", {"kind": "dream", "words": "", "link": "ftp://x"})
    assert {error["pointer"] for error in refused.json["errors"]} == {"/kind", "/words", "/link"}
