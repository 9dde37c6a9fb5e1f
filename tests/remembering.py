"""Worlds with which many tests of a module begin: made once, and for each further test put back as they were.

To make a world through services and pages takes a quarter of a second and more; to put its rows back, a hundredth. A
test may do to it what it likes, because the next one has it anew. Only the database is remembered, not files.
"""

import io
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, cast

import sqlalchemy as sa
import time_machine
from flask import Flask, current_app

from ideas.db import Base, db

Made = TypeVar("Made")


class Keeping(Protocol):
    """A database that can become again what it was."""

    kind: str

    def empty(self) -> None:
        """Hold nothing. Nobody may be connected in a transaction."""

    def keep(self) -> Any:
        """All that it holds now; None where it cannot be put back."""

    def put_back(self, kept: Any) -> None:
        """Hold what `keep` gave. The database is empty, and nobody is connected in a transaction."""


class Begin(Protocol):
    """`Worlds.begin`, as the fixture gives it."""

    def __call__(self, make: Callable[..., Made], *given: Any, clock: time_machine.Traveller | None = None) -> Made: ...


@dataclass(frozen=True)
class _World:
    kept: Any
    made: bytes
    at: float


class Worlds:
    """The worlds of one module."""

    def __init__(self, database: Keeping) -> None:
        self.database = database
        self.known: dict[Callable[..., Any], _World] = {}

    def begin(self, make: Callable[..., Made], *given: Any, clock: time_machine.Traveller | None = None) -> Made:
        """What `make(*given)` gives, on the database of this test, in which nothing is yet.

        What it gives may hold the application and rows, which are then those of the present test. A clock that stands
        still is put to when the world was ready.
        """
        world = self.known.get(make)
        if world is None or world.kept is None:
            made = make(*given)
            db.session.commit()
            world = self.known[make] = _World(self.database.keep(), _written(made), time.time())
            db.session.expunge_all()
        else:
            db.session.remove()
            if self.database.kind == "sqlite":  # its file becomes another one
                db.engine.dispose()
            self.database.put_back(world.kept)
            if clock is not None:
                clock.move_to(world.at)
        return cast(Made, _read(world.made))


class _Pickler(pickle.Pickler):
    def persistent_id(self, it: Any) -> Any:
        if isinstance(it, Flask):
            return Flask, None
        return (type(it), sa.inspect(it).identity) if isinstance(it, Base) else None


class _Unpickler(pickle.Unpickler):  # what we wrote ourselves a moment ago
    def persistent_load(self, name: Any) -> Any:
        kind, identity = name
        return _app() if kind is Flask else db.session.get_one(kind, identity)


def _app() -> Flask:
    return current_app._get_current_object()  # type: ignore[attr-defined,no-any-return]  # it is a proxy


def _written(made: Any) -> bytes:
    _Pickler(file := io.BytesIO()).dump(made)
    return file.getvalue()


def _read(made: bytes) -> Any:
    return _Unpickler(io.BytesIO(made)).load()
