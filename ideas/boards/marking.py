"""Where a text says what was searched for: the words are marked, and everything else is escaped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from markupsafe import Markup, escape

from ideas import markup
from ideas.boards import questions, terms

AROUND = 90  # characters that are shown before and after the first word found


@dataclass(frozen=True)
class Sought:
    """The words of a question, as they are looked for in a text. begins: the last one, which may be half typed."""

    terms: frozenset[str]
    pairs: frozenset[str]
    begins: str

    def __bool__(self) -> bool:
        return bool(self.terms or self.pairs or self.begins)


@lru_cache(maxsize=200)
def sought(question: str) -> Sought:
    """What to mark for a question."""
    typed = questions.typed(question)
    unspaced = frozenset(each.term for each in typed if terms.is_unspaced(each.word))
    spaced = [each for each in typed if not terms.is_unspaced(each.word)]
    begins = next((each.word for each in spaced if each.half), "")
    return Sought(frozenset(each.term for each in spaced), unspaced, begins)


def marked(text: str, question: str) -> Markup:
    """`text` as HTML, with the words of `question` marked."""
    wanted = sought(question)
    parts: list[Markup] = []
    end = 0
    for start, stop in _places(text, wanted) if wanted else ():
        parts += [escape(text[end:start]), Markup("<mark>{}</mark>").format(text[start:stop])]
        end = stop
    return Markup("").join([*parts, escape(text[end:])])


def shared(text: str, other: str, *, most: int = 8) -> list[str]:
    """The words of `text` that `other` says too, as `text` spells them, each once."""
    wanted = sought(other)
    found = {text[start:stop].casefold(): text[start:stop] for start, stop in _places(text, wanted)} if wanted else {}
    return list(found.values())[:most]


def excerpt(html: str, short: str, question: str) -> Markup:
    """Of a text the part that says what was searched for, marked; `short`, its beginning, if that says it too."""
    wanted = sought(question)
    if not wanted or next(_places(short, wanted), None):
        return marked(short, question)
    whole = markup.plain(html)
    place = next(_places(whole, wanted), None)
    if place is None:
        return marked(short, question)
    start, stop = max(0, place[0] - AROUND), min(len(whole), place[1] + AROUND)
    # whole words, where the script has any
    start = whole.find(" ", start, place[0]) + 1 or start if start else 0
    stop = whole.rfind(" ", place[1], stop) if stop < len(whole) and " " in whole[place[1] : stop] else stop
    return marked(f"{'… ' if start else ''}{whole[start:stop]}{' …' if stop < len(whole) else ''}", question)


def _places(text: str, wanted: Sought) -> Iterator[tuple[int, int]]:
    """Where the words stand: from, to; in order, none within another."""
    for word in terms.WORD.finditer(text):
        if terms.is_unspaced(word[0]):
            yield from ((word.start() + first, word.start() + last) for first, last in _runs(word[0], wanted.pairs))
        elif _is_wanted(word[0], wanted):
            yield word.start(), word.end()


@lru_cache(maxsize=20_000)
def _is_wanted(word: str, wanted: Sought) -> bool:
    found = terms.words(word)
    if len(found) != 1:
        return False
    term = terms.stem(found[0])
    if term in wanted.terms or (wanted.begins and found[0].startswith(wanted.begins)):
        return True
    return len(term) > 4 and any(terms.is_one_slip_apart(term, each) for each in wanted.terms)


def _runs(word: str, pairs: frozenset[str]) -> Iterator[tuple[int, int]]:
    """The stretches of a word of a script without blanks that `pairs` cover."""
    covered = [False] * len(word)
    for pair in pairs:
        place = word.find(pair)
        while place >= 0:
            covered[place : place + len(pair)] = [True] * len(pair)
            place = word.find(pair, place + 1)
    start = None
    for place, is_covered in enumerate([*covered, False]):
        if is_covered and start is None:
            start = place
        elif not is_covered and start is not None:
            yield start, place
            start = None
