"""The index by which ideas are found. The only code that writes `idea_term`, `board_term` and `term_slip`.

An idea is in it from when it is posted until it is withdrawn; also while it is hidden or merged into another, so that
neither has to touch it: who may see what, and under which idea a merged one is shown, is decided on reading
(similar.py). What an idea's words are is terms.py, how much each counts is scoring.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from ideas.boards import meaning, scoring, terms
from ideas.boards.models import Idea
from ideas.boards.models_searching import BoardTerm, IdeaTerm, TermSlip
from ideas.db import INSERTS, Base, db

ALL = ""  # the term that every idea has: how many there are, and that a wordless one is there too
# shorter words have too many neighbours; longer ones are seldom mistyped by one letter alone
SLIPPING = range(4, 21)
CHUNK = 500
_Item = TypeVar("_Item")


class Tally:
    """In how many more ideas of which board each word is."""

    def __init__(self) -> None:
        self.boards: dict[int, Counter[str]] = {}

    def note(self, board_id: int, found: Iterable[str], *, by: int) -> None:
        board = self.boards.setdefault(board_id, Counter())
        for term in found:
            board[term] += by


def weights_of(title: str, body: str) -> dict[str, int]:
    """Term → weight: what the index says of an idea with these words."""
    return {ALL: 1, **scoring.weights(title, body)}


def add(ideas: Sequence[Idea], tally: Tally | None = None) -> None:
    """Make new ideas findable. With a `tally` the caller counts at the end of a long transaction, see `count`."""
    kept = tally or Tally()
    rows = []
    for idea in ideas:
        weights = weights_of(idea.title, idea.body)
        kept.note(idea.board_id, weights, by=1)
        rows += _rows(idea.id, idea.board_id, weights)
    _insert(IdeaTerm, rows)
    meaning.keep(ideas)
    if tally is None:
        count(kept)


def index(idea: Idea) -> None:
    """Make `idea` findable by what it says now, and by nothing that it said before; not at all if it is withdrawn."""
    index_all([idea])


def index_all(ideas: Sequence[Idea]) -> None:
    """The same for some hundred ideas."""
    tally = Tally()
    rows = []
    _forget(tally, [idea.id for idea in ideas])
    for idea in ideas:
        if idea.withdrawn_at is None:
            weights = weights_of(idea.title, idea.body)
            tally.note(idea.board_id, weights, by=1)
            rows += _rows(idea.id, idea.board_id, weights)
    _insert(IdeaTerm, rows)
    meaning.keep([idea for idea in ideas if idea.withdrawn_at is None])
    count(tally)


def drop(idea_ids: Sequence[int]) -> None:
    """Some hundred ideas are deleted: neither they nor a word of theirs is left."""
    tally = Tally()
    _forget(tally, idea_ids)
    count(tally)


def _forget(tally: Tally, idea_ids: Sequence[int]) -> None:
    gone = sa.delete(IdeaTerm).where(IdeaTerm.idea_id.in_(idea_ids)).returning(IdeaTerm.board_id, IdeaTerm.term)
    for row in db.session.execute(gone):
        tally.note(row.board_id, [row.term], by=-1)
    meaning.forget(idea_ids)


def count(tally: Tally) -> None:
    """Write down in how many ideas each word is.

    Whoever does this holds the counts of the board until the transaction ends, and others who post there wait: so
    whoever does much does this last. The row of ALL comes first, so that none waits for one who waits for it.
    """
    for board_id, changes in sorted(tally.boards.items()):
        changed = {term: by for term, by in sorted(changes.items()) if by}
        if not changed:
            continue
        _insert(
            BoardTerm,
            [{"board_id": board_id, "term": term, "ideas": by} for term, by in changed.items()],
            adding=BoardTerm.ideas,
        )
        _forget_terms(board_id, [term for term, by in changed.items() if by < 0])
        _learn_slips(board_id, [term for term, by in changed.items() if by > 0])


def _forget_terms(board_id: int, fewer: Sequence[str]) -> None:
    """Words that no idea says any more are not kept: whoever takes a word back, takes it back here too."""
    for some in _chunks(fewer):
        db.session.execute(
            sa.delete(BoardTerm).where(BoardTerm.board_id == board_id, BoardTerm.term.in_(some), BoardTerm.ideas <= 0)
        )


def _learn_slips(board_id: int, more: Sequence[str]) -> None:
    """How the board's new words look with a letter missing."""
    can_slip = [term for term in more if len(term) in SLIPPING and term.isalpha() and not terms.is_unspaced(term)]
    for some in _chunks(can_slip):
        known = set(
            db.session.scalars(
                sa.select(TermSlip.term).where(TermSlip.board_id == board_id, TermSlip.term.in_(some)).distinct()
            )
        )
        _insert(
            TermSlip,
            [
                {"board_id": board_id, "slip": slip, "term": term}
                for term in some
                if term not in known
                for slip in sorted(terms.slips(term))
            ],
        )


# --- Repairs ---


class Reindexed(NamedTuple):
    """What indexing anew found: how many ideas there are, and how many were not found by what they say."""

    ideas: int
    differed: int


def recount(board_id: int | None = None, *, progress: Callable[[int], None] = lambda done: None) -> Reindexed:
    """Make the index say what the ideas say, and count its words anew; also while people write.

    `progress` is told how many ideas are done.
    """
    of_board = () if board_id is None else (Idea.board_id == board_id,)
    done = differed = last = 0
    while True:
        # held, so that none of them is edited between reading and writing
        ideas = db.session.execute(
            sa.select(Idea.id, Idea.board_id, Idea.title, Idea.body, Idea.withdrawn_at)
            .where(*of_board, Idea.id > last)
            .order_by(Idea.id)
            .limit(CHUNK)
            .with_for_update(key_share=True)
        ).all()
        if not ideas:
            break
        differed += _reindex(ideas)
        done, last = done + len(ideas), ideas[-1].id
        progress(done)
    boards = [board_id] if board_id is not None else db.session.scalars(sa.select(Idea.board_id).distinct()).all()
    for board in sorted(boards):
        _count_anew(board)
    return Reindexed(done, differed)


def _reindex(ideas: Sequence[Any]) -> int:
    """Put right what the index says of some ideas, without counting; how many it was wrong about."""
    found: dict[int, dict[str, int]] = {idea.id: {} for idea in ideas}
    for row in db.session.execute(
        sa.select(IdeaTerm.idea_id, IdeaTerm.term, IdeaTerm.weight).where(IdeaTerm.idea_id.in_(found))
    ):
        found[row.idea_id][row.term] = row.weight
    wrong = []
    rows = []
    for idea in ideas:
        weights = weights_of(idea.title, idea.body) if idea.withdrawn_at is None else {}
        if weights != found[idea.id]:
            wrong.append(idea.id)
            rows += _rows(idea.id, idea.board_id, weights)
    if wrong:
        db.session.execute(sa.delete(IdeaTerm).where(IdeaTerm.idea_id.in_(wrong)))
        meaning.forget(wrong)
        _insert(IdeaTerm, rows)
    unknown = meaning.without([idea.id for idea in ideas if idea.withdrawn_at is None])
    meaning.keep([idea for idea in ideas if idea.id in unknown])
    return len(wrong)


def _count_anew(board_id: int) -> None:
    # the row of ALL is what others wait for: nobody counts between reading and writing
    _insert(BoardTerm, [{"board_id": board_id, "term": ALL, "ideas": 0}], adding=BoardTerm.ideas)
    counted = {
        row.term: row.ideas
        for row in db.session.execute(
            sa.select(IdeaTerm.term, sa.func.count().label("ideas"))
            .where(IdeaTerm.board_id == board_id)
            .group_by(IdeaTerm.term)
        )
    }
    before = {
        row.term: row.ideas
        for row in db.session.execute(sa.select(BoardTerm.term, BoardTerm.ideas).where(BoardTerm.board_id == board_id))
    }
    tally = Tally()
    tally.boards[board_id] = Counter(
        {term: counted.get(term, 0) - before.get(term, 0) for term in counted.keys() | before.keys()}
    )
    count(tally)
    _learn_slips(board_id, sorted(counted))


# --- What they share ---


def _rows(idea_id: int, board_id: int, weights: Mapping[str, int]) -> list[dict[str, Any]]:
    return [
        {"idea_id": idea_id, "term": term, "board_id": board_id, "weight": weight}
        for term, weight in sorted(weights.items())
    ]


def _insert(
    model: type[Base], rows: Sequence[dict[str, Any]], *, adding: sa.orm.InstrumentedAttribute[int] | None = None
) -> None:
    """Insert many rows. One that is there stays as it is, or with `adding` gets as much more in that column."""
    if not rows:
        return
    dialect = db.session.get_bind().dialect.name
    table = sa.inspect(model).local_table
    insert = INSERTS[dialect](table)
    # PostgreSQL gets whole columns, one statement for all rows: row by row took ten times as long
    if dialect == "postgresql":
        columns = [table.c[name] for name in rows[0]]
        values = [
            sa.func.unnest(sa.bindparam(column.name, type_=postgresql.ARRAY(column.type))).label(column.name)
            for column in columns
        ]
        insert = insert.from_select([column.name for column in columns], sa.select(*values))
    if adding is None:
        insert = insert.on_conflict_do_nothing()
    else:
        summed = adding + insert.excluded[adding.key]
        insert = insert.on_conflict_do_update(index_elements=list(table.primary_key), set_={adding.key: summed})
    if dialect == "postgresql":
        db.session.execute(insert, {name: [row[name] for row in rows] for name in rows[0]})
    else:
        db.session.execute(insert, list(rows))


def _chunks(items: Sequence[_Item]) -> Iterator[Sequence[_Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
