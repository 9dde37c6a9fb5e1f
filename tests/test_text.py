"""One way in for text: what people send is normalised, and cut where people would cut it."""

from __future__ import annotations

import pytest

from ideas import text


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  A shed \n", "A shed"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
        ("Cafe\u0301", "Caf\u00e9"),
        ("tabs\tstay", "tabs\tstay"),
        ("\U0001f6b2 stays", "\U0001f6b2 stays"),
        ("", ""),
    ],
)
def test_text_is_kept_in_one_form(sent, kept):
    assert text.clean(sent) == kept


@pytest.mark.parametrize("character", ["\x00", "\x01", "\x08", "\x0b", "\x0c", "\x1b", "\x7f", "\ud800", chr(0xDFFF)])
def test_what_no_database_keeps_is_refused_and_named(character):
    with pytest.raises(ValueError, match=f"Character 3 .U.{ord(character):04X}."):
        text.clean(f"ab{character}")


def test_what_an_address_says_is_read_without_them():
    assert text.readable("a\x00b\x01 \x7fc\ud800\n") == "ab c\n"


@pytest.mark.parametrize("gap", [" ", "\n", "\r\n", "\t", "\u2028", "\u2029", "\x85", "\u00a0", "\u3000", " \n \t "])
def test_a_line_is_one_line(gap):
    assert text.one_line(f"{gap}A{gap}shed{gap}") == "A shed"


@pytest.mark.parametrize(
    ("one", "other"),
    [("Ole", "OLE"), ("Straße", "STRASSE"), ("\u017fhed", "shed"), ("ＡＢＣ", "abc"), ("E\u0301cole", "\u00e9cole")],
)
def test_two_spellings_are_one_name(one, other):
    assert text.folded(one) == text.folded(other)


def test_an_accent_makes_another_name():
    assert text.folded("Ole") != text.folded("Olé")


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("A bicycle shed!", "a-bicycle-shed"),
        ("  -- Fix_it / now --  ", "fix-it-now"),
        ("École: où ?", "école-où"),
        ("自転車 置き場", "自転車-置き場"),
        ("!!!", ""),
        ("a/../b?c#d", "a-b-c-d"),
    ],
)
def test_a_title_in_an_address_is_letters_and_digits(title, slug):
    assert text.slug(title) == slug


def test_a_long_title_is_cut_at_a_word_in_its_address():
    assert text.slug("one two three four", longest=12) == "one-two"
    assert text.slug("one two three four", longest=13) == "one-two-three"


def test_a_word_that_is_too_long_for_an_address_is_cut_hard():
    assert text.slug("x" * 100) == "x" * 60


@pytest.mark.parametrize(
    ("said", "longest", "cut"),
    [
        ("short", 10, "short"),
        ("exactly ten", 11, "exactly ten"),
        ("one two three four", 12, "one two…"),
        ("one, two, three", 11, "one, two…"),
        ("one\ntwo\n\nthree", 40, "one two three"),
        ("自転車置き場がほしい", 5, "自転車置…"),
    ],
)
def test_what_is_too_long_is_cut_at_a_word(said, longest, cut):
    assert text.cut(said, longest) == cut


@pytest.mark.parametrize("longest", range(2, 40))
def test_a_cut_is_never_too_long(longest):
    assert len(text.cut("Bicycles, wherever they stand, should stay dry; mine too.", longest)) <= longest
