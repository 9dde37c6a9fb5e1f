"""The one formula by which ideas are like what was asked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas.boards import scoring, terms


def test_a_title_says_a_word_more_than_a_text():
    weights = scoring.weights("A shed", "In a garden with a path to the gate.")

    assert weights["shed"] > 2 * weights["garden"]


def test_a_word_in_a_short_title_counts_more_than_in_a_long_one():
    short, long = scoring.weights("A shed", ""), scoring.weights("A shed with a roof for twelve by the gate", "")

    assert short["shed"] > long["shed"]


def test_a_word_that_is_everywhere_counts_in_titles_alone():
    assert "the" in scoring.weights("The garden", "")
    assert "the" not in scoring.weights("A garden", "by the gate")


@pytest.mark.parametrize("text", ["", "!!!", "shed " * 4000])
def test_weights_are_whole_numbers_that_both_databases_hold(text):
    weights = scoring.weights(text[:120], text)

    assert all(isinstance(weight, int) and 1 <= weight <= scoring.WEIGHT_MOST for weight in weights.values())


@given(st.integers(0, 10_000), st.integers(0, 10_000))
def test_rarer_words_tell_more_and_none_tells_less_than_nothing(one, other):
    few, many = sorted((one, other))

    assert scoring.idf(10_000, few) >= scoring.idf(10_000, many) >= 0


@given(st.integers(1, scoring.WEIGHT_MOST - 1))
def test_saying_it_more_adds_ever_less(weight):
    assert scoring.gain(weight) < scoring.gain(weight + 1) < scoring.K1 + 1


def test_the_formula_is_what_it_was_measured_with():
    # by hand: 4 × 1 / (.5 + .5 × 2/7) = 6.22…; a body of none; gain 6.22 × 4 / (3 + 6.22)
    weights = scoring.weights("Bicycle shed", "")

    assert weights["shed"] == 622
    assert scoring.gain(622) == pytest.approx(2.698, abs=0.001)
    assert scoring.idf(100, 1) == pytest.approx(4.21, abs=0.01)


def test_titles_are_alike_by_their_characters():
    asked = terms.grams("bicycle shed")

    same, slipped, other = (
        scoring.likeness(asked, terms.grams(title)) for title in ("A bicycle shed", "A bycicle shed", "A pond")
    )

    assert 1 > same > slipped > other == 0


def test_characters_decide_between_those_that_say_the_same_words():
    scores = scoring.with_grams({1: 10.0, 2: 10.0, 3: 2.0}, {1: 0.1, 2: 0.9, 3: 0.9})

    assert scores[2] > scores[1] > scores[3]
    assert scoring.with_grams({1: 10.0}, {}) == {1: 10.0}
    assert scoring.with_grams({}, {}) == {}


def test_meaning_is_added_in_the_spread_of_what_it_is_compared_with():
    scores = scoring.with_meaning({1: 9.0, 2: 1.0}, {}, {1: 0.1, 2: 0.9, 3: 0.1})

    assert scores[2] > scores[3]
    assert scores[1] > scores[3]
    assert scoring.with_meaning({}, {}, {}) == {}
    assert scoring.with_meaning({1: 3.0}, {1: 0.2}, {1: 0.5}) == {1: 0.0}
