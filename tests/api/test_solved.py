"""Whether it solved the need over the API, with the very bodies that the description shows."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.boards import api_asking_examples as examples
from ideas.boards import solving
from ideas.boards.models import Reason
from ideas.boards.models_solving import Solved
from ideas.db import db, unit_of_work
from ideas.ledger import fanout
from ideas.settings import rooms
from tests.boards.pages import answered
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def idea(board, petra, clock):
    """Shipped, and its people were asked: Mia, who wrote it, and Ole, who backed it."""
    idea = IdeaFactory(board=board, author=UserFactory(name="Mia"))
    VoteFactory(idea=idea, user=UserFactory(name="Ole"))
    answered(petra, idea, "shipped", Reason.SHIPPED)
    with unit_of_work():
        fanout.fan_out_next(rooms().notices)
        fanout.fan_out_next(rooms().notices)
    clock.shift(timedelta(days=14))
    with unit_of_work():
        solving.ask_due()
    return idea


def test_whoever_was_asked_says_it_and_everybody_reads_the_counts(ask, idea):
    mia = ask(idea.author)

    answer = mia.put(f"ideas/{idea.id}/solved", json=examples.SOLVED_WORDS)

    assert answer.status_code == 200
    times = {name: answer.json[name] for name in ("asked_at", "answered_at")}
    assert answer.json == examples.OWN_WORDS | times
    outcome = ask().get(f"ideas/{idea.id}/solved").json
    assert set(outcome) == set(examples.OUTCOME)
    assert (outcome["asked"], outcome["yes"], outcome["partly"], outcome["no"]) == (2, 0, 1, 0)
    assert (outcome["mine"], outcome["stories"]) == (None, [])
    assert mia.get(f"ideas/{idea.id}/solved").json["mine"]["words"] == examples.SOLVED_WORDS["words"]


def test_what_does_not_fit_is_named(ask, idea):
    answer = ask(idea.author).put(f"ideas/{idea.id}/solved", json={"answer": "perhaps", "words": "x" * 501})

    assert answer.status_code == 422
    assert {error["pointer"] for error in answer.json["errors"]} == {"/answer", "/words"}


def test_who_was_not_asked_is_told_so(ask, idea):
    answer = ask(UserFactory()).put(f"ideas/{idea.id}/solved", json={"answer": "no"})

    assert (answer.status_code, answer.json["code"]) == (409, "not-asked")


def test_the_team_reads_all_shows_a_story_and_takes_it_down(ask, idea, petra):
    team = ask(petra)
    ask(idea.author).put(f"ideas/{idea.id}/solved", json=examples.SOLVED_WORDS)
    (said,) = team.get(f"ideas/{idea.id}/solved/answers").json["data"]
    assert set(said) == set(examples.SAID)

    shown = team.put(f"solved/{said['id']}/story", json=examples.STORY_SHOWN)

    assert shown.json["published_at"]
    (story,) = ask().get(f"ideas/{idea.id}/solved").json["stories"]
    assert (story["by"]["name"], story["words"]) == ("Mia", examples.SOLVED_WORDS["words"])
    team.put(f"solved/{said['id']}/story", json={"shown": False})
    assert ask().get(f"ideas/{idea.id}/solved").json["stories"] == []


def test_only_the_team_reads_what_everybody_said(ask, idea):
    mia = ask(idea.author)
    mia.put(f"ideas/{idea.id}/solved", json=examples.SOLVED_WORDS)
    solved_id = db.session.scalars(sa.select(Solved.id)).first()

    assert mia.get(f"ideas/{idea.id}/solved/answers").status_code == 403
    assert mia.put(f"solved/{solved_id}/story", json=examples.STORY_SHOWN).status_code == 404
    assert mia.post(f"ideas/{idea.id}/follow-up", {}).status_code == 403


def test_the_team_goes_on_once(ask, idea, petra):
    ask(idea.author).put(f"ideas/{idea.id}/solved", json={"answer": "no"})

    first = ask(petra).post(f"ideas/{idea.id}/follow-up", examples.FOLLOW_UP)
    again = ask(petra).post(f"ideas/{idea.id}/follow-up", {})

    assert (first.status_code, set(first.json)) == (201, set(examples.FOLLOWED_UP))
    assert first.json == again.json
    assert first.json["vote_count"] == 1
    new = ask().get(f"ideas/{first.json['idea_id']}").json
    assert (new["title"], new["author"]["name"]) == (examples.FOLLOW_UP["title"], "Petra")
    assert ask().get(f"ideas/{idea.id}/solved").json["follow_up"] == new["id"]
