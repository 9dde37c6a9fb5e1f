"""What somebody typed, as words to look for: which forms of each are known on the boards, and how rare they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import sqlalchemy as sa

from ideas.boards import scoring, terms
from ideas.boards.models_searching import BoardTerm, TermSlip
from ideas.boards.searching import ALL, SLIPPING
from ideas.db import db

WORDS_MOST = 24
READ_MOST = 120  # of a long text the rarest WORDS_MOST of so many
BODY_SHARE = 0.3
BEGUN_READ, BEGUN_MOST = 300, 12  # of the words that begin as the last one, the commonest
SLIPS_MOST = 6
FULL_OF = 8  # whoever types more words than that is not understood less for it
RARE = 2  # a word that so few ideas have may itself be a slip of the pen
COMMONER = 5  # and then what was meant is so many times as common


class Typed(NamedTuple):
    """A word as it was typed. term: what the index has it as. half: it may go on. share: how much it counts."""

    word: str
    term: str
    half: bool = False
    share: float = 1.0


@dataclass
class Word:
    """A word to look for. forms: term → how much it counts as this word; none are known when no idea says it."""

    typed: Typed
    forms: dict[str, float] = field(default_factory=dict)


@dataclass
class Question:
    """What is looked for on some boards. counts: (board, term) → ideas that say it."""

    boards: Sequence[int]
    words: list[Word]
    ideas: int
    counts: dict[tuple[int, str], int]
    full: float = 0.0  # about what an idea would score whose title is the question
    _of: dict[str, int] = field(default_factory=dict)

    def having(self, term: str) -> int:
        """How many ideas of the boards say `term`."""
        if term not in self._of:
            self._of[term] = sum(self.counts.get((board, term), 0) for board in self.boards)
        return self._of[term]

    def rarity(self, term: str) -> float:
        return scoring.idf(self.ideas, self.having(term))


def typed(text: str, *, half_typed: bool = True, share: float = 1.0) -> list[Typed]:
    """The words of a question. half_typed: the last one may go on."""
    words = terms.words(text)
    found: list[Typed] = []
    for place, word in enumerate(words):
        is_last = half_typed and place == len(words) - 1
        if terms.is_unspaced(word):
            alone = len(word) == 1
            found += [Typed(pair, pair, alone, share) for pair in ([word] if alone else terms.pairs(word))]
        else:
            found.append(Typed(word, terms.stem(word), is_last, share))
    telling = [each for each in found if each.word not in terms.STOP_WORDS]
    # "to be or not to be" is a question too
    return _each_once(telling or found)


def _each_once(found: Iterable[Typed]) -> list[Typed]:
    kept: dict[str, Typed] = {}
    for each in found:
        kept.setdefault(each.term, each)
    return list(kept.values())


def ask(boards: Sequence[int], found: Sequence[Typed], *, all_of_them: bool) -> Question:
    """Find out what of it is said on `boards`.

    all_of_them: an idea has to say each word, so words that nobody says stay; otherwise the rarest are enough.
    """
    found = found[: WORDS_MOST if all_of_them else READ_MOST]
    beyond = {term for each in found if each.half for term in _beyond(each.word[: terms.TERM_LONGEST])}
    counts = _counted(boards, {ALL, *beyond, *(each.term for each in found)})
    question = Question(boards, [], sum(counts.get((board, ALL), 0) for board in boards), counts)
    for each in found:
        question.words.append(Word(each, {each.term: 1.0} if question.having(each.term) else {}))
        if each.half:
            _complete(question, question.words[-1])
    _mend(question)
    telling = sorted((word.typed.share * _rarest(question, word) for word in question.words), reverse=True)
    question.full = scoring.FULL * sum(telling[:FULL_OF])
    if not all_of_them:
        known = [word for word in question.words if word.forms]
        known.sort(key=lambda word: -word.typed.share * _rarest(question, word))
        question.words = known[:WORDS_MOST]
    return question


def _rarest(question: Question, word: Word) -> float:
    """How much the word tells at most; one that nobody says as much as if one idea did."""
    if not word.forms:
        return scoring.idf(question.ideas, min(1, question.ideas))
    return max(map(question.rarity, word.forms))


def _complete(question: Question, word: Word) -> None:
    """What the half-typed word may become: words that begin with it, and stems that it has already gone beyond."""
    start = word.typed.word[: terms.TERM_LONGEST]
    begun = _begun(question.boards, start)
    _learn(question, begun)
    for term in sorted({term for _board, term in begun}, key=lambda term: (-question.having(term), term))[:BEGUN_MOST]:
        word.forms.setdefault(term, scoring.HALF_TYPED)
    for term in sorted(_beyond(start)):
        if question.having(term):
            word.forms.setdefault(term, scoring.HALF_TYPED)


def _beyond(word: str) -> set[str]:
    """Stems of which so much of a word is typed already that it has gone beyond them, as “polluti” has."""
    return set() if terms.is_unspaced(word) else {word[:size] for size in range(max(4, len(word) - 4), len(word))}


def _mend(question: Question) -> None:
    """For words that hardly anybody says, those that are one slip of the pen away and much commoner."""
    doubtful = [
        word
        for word in question.words
        if len(word.typed.term) in SLIPPING
        and word.typed.term.isalpha()
        and not terms.is_unspaced(word.typed.term)
        and sum(map(question.having, word.forms)) <= RARE
    ]
    if not doubtful:
        return
    near: dict[int, set[str]] = {}
    for place, word in enumerate(doubtful):
        term, whole = word.typed.term, word.typed.word
        # a slip in the ending keeps it from being cut off: "pollutoin" begins with "pollut"
        begins = {whole[:size] for size in range(max(5, len(whole) - 4), len(whole))}
        near[place] = {each for each in terms.slips(term) if len(each) in SLIPPING} | begins
    _learn(question, _counted(question.boards, set().union(*near.values())))
    slips = set().union(*({word.typed.term, *terms.slips(word.typed.term)} for word in doubtful))
    swapped = _slipped(question.boards, slips)
    _learn(question, swapped)
    neighbours = {term for _board, term in swapped}
    for place, word in enumerate(doubtful):
        close = near[place] | {term for term in neighbours if terms.is_one_slip_apart(term, word.typed.term)}
        needed = max(1, COMMONER * question.having(word.typed.term))
        meant = [term for term in close if term not in word.forms and question.having(term) >= needed]
        for term in sorted(meant, key=lambda term: (-question.having(term), term))[:SLIPS_MOST]:
            word.forms[term] = scoring.SLIPPED * (scoring.HALF_TYPED if word.typed.half and word.forms else 1.0)


def _learn(question: Question, counts: dict[tuple[int, str], int]) -> None:
    question.counts.update(counts)
    question._of.clear()


# --- What the index knows ---

_BOARDS: sa.BindParameter[int] = sa.bindparam("boards", expanding=True)
_ROW = sa.select(BoardTerm.board_id, BoardTerm.term, BoardTerm.ideas).where(BoardTerm.board_id.in_(_BOARDS))
_COUNTED = _ROW.where(BoardTerm.term.in_(sa.bindparam("terms", expanding=True)))
_BEGUN = (
    _ROW.where(BoardTerm.term >= sa.bindparam("start"), BoardTerm.term < sa.bindparam("end"))
    .order_by(BoardTerm.board_id, BoardTerm.term)
    .limit(BEGUN_READ)
)
_SLIPPED = (
    sa.select(BoardTerm.board_id, BoardTerm.term, BoardTerm.ideas)
    .join(TermSlip, sa.and_(TermSlip.board_id == BoardTerm.board_id, TermSlip.term == BoardTerm.term))
    .where(TermSlip.board_id.in_(_BOARDS), TermSlip.slip.in_(sa.bindparam("slips", expanding=True)))
    .limit(BEGUN_READ)
)


def _counted(boards: Sequence[int], wanted: Iterable[str]) -> dict[tuple[int, str], int]:
    return _read(_COUNTED, boards, terms=sorted(wanted))


def _begun(boards: Sequence[int], start: str) -> dict[tuple[int, str], int]:
    return _read(_BEGUN, boards, start=start, end=start + "\U0010ffff")


def _slipped(boards: Sequence[int], slips: Iterable[str]) -> dict[tuple[int, str], int]:
    return _read(_SLIPPED, boards, slips=sorted(slips))


def _read(statement: sa.Select[int, str, int], boards: Sequence[int], **values: object) -> dict[tuple[int, str], int]:
    rows = db.session.execute(statement, {"boards": list(boards), **values})
    return {(row.board_id, row.term): row.ideas for row in rows}
