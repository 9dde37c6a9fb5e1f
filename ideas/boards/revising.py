"""How two versions of a text differ, and whether that matters to those who backed the earlier one: no database.

A change is material when a reader could have backed the one and not the other: when the title says something else
(other words, more than a slip of the pen), or when less than SAME_ENOUGH of the words of both texts are common to them.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import NamedTuple

from ideas.text import folded

SAME_ENOUGH = 0.8  # share of words common to both texts
A_SLIP = 0.75  # how alike two words are of which one is the other mistyped
WRITTEN_ANEW = 0.3  # share of the words that two versions of a line keep in their order, below which it is another line
# what may be compared with what costs their product; beyond it a passage counts as written anew
COMPARED_MOST = 60_000


class Kind(StrEnum):
    SAME = "same"
    ADDED = "added"
    REMOVED = "removed"


class Piece(NamedTuple):
    """Some words of a difference: common to both versions, in the later alone, or in the earlier alone."""

    kind: Kind
    text: str


def is_material(before: tuple[str, str], after: tuple[str, str]) -> bool:
    """Whether (title, body) became something else to those who backed it."""
    return _says_something_else(before[0], after[0]) or _common(before[1], after[1]) < SAME_ENOUGH


def _says_something_else(before: str, after: str) -> bool:
    old, new = _words(before), _words(after)
    if len(old) != len(new):
        return True
    return any(a != b and not _is_slip(a, b) for a, b in zip(old, new, strict=True))


def _is_slip(one: str, other: str) -> bool:
    swapped = len(one) > 2 and sorted(one) == sorted(other)
    return swapped or difflib.SequenceMatcher(None, one, other, autojunk=False).ratio() >= A_SLIP


def _common(before: str, after: str) -> float:
    """Share of the words of both texts, 0..1, that they have in common; two empty texts have all."""
    old, new = Counter(_words(before)), Counter(_words(after))
    total = old.total() + new.total()
    return 2 * (old & new).total() / total if total else 1.0


def _words(text: str) -> list[str]:
    """Words without case; scripts without blanks, letter by letter."""
    return re.findall(r"[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+", folded(text))


def difference(before: str, after: str) -> list[Piece]:
    """The later text with what came and what went, word by word within the lines that changed."""
    return _merged(_by_line(before.splitlines(keepends=True), after.splitlines(keepends=True)))


def _by_line(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    for kind, old, new in _opcodes(before, after):
        if kind == "equal":
            yield Piece(Kind.SAME, "".join(new))
        else:
            yield from _by_word(_parts("".join(old)), _parts("".join(new)))


def _by_word(before: Sequence[str], after: Sequence[str]) -> Iterator[Piece]:
    """What was written anew stands as a whole: with a word kept here and there nobody could read either."""
    steps = list(_opcodes(before, after))
    kept = sum(len(_words("".join(new))) for kind, _old, new in steps if kind == "equal")
    if kept < WRITTEN_ANEW * max(len(_words("".join(before))), len(_words("".join(after)))):
        steps = [("replace", before, after)]
    for kind, old, new in steps:
        if kind == "equal":
            yield Piece(Kind.SAME, "".join(new))
        else:
            yield Piece(Kind.REMOVED, "".join(old))
            yield Piece(Kind.ADDED, "".join(new))


def _opcodes(before: Sequence[str], after: Sequence[str]) -> Iterator[tuple[str, Sequence[str], Sequence[str]]]:
    """What is equal and what was replaced. The ends that are alike are cut off first, so most edits cost little."""
    start = 0
    while start < min(len(before), len(after)) and before[start] == after[start]:
        start += 1
    end = 0
    while end < min(len(before), len(after)) - start and before[-1 - end] == after[-1 - end]:
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    yield "equal", before[:start], after[:start]
    if len(old) * len(new) > COMPARED_MOST:
        yield "replace", old, new
    else:
        for kind, i, j, m, n in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
            yield kind, old[i:j], new[m:n]
    yield "equal", before[len(before) - end :], after[len(after) - end :]


def _parts(text: str) -> list[str]:
    """Words, blanks and signs, which together are the text again."""
    return re.findall(r"\s+|[\u3040-\u30ff\u3400-\u9fff]|[^\W\u3040-\u30ff\u3400-\u9fff]+|[^\w\s]", text)


def _merged(pieces: Iterator[Piece]) -> list[Piece]:
    """Neighbours of one kind as one piece, and no empty ones."""
    found: list[Piece] = []
    for piece in pieces:
        if not piece.text:
            continue
        if found and found[-1].kind == piece.kind:
            found[-1] = Piece(piece.kind, found[-1].text + piece.text)
        else:
            found.append(piece)
    return found
