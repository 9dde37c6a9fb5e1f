"""How like what was asked an idea is: one function for both databases, in numbers that come in as arguments.

The score of an idea is the sum over the words asked for of

    form × idf × weight × (K1 + 1) / (K1 + weight)

weight  how much the idea says the word: BM25F. Title and body are counted apart, each by its own length, the title
        four times: TITLE × in title / (1 - B_TITLE + B_TITLE × length / TITLE_LENGTH) + the same of the body.
        The lengths it compares with are fixed, not the board's own mean, so that the weight is known when the idea is
        written, stands in the index, and never changes by what others write.
idf     how rare the word is on the board: ln(1 + (ideas - with it + .5) / (with it + .5)).
form    1 for the word itself; less for a word that the last one may become when it is typed to its end, and for one
        that is a slip of the pen away. Of several forms of one word the best counts.

The best are then compared character by character: GRAMS × the cosine of the 4-grams of both titles is added, both
parts scaled by their greatest. With the sentence encoder (meaning.py) the parts are standardised and added instead.

Sources: S. Robertson, H. Zaragoza: The Probabilistic Relevance Framework: BM25 and Beyond, Found. Trends Inf. Retr. 3
(2009), 333-389. The numbers are those that found the linked original of UK petitions best: see bench/similar.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from statistics import fmean, pstdev

from ideas.boards import terms

TITLE = 4.0
K1 = 3.0
B_TITLE, TITLE_LENGTH = 0.5, 7.0
B_BODY, BODY_LENGTH = 0.6, 60.0
GRAMS = 0.4
MEANING = 1.0
HALF_TYPED = 0.5
SLIPPED = 0.8

FULL = 2.4  # the gain of a word in a title of usual length
# What is shown is at least so like what was asked, where 1 is about the same words in a title: of the linked originals
# of the petitions hardly any is not, and much of what has a common word alone is not.
LIKE_ENOUGH = 0.12
LIKELY_THE_SAME = 0.4  # what the team is asked about
MEANT_ALIKE = 0.5  # a cosine of the sentence encoder that is as good as LIKE_ENOUGH
MEANT_THE_SAME = 0.75

# weights are kept as whole numbers, so that both databases keep them alike
SCALE = 100
WEIGHT_MOST = 32_767


def weights(title: str, body: str) -> dict[str, int]:
    """Term → how much an idea with these words says it, in hundredths. Stop words count in titles alone."""
    in_title, in_body = Counter(terms.terms(title, stop_words=True)), Counter(terms.terms(body))
    of_title = 1 - B_TITLE + B_TITLE * in_title.total() / TITLE_LENGTH
    of_body = 1 - B_BODY + B_BODY * in_body.total() / BODY_LENGTH
    found = {}
    for term in in_title.keys() | in_body.keys():
        weight = TITLE * in_title[term] / of_title + in_body[term] / of_body
        found[term] = min(WEIGHT_MOST, max(1, round(weight * SCALE)))
    return found


def idf(ideas: int, having: int) -> float:
    """How much it tells that an idea has a word which `having` out of `ideas` have."""
    return math.log(1 + max(0.0, ideas - having + 0.5) / (having + 0.5))


def gain(weight: int) -> float:
    """What a word of that weight adds, in units of its rarity: from 0 to K1 + 1, ever less for each more."""
    full = weight / SCALE
    return full * (K1 + 1) / (K1 + full)


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """The cosine of two sets of grams, 0 to 1."""
    if not one or not other:
        return 0.0
    return len(one & other) / math.sqrt(len(one) * len(other))


def with_grams(by_words: Mapping[int, float], by_grams: Mapping[int, float]) -> dict[int, float]:
    """Both together, in the units of the words."""
    most = max(by_words.values(), default=0.0)
    closest = max(by_grams.values(), default=0.0)
    share = GRAMS * most / closest if closest else 0.0
    return {idea: score + share * by_grams.get(idea, 0.0) for idea, score in by_words.items()}


def with_meaning(
    by_words: Mapping[int, float], by_grams: Mapping[int, float], by_meaning: Mapping[int, float]
) -> dict[int, float]:
    """All three, each standardised over the ideas compared; whose meaning is not known stands in the middle."""
    ideas = sorted(by_words.keys() | by_meaning.keys())
    middle = fmean(by_meaning.values()) if by_meaning else 0.0
    by_meaning = {idea: by_meaning.get(idea, middle) for idea in ideas}
    parts = [
        (share, _standardised([part.get(idea, 0.0) for idea in ideas]))
        for share, part in ((1.0, by_words), (GRAMS, by_grams), (MEANING, by_meaning))
    ]
    return {idea: sum(share * values[place] for share, values in parts) for place, idea in enumerate(ideas)}


def _standardised(values: Sequence[float]) -> list[float]:
    if not values:
        return []
    mean, spread = fmean(values), pstdev(values)
    return [(value - mean) / spread if spread else 0.0 for value in values]
