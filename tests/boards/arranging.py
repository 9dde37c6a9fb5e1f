"""What the tests of this room arrange: the seven kinds of reader, and a count of what is asked of the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from ideas.boards.models import Board, BoardRole
from ideas.db import db, unit_of_work
from ideas.ledger import fanout
from ideas.ledger.models import Delivery
from ideas.settings import rooms
from tests.factories import MembershipFactory, UserFactory, team_member

READERS = ("visitor", "suspended", "invited", "member", "author", "team", "admin")


def reader_of(kind: str, board: Board) -> Any:
    """Somebody of that kind on `board`. The author belongs to a private board too: they posted there."""
    if kind == "visitor":
        return None
    if kind == "suspended":
        return UserFactory(name="Sus", suspended=True)
    if kind == "admin":
        return UserFactory(name="Ada", admin=True)
    if kind == "team":
        return team_member(board, name="Tea")
    person = UserFactory(name=kind.capitalize())
    if kind == "invited" or (kind == "author" and board.is_private):
        MembershipFactory(board=board, user=person, role=BoardRole.MEMBER)
    return person


@contextmanager
def statements() -> Iterator[list[tuple[str, Any]]]:
    """The statements, with their values, that the database is asked inside."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        if not statement.startswith(("BEGIN", "PRAGMA")):
            asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


def count(model: type[Any], *conditions: Any) -> int:
    """How many rows there are."""
    found: int | None = db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions))
    return found or 0


def announce() -> None:
    """Let the ledger tell people of all that is due."""
    while True:
        with unit_of_work():
            if not fanout.fan_out_next(rooms().notices):
                return


def told(news: str) -> list[int]:
    """Who has an inbox line of that news that was not suppressed."""
    db.session.rollback()
    lines = sa.select(Delivery.user_id).where(Delivery.news == news, Delivery.channel == "inbox")
    return sorted(db.session.scalars(lines.where(Delivery.state == "sent")))
