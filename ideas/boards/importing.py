"""Takes over the ideas and votes of another system. The only code that writes `imported_person`; the rest it asks for.

Nobody is told of an import: it writes no outbox entry. A file is one transaction of the caller's, so a killed import
leaves nothing. Importing a file again changes nothing. How rows are read is importing_rows.py; docs/import.md is for
people.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from string import Formatter
from typing import NamedTuple, TypeVar

import sqlalchemy as sa

from ideas.accounts import addresses, audit, locks, people
from ideas.accounts.models import User
from ideas.boards import erasing, importing_rows, posting, queries, ranking, searching, voting
from ideas.boards.importing_rows import IdeaIn, Reading, VoteIn
from ideas.boards.models import (
    Board,
    Idea,
    SourceKind,
    Status,
    Vote,
)
from ideas.boards.models_importing import ImportedPerson
from ideas.boards.posting import Draft
from ideas.csv_in import FileRefused, Refused
from ideas.db import db, utcnow
from ideas.ledger.models import Delivery
from ideas.words import _

CHUNK = 500

Progress = Callable[[int, int], None]
_Item = TypeVar("_Item")


class EmailPattern(NamedTuple):
    """How a source's people are reached: an address made of their id there and the board."""

    pattern: str

    @classmethod
    def parse(cls, pattern: str) -> EmailPattern:
        """Raises ValueError when the pattern would not give each person an address of their own."""
        try:
            names = [name for _text, name, *_rest in Formatter().parse(pattern) if name is not None]
        except ValueError:
            names = ["{"]
        if set(names) - {"voter_id", "author_id", "board"} or not set(names) & {"voter_id", "author_id"}:
            raise ValueError(_("Write it with {voter_id} or {author_id}, and {board} if you like."))
        made = cls(pattern)
        try:
            made.address("1", "board")
        except ValueError:
            raise ValueError(
                _("It gives “%(sample)s”, which is no address.", sample=made._filled("1", "board"))
            ) from None
        return made

    def address(self, source_id: str, board: str) -> str:
        """Raises ValueError when that id gives no address."""
        return addresses.email(self._filled(source_id, board))

    def _filled(self, source_id: str, board: str) -> str:
        filled = self.pattern.replace("{board}", board)
        return filled.replace("{voter_id}", source_id).replace("{author_id}", source_id)


@dataclass(frozen=True)
class Options:
    """How a file is taken. columns: name of ours → the file's. skip_refused: take the other rows all the same."""

    columns: Mapping[str, str] = field(default_factory=dict)
    email_pattern: EmailPattern | None = None
    skip_refused: bool = False


@dataclass(frozen=True)
class Outcome:
    """What an import did.

    same: ideas or votes that are what the file says. kept: votes left as they are, because their people decided
    here after the file's last word, or have claimed their account since.
    """

    rows: int
    added: int
    removed: int
    same: int
    kept: int
    people: int
    refused: tuple[Refused, ...]
    ignored: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return bool(self.added or self.removed or self.people)


def _no_progress(done: int, of: int) -> None:
    pass


def ideas(board: Board, path: Path, options: Options, *, progress: Progress = _no_progress) -> Outcome:
    """Put the ideas of a file on `board`. Those that came before with the same id stay as they are.

    Raises FileRefused when the file cannot be read, or has rows that cannot be taken and options.skip_refused is off.
    """
    reading = importing_rows.read_ideas(path, options.columns, now=utcnow())
    locks.hold(f"import:{board.id}")
    statuses, tags = _statuses(board), _tags(board)
    _refuse(reading, lambda row: _unknown_words(row, statuses, tags))
    _refuse(reading, lambda row: _unreachable(row.author, board, options))
    _require_whole(reading, options)
    known = _imported_ideas(board)
    new = [row for row in reading.rows if row.source_id not in known]
    crowd = _people(board, [row.author for row in reading.rows], {row.author for row in new}, options)
    tally = searching.Tally()
    for done, chunk in _chunks(new):
        posting.write_all(
            board,
            [
                Draft(
                    author_id=crowd.ids[row.author],
                    title=row.title,
                    body=row.body,
                    at=row.at,
                    source=SourceKind.IMPORT,
                    source_id=row.source_id,
                    hidden_at=utcnow() if row.is_hidden else None,
                    status=statuses.get(row.status),
                    tag_ids=sorted({tags[tag] for tag in row.tags}),
                )
                for row in chunk
            ],
            tally=tally,
        )
        db.session.expire_all()  # thousands of rows need not stay in memory
        progress(done, len(new))
    searching.count(tally)
    outcome = Outcome(
        rows=len(reading.rows) + len(reading.refused),
        added=len(new),
        removed=0,
        same=len(reading.rows) - len(new),
        kept=0,
        people=crowd.changed,
        refused=tuple(reading.refused),
        ignored=reading.ignored,
    )
    _note(board, "ideas.imported", path, outcome)
    return outcome


def votes(board: Board, path: Path, options: Options, *, progress: Progress = _no_progress) -> Outcome:
    """Make the votes on the imported ideas of `board` what a file of events says they are in the end.

    The last event of a person on an idea counts: 1 is a vote, 0 and -1 are none. Raises FileRefused as `ideas`.
    """
    reading = importing_rows.read_votes(path, options.columns, now=utcnow())
    locks.hold(f"import:{board.id}")
    known = _imported_ideas(board)
    _refuse(reading, lambda row: None if row.idea in known else _no_idea(row.idea))
    _refuse(reading, lambda row: _unreachable(row.voter, board, options))
    _require_whole(reading, options)
    ends = _ends(reading.rows)
    backers = {voter for (_idea, voter), end in ends.items() if end.since is not None}
    crowd = _people(board, [row.voter for row in reading.rows], backers, options)
    standing = _votes(board)
    add: list[tuple[int, int, datetime]] = []
    remove: list[int] = []
    same = kept = 0
    for (idea_id, user_id), end in _ends_here(ends, known, crowd).items():
        vote = standing.get((idea_id, user_id))
        if (vote is not None) == (end.since is not None):
            same += 1
        elif user_id in crowd.deciding and end.at <= crowd.deciding[user_id]:
            kept += 1
        elif end.since is not None:
            add.append((idea_id, user_id, end.since))
        elif vote is not None and vote.cast_at > end.at:
            kept += 1
        elif vote is not None:
            remove.append(vote.id)
    for done, chunk in _chunks(add):
        voting.take_over(chunk)
        progress(done, len(add))
    for _done, ids in _chunks(remove):
        voting.take_back(ids)
    if add or remove or crowd.changed:
        ranking.recount(board.id)
    outcome = Outcome(
        rows=len(reading.rows) + len(reading.refused),
        added=len(add),
        removed=len(remove),
        same=same,
        kept=kept,
        people=crowd.changed,
        refused=tuple(reading.refused),
        ignored=reading.ignored,
    )
    _note(board, "votes.imported", path, outcome)
    return outcome


# --- What rows mean together, and with what the board knows ---


class _End(NamedTuple):
    """Where a person ended with an idea. since: from when the vote that stands was given; None for none."""

    at: datetime
    since: datetime | None


def _ends(rows: Iterable[VoteIn]) -> dict[tuple[str, str], _End]:
    """(idea, voter) → the end of their story; rows in order of time."""
    ends: dict[tuple[str, str], _End] = {}
    for row in rows:
        before = ends.get((row.idea, row.voter))
        since = (before.since if before and before.since else row.at) if row.is_vote else None
        ends[row.idea, row.voter] = _End(row.at, since)
    return ends


def _ends_here(
    ends: Mapping[tuple[str, str], _End], ideas: Mapping[str, int], crowd: _Crowd
) -> dict[tuple[int, int], _End]:
    """The same by ids here, where two people of the source may be one: the later end is theirs."""
    here: dict[tuple[int, int], _End] = {}
    for (idea, voter), end in ends.items():
        if voter in crowd.ids:
            key = ideas[idea], crowd.ids[voter]
            here[key] = max(here.get(key, end), end, key=lambda each: each.at)
    return here


def _refuse(reading: Reading[_Item], why: Callable[[_Item], str | None]) -> None:
    """Move the rows for which `why` gives a reason to those refused."""
    taken: list[_Item] = []
    for row in reading.rows:
        reason = why(row)
        if reason is None:
            taken.append(row)
        else:
            reading.refused.append(Refused(row.line, reason))  # type: ignore[attr-defined]  # each row has its line
    reading.rows = taken
    reading.refused.sort()


def _require_whole(reading: Reading[_Item], options: Options) -> None:
    if reading.refused and not options.skip_refused:
        raise FileRefused(
            _("Nothing was imported. Rows that cannot be taken: %(number)s.", number=len(reading.refused)),
            tuple(reading.refused),
        )


def _unknown_words(row: IdeaIn, statuses: Mapping[str, Status], tags: Mapping[str, int]) -> str | None:
    if row.status and row.status not in statuses:
        return _("The board has no status “%(status)s”.", status=row.status)
    for tag in row.tags:
        if tag not in tags:
            return _("The board has no tag “%(tag)s”.", tag=tag)
    return None


def _unreachable(source_id: str, board: Board, options: Options) -> str | None:
    if options.email_pattern is None:
        return None
    try:
        options.email_pattern.address(source_id, board.slug)
    except ValueError:
        return _("With the id “%(id)s” the pattern gives no e-mail address.", id=source_id)
    return None


def _no_idea(source_id: str) -> str:
    return _("The board has no imported idea with the id “%(id)s”.", id=source_id)


def _statuses(board: Board) -> dict[str, Status]:
    """By slug, and by stage where no slug is the same word: the first one of that stage."""
    statuses = queries.statuses_of(board)
    by_stage = {str(status.stage): status for status in reversed(statuses)}
    return by_stage | {status.slug: status for status in statuses}


def _tags(board: Board) -> dict[str, int]:
    """Slug or name → id."""
    tags = queries.tags_of(board)
    return {tag.name: tag.id for tag in tags} | {tag.slug: tag.id for tag in tags}


def _imported_ideas(board: Board) -> dict[str, int]:
    """Id in the source → id here."""
    rows = db.session.execute(
        sa.select(Idea.source_id, Idea.id).where(Idea.board_id == board.id, Idea.source_kind == SourceKind.IMPORT)
    )
    return {row.source_id: row.id for row in rows if row.source_id is not None}


class _Standing(NamedTuple):
    """A vote as it stands here."""

    id: int
    cast_at: datetime


def _votes(board: Board) -> dict[tuple[int, int], _Standing]:
    rows = db.session.execute(
        sa.select(Vote.idea_id, Vote.user_id, Vote.id, Vote.cast_at)
        .join(Idea, Idea.id == Vote.idea_id)
        .where(Idea.board_id == board.id, Idea.source_kind == SourceKind.IMPORT)
    )
    return {(row.idea_id, row.user_id): _Standing(row.id, row.cast_at) for row in rows}


# --- People ---


class _Crowd(NamedTuple):
    """The source's people. ids: id there → id here. deciding: id here of who had claimed their account, and when."""

    ids: dict[str, int]
    deciding: dict[int, datetime]
    changed: int


def _people(board: Board, named: Iterable[str], needed: set[str], options: Options) -> _Crowd:
    """Those in `needed` exist afterwards; everybody in `named` has the address that the pattern gives."""
    rows = db.session.execute(
        sa.select(ImportedPerson.source_id, User)
        .join(User, User.id == ImportedPerson.user_id)
        .where(ImportedPerson.board_id == board.id)
    ).all()
    known = {row.source_id: row.User for row in rows}
    # who was erased is found again by a pseudonym, and what they left here stays as it is
    erased = {source_id: user for source_id, user in known.items() if user.erased_at is not None}
    for source_id in dict.fromkeys(named) if erased else ():
        if user := erased.get(erasing.pseudonym(board.id, source_id)):
            known[source_id] = user
    claimed = ((user.id, user.verified_at or user.erased_at) for user in known.values())
    deciding = {user_id: since for user_id, since in claimed if since is not None}
    new = [source_id for source_id in dict.fromkeys(named) if source_id in needed and source_id not in known]
    made = people.add_unclaimed(
        people.Unclaimed(_("Person %(id)s", id=source_id), _address(source_id, board, options)) for source_id in new
    )
    pairs = list(zip(new, made, strict=True))
    for _done, chunk in _chunks(pairs):
        db.session.execute(
            sa.insert(ImportedPerson),
            [{"board_id": board.id, "source_id": source_id, "user_id": user_id} for source_id, user_id in chunk],
        )
    ids = {source_id: user.id for source_id, user in known.items()} | dict(pairs)
    reached = 0
    for source_id in dict.fromkeys(named):
        user = known.get(source_id)
        address = _address(source_id, board, options)
        if user is None or user.erased_at is not None:
            continue
        if address is not None and user.email is None and user.verified_at is None:
            now_reached = _reach(user, address)
            ids[source_id] = now_reached or user.id
            reached += now_reached is not None
    return _Crowd(ids, deciding, len(new) + reached)


def _address(source_id: str, board: Board, options: Options) -> str | None:
    return options.email_pattern.address(source_id, board.slug) if options.email_pattern else None


def _reach(nameless: User, address: str) -> int | None:
    """The id of whoever `nameless`, who came without an address, is now that there is one; None if nothing changed.

    When somebody has that address already, they take over what was imported for `nameless`, unless `nameless` was told
    of something meanwhile: what the ledger says of a person stays theirs.
    """
    nameless_id = nameless.id
    if people.give_address(nameless, address):
        return nameless_id
    other = people.by_email(address)
    if other is None or db.session.scalar(sa.select(sa.exists().where(Delivery.user_id == nameless_id))):
        return None
    posting.hand_over(nameless_id, other.id)
    votes = db.session.execute(sa.select(Vote.id, Vote.idea_id, Vote.cast_at).where(Vote.user_id == nameless_id)).all()
    voting.take_over([(vote.idea_id, other.id, vote.cast_at) for vote in votes])
    voting.take_back([vote.id for vote in votes])
    db.session.execute(sa.update(ImportedPerson).where(ImportedPerson.user_id == nameless_id).values(user_id=other.id))
    return other.id


# --- What they share ---


def _chunks(items: Sequence[_Item]) -> Iterable[tuple[int, list[_Item]]]:
    """Some hundred at a time, each with how many are done after it."""
    rest = iter(items)
    done = 0
    while chunk := list(islice(rest, CHUNK)):
        done += len(chunk)
        yield done, chunk


def _note(board: Board, act: str, path: Path, outcome: Outcome) -> None:
    if outcome.changed:
        counts = {"added": outcome.added, "removed": outcome.removed, "refused": len(outcome.refused)}
        audit.record(None, act, f"board:{board.id}", file=path.name, **counts)
