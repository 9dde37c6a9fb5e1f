"""Importing a file in a test, as the command line does it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ideas.boards.models import Board
from ideas.db import db
from ideas.moving.cli import run_through
from ideas.moving.formats import FORMATS, Given, options_of
from ideas.moving.importing import Work


@contextmanager
def taken(
    name: str, board: str, path: Path, *, skip_refused: bool = False, dry_run: bool = False, **given: Any
) -> Iterator[tuple[Work, Given]]:
    """The file is imported to the board of that slug; what was done, and what was said of the file."""
    said = Given(board, **given)
    board_id = db.session.scalar(sa.select(Board.id).where(Board.slug == board))
    db.session.rollback()
    with tempfile.TemporaryDirectory() as folder:
        work = Work(FORMATS[name].read(path, said), options_of(name, path, said, board_id), Path(folder) / "spool")
        try:
            run_through(work, path.name, skip_refused=skip_refused, dry_run=dry_run, step=lambda *_: None)
            yield work, said
        finally:
            db.session.rollback()
            work.close()
