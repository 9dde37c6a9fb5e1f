"""What tests of pages use: somebody's browser, and a page as people read it."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from ideas.accounts.models import User
from ideas.boards import answering, queries
from ideas.boards.models import Answer, CreditKind, Idea, Reason
from ideas.db import unit_of_work
from tests.accounts.arranging import enter

LONG_ENOUGH = "We have looked at it with everyone who asked, and this is what we decided to do."


def browser_of(app: Flask, person: User | None) -> FlaskClient:
    """A browser in which `person` is signed in; None is a visitor's."""
    client = app.test_client()
    if person is not None:
        enter(client, person)
    return client


def seen(page: str) -> str:
    """The main part of a page as one line of text, without what is only for machines."""
    main = re.search(r"<main.*?</main>", page, re.S)
    text = re.sub(r"<(script|style|svg).*?</\1>", " ", main[0] if main else page, flags=re.S)
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", text)).split())


def in_order(page: str, *words: str) -> bool:
    """Whether the page says these words, each somewhere after the one before."""
    text, place = seen(page), 0
    for each in words:
        place = text.find(each, place)
        assert place >= 0, (each, text)
        place += len(each)
    return True


def credit(kind: CreditKind, how: str, comment_id: int | None = None) -> dict[str, Any]:
    return {"kind": kind, "id": comment_id, "how": how}


def answered(
    by: User,
    idea: Idea,
    status: str = "planned",
    reason: Reason = Reason.COMMITTED,
    text: str = LONG_ENOUGH,
    credits: Sequence[dict[str, Any]] = (),
    **dates: Any,
) -> Answer:
    """`by` answers `idea`."""
    words = {"status": status, "reason": reason, "text": text, "credits": list(credits)}
    with unit_of_work():
        row = queries.get_idea(by, idea.id)
        return answering.answer(by, row, {**words, "date": None, "review_by": None, **dates})
