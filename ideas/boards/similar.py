"""Ideas like what somebody is about to say, so that they are backed instead of said again; and what a search finds.

Only what the reader may see is found. The words of a merged idea lead to the one it was merged into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from ideas.accounts.models import User
from ideas.boards import matching, meaning, questions, scoring, terms, trees
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.boards.queries import READER, BoardRow
from ideas.db import db, one_of

SHOWN = 5
CONSIDERED = 100  # of those found, so many are compared closely
NEAREST = 50  # found by meaning
FOUND_MOST = 300  # a search goes no further down


@dataclass(frozen=True)
class Similar:
    """An idea like what was asked, as one reader sees it. Loaded: status, rank.

    voted: the idea, or one merged into it. said_as: the title of the merged idea by whose words it was found; None for
    its own.
    """

    idea: Idea
    score: float
    voted: bool
    said_as: str | None


@dataclass(frozen=True)
class _Source:
    """A found idea. root: under which it is shown, itself unless it is merged."""

    id: int
    root: int
    title: str


def similar(
    reader: User | None,
    boards: Sequence[BoardRow],
    title: str,
    body: str = "",
    *,
    besides: int = 0,
    least: float = scoring.LIKE_ENOUGH,
    most: int = SHOWN,
) -> list[Similar]:
    """The ideas on `boards` (already found visible for `reader`) most like a title and perhaps a text, best first.

    The last word of a title alone may be half typed. besides: an idea that is not shown, with those merged into it.
    least: how like it has to be, see scoring.LIKE_ENOUGH.
    """
    ids = [row.board.id for row in boards]
    words = questions.typed(title, half_typed=not body)
    words += questions.typed(body, half_typed=False, share=questions.BODY_SHARE)
    question = questions.ask(ids, words, all_of_them=False)
    by_words = matching.like(question) if question.words else {}
    best = _best(by_words, CONSIDERED)
    by_meaning = meaning.likeness(
        ids, f"{title}. {body[: meaning.READ]}" if body else title, nearest=NEAREST, among=best
    )
    sources = _sources(boards, list(dict.fromkeys([*best, *by_meaning])))
    scores = _closely(title, by_words, sources, by_meaning)
    meant = scoring.MEANT_THE_SAME if least >= scoring.LIKELY_THE_SAME else scoring.MEANT_ALIKE
    enough = [
        source
        for source in sources
        if by_words.get(source.id, 0.0) > least * question.full or by_meaning.get(source.id, 0.0) >= meant
    ]
    strongest = _strongest(enough, scores)
    strongest.pop(besides, None)
    return _shown(reader, boards, strongest, scores, most)


def _best(scores: Mapping[int, float], most: int) -> list[int]:
    return sorted(scores, key=lambda idea: (-scores[idea], idea))[:most]


def _closely(
    asked: str,
    by_words: Mapping[int, float],
    sources: Sequence[_Source],
    by_meaning: Mapping[int, float] | None = None,
) -> dict[int, float]:
    """The scores of `sources`, the best of them compared character by character too, and by meaning if that is on."""
    grams = terms.grams(asked)
    scores = {source.id: by_words.get(source.id, 0.0) for source in sources}
    compared = {*_best(scores, CONSIDERED), *(by_meaning or ())}
    by_grams = {
        source.id: scoring.likeness(grams, terms.grams(source.title)) for source in sources if source.id in compared
    }
    if by_meaning:
        return scoring.with_meaning(scores, by_grams, by_meaning)
    return scoring.with_grams(scores, by_grams)


def search(boards: Sequence[BoardRow], question: str, *, among: Sequence[int] | None = None) -> dict[int, float] | None:
    """Idea → score of those on `boards` that say every word of `question`; None for a question without words.

    among: only these are asked. Merged ideas are found as those they are part of. Who may see the ideas themselves is
    for the caller to ask; that no hidden words lead to one is seen to here.
    """
    words = questions.typed(question)
    if not words:
        return None
    asked = questions.ask([row.board.id for row in boards], words, all_of_them=True)
    if among is not None:
        among = [*among, *db.session.scalars(_PARTS, {"ideas": list(among)})]
    scores = matching.all_of(asked, among=among)
    sources = _sources(boards, _best(scores, FOUND_MOST))
    scores = _closely(question, scores, sources)
    return {root: scores[source.id] for root, source in _strongest(sources, scores).items()}


def _strongest(sources: Sequence[_Source], scores: Mapping[int, float]) -> dict[int, _Source]:
    """Root → the one of its ideas that is most like what was asked."""
    found: dict[int, _Source] = {}
    for source in sorted(sources, key=lambda source: (-scores[source.id], source.id)):
        found.setdefault(source.root, source)
    return found


_PARTS = sa.select(Idea.id).where(one_of(Idea.merged_root_id, "ideas"))
_root = sa.func.coalesce(Idea.merged_root_id, Idea.id)
_SOURCES = sa.select(Idea.id, _root.label("root"), Idea.title).where(
    one_of(Idea.id, "ideas"),
    Idea.withdrawn_at.is_(None),
    sa.or_(Idea.hidden_at.is_(None), Idea.board_id.in_(sa.bindparam("team_boards", expanding=True))),
)


def _sources(boards: Sequence[BoardRow], ideas: Sequence[int]) -> list[_Source]:
    """Those of `ideas` whose words the reader may see."""
    if not ideas:
        return []
    rows = db.session.execute(_SOURCES, {"ideas": list(ideas), "team_boards": _team_boards(boards)})
    return [_Source(row.id, row.root, row.title) for row in rows]


def _team_boards(boards: Sequence[BoardRow]) -> list[int]:
    return [row.board.id for row in boards if row.standing.is_team]


@cache
def _roots() -> sa.Select[Any, Any]:
    return (
        sa.select(Idea, sa.exists().where(Vote.idea_id == Idea.id, Vote.user_id == READER).label("voted"))
        .join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .join(Idea.status)
        .where(
            Idea.id.in_(sa.bindparam("ideas", expanding=True)),
            IdeaRank.board_id.in_(sa.bindparam("boards", expanding=True)),
            IdeaRank.listed,
            sa.or_(sa.not_(IdeaRank.is_hidden), IdeaRank.board_id.in_(sa.bindparam("team_boards", expanding=True))),
        )
        .options(contains_eager(Idea.rank), contains_eager(Idea.status))
    )


def _shown(
    reader: User | None,
    boards: Sequence[BoardRow],
    strongest: Mapping[int, _Source],
    scores: Mapping[int, float],
    most: int,
) -> list[Similar]:
    # some of the best may not be seen
    candidates = list(strongest)[: 4 * most]
    if not candidates:
        return []
    rows = db.session.execute(
        _roots(),
        {
            "ideas": candidates,
            "boards": [row.board.id for row in boards],
            "team_boards": _team_boards(boards),
            "reader": reader.id if reader else None,
        },
    )
    found = []
    through = trees.backed_through(reader, candidates) if reader else set()
    for row in rows:
        source = strongest[row.Idea.id]
        said_as = source.title if source.id != row.Idea.id else None
        voted = row.voted or row.Idea.id in through
        found.append(Similar(row.Idea, round(scores[source.id], 3), voted, said_as))
    return sorted(found, key=lambda each: (-each.score, each.idea.id))[:most]
