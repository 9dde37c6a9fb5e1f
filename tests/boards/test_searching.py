"""Ideas are found by their words, the same on both databases, in any script, also half typed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.boards import listing, queries, searching
from ideas.boards.models_searching import BoardTerm, IdeaTerm, TermSlip
from ideas.db import db, utcnow
from tests.factories import BoardFactory, IdeaFactory

pytestmark = pytest.mark.usefixtures("app")


def written(title, body=""):
    return IdeaFactory(
        board=db.session.scalars(sa.select(queries.Board)).first() or BoardFactory(), title=title, body=body
    )


def found(question):
    page = listing.ideas_on(None, queries.list_boards(None), listing.Wanted(question=question), limit=50)
    return {card.idea.title for card in page.rows}


@pytest.mark.parametrize(
    "question",
    ["shed", "SHED", "Shed", "she", "s", "bicycle", "bicycle shed", "shed bicycle", "bicycle sh", "  shed  ", "(shed)"],
)
def test_an_idea_is_found_by_its_words(question):
    written("A bicycle shed")
    written("A garden")

    assert found(question) == {"A bicycle shed"}


@pytest.mark.parametrize("question", ["hed", "shelf", "shed garden", "a-bicycle-shop"])
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


@pytest.mark.parametrize("question", ["ÉCOLE", "école", "e\u0301cole", "éc", "ecole"])
def test_case_form_and_accents_make_no_difference(question):
    written("Une École")

    assert found(question) == {"Une École"}


@pytest.mark.parametrize("question", ["battery", "batteries", "Battery’s", "charge battery", "charging batteri"])
def test_one_and_many_are_the_same_word(question):
    written("Charging of batteries")
    written("A garden")

    assert found(question) == {"Charging of batteries"}


@pytest.mark.parametrize("question", ["bicylce", "bicicle", "bicycl", "bicyclee", "polution", "pollutoin"])
def test_a_slip_of_the_pen_is_forgiven(question):
    written("A bicycle shed against pollution")
    written("A garden")

    assert found(question) == {"A bicycle shed against pollution"}


def test_a_word_that_is_known_is_not_taken_for_a_slip():
    for number in range(20):
        written(f"A farm {number}")
    for number in range(5):
        written(f"A form {number}")

    assert found("form") == {f"A form {number}" for number in range(5)}


@pytest.mark.parametrize("question", ["हिन्दी", "हिन्द", "लिखा हिन्दी"])
def test_marks_that_combine_do_not_split_a_word(question):
    written("हिन्दी में लिखा")
    written("हवा")

    assert found(question) == {"हिन्दी में लिखा"}


def test_words_that_are_everywhere_are_left_out_unless_there_is_nothing_else():
    written("To be or not to be")
    written("The garden")

    assert found("the garden of") == {"The garden"}
    assert found("to be or not to be") == {"To be or not to be"}


def test_the_best_match_comes_first():
    written("A garden", "with a shed, and a pond, and a path")
    written("A shed")
    written("A roof for the bicycle shed by the gate, with room for twelve")

    page = listing.ideas_on(None, queries.list_boards(None), listing.Wanted(question="shed"), limit=50)

    assert [card.idea.title[:8] for card in page.rows] == ["A shed", "A roof f", "A garden"]


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


def test_a_word_longer_than_a_term_is_found():
    written("Donaudampfschifffahrtsgesellschaftskapitän" + "s" * 40)

    assert found("Donaudampfschifffahrtsgesellschaftskapitänssss")


# --- What is kept ---


def words_of(board):
    rows = db.session.execute(sa.select(BoardTerm.term, BoardTerm.ideas).where(BoardTerm.board_id == board.id))
    return {row.term: row.ideas for row in rows if row.term}


def test_an_idea_indexed_anew_forgets_its_former_words():
    idea = written("A shed")
    idea.title = "A garden"
    searching.index(idea)
    db.session.commit()

    assert (found("shed"), found("garden")) == (set(), {"A garden"})
    assert sorted(db.session.scalars(sa.select(IdeaTerm.term))) == ["", "a", "garden"]


def withdrawn(idea):
    idea.withdrawn_at = utcnow()
    searching.index(idea)
    db.session.commit()


def test_words_are_counted_and_forgotten_with_the_last_idea_that_says_them():
    shed, garden = written("A bicycle shed"), written("A bicycle garden")
    board = queries.list_boards(None)[0].board

    both = words_of(board)
    withdrawn(shed)
    one = words_of(board)
    withdrawn(garden)

    assert both == {"a": 2, "bicycl": 2, "shed": 1, "garden": 1}
    assert one == {"a": 1, "bicycl": 1, "garden": 1}
    assert words_of(board) == {}
    assert not db.session.scalars(sa.select(TermSlip.slip)).all()


def test_forgetting_twice_is_forgetting_once():
    shed = written("A shed")
    written("A garden")

    for _ in range(2):
        withdrawn(shed)

    assert words_of(queries.list_boards(None)[0].board) == {"a": 1, "garden": 1}


def test_a_recount_puts_the_index_right():
    right, wrong, gone = written("A shed"), written("A garden"), written("A pond")
    board = queries.list_boards(None)[0].board
    before = words_of(board)
    db.session.execute(sa.delete(IdeaTerm).where(IdeaTerm.idea_id == wrong.id))
    db.session.execute(sa.update(IdeaTerm).where(IdeaTerm.idea_id == gone.id).values(weight=1))
    db.session.execute(sa.update(BoardTerm).where(BoardTerm.term == "shed").values(ideas=7))
    db.session.execute(sa.delete(BoardTerm).where(BoardTerm.term == "pond"))
    db.session.commit()

    outcome = searching.recount()
    db.session.commit()
    again = searching.recount()
    db.session.commit()

    assert right.id
    assert (outcome.ideas, outcome.differed) == (3, 2)
    assert (again.ideas, again.differed) == (3, 0)
    assert words_of(board) == before
    assert found("pnod") == found("pond") == {"A pond"}


def test_many_counted_at_the_end_are_counted_as_one_by_one():
    board = BoardFactory()
    one = [written(f"A shed number {number}") for number in range(3)]
    before = words_of(board)
    for idea in one:
        withdrawn(idea)
    tally = searching.Tally()

    for idea in one:
        searching.add([idea], tally)
    uncounted = words_of(board)
    searching.count(tally)
    db.session.commit()

    assert uncounted == {}
    assert words_of(board) == before
