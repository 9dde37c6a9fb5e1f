"""Which ideas answer a question, and how well: found in the index within bounds, scored by scoring.py.

However common the words are, no more rows are read than the bounds below say. Words that few ideas have are read
whole; of common ones the ideas that say them the most; for what is found then, the words that were not read are looked
up. Only the index is asked here: who may see what comes after, in similar.py and listing.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from ideas.boards import scoring
from ideas.boards.models_searching import IdeaTerm
from ideas.boards.questions import Question, Word
from ideas.db import db, one_of

WHOLE_MOST = 1_500  # rows of rare words
COMMON_MOST, FIRST = 12, 150  # so many (board, word) of common ones, and of each so many ideas
LOOKED_UP = 200  # ideas for which the rest is looked up
SEARCHED_MOST = 1_000  # ideas through which a search goes when its rarest word is common
PLACES_MOST = 6_000  # (idea, word) that a search looks up

_BOARDS: sa.BindParameter[int] = sa.bindparam("boards", expanding=True)
_TERMS: sa.BindParameter[str] = sa.bindparam("terms", expanding=True)
_ROW = sa.select(IdeaTerm.idea_id, IdeaTerm.term, IdeaTerm.weight)
_WHOLE = _ROW.where(IdeaTerm.board_id.in_(_BOARDS), IdeaTerm.term.in_(_TERMS))
_LOOK_UP = _ROW.where(one_of(IdeaTerm.idea_id, "ideas"), IdeaTerm.term.in_(_TERMS))
_SLOTS = 4


@cache
def _first() -> sa.CompoundSelect[int, str, int]:
    """The ideas that say a word the most, for some words at once."""
    return sa.union_all(
        *(
            sa.select(
                _ROW.where(
                    IdeaTerm.board_id == sa.bindparam(f"board_{slot}"), IdeaTerm.term == sa.bindparam(f"term_{slot}")
                )
                .order_by(IdeaTerm.weight.desc(), IdeaTerm.idea_id.desc())
                .limit(sa.bindparam("most", type_=sa.Integer))
                .subquery(f"slot_{slot}")
            )
            for slot in range(_SLOTS)
        )
    )


class _Found:
    """What of the question each idea says. said: idea → word's place → the best score of its forms."""

    def __init__(self, question: Question) -> None:
        self.said: dict[int, dict[int, float]] = {}
        self._places: dict[str, list[tuple[int, float]]] = {}
        for place, word in enumerate(question.words):
            for term, share in word.forms.items():
                score = share * word.typed.share * question.rarity(term)
                self._places.setdefault(term, []).append((place, score))

    def take(self, rows: Iterable[Any]) -> None:
        for idea_id, term, weight in rows:
            gain = scoring.gain(weight)
            words = self.said.setdefault(idea_id, {})
            for place, score in self._places[term]:
                if score * gain > words.get(place, 0.0):
                    words[place] = score * gain

    def best(self, most: int) -> list[int]:
        return sorted(self.said, key=lambda idea_id: (-sum(self.said[idea_id].values()), idea_id))[:most]

    def scores(self, ideas: Iterable[int], *, words: int = 0) -> dict[int, float]:
        """Of those that say at least so many of the words."""
        return {idea: sum(self.said[idea].values()) for idea in ideas if len(self.said[idea]) >= words}


def like(question: Question, *, most: int = LOOKED_UP) -> dict[int, float]:
    """Idea → score of those that are most like the question, whatever of its words they say."""
    found = _Found(question)
    rare, common = _by_rarity(question, question.words)
    found.take(_whole(question, rare))
    found.take(_most(question, common[:COMMON_MOST], FIRST))
    best = found.best(most)
    # words that every other idea has say little, and of a long question there are many
    found.take(_look_up(best, _terms(common)[:COMMON_MOST]))
    return found.scores(best)


def all_of(question: Question, *, among: Sequence[int] | None = None) -> dict[int, float]:
    """Idea → score of those that say every word of the question. among: only these are asked."""
    if not question.words or not all(word.forms for word in question.words):
        return {}
    found = _Found(question)
    every = sorted({term for word in question.words for term in word.forms})
    if among is None:
        rarest = min(question.words, key=lambda word: sum(map(question.having, word.forms)))
        rare, common = _by_rarity(question, [rarest])
        found.take(_whole(question, rare))
        found.take(_most(question, common[:COMMON_MOST], SEARCHED_MOST // max(1, len(common[:COMMON_MOST]))))
        among = found.best(SEARCHED_MOST + WHOLE_MOST)
        every = [term for term in every if term not in set(rare)]
    found.take(_look_up(among[: max(1, PLACES_MOST // max(1, len(every)))], every))
    return found.scores(found.said, words=len(question.words))


def _by_rarity(question: Question, words: Sequence[Word]) -> tuple[list[str], list[tuple[int, str]]]:
    """The terms that are read whole, and the (board, term) of the others, rarest first."""
    known = sorted({term for word in words for term in word.forms}, key=lambda term: (question.having(term), term))
    rare: list[str] = []
    rows = 0
    for term in known:
        rows += question.having(term)
        if rows > WHOLE_MOST:
            break
        rare.append(term)
    common = [
        (board, term) for term in known[len(rare) :] for board in question.boards if question.counts.get((board, term))
    ]
    return rare, sorted(common, key=lambda pair: (question.having(pair[1]), pair[1], -question.counts[pair]))


def _terms(pairs: Sequence[tuple[int, str]]) -> list[str]:
    return list(dict.fromkeys(term for _board, term in pairs))


def _whole(question: Question, rare: Sequence[str]) -> Iterable[Any]:
    if not rare:
        return []
    return db.session.execute(_WHOLE, {"boards": list(question.boards), "terms": list(rare)})


def _most(question: Question, pairs: Sequence[tuple[int, str]], most: int) -> Iterable[Any]:
    for start in range(0, len(pairs), _SLOTS):
        some = [*pairs[start : start + _SLOTS], *[(0, "")] * _SLOTS][:_SLOTS]
        values: dict[str, Any] = {"most": most}
        for slot, (board, term) in enumerate(some):
            values |= {f"board_{slot}": board, f"term_{slot}": term}
        yield from db.session.execute(_first(), values)


def _look_up(ideas: Sequence[int], wanted: Sequence[str]) -> Iterable[Any]:
    if not ideas or not wanted:
        return []
    return db.session.execute(_LOOK_UP, {"ideas": list(ideas), "terms": list(wanted)})
