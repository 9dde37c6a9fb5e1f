"""What a text is found by: its words in the form in which all their forms are one, whatever the script.

A word becomes its stem, without case and accents ("Batteries" and "battery" are both "batteri"). Scripts that write
without blanks (Chinese, Japanese, Korean, Thai …) become every two neighbouring characters. A mark that combines with
the letter before it, as in Hindi, belongs to the word.

The stems are those of English (M. F. Porter, the Snowball project), which leave most words of other languages as they
are, and strip the ends of the rest alike in ideas and questions.
"""

from __future__ import annotations

import re
import threading
import unicodedata
from functools import lru_cache

import snowballstemmer

TERM_LONGEST = 40
# Words that are in every other sentence and tell nothing apart. Few, because words that are common on a board weigh
# little there by themselves; these are left out so that they cost nothing.
STOP_WORDS = frozenset(
    [
        *("a", "all", "an", "and", "are", "as", "at", "be", "by", "do", "for", "from", "has", "have", "i", "if", "in"),
        *("is", "it", "its", "me", "my", "no", "not", "of", "on", "or", "our", "so", "that", "the", "their", "them"),
        *("they", "this", "to", "us", "was", "we", "were", "will", "with", "you", "your"),
    ]
)

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
)
# beyond the first planes there are no letters that combine, only variants of signs
_MARKS = "".join(chr(code) for code in range(0x0300, 0x12000) if unicodedata.category(chr(code)) in ("Mn", "Mc"))
# joiners stand inside words of Persian and of Indian scripts
_JOINERS = "\u200c\u200d"
_LETTER = rf"(?:[^\W_{_UNSPACED}]|[{_MARKS}])"
WORD = re.compile(rf"[{_UNSPACED}]+|{_LETTER}+(?:['{_JOINERS}]{_LETTER}+)*")
_IS_UNSPACED = re.compile(f"[{_UNSPACED}]")
_ACCENTS = dict.fromkeys(range(0x0300, 0x0370))
_APOSTROPHES = {0x2019: "'", 0x02BC: "'", 0xFF07: "'"}
_LATIN = re.compile("[a-z]{3,}")
_own = threading.local()


def folded(text: str) -> str:
    """`text` without case, accents and kinds of apostrophes. Of any text, also one that `clean` would refuse."""
    plain = unicodedata.normalize("NFKC", text).translate(_APOSTROPHES).casefold()
    if plain.isascii():
        return plain
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", plain).translate(_ACCENTS))


def words(text: str) -> list[str]:
    """The words of `text` in order, folded; a run of a script without blanks is one."""
    return [_bare(word) for word in WORD.findall(folded(text))]


def _bare(word: str) -> str:
    if word.endswith("'s"):
        word = word[:-2]
    for sign in ("'", *_JOINERS):
        word = word.replace(sign, "")
    return word


def is_unspaced(word: str) -> bool:
    """Whether it is written in a script without blanks between words."""
    return _IS_UNSPACED.match(word) is not None


def pairs(word: str) -> list[str]:
    """Every two neighbouring characters."""
    return [word[place : place + 2] for place in range(len(word) - 1)]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """What the forms of a folded word have in common."""
    if not _LATIN.fullmatch(word):
        return word[:TERM_LONGEST]
    # a stemmer is no two threads' at once: it keeps the word it works on
    stemmer = getattr(_own, "stemmer", None)
    if stemmer is None:
        stemmer = _own.stemmer = snowballstemmer.stemmer("english")
    return str(stemmer.stemWord(word))[:TERM_LONGEST]


def terms(text: str, *, stop_words: bool = False) -> list[str]:
    """What a text is found by, as often as it says it. stop_words: those too."""
    found: list[str] = []
    for word in words(text):
        if is_unspaced(word):
            # the last one alone, so that each character begins a term
            found += [*pairs(word), word[-1]]
        elif stop_words or word not in STOP_WORDS:
            found.append(stem(word))
    return found


def grams(text: str, *, long: int = 4) -> frozenset[str]:
    """Every `long` neighbouring characters of the words of `text`, beginnings and ends of words included."""
    line = f" {' '.join(words(text))} "
    return frozenset(line[place : place + long] for place in range(max(1, len(line) - long + 1)))


def slips(term: str) -> set[str]:
    """`term` without one of its characters, each in turn.

    Two words that are one slip of the pen apart (a letter too many, too few, another one, or two swapped) share one
    of these, or one of them is among the other's.
    Source: W. Garbe's symmetric delete (SymSpell); F. Damerau, CACM 7 (1964), on what slips there are.
    """
    return {term[:place] + term[place + 1 :] for place in range(len(term))}


def is_one_slip_apart(one: str, other: str) -> bool:
    """Whether one letter too many, too few, another one, or two neighbours swapped make one word the other."""
    if one == other or abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, its = one[start:], other[start:]
    if len(rest) == len(its):
        return rest[1:] == its[1:] or (rest[:2] == its[1::-1] and rest[2:] == its[2:])
    return rest[1:] == its if len(rest) > len(its) else rest == its[1:]
