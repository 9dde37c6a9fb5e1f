"""How two versions of a text differ, and whether that matters to those who backed the earlier one."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas.boards import revising
from ideas.boards.revising import Kind

LONG = "We need a tap by the far beds because the hose does not reach them and carrying water is hard for many of us. "


def said(pieces, *kinds):
    return "".join(piece.text for piece in pieces if piece.kind in kinds)


def test_a_difference_is_word_by_word():
    pieces = revising.difference("We need a tap.", "We need two taps.")

    assert [(piece.kind.value, piece.text) for piece in pieces if piece.kind is not Kind.SAME] == [
        ("removed", "a"),
        ("added", "two"),
        ("removed", "tap"),
        ("added", "taps"),
    ]


@pytest.mark.parametrize("text", ["", "x", "one\n\ntwo\n"])
def test_what_stayed_the_same_is_one_piece(text):
    assert revising.difference(text, text) == ([(Kind.SAME, text)] if text else [])


@given(st.text(alphabet="ab \n水_.", max_size=60), st.text(alphabet="ab \n水_.", max_size=60))
def test_both_versions_can_be_read_out_of_their_difference(before, after):
    pieces = revising.difference(before, after)

    assert said(pieces, Kind.SAME, Kind.ADDED) == after
    assert said(pieces, Kind.SAME, Kind.REMOVED) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a b " * 5000, "b a a " * 3300),
        ("\n" * 19_000 + "x", "\n" * 9_000 + "y\n" * 5_000),
        ("ab\n" * 6000, "ba\n" * 6000),
    ],
)
def test_long_texts_that_have_little_in_common_are_compared_in_time(before, after):
    began = time.process_time()

    pieces = revising.difference(before, after)

    assert time.process_time() - began < 2
    assert said(pieces, Kind.SAME, Kind.ADDED) == after


@pytest.mark.parametrize(
    ("before", "after", "material"),
    [
        (("A tap", LONG), ("A tap", LONG), False),
        (("A tap for the beds", ""), ("A tap for teh beds", ""), False),
        (("A tap for the beds", ""), ("a Tap, for the beds.", ""), False),
        (("A tap for the beds", ""), ("No tap for the beds", ""), True),
        (("A tap for the beds", ""), ("A tap for the far beds", ""), True),
        (("Two taps", ""), ("Ten taps", ""), True),
        (("近い水道", ""), ("遠い水道", ""), True),
        (("A tap", LONG), ("A tap", LONG + "Please."), False),
        (("A tap", LONG), ("A tap", "A fountain with lights would be much nicer than anything else here."), True),
        (("A tap", LONG), ("A tap", LONG * 2), True),
        (("A tap", ""), ("A tap", "By the beds."), True),
    ],
)
def test_what_is_material(before, after, material):
    assert revising.is_material(before, after) is material


def test_a_line_that_was_written_anew_stands_as_a_whole():
    before, after = "Which plants does the old lady remember?", "Let beds have the stories, told and not typed"

    assert revising.difference(before, after) == [
        revising.Piece(Kind.REMOVED, before),
        revising.Piece(Kind.ADDED, after),
    ]
