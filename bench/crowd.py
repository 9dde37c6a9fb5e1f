"""Large boards in minutes: ideas, people and votes written straight into the tables, spread as real ones are.

Everything is drawn from one seed, so that two databases hold the same. Votes follow Zipf's law: the idea in place i has
about 1/i^0.655 of the votes of the first, which for 3,000,000 votes on 100,000 ideas gives the first some 19,600.
"""

from __future__ import annotations

import itertools
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import boardkeeping, ranking, searching
from ideas.boards.models import Board, Comment, Idea, IdeaRank, IdeaTag, SourceKind, Stage, Status, Tag, Vote
from ideas.boards.models_searching import IdeaTerm
from ideas.db import db, unit_of_work, utcnow

SLOPE = 0.655
VOCABULARY = 20_000
WORDS_IN_TITLE, WORDS_IN_BODY = 6, 40
RARE = 5  # ideas that carry the rarest tag, and ideas in the narrowest status
HOURS = 4_800  # how long ago the first vote was cast
SPOKEN = 5  # every fifth idea has an official word
CHUNK = 20_000


def fill(slug: str, ideas: int, votes: int, people: Sequence[int], said: Callable[[str], None]) -> list[int]:
    """Make a public board `slug` with so many ideas and about so many votes of `people` (ids); the ids of its ideas."""
    begun = time.monotonic()
    now = utcnow().replace(minute=0, second=0, microsecond=0)
    with unit_of_work():
        board = boardkeeping.make(None, {"slug": slug, "name": slug.capitalize(), "answer_within_days": 14})
        board_id = board.id
        tags = [Tag(board_id=board_id, slug=name, name=name) for name in ("common", "rare")]
        db.session.add_all(tags)
        db.session.flush()
        common, rare = (tag.id for tag in tags)
        statuses = {
            status.stage: status.id
            for status in db.session.scalars(sa.select(Status).where(Status.board_id == board_id))
        }
        first = (db.session.scalar(sa.select(sa.func.max(Idea.id))) or 0) + 1
    ids = range(first, first + ideas)
    chance = random.Random(slug)
    texts = Texts(chance)
    written = list(itertools.islice(texts, ideas))
    made = [now - timedelta(minutes=(place * 7919) % (HOURS * 60)) for place in range(ideas)]
    stages = [_stage(place) for place in range(ideas)]
    pour(
        Idea,
        (
            "id",
            "board_id",
            "status_id",
            "author_id",
            "title",
            "body",
            "body_html",
            "excerpt",
            "source_kind",
            "created_at",
        ),
        (
            (
                ids[place],
                board_id,
                statuses[stages[place]],
                people[place % len(people)],
                title,
                body,
                f"<p>{body}</p>",
                body[:200],
                SourceKind.IMPORT,
                made[place],
            )
            for place, (title, body) in enumerate(written)
        ),
    )
    pour(IdeaTag, ("idea_id", "tag_id"), ((idea_id, common) for idea_id in ids if idea_id % 3 == 0))
    pour(IdeaTag, ("idea_id", "tag_id"), ((idea_id, rare) for idea_id in ids[:: max(1, ideas // RARE)]))
    pour(
        Comment,
        ("idea_id", "author_id", "body", "body_html", "is_official", "created_at"),
        (
            (ids[place], people[0], "We read this.", "<p>We read this.</p>", True, now - timedelta(hours=place % HOURS))
            for place in range(0, ideas, SPOKEN)
        ),
    )
    said(f"{slug}: {ideas:,} ideas in {time.monotonic() - begun:.0f} s")
    ranks: list[tuple[Any, ...]] = []
    pour(Vote, ("idea_id", "user_id", "cast_at"), _votes(ids, made, stages, board_id, votes, people, now, ranks))
    pour(
        IdeaRank,
        ("idea_id", "board_id", "stage", "created_at", "vote_count", "comment_count", "answered_at", "hot"),
        ranks,
    )
    said(f"{slug}: about {votes:,} votes, {time.monotonic() - begun:.0f} s")
    index(board_id, ids, written)
    with unit_of_work():
        db.session.execute(sa.text("ANALYZE"))
    said(f"{slug}: all of it, {time.monotonic() - begun:.0f} s")
    return list(ids)


class Texts:
    """Titles and bodies of made-up words, common and rare ones as in a language."""

    def __init__(self, chance: random.Random) -> None:
        syllables = [a + b for a in "bdfgklmnprstvw" for b in "aeiou"]
        self._words = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(VOCABULARY)]
        self._weights = list(itertools.accumulate(1 / (place + 3) for place in range(VOCABULARY)))
        self._chance = chance

    def __iter__(self) -> Iterator[tuple[str, str]]:
        while True:
            words = self._chance.choices(self._words, cum_weights=self._weights, k=WORDS_IN_TITLE + WORDS_IN_BODY)
            yield " ".join(words[:WORDS_IN_TITLE]).capitalize(), " ".join(words[WORDS_IN_TITLE:])


def add_people(number: int) -> range:
    """So many people without an address; their ids."""
    first = (db.session.scalar(sa.select(sa.func.max(User.id))) or 0) + 1
    db.session.rollback()
    ids = range(first, first + number)
    pour(User, ("id", "name", "created_at"), ((each, f"Voter {each}", utcnow()) for each in ids))
    return ids


def index(board_id: int, ids: Sequence[int], written: Sequence[tuple[str, str]]) -> None:
    """Make them findable."""
    tally = searching.Tally()

    def rows() -> Iterator[tuple[int, str, int, int]]:
        for idea_id, text in zip(ids, written, strict=True):
            weights = searching.weights_of(*text)
            tally.note(board_id, weights, by=1)
            yield from ((idea_id, term, board_id, weight) for term, weight in sorted(weights.items()))

    pour(IdeaTerm, ("idea_id", "term", "board_id", "weight"), rows())
    with unit_of_work():
        searching.count(tally)


def pour(model: Any, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
    """Write rows as fast as the database takes them. Columns that are not named have their model's default."""
    table = model.__table__
    bind = db.engine
    fixed = {
        column.name: column.default.arg
        for column in table.columns
        if column.name not in columns and column.default is not None and column.default.is_scalar
    }
    names = [*columns, *fixed]
    binders = [table.c[name].type.dialect_impl(bind.dialect).bind_processor(bind.dialect) for name in names]
    rest = tuple(fixed.values())

    def bound() -> Iterator[tuple[Any, ...]]:
        for row in rows:
            yield tuple(
                value if bind_value is None else bind_value(value)
                for value, bind_value in zip((*row, *rest), binders, strict=True)
            )

    raw = bind.raw_connection()
    try:
        cursor: Any = raw.cursor()
        listed = ", ".join(f'"{name}"' for name in names)
        if bind.dialect.name == "sqlite":
            marks = ", ".join("?" * len(names))
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(f'INSERT INTO "{table.name}" ({listed}) VALUES ({marks})', bound())
        else:
            with cursor.copy(f'COPY "{table.name}" ({listed}) FROM STDIN') as copy:
                for row in bound():
                    copy.write_row(row)
            if "id" in columns:
                last = f'SELECT max(id) FROM "{table.name}"'
                cursor.execute(f"SELECT setval(pg_get_serial_sequence('\"{table.name}\"', 'id'), ({last}))")
        raw.commit()
    finally:
        raw.close()


def board_id_of(slug: str) -> int:
    return db.session.scalars(sa.select(Board.id).where(Board.slug == slug)).one()


def open_among(ids: Sequence[int]) -> list[int]:
    """Those of a board's ideas that take votes for sure."""
    return [idea_id for place, idea_id in enumerate(ids) if _stage(place) == Stage.OPEN]


def _stage(place: int) -> str:
    if place < RARE:
        return Stage.STARTED  # the narrowest
    return (Stage.OPEN, Stage.OPEN, Stage.OPEN, Stage.CONSIDERING, Stage.PLANNED, Stage.OPEN, Stage.SHIPPED)[place % 7]


def _votes(
    ids: Sequence[int],
    made: Sequence[datetime],
    stages: Sequence[str],
    board_id: int,
    votes: int,
    people: Sequence[int],
    now: datetime,
    ranks: list[tuple[Any, ...]],
) -> Iterator[tuple[int, int, datetime]]:
    """The votes; on the way the place of each idea, which counts them, is put into `ranks`."""
    shares = [(place + 1) ** -SLOPE for place in range(len(ids))]
    most = votes / sum(shares)
    order = list(range(len(ids)))
    random.Random(7).shuffle(order)  # which idea is in which place of favour
    for favour, place in enumerate(order):
        count = min(len(people), round(most * shares[favour]))
        start, hours = (place * 104_729) % len(people), [(place * 31 + vote * 17) % HOURS for vote in range(count)]
        times = [now - timedelta(hours=hour) for hour in hours]
        for vote, at in enumerate(times):
            yield ids[place], people[(start + vote) % len(people)], at
        spoken = place % SPOKEN == 0
        ranks.append(
            (
                ids[place],
                board_id,
                stages[place],
                made[place],
                count,
                int(spoken),
                now - timedelta(hours=place % HOURS) if spoken else None,
                ranking.hot_of([made[place], *times]),
            )
        )
