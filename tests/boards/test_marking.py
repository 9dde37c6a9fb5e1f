"""What was searched for is marked where a text says it, and nothing of a text becomes HTML."""

from __future__ import annotations

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ideas import markup
from ideas.boards import marking


@pytest.mark.parametrize(
    ("text", "question", "shown"),
    [
        ("A bicycle shed", "shed", "A bicycle <mark>shed</mark>"),
        ("Bicycles, sheds", "bicycle shed", "<mark>Bicycles</mark>, <mark>sheds</mark>"),
        ("A bicycle shed", "bicy", "A <mark>bicycle</mark> shed"),
        ("A bicycle shed", "bycicle shed", "A bicycle <mark>shed</mark>"),
        ("A bicycle shed", "bicylce", "A <mark>bicycle</mark> shed"),
        ("Une École", "ecole", "Une <mark>École</mark>"),
        ("自転車置き場", "置き場", "自転車<mark>置き場</mark>"),
        ("हिन्दी में", "हिन्दी", "<mark>हिन्दी</mark> में"),
        ("A garden", "shed", "A garden"),
        ("The garden of the gate", "the gate", "The garden of the <mark>gate</mark>"),
        ("A shed", "", "A shed"),
        ("<b>shed</b> & co", "shed", "&lt;b&gt;<mark>shed</mark>&lt;/b&gt; &amp; co"),
        ("<script>alert(1)</script>", "script", None),
    ],
)
def test_the_words_are_marked(text, question, shown):
    marked = str(marking.marked(text, question))

    assert shown is None or marked == shown
    assert "<script" not in marked


@given(st.text(max_size=80), st.text(max_size=30))
def test_without_its_marks_a_text_is_what_it_was(text, question):
    marked = str(marking.marked(text, question))

    assert html.unescape(re.sub("</?mark>", "", marked)) == html.unescape(text) or "&" in text
    assert not re.search(r"<(?!/?mark>)", marked)


def test_an_excerpt_shows_where_the_words_stand():
    body = markup.render("Before. " * 60 + "Here is the **shed** & more. " + "After. " * 60)

    shown = str(marking.excerpt(body, markup.excerpt(body), "shed"))

    assert "<mark>shed</mark> &amp; more" in shown
    assert shown.startswith("… Before.")
    assert shown.endswith(" …")
    assert len(shown) < 300


def test_an_excerpt_that_says_it_already_stays_the_beginning():
    body = markup.render("A shed first. " + "More. " * 100 + "A shed again.")

    assert str(marking.excerpt(body, "A shed first. More.", "shed")) == "A <mark>shed</mark> first. More."
    assert str(marking.excerpt(body, "A shed first.", "pond")) == "A shed first."
