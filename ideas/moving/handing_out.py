"""Everything out, as somebody takes it along: noted who took it, then made while it is sent.

Nothing of it is kept: a site may be larger than any file that we would keep.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from ideas.accounts import audit, policy
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import one_moment
from ideas.moving import writing
from ideas.moving.exporting import Scope
from ideas.moving.writing import Shape, Step


def allow(actor: User, board: Board | None, *, with_addresses: bool) -> Scope:
    """What `actor` takes along: that board alone, or everything. For administrators."""
    policy.require_admin(actor)
    subject = f"board:{board.id}" if board else "site"
    audit.record(actor, "export.made", subject, with_addresses=with_addresses)
    return Scope(board.id if board else None, with_addresses)


def zipped(shape: Shape, scope: Scope) -> Iterator[bytes]:
    """A zip, a piece at a time, of one moment."""
    out = writing.Pieces()
    yield from _taken(out, writing.into_zip(cast(Any, out), shape, scope))


def lines(scope: Scope) -> Iterator[bytes]:
    """The same as lines of JSON, one after the other, each of which says its kind."""
    out = writing.Pieces()
    yield from _taken(out, writing.into_file(cast(Any, out), scope))


def _taken(out: writing.Pieces, steps: Iterator[Step]) -> Iterator[bytes]:
    with one_moment():
        for _step in steps:
            if piece := out.taken():
                yield piece
    yield out.taken()
