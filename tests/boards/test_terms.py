"""What a text is found by, in any script."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas.boards import terms


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A dry Shed, a shed!", ["dri", "shed", "shed"]),
        ("Batteries, battery, BATTERY’S", ["batteri", "batteri", "batteri"]),
        ("Straße", ["strass"]),
        ("E\u0301cole", ["ecol"]),
        ("ﬁle №5", ["file", "no5"]),
        ("don't don’t", ["dont", "dont"]),
        ("自転車", ["自転", "転車", "車"]),
        ("iOS版を", ["io", "版を", "を"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("می\u200cخواهم", ["میخواهم"]),
        ("snake_case 3.5", ["snake", "case", "3", "5"]),
        ("x" * 50, ["x" * 40]),
        ("the of and", []),
        ("!?… —", []),
        ("", []),
    ],
)
def test_a_text_is_found_by_its_terms(text, found):
    assert terms.terms(text) == found


def test_words_that_are_everywhere_count_where_they_are_asked_for():
    assert terms.terms("to be or not to be", stop_words=True) == ["to", "be", "or", "not", "to", "be"]


@given(st.text(max_size=200))
def test_any_text_has_terms_that_the_index_can_hold(text):
    assert all(0 < len(term) <= terms.TERM_LONGEST for term in terms.terms(text, stop_words=True))


@given(st.text(max_size=60))
def test_what_is_found_does_not_depend_on_case(text):
    assert terms.words(terms.folded(text)) == terms.words(text)


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("pollution", "polution", True),
        ("pollution", "poolution", True),
        ("pollution", "pollutoin", True),
        ("pollution", "pollutions", True),
        ("abc", "abd", True),
        ("ab", "ba", True),
        ("abcd", "badc", False),
        ("abc", "abc", False),
        ("abc", "abcde", False),
        ("shed", "seeds", False),
    ],
)
def test_one_slip_of_the_pen_is_told_from_two(one, other, apart):
    assert terms.is_one_slip_apart(one, other) is apart
    assert terms.is_one_slip_apart(other, one) is apart


@given(st.text("abcd", min_size=3, max_size=8), st.data())
def test_words_one_slip_apart_meet_in_their_slips(word, data):
    place = data.draw(st.integers(0, len(word) - 2))
    letter = data.draw(st.sampled_from("abcdx"))
    slipped = data.draw(
        st.sampled_from(
            [
                word[:place] + word[place + 1 :],
                word[:place] + letter + word[place:],
                word[:place] + letter + word[place + 1 :],
                word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            ]
        )
    )

    assert slipped == word or terms.is_one_slip_apart(word, slipped)
    assert ({word} | terms.slips(word)) & ({slipped} | terms.slips(slipped))


def test_threads_find_the_same_stems():
    words = [f"{start}{end}" for start in ("batter", "poll", "charg", "bicycl") for end in ("ies", "ing", "ed", "es")]
    alone = [terms.stem.__wrapped__(word) for word in words]
    found = []

    def stem_all():
        found.extend([terms.stem.__wrapped__(word) for word in words] for _ in range(50))

    threads = [threading.Thread(target=stem_all) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 200
    assert all(each == alone for each in found)
