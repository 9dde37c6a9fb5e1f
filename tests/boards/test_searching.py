"""Ideas are found by their words, the same on both databases, in any script, also half typed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.boards import listing, queries, searching
from ideas.boards.models import Idea, IdeaTerm
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory

pytestmark = pytest.mark.usefixtures("app")


def written(title, body=""):
    idea = IdeaFactory(
        board=db.session.scalars(sa.select(queries.Board)).first() or BoardFactory(), title=title, body=body
    )
    searching.index(idea)
    db.session.commit()
    return idea


def found(question):
    page = listing.ideas_on(None, queries.list_boards(None), listing.Wanted(question=question), limit=50)
    return {card.idea.title for card in page.rows}


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("A dry Shed, a shed!", {"a", "dry", "shed"}),
        ("Straße", {"strasse"}),
        ("E\u0301cole", {"école"}),
        ("ﬁle №5", {"file", "no5"}),
        ("自転車", {"自", "転", "車", "自転", "転車"}),
        ("iOS版を", {"ios", "版", "を", "版を"}),
        ("snake_case 3.5", {"snake_case", "3", "5"}),
        ("x" * 50, {"x" * 40}),
        ("!?… —", set()),
        ("", set()),
    ],
)
def test_a_text_is_found_by_its_terms(text, terms):
    assert searching.terms(text) == terms


@pytest.mark.parametrize(
    "question",
    ["shed", "SHED", "Shed", "she", "s", "bicycle", "bicycle shed", "shed bicycle", "bicycle sh", "  shed  ", "(shed)"],
)
def test_an_idea_is_found_by_its_words(question):
    written("A bicycle shed")
    written("A garden")

    assert found(question) == {"A bicycle shed"}


@pytest.mark.parametrize("question", ["hed", "sheds", "bicycl shed", "shed garden", "a-bicycle-shop"])
def test_an_idea_is_not_found_by_what_it_does_not_say(question):
    written("A bicycle shed")
    written("A garden")

    assert found(question) == set()


def test_title_and_body_are_one_text_to_search():
    written("A roof", "So that **bicycles** stay dry.")

    assert found("roof bicycles") == {"A roof"}


def test_every_word_must_be_there():
    written("A green roof")
    written("A green garden")

    assert found("green") == {"A green roof", "A green garden"}
    assert found("green ga") == {"A green garden"}


@pytest.mark.parametrize("question", ["ÉCOLE", "école", "e\u0301cole", "éc"])
def test_case_and_form_make_no_difference(question):
    written("Une École")

    assert found(question) == {"Une École"}


def test_an_accent_makes_another_word():
    written("Une école")

    assert found("ecole") == set()


@pytest.mark.parametrize("question", ["自転車", "自転", "転車", "車", "置き場", "自転車 置き場"])
def test_scripts_without_blanks_are_found_by_any_part(question):
    written("自転車置き場がほしい")
    written("自動車")

    assert "自転車置き場がほしい" in found(question)


def test_two_characters_must_stand_together():
    written("車自転")

    assert found("自転車") == set()


@pytest.mark.parametrize("question", ["", "   ", "!!!", "—"])
def test_a_question_without_words_leaves_the_list_as_it_is(question):
    written("A bicycle shed")

    assert found(question) == {"A bicycle shed"}


@pytest.mark.parametrize(
    "question", ["%", "_", "she%", "s_ed", "100%", "'; DROP TABLE idea; --", '"shed" OR 1', "she*"]
)
def test_signs_that_mean_something_to_databases_mean_nothing_here(question):
    written("A shed")
    written("A garden")

    assert found(question) in (set(), {"A shed"}, {"A shed", "A garden"})
    assert found("shed") == {"A shed"}
    assert found("s%d") == found("s_d") == set()


@pytest.mark.parametrize("question", ["\x00", "shed\x00", "\x01shed", "\ud800", "\x7fshed\x1b"])
def test_a_question_of_characters_that_no_text_has_is_answered(question):
    written("A shed")

    assert found(question) == {"A shed"}


@pytest.mark.parametrize("question", ["shed " * 500, "x" * 10_000, "自転車" * 500, "a自" * 500])
def test_a_long_question_is_answered_by_its_first_words(question):
    written("A shed")

    assert found(question) <= {"A shed"}
    assert len(searching.matches(question, Idea.__table__.c.id)) <= searching.TERMS_MOST


def test_a_word_longer_than_a_term_is_found():
    written("Donaudampfschifffahrtsgesellschaftskapitän" + "s" * 40)

    assert found("Donaudampfschifffahrtsgesellschaftskapitänssss")


def test_an_idea_indexed_anew_forgets_its_former_words():
    idea = written("A shed")
    idea.title = "A garden"
    searching.index(idea)
    db.session.commit()

    assert (found("shed"), found("garden")) == (set(), {"A garden"})
    assert sorted(db.session.scalars(sa.select(IdeaTerm.term))) == ["a", "garden"]
