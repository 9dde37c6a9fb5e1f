"""Where a page ends is where the next begins, and nobody but us says where that is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from itsdangerous import URLSafeSerializer
from marshmallow import ValidationError

from ideas.paging import Page, read_cursor, write_cursor

pytestmark = pytest.mark.usefixtures("app")

KEY = [0.1 + 0.2, 7, "vote", datetime(2026, 3, 3, 12, 30, 0, 123456, tzinfo=UTC)]


def test_a_place_is_read_as_it_was_written():
    assert read_cursor("new", write_cursor("new", KEY)) == KEY


@pytest.mark.parametrize("nothing", [None, ""])
def test_no_cursor_is_the_first_page(nothing):
    assert read_cursor("new", nothing) is None


def test_a_place_goes_into_an_address_as_it_is():
    assert write_cursor("new", KEY).replace("-", "").replace("_", "").replace(".", "").isalnum()


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "1.2",
        "\x00",
        "💥",
        "." * 50,
        "x" * 10_000,
        URLSafeSerializer("another key than ours, as long as it has to be", salt="cursor new").dumps([1, 2]),
    ],
)
def test_a_forged_cursor_is_refused_by_name(forged):
    with pytest.raises(ValidationError) as refused:
        read_cursor("new", forged)

    assert list(refused.value.messages_dict) == ["cursor"]


def test_a_cursor_that_was_changed_is_refused():
    cursor = write_cursor("new", [1, 2])
    other = write_cursor("new", [1, 3])
    payload, signature = other.partition(".")[0], cursor.partition(".")[2]

    with pytest.raises(ValidationError):
        read_cursor("new", f"{payload}.{signature}")


def test_a_cursor_of_another_list_is_refused():
    with pytest.raises(ValidationError):
        read_cursor("top", write_cursor("new", [1, 2]))


def test_a_page_says_where_the_next_begins():
    page = Page.of([1, 2, 3], 2, order="numbers", key=lambda number: [number])

    assert list(page.rows) == [1, 2]
    assert read_cursor("numbers", page.next) == [2]


@pytest.mark.parametrize("rows", [[], [1], [1, 2]])
def test_the_last_page_has_no_next(rows):
    page = Page.of(rows, 2, order="numbers", key=lambda number: [number])

    assert (list(page.rows), page.next) == (rows, None)
