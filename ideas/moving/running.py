"""Imports that administrators send by the page: kept, compared, begun on a word, done by the worker a piece at a time.

The only code that writes `import` and `import_piece`. Where an import is stands in its row; what the worker has of a
file in its own hands (the spool) it makes anew from what was sent when it has lost it.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from ideas import rounds
from ideas.accounts import audit, policy
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.csv_in import FileRefused, Refused
from ideas.db import db, utcnow
from ideas.errors import Conflict, NotFound
from ideas.moving import formats
from ideas.moving.formats import FORMATS, Given
from ideas.moving.importing import Tally, Work
from ideas.moving.models_running import FILE_NAME_LONGEST, UNDER_WAY, Import, ImportPiece, State
from ideas.moving.readers_csv import EmailPattern
from ideas.paging import Page, read_cursor
from ideas.text import cut, readable
from ideas.words import _

ROUND = "moving.import"  # as the room registers it
SENT_MOST = 20 * 2**20  # bytes
PIECE = 2**19
TURN_SECONDS = 0.5  # of a round: on SQLite nobody else writes meanwhile
KEPT = timedelta(days=30)
WAITS_MOST = timedelta(days=7)
REFUSED_SHOWN = 50
EXAMPLES_SHOWN = 60
SHOWN = 50


class NotWaiting(Conflict):
    """The import is not at the point at which that can be said."""

    code = "not-waiting"


# --- What administrators do ---


def options_of(words: Mapping[str, Any]) -> dict[str, Any]:
    """What was said of how a file is taken, of words as schemas.SentFile loads them."""
    return {name: words[name] for name in ("email_pattern", "statuses", "columns") if words[name]}


def send(
    actor: User, name: str, board: Board | None, file: IO[bytes], file_name: str, options: dict[str, Any]
) -> Import:
    """Keep a file to be compared with what is here. options: as `options_of` gives them."""
    policy.require_admin(actor)
    sent = Import(
        by_id=actor.id,
        board_id=board.id if board else None,
        format=name,
        file_name=cut(readable(file_name), FILE_NAME_LONGEST) or "?",
        options=options,
        state=State.CHECKING,
        report={},
        created_at=utcnow(),
    )
    db.session.add(sent)
    db.session.flush()  # its pieces name its id
    number = 0
    while piece := file.read(PIECE):
        number += 1
        db.session.add(ImportPiece(import_id=sent.id, number=number, content=piece))
        db.session.flush()
    rounds.hasten(ROUND)
    audit.record(actor, "import.sent", f"import:{sent.id}", file=sent.file_name, format=name)
    return sent


def begin(actor: User, import_id: int, *, skip_refused: bool) -> None:
    """Put down what was compared. Raises NotWaiting unless it waits for that, or when rows cannot be taken."""
    sent = _held(actor, import_id)
    if sent.state != State.CHECKED or (sent.report.get("refused_count") and not skip_refused):
        raise NotWaiting(_("This import does not wait to be begun. Look at how it is now."))
    sent.state, sent.done, sent.place = State.RUNNING, 0, 0
    rounds.hasten(ROUND)
    audit.record(actor, "import.started", f"import:{sent.id}", file=sent.file_name, skip_refused=skip_refused)


def discard(actor: User, import_id: int) -> None:
    """Throw away a file that waits, or is being compared. Raises NotWaiting for one that is put down or was."""
    sent = _held(actor, import_id)
    if sent.state not in (State.CHECKING, State.CHECKED):
        raise NotWaiting(_("This import has begun, so it goes to its end."))
    audit.record(actor, "import.discarded", f"import:{sent.id}", file=sent.file_name)
    _drop(sent.id)
    db.session.delete(sent)


def get(actor: User, import_id: int) -> Import:
    """Raises NotFound."""
    policy.require_admin(actor)
    found = db.session.scalar(sa.select(Import).where(Import.id == import_id).options(*_SHOWN_WITH))
    if found is None:
        raise NotFound(_("There is no such import."))
    return found


def newest(actor: User) -> list[Import]:
    """The last ones, newest first."""
    policy.require_admin(actor)
    return list(db.session.scalars(sa.select(Import).options(*_SHOWN_WITH).order_by(Import.id.desc()).limit(SHOWN)))


def page(actor: User, *, limit: int, cursor: str | None) -> Page[Import]:
    """All there are, newest first."""
    policy.require_admin(actor)
    statement = sa.select(Import).options(*_SHOWN_WITH).order_by(Import.id.desc()).limit(limit + 1)
    if (key := read_cursor(_NEWEST, cursor)) is not None:
        statement = statement.where(Import.id < key[0])
    return Page.of(list(db.session.scalars(statement)), limit, order=_NEWEST, key=lambda sent: [sent.id])


_NEWEST = "imports"
_SHOWN_WITH = (sa.orm.joinedload(Import.by), sa.orm.joinedload(Import.board))


def _held(actor: User, import_id: int) -> Import:
    policy.require_admin(actor)
    found = db.session.scalar(
        sa.select(Import).where(Import.id == import_id).with_for_update().execution_options(populate_existing=True)
    )
    if found is None:
        raise NotFound(_("There is no such import."))
    return found


def _drop(import_id: int) -> None:
    db.session.execute(
        sa.delete(ImportPiece).where(ImportPiece.import_id == import_id).execution_options(synchronize_session=False)
    )


# --- What the worker does ---


class _Desk:
    """What this process has of an import in its hands: the file, and how far it is read and compared."""

    def __init__(self, sent: Import) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="ideas-import-")
        path = Path(self.folder.name) / _name(sent.file_name)
        pieces = sa.select(ImportPiece.content).where(ImportPiece.import_id == sent.id).order_by(ImportPiece.number)
        with path.open("wb") as out:
            for content in db.session.scalars(pieces.execution_options(yield_per=4)):
                out.write(content)
        board = db.session.get(Board, sent.board_id) if sent.board_id else None
        pattern = sent.options.get("email_pattern")
        given = Given(
            board.slug if board else "",
            email_pattern=EmailPattern.parse(pattern) if pattern else None,
            columns=sent.options.get("columns") or {},
            statuses=sent.options.get("statuses") or {},
        )
        self.given = given
        options = formats.options_of(sent.format, path, given, sent.board_id)
        actor = db.session.get_one(User, sent.by_id)
        self.work = Work(FORMATS[sent.format].read(path, given), options, Path(self.folder.name) / "spool", actor=actor)
        self.reading: Iterator[None] | None = self.work.read()
        self.checking = self.work.check()

    def close(self) -> None:
        self.work.close()
        self.folder.cleanup()


_desks: dict[int, _Desk] = {}


def go_on() -> bool:
    """A turn of the oldest import that is under way, in the caller's transaction; True when there is more to do."""
    _tidy()
    sent = db.session.scalar(
        sa.select(Import).where(Import.state.in_((State.CHECKING, State.RUNNING))).order_by(Import.id).limit(1)
    )
    _forget_others(sent.id if sent else None)
    if sent is None:
        return False
    try:
        if sent.id not in _desks:
            _desks[sent.id] = _Desk(sent)
        _turn(sent, _desks[sent.id])
    except FileRefused as error:
        report = {"wrong": error.message, "refused": [_row(each) for each in error.refused[:REFUSED_SHOWN]]}
        _end(sent, State.REFUSED, report)
    except Exception:
        _forget_others(None)  # what is in the hands is no longer what the row says
        raise
    return True


def _turn(sent: Import, desk: _Desk) -> None:
    until = time.monotonic() + TURN_SECONDS
    work, import_id, state = desk.work, sent.id, sent.state
    work.place = sent.place  # if a turn was lost, what it had put down is not there
    file_name = sent.file_name
    while goes_on := _step(desk, state, file_name):
        if time.monotonic() > until:
            break
    sent = db.session.get_one(Import, import_id)
    sent.total = work.total
    sent.place = work.place
    sent.done = work.place if state == State.RUNNING else work.checked
    if goes_on:
        return
    if state == State.CHECKING:
        sent.state = State.CHECKED
        sent.report = _report(work, work.found, desk.given)
    else:
        _end(sent, State.DONE, _report(work, work.done, desk.given))


def _step(desk: _Desk, state: str, file_name: str) -> bool:
    """One step of reading, comparing or putting down; False when all is done."""
    if desk.reading is not None:
        if next(desk.reading, _OVER) is _OVER:
            desk.reading = None
        return True
    if state == State.CHECKING:
        return next(desk.checking, _OVER) is not _OVER
    return desk.work.put_next(file_name)


_OVER = object()


def _report(work: Work, tally: Tally, given: Given) -> dict[str, Any]:
    return {
        "read": work.spool.read,
        "rows": tally.rows(),
        "changed": tally.changed,
        "examples": tally.examples[:EXAMPLES_SHOWN],
        "refused": [_row(each) for each in work.spool.refusals(REFUSED_SHOWN)],
        "refused_count": work.spool.refused_count(),
        "ignored": list(given.ignored[:EXAMPLES_SHOWN]),
    }


def _row(refused: Refused) -> dict[str, str]:
    return {"where": refused.where, "reason": refused.reason}


def _end(sent: Import, state: State, report: dict[str, Any]) -> None:
    sent.state, sent.report, sent.ended_at = state, report, utcnow()
    _drop(sent.id)
    _forget_others(None)


def _forget_others(import_id: int | None) -> None:
    for each in [each for each in _desks if each != import_id]:
        _desks.pop(each).close()


def _tidy() -> None:
    """Files that wait for a word too long are given up, and what was long ago is forgotten."""
    now = utcnow()
    late = sa.select(Import).where(Import.state == State.CHECKED, Import.created_at < now - WAITS_MOST)
    for sent in db.session.scalars(late):
        _end(sent, State.REFUSED, {"wrong": _("Nobody began it for seven days. Send the file again.")})
    old = sa.delete(Import).where(Import.created_at < now - KEPT, Import.state.not_in(UNDER_WAY))
    db.session.execute(old.execution_options(synchronize_session=False))


def _name(file_name: str) -> str:
    """What a file is called while it is read: its ending tells how, and a plain name may say which list it is."""
    lower = file_name.lower()
    suffix = next((each for each in _SUFFIXES if lower.endswith(each)), "")
    stem = lower.removesuffix(suffix)
    return f"{stem if _PLAIN.fullmatch(stem) else 'sent'}{suffix}"


_SUFFIXES = (".csv.gz", ".ndjson.gz", ".json.gz", ".zip", ".csv", ".ndjson", ".json")
_PLAIN = re.compile(r"[a-z_]{1,40}")
