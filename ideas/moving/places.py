"""Where what a file names is here: found by the ids that are remembered. The only code that writes `imported`."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.accounts.models import Company, User
from ideas.boards import boardkeeping, queries
from ideas.boards.models import Answer, Board, Comment, Idea, Stage, Status
from ideas.boards.models_evidence import Evidence
from ideas.boards.models_merging import Merge
from ideas.boards.models_releases import Release
from ideas.db import INSERTS, db, utcnow
from ideas.moving.models import Imported
from ideas.moving.records import Kind
from ideas.moving.spooling import Item, Spool
from ideas.settings import current
from ideas.text import folded

_CREATED: dict[Kind, tuple[Any, Any, str]] = {
    Kind.COMPANY: (Company.id, Company.created_at, "created_at"),
    Kind.PERSON: (User.id, User.created_at, "created_at"),
    Kind.IDEA: (Idea.id, Idea.created_at, "created_at"),
    Kind.COMMENT: (Comment.id, Comment.created_at, "created_at"),
    Kind.EVIDENCE: (Evidence.id, Evidence.noted_at, "at"),
    Kind.ANSWER: (Answer.id, Answer.created_at, "created_at"),
    Kind.MERGE: (Merge.id, Merge.merged_at, "at"),
    Kind.RELEASE: (Release.id, Release.created_at, "created_at"),
}


@dataclass(frozen=True)
class Options:
    """How a file is taken.

    source: under which its ids are remembered. board: slug of the board of what names none. statuses: word of the
    source → slug or stage here. is_ours: it was written by a site like this one, perhaps by this very one.
    """

    source: str
    board: str = ""
    statuses: Mapping[str, str] = field(default_factory=dict)
    is_ours: bool = False


class Word(NamedTuple):
    """A status of a board that is here or is about to come."""

    slug: str
    stage: Stage


class Places:
    """What of a file is here already, and what will be."""

    def __init__(self, options: Options, spool: Spool) -> None:
        self.options = options
        self.spool = spool
        self.now = utcnow()
        self._meanings = {folded(theirs): ours for theirs, ours in options.statuses.items()}  # in any case
        self._words: dict[str, dict[str, Word]] = {}
        self._statuses: dict[str, dict[str, Status]] = {}

    def forget(self) -> None:
        """A transaction ended: rows that were read in it may be others now."""
        self._words.clear()
        self._statuses.clear()

    # --- Ids ---

    def ids(self, kind: Kind, keys: Iterable[str]) -> dict[str, int]:
        """Those of the source's ids that are somebody or something here."""
        wanted = set(keys)
        if not wanted:
            return {}
        found = self._remembered(kind, wanted)
        missing = wanted - found.keys()
        if missing and kind == Kind.PERSON and self._some_erased:
            pseudonyms = {pseudonym(self.options.source, each): each for each in missing}
            found |= {pseudonyms[each]: here for each, here in self._remembered(kind, set(pseudonyms)).items()}
        if missing and self.options.is_ours:
            found |= self._by_themselves(kind, missing)
        return found

    def _remembered(self, kind: Kind, keys: Collection[str]) -> dict[str, int]:
        statement = sa.select(Imported.foreign_id, Imported.here_id).where(
            Imported.source == self.options.source, Imported.kind == kind, Imported.foreign_id.in_(keys)
        )
        return {row.foreign_id: row.here_id for row in db.session.execute(statement)}

    def _by_themselves(self, kind: Kind, keys: Collection[str]) -> dict[str, int]:
        """What has the same id here and was made at the same microsecond: the file was written by this site."""
        key, made, name = _CREATED[kind]
        told = {
            each: values[name]
            for each, values in self.spool.bodies(kind, [each for each in keys if each.isdigit()]).items()
        }
        rows = db.session.execute(sa.select(key, made).where(key.in_([int(each) for each in told if len(each) < 10])))
        return {str(here): here for here, at in rows if told.get(str(here)) == at}

    def coming(self, kind: Kind, keys: Iterable[str], here: Collection[str]) -> set[str]:
        """Those that are not here yet and that the file tells of."""
        missing = set(keys) - set(here)
        return set(self.spool.bodies(kind, missing)) if missing else set()

    def remember(self, kind: Kind, pairs: Iterable[tuple[str, int]]) -> None:
        """What has that id in the source is that here from now on."""
        rows = [
            {"source": self.options.source, "kind": kind.value, "foreign_id": key, "here_id": here}
            for key, here in pairs
        ]
        if rows:
            table: Any = Imported.__table__
            db.session.execute(INSERTS[db.session.get_bind().dialect.name](table).on_conflict_do_nothing(), rows)

    def move(self, kind: Kind, before: int, after: int) -> None:
        """Two turned out to be one."""
        db.session.execute(
            sa.update(Imported)
            .where(Imported.kind == kind, Imported.here_id == before)
            .values(here_id=after)
            .execution_options(synchronize_session=False)
        )

    def close_votes(self, *, anew: bool) -> None:
        """All votes of the source's people are taken over as of now; not anew: of those who just came."""
        statement = sa.update(Imported).where(Imported.source == self.options.source, Imported.kind == Kind.PERSON)
        if not anew:
            statement = statement.where(Imported.votes_until.is_(None))
        db.session.execute(statement.values(votes_until=self.now).execution_options(synchronize_session=False))

    def deciding(self, user_ids: Collection[int]) -> dict[int, datetime]:
        """Those of the people whose votes were taken over and who decide here since, with from when."""
        rows = db.session.execute(
            sa.select(User.id, User.verified_at, User.erased_at, Imported.votes_until)
            .join(Imported, sa.and_(Imported.here_id == User.id, Imported.kind == Kind.PERSON))
            .where(
                User.id.in_(user_ids),
                Imported.source == self.options.source,
                Imported.votes_until.is_not(None),
                sa.or_(User.verified_at.is_not(None), User.erased_at.is_not(None)),
            )
        )
        return {row.id: max(row.votes_until, row.verified_at or row.erased_at) for row in rows}

    @cached_property
    def _some_erased(self) -> bool:
        return bool(
            db.session.scalar(
                sa.select(
                    sa.exists().where(
                        Imported.source == self.options.source,
                        Imported.kind == Kind.PERSON,
                        Imported.foreign_id.startswith("erased:"),
                    )
                )
            )
        )

    # --- Boards and their words ---

    def board_of(self, values: Mapping[str, Any]) -> str:
        """Slug of the board that a record is about."""
        return str(values.get("board") or self.options.board)

    def words(self, board: str) -> dict[str, Word]:
        """A board's statuses by slug, and by stage where no slug is the same word; {} when there is no such board."""
        if board not in self._words:
            self._words[board] = self._read_words(board)
        return self._words[board]

    def _read_words(self, board: str) -> dict[str, Word]:
        here = [Word(status.slug, Stage(status.stage)) for status in self.statuses(board).values()]
        by_name = {folded(each.name): Word(each.slug, Stage(each.stage)) for each in self.statuses(board).values()}
        told = self.spool.bodies(Kind.BOARD, [board]).get(board)
        if told is not None:
            said = [Word(each["slug"], Stage(each["stage"])) for each in told["statuses"] or ()]
            if not here and not any(each.stage == Stage.OPEN for each in said):
                said = [Word(slug, stage) for slug, _name, stage in boardkeeping.FIRST_STATUSES]
            here += [each for each in said if each.slug not in {known.slug for known in here}]
        by_stage = {str(each.stage): each for each in reversed(here)}
        return by_name | by_stage | {each.slug: each for each in here}

    def word(self, board: str, said: str | None) -> Word | None:
        """The status that a source's word means on that board; None for none, and when the board has no such thing."""
        if said is None:
            return None
        words = self.words(board)
        said = self._meanings.get(folded(said), said)
        return words.get(said) or words.get(folded(said))

    def board(self, slug: str) -> Board | None:
        return db.session.scalar(sa.select(Board).where(Board.slug == slug))

    def statuses(self, board: str) -> dict[str, Status]:
        """The statuses of a board that is here, by slug, in their order."""
        if board not in self._statuses:
            found = self.board(board)
            of = queries.statuses_of(found) if found is not None else []
            self._statuses[board] = {status.slug: status for status in of}
        return self._statuses[board]

    def tags(self, board: str) -> dict[str, int]:
        """Slug, name, or name in any case → id."""
        found = self.board(board)
        tags = queries.tags_of(found) if found is not None else []
        by_name = {folded(tag.name): tag.id for tag in tags} | {tag.name: tag.id for tag in tags}
        return by_name | {tag.slug: tag.id for tag in tags}


def pseudonym(source: str, key: str) -> str:
    """What stands for a forgotten person's id in another system: a later import of the same file finds it again."""
    # as it always was for tables, of which a board is all that says where they come from
    secret, said = current().secret_key.encode(), f"{source.removeprefix('csv:')} {key}".encode()
    return f"erased:{hmac.new(secret, said, hashlib.sha256).hexdigest()[:48]}"


def keys_of(items: Iterable[Item], *names: str) -> set[str]:
    """All that records name under these fields."""
    return {item.values[name] for item in items for name in names if item.values.get(name)}
