"""How hard an English text is to read: a grade by a published formula, and its longest sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_WORDS = 20  # a grade of less says more of chance than of the text
EASY, HARD = 8.0, 12.0  # up to the first nearly everybody reads it at once; beyond the second few do
LONG_SENTENCE = 25
ENGLISH_FROM = 0.25  # in English prose about every second word is one of these; in its nearest relatives every tenth

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT = re.compile(r"(?:[^ley]e|[^td]ed|[^cghlsxz]es)$")  # "made", "walked", "notes"; not "table", "wanted", "pages"
_COMMON = frozenset(
    [
        *("the", "of", "and", "to", "a", "that", "it", "is", "you", "for", "with", "as", "this", "have", "be", "are"),
        *("from", "or", "by", "not", "but", "what", "can", "an", "your", "our", "they", "at", "if", "how", "which"),
        *("who", "has", "there", "more", "would", "its", "about", "than", "them", "us", "i", "my", "their", "these"),
        *("when", "because", "been", "do", "does", "could", "should", "only", "into", "then", "we", "in", "on"),
    ]
)


@dataclass(frozen=True)
class Grade:
    """level: the years at school after which most people read it with ease. longest: its longest sentence."""

    level: float
    words: int
    sentences: int
    longest: str
    longest_words: int

    @property
    def is_easy(self) -> bool:
        return self.level <= EASY

    @property
    def is_hard(self) -> bool:
        return self.level > HARD

    @property
    def has_long_sentence(self) -> bool:
        return self.longest_words > LONG_SENTENCE


def grade(paragraphs: Sequence[str]) -> Grade | None:
    """The reading grade of a text, given as its paragraphs; None for one that is short, or is not English.

    0.39 · words/sentences + 11.8 · syllables/words - 15.59, never below 0. The end of a paragraph ends a sentence.
    The formula is made for English; of other languages it would say something, and it would be wrong.
    Source: J. P. Kincaid et al., Derivation of New Readability Formulas for Navy Enlisted Personnel, 1975.
    """
    sentences = [
        (sentence.strip(), _WORD.findall(sentence))
        for paragraph in paragraphs
        for sentence in _END.split(paragraph.strip())
    ]
    sentences = [(sentence, words) for sentence, words in sentences if words]
    words = [word for _sentence, found in sentences for word in found]
    if len(words) < FEWEST_WORDS or not is_english(words):
        return None
    longest, its_words = max(sentences, key=lambda each: len(each[1]))
    level = 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59
    return Grade(max(0.0, level), len(words), len(sentences), longest, len(its_words))


def is_english(words: Sequence[str]) -> bool:
    """Whether so many of `words` are the commonest of English that they are English."""
    if not words:
        return False
    return sum(word.casefold() in _COMMON for word in words) / len(words) >= ENGLISH_FROM


def syllables(word: str) -> int:
    """How many syllables an English word has, at least one: its groups of vowels, without an "e" that is not said."""
    plain = word.casefold().replace("’", "'").partition("'")[0]
    return max(1, len(_VOWELS.findall(plain)) - bool(_SILENT.search(plain)))
