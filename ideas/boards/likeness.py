"""Whether two texts say nearly the same words in the same order: pure, for a few hundred texts at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ideas.boards import terms

LOOKED_AT = 2_000  # characters of each text
NEARLY_EQUAL = 0.6  # of 60 words up to six changed here and there, such as a name and a title
_LONG = 3  # words that stand side by side


class Likest(NamedTuple):
    """The text that is nearest, by its key, and how near: 1.0 says the same."""

    key: int
    share: float


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Every three words of the beginning of `text` that stand side by side; of scripts without blanks, characters."""
    words: list[str] = []
    for word in terms.words(text[:LOOKED_AT]):
        words += word if terms.is_unspaced(word) else [word]
    return frozenset(tuple(words[place : place + _LONG]) for place in range(len(words) - _LONG + 1))


def share(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """What two texts have in common of all that either says, 0..1.

    Source: A. Z. Broder, On the resemblance and containment of documents, 1997 (w-shingling, Jaccard).
    """
    both = len(one & other)
    return both / (len(one) + len(other) - both) if both else 0.0


def nearest(text: str, others: Iterable[tuple[int, str]]) -> Likest | None:
    """Of `others` (key, text) the first that is nearly equal to `text` as no other is; None when none is."""
    own = shingles(text)
    best: Likest | None = None
    for key, other in others if own else ():
        found = share(own, shingles(other))
        if found >= NEARLY_EQUAL and (best is None or found > best.share):
            best = Likest(key, found)
    return best
