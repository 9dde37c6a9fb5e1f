"""Finding ideas by their words, the same on both databases. The only code that writes `idea_term`.

A text becomes terms: its words in folded form, and for scripts that write without blanks (Chinese, Japanese, Korean,
Thai) every two neighbouring characters. An idea matches when it has every term of the question; the last word of a
question may still be half typed, so it is a prefix.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa

from ideas.boards.models import Idea, IdeaTerm
from ideas.db import db
from ideas.text import folded

TERM_LONGEST = 40
# a question of more words or terms than this is answered by its first ones
WORDS_MOST = 8
TERMS_MOST = 24
_UNSPACED = "\u0e00-\u0e7f\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0002ffff"
_WORDS = re.compile(rf"[{_UNSPACED}]+|[^\W{_UNSPACED}]+")


def terms(text: str) -> set[str]:
    """What an idea with that text is found by."""
    found: set[str] = set()
    for word in _WORDS.findall(folded(text)):
        if _is_unspaced(word):
            found |= set(_pairs(word)) | set(word)
        else:
            found.add(word[:TERM_LONGEST])
    return found


def index(idea: Idea) -> None:
    """Make `idea` findable by what it says now."""
    index_all([idea])


def index_all(ideas: Sequence[Idea]) -> None:
    """Make some hundred ideas findable at once."""
    db.session.execute(sa.delete(IdeaTerm).where(IdeaTerm.idea_id.in_([idea.id for idea in ideas])))
    rows = [{"term": term, "idea_id": idea.id} for idea in ideas for term in sorted(terms(f"{idea.title} {idea.body}"))]
    if rows:
        db.session.execute(sa.insert(IdeaTerm), rows)


def matches(question: str, idea_id: sa.ColumnElement[int]) -> list[sa.ColumnElement[bool]]:
    """Conditions on an idea's id; all must hold. [] for a question without words, which everything answers."""
    # not `folded`, which refuses what cannot be kept: a question is not kept, and finds nothing at worst
    words = _WORDS.findall(unicodedata.normalize("NFKC", question).casefold())[:WORDS_MOST]
    conditions = []
    for place, word in enumerate(words, start=1):
        if _is_unspaced(word):
            conditions += [_has(idea_id, IdeaTerm.term == pair) for pair in _pairs(word) or [word]]
        elif place == len(words):
            start = word[:TERM_LONGEST]
            conditions.append(_has(idea_id, sa.and_(IdeaTerm.term >= start, IdeaTerm.term < start + "\U0010ffff")))
        else:
            conditions.append(_has(idea_id, IdeaTerm.term == word[:TERM_LONGEST]))
    return conditions[:TERMS_MOST]


def _has(idea_id: sa.ColumnElement[int], condition: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return idea_id.in_(sa.select(IdeaTerm.idea_id).where(condition))


def _is_unspaced(word: str) -> bool:
    return re.match(f"[{_UNSPACED}]", word) is not None


def _pairs(word: str) -> list[str]:
    return [word[place : place + 2] for place in range(len(word) - 1)]
