"""With the extra, similar ideas are found by what they mean; without it nothing is different."""

from __future__ import annotations

import dataclasses

import pytest
import sqlalchemy as sa

from config import Config, ConfigError
from ideas.boards import meaning, posting, queries, searching, similar
from ideas.boards.models_searching import IdeaMeaning
from ideas.db import db, unit_of_work
from tests.factories import BoardFactory, IdeaFactory, UserFactory


@pytest.fixture
def by_meaning(app, monkeypatch):
    meaning._memory.clear()  # ids begin anew in each test
    monkeypatch.setitem(
        app.config, "ANSWERBACK", dataclasses.replace(app.config["ANSWERBACK"], similar_by_meaning=True)
    )
    return app


@pytest.fixture
def board(app):
    return BoardFactory()


def titles(board, typed):
    return [found.idea.title for found in similar.similar(None, [queries.get_board(None, board.slug)], typed)]


def known():
    return set(db.session.scalars(sa.select(IdeaMeaning.idea_id)))


def test_other_words_and_languages_are_found(by_meaning, board):
    for title in ("A place to park my bike", "Cheaper lunch in the canteen", "Longer opening hours of the library"):
        IdeaFactory(board=board, title=title, body="")

    assert titles(board, "Somewhere to leave bicycles")[0] == "A place to park my bike"
    assert titles(board, "Ein Stellplatz für mein Fahrrad")[0] == "A place to park my bike"


def test_words_still_count(by_meaning, board):
    for title in ("A bicycle shed", "A place to park my bike"):
        IdeaFactory(board=board, title=title, body="")

    assert titles(board, "a bicycle shed")[0] == "A bicycle shed"


def test_what_an_idea_means_follows_what_it_says(by_meaning, board):
    ole = UserFactory()
    with unit_of_work():
        idea_id = posting.submit(ole, queries.get_board(ole, board.slug), title="A place to park my bike", body="").id
    before = titles(board, "Somewhere to leave bicycles")
    with unit_of_work():
        posting.revise(ole, queries.get_idea(ole, idea_id), {"title": "Cheaper lunch in the canteen"})
    revised = titles(board, "Somewhere to leave bicycles"), titles(board, "Günstigeres Mittagessen in der Kantine")
    with unit_of_work():
        posting.withdraw(ole, queries.get_idea(ole, idea_id))

    assert before == ["A place to park my bike"]
    assert revised == ([], ["Cheaper lunch in the canteen"])
    assert known() == set()
    assert titles(board, "Günstigeres Mittagessen in der Kantine") == []


def test_hidden_ideas_are_not_found_by_their_meaning(by_meaning, board):
    IdeaFactory(board=board, title="A place to park my bike", body="", hidden=True)

    assert titles(board, "Somewhere to leave bicycles") == []


def test_a_recount_makes_known_what_was_there_before(app, board, monkeypatch):
    meaning._memory.clear()
    idea = IdeaFactory(board=board, title="A place to park my bike", body="")
    without = known()
    monkeypatch.setitem(
        app.config, "ANSWERBACK", dataclasses.replace(app.config["ANSWERBACK"], similar_by_meaning=True)
    )

    with unit_of_work():
        searching.recount()

    assert without == set()
    assert known() == {idea.id}
    assert titles(board, "Somewhere to leave bicycles") == ["A place to park my bike"]


def test_only_so_many_ideas_are_kept_in_a_process(by_meaning, board, monkeypatch):
    monkeypatch.setattr(meaning, "KEPT_MOST", 2)
    statement = meaning._NEW.limit(2)
    monkeypatch.setattr(meaning, "_NEW", statement)
    for number in range(4):
        IdeaFactory(board=board, title=f"A place to park bike number {number}", body="")

    found = meaning.likeness([board.id], "Somewhere to leave bicycles", nearest=10, among=[])

    assert len(found) == 2


def test_without_the_extra_nothing_is_kept_or_asked(app, board):
    IdeaFactory(board=board, title="A place to park my bike", body="")

    assert known() == set()
    assert meaning.likeness([board.id], "bike", nearest=10, among=[]) == {}
    assert meaning.without([1, 2]) == set()


def test_a_site_that_lacks_the_extra_says_so_when_it_starts(monkeypatch, tmp_path):
    monkeypatch.setattr("ideas.setting_values.find_spec", lambda name: None)

    with pytest.raises(ConfigError, match="SIMILAR_BY_MEANING needs the extra “semantic”"):
        Config.from_env({"SIMILAR_BY_MEANING": "true", "INSTANCE_PATH": str(tmp_path)})
