"""What rooms above do beside telling people, by the same workers: neither waits for the other."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import sqlalchemy as sa
import structlog

from ideas import settings
from ideas.settings import Beside

if TYPE_CHECKING:
    from ideas.ledger.worker import Application

log = structlog.get_logger()

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # seconds, after something went wrong
LAST_WORDS = 20.0  # seconds for what is under way when the worker ends


def made(app: Application) -> list[Beside]:
    """One of each, for this worker."""
    with app.app_context():
        return [make() for make in settings.rooms().beside]


def turn(app: Application, all_of_it: Sequence[Beside]) -> bool:
    """A turn of each; False when there was nothing to do."""
    with app.app_context():
        did = False
        for each in all_of_it:
            did = each.turn() or did
        return did


def finish(app: Application, all_of_it: Sequence[Beside]) -> None:
    """The last turn of each."""
    with app.app_context():
        for each in all_of_it:
            each.finish()


@contextmanager
def working(app: Application, stopping: threading.Event, poll_seconds: float) -> Iterator[None]:
    """Inside, all of it is done, each in a thread of its own, until `stopping`."""
    threads = [
        threading.Thread(target=_work, args=(app, each, stopping, poll_seconds), daemon=True) for each in made(app)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopping.set()
        for thread in threads:
            thread.join(LAST_WORDS)


def _work(app: Application, one: Beside, stopping: threading.Event, poll_seconds: float) -> None:
    pause = FIRST_PAUSE
    while not stopping.is_set():
        try:
            busy = turn(app, [one])
        except Exception as error:
            # as with telling people: it goes on once it is well again
            if isinstance(error, sa.exc.DBAPIError):
                log.error("database_unavailable", error=str(error.orig), again_in=pause)
            else:
                log.exception("turn_failed", again_in=pause)
            stopping.wait(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            continue
        pause = FIRST_PAUSE
        if not busy:
            stopping.wait(poll_seconds)
    finish(app, [one])
