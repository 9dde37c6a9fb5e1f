"""Mail that comes in is read as its writer meant it, or said to be a machine's."""

from __future__ import annotations

import time

import pytest

from ideas import mail_in
from tests.letters_in import LETTERS, Letter


@pytest.mark.parametrize("letter", LETTERS, ids=[letter.name for letter in LETTERS])
def test_a_mail_is_read_as_it_was_meant(letter: Letter) -> None:
    found = mail_in.read(letter.content)

    assert (found.kind, found.said) == (letter.kind, letter.said)


def test_there_are_sixty_of_them() -> None:
    assert len(LETTERS) >= 60
    assert len({letter.name for letter in LETTERS}) == len(LETTERS)


@pytest.mark.parametrize("letter", LETTERS, ids=[letter.name for letter in LETTERS])
def test_a_mail_torn_anywhere_breaks_nothing(letter: Letter) -> None:
    for end in range(0, len(letter.content), 37):
        mail_in.read(letter.content[:end])
        mail_in.read(letter.content[end:])


@pytest.mark.parametrize(
    "text",
    [
        "\n" * 20_000,
        "On " * 7_000,
        ("On " * 66 + "\n") * 400,
        ("Le " * 66 + "\n") * 400,
        "> " * 10_000,
        ("CAUTION: " + "mail " * 38 + "\n") * 400,
        "From: To: " * 2_000,
        "<a@b.example>" * 1_500,
    ],
    ids=["lines", "on", "lines of on", "lines of le", "quotes", "cautions", "headers", "addresses"],
)
def test_no_text_holds_up_the_reader(text: str) -> None:
    begun = time.process_time()

    mail_in.own_words(text)

    # the library alone takes minutes for some of these
    assert time.process_time() - begun < 30


def test_who_wrote_it_and_whom_it_names_are_told() -> None:
    content = (
        b"From: =?utf-8?q?=C3=84da?= <Ada@Firm.example>\r\nTo: Ideas <reply+x@in.example>,\r\n other@firm.example\r\n"
        b"Message-ID: <7@firm.example>\r\nSubject: =?utf-8?q?J=C3=A4?=\r\n\r\nHi\r\n"
    )

    found = mail_in.read(content, ("reply+y@in.example",))

    assert found.sender == "Ada@Firm.example"
    assert found.recipients == ("reply+y@in.example", "reply+x@in.example", "other@firm.example")
    assert (found.subject, found.said) == ("Jä", "Hi")
    assert found.digest == mail_in.read(content.replace(b"Hi", b"Ho")).digest, "told by its Message-ID"


def test_headers_that_make_no_sense_are_read_as_far_as_they_go() -> None:
    content = b"From: <<>>@\xff\r\nTo: ;:,@\r\nSubject: =?utf-8?b?!!!?=\r\nMessage-ID: <<<\r\n\r\nHi\r\n"

    assert mail_in.read(content).said == "Hi"


def test_html_that_never_ends_an_element_is_read_in_time() -> None:
    html = "<blockquote>" * 20_000 + "</p>" * 20_000
    content = b"From: a@firm.example\r\nContent-Type: text/html\r\n\r\n" + html.encode()
    begun = time.process_time()

    found = mail_in.read(content)

    assert found.said == ""
    assert time.process_time() - begun < 30
