"""Takes over what a file says: read whole, compared with what is here, then put down a few hundred records at a time.

Nobody is told of an import: it writes no outbox entry. Nothing is written before all of a file was read and found to
fit. What is put down in one transaction is known by its ids from then on, so an import that was killed is simply begun
again, and one that is repeated changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ideas.accounts import audit, locks
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.crashpoints import crashpoint
from ideas.csv_in import FileRefused, Refused
from ideas.db import db
from ideas.moving import putting_evidence, putting_ideas, putting_people, putting_words
from ideas.moving.fields import Wrong
from ideas.moving.places import Options, Places
from ideas.moving.records import Kind, Record
from ideas.moving.spooling import Item, Spool, fill
from ideas.moving.verdicts import WRITES, Became, Verdict
from ideas.text import cut
from ideas.words import _

BATCH = 500
EXAMPLES = 20  # of each kind and fate
REFUSED_SHOWN = 200

Judge = Callable[[Places, Sequence[Item]], list[Verdict]]
Put = Callable[[Places, Sequence[Verdict]], None]

HANDLERS: dict[Kind, tuple[Judge, Put]] = {
    Kind.BOARD: (putting_people.judge_boards, putting_people.put_boards),
    Kind.TAG: (putting_people.judge_tags, putting_people.put_tags),
    Kind.COMPANY: (putting_people.judge_companies, putting_people.put_companies),
    Kind.PERSON: (putting_people.judge_people, putting_people.put_people),
    Kind.IDEA: (putting_ideas.judge_ideas, putting_ideas.put_ideas),
    Kind.VOTE: (putting_ideas.judge_votes, putting_ideas.put_votes),
    Kind.COMMENT: (putting_ideas.judge_comments, putting_ideas.put_comments),
    Kind.EVIDENCE: (putting_evidence.judge_evidence, putting_evidence.put_evidence),
    Kind.ON_BEHALF: (putting_evidence.judge_on_behalf, putting_evidence.put_on_behalf),
    Kind.ANSWER: (putting_words.judge_answers, putting_words.put_answers),
    Kind.MERGE: (putting_words.judge_merges, putting_words.put_merges),
    Kind.FOLLOW: (putting_words.judge_follows, putting_words.put_follows),
    Kind.RELEASE: (putting_words.judge_releases, putting_words.put_releases),
}


@dataclass
class Tally:
    """What became of the records of a file, counted, with the first examples of what is not as it was."""

    counts: Counter[tuple[Kind, Became]] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)

    def note(self, verdicts: Iterable[Verdict]) -> None:
        for verdict in verdicts:
            key = verdict.item.kind, verdict.became
            self.counts[key] += 1
            if verdict.became in (Became.SAME, Became.PASSED, Became.REFUSED) or self.counts[key] > EXAMPLES:
                continue
            self.examples.append(_example(verdict))

    def of(self, became: Became, *kinds: Kind) -> int:
        return sum(n for (kind, what), n in self.counts.items() if what == became and (not kinds or kind in kinds))

    @property
    def changed(self) -> bool:
        return any(self.of(became) for became in WRITES)

    def rows(self) -> list[dict[str, Any]]:
        """The counts as a table: a row for each kind that there is."""
        kinds = {kind for (kind, _became) in self.counts}
        return [
            {"kind": kind.value, **{each.value: self.counts[kind, each] for each in Became if each != Became.PASSED}}
            for kind in Kind
            if kind in kinds
        ]


def _example(verdict: Verdict) -> dict[str, Any]:
    values = verdict.item.values
    said = (values.get(name) for name in ("title", "name", "text", "body", "words"))
    name = next(filter(None, said), verdict.item.key)
    return {
        "kind": verdict.item.kind.value,
        "became": verdict.became.value,
        "where": Refused(verdict.item.at.line, "", verdict.item.at.file).where,
        "name": cut(str(name).replace("\t", " → "), 80),
        "differences": {each: [_short(pair[0]), _short(pair[1])] for each, pair in verdict.differences.items()},
    }


def _short(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return "" if value is None else cut(str(value), 120)


class Work:
    """A file on its way. Call `read`, then `check`, each to its end; then `put_next` in a unit of work for each piece.

    read: pauses now and then. check: compares, and tallies in `found`. put_next: the next piece is there, counted in
    `done`; `place` is up to which record all is.
    """

    def __init__(
        self, records: Iterable[Record | Wrong], options: Options, spool_path: Path, *, actor: User | None = None
    ) -> None:
        self.spool = Spool(spool_path, options.board)
        self.places = Places(options, self.spool)
        self.found = Tally()
        self.done = Tally()
        self.place = 0
        self.checked = 0
        self.actor_id = actor.id if actor else None
        self._records = records
        self._path = spool_path

    def close(self) -> None:
        self.spool.close()
        self._path.unlink(missing_ok=True)

    @property
    def total(self) -> int:
        return self.spool.total

    def read(self) -> Iterator[None]:
        """Raises FileRefused when the file cannot be read."""
        yield from fill(self.spool, self._records)

    def check(self) -> Iterator[None]:
        """Find what would become of everything. Reads the database, and writes nothing."""
        for items in self.spool.batches(size=BATCH):
            judge, _put = HANDLERS[items[0].kind]
            verdicts = judge(self.places, items)
            self.found.note(verdicts)
            for verdict in verdicts:
                if verdict.became == Became.REFUSED:
                    self.spool.refuse_item(verdict.item, verdict.reason)
            self.checked = items[-1].place
            db.session.expire_all()  # thousands of rows need not stay in memory
            self.places.forget()
            yield

    def require_whole(self) -> None:
        """Raises FileRefused when anything of the file cannot be taken."""
        number = self.spool.refused_count()
        if number:
            raise FileRefused(
                _("Nothing was imported. Rows that cannot be taken: %(number)s.", number=number),
                tuple(self.spool.refusals(REFUSED_SHOWN)),
            )

    def put_next(self, file_name: str = "") -> bool:
        """Put the next piece down, in the caller's transaction; False when all is."""
        items = next(self.spool.batches(self.place, BATCH), None)
        if items is None or self.place >= self.total:
            self._end(file_name)
            return False
        locks.hold(f"import:{self.places.options.source}")
        judge, put = HANDLERS[items[0].kind]
        verdicts = judge(self.places, items)
        writing = [verdict for verdict in verdicts if verdict.became in WRITES]
        if writing:
            if not self.done.changed:
                self._note("import.begun", file_name)
            put(self.places, writing)
            db.session.flush()
            crashpoint("import.before_commit")
        db.session.expire_all()
        self.places.forget()
        for verdict in verdicts:
            if verdict.became == Became.REFUSED:  # it no longer fits what is here; nor does what names it
                self.spool.refuse_item(verdict.item, verdict.reason)
        self.done.note(verdicts)
        self.place = items[-1].place
        return True

    def _end(self, file_name: str) -> None:
        if any(kind == Kind.VOTE for kind, _became in self.done.counts):
            self.places.close_votes(anew=self.done.changed)
        if self.done.changed:
            totals = {became.value: self.done.of(became) for became in WRITES if self.done.of(became)}
            self._note("import.done", file_name, **totals)

    def _note(self, act: str, file_name: str, **counts: int) -> None:
        slug = self.places.options.board
        board = db.session.scalar(sa.select(Board.id).where(Board.slug == slug)) if slug else None
        actor = db.session.get(User, self.actor_id) if self.actor_id else None
        audit.record(actor, act, f"board:{board}" if board else "site", file=file_name, **counts)
