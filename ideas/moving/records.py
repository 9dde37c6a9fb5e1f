"""What a site consists of, as a few kinds of records: the one language of everything that comes in or goes out.

Each format of another system is a reader that yields these; the importer takes nothing else; the export writes them as
they are. TABLES says for each kind which fields it has, and docs/import.md shows that table to people.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from marshmallow import ValidationError

from ideas.accounts import addresses
from ideas.boards.models import (
    TEXT_LONGEST,
    TITLE_LONGEST,
    CreditKind,
    Premoderation,
    Reason,
    SourceKind,
    Stage,
    Visibility,
)
from ideas.boards.models_evidence import LINK_LONGEST, WORDS_LONGEST, EvidenceKind
from ideas.boards.schemas_evidence import is_web_address
from ideas.db import utcnow
from ideas.schemas import Origin
from ideas.text import clean, cut, one_line
from ideas.words import _

ID_LONGEST = 60
LISTS_MOST = 1_000  # of anything within one record
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
# clocks differ; more than this in the future is a mistake, and such a vote would lead the trending list until then
CLOCKS_DIFFER = timedelta(days=1)


class Kind(StrEnum):
    """Kinds of records, in the order in which they are put down: each names only what comes before it."""

    BOARD = "board"
    TAG = "tag"
    COMPANY = "company"
    PERSON = "person"
    IDEA = "idea"
    VOTE = "vote"
    COMMENT = "comment"
    EVIDENCE = "evidence"
    ON_BEHALF = "vote_on_behalf"
    ANSWER = "answer"
    MERGE = "merge"
    FOLLOW = "follow"
    RELEASE = "release"


class At(NamedTuple):
    """Where in what was sent something stands: a line, or an entry of a list; file is "" when there is but one."""

    line: int
    file: str = ""


@dataclass(frozen=True)
class Record:
    """One thing as a file tells it. values: as `load` gives them.

    implied: the file tells nothing of it but that others name it, such as a person known by an id alone.
    """

    kind: Kind
    at: At
    values: Mapping[str, Any]
    implied: bool = False


class Wrong(ValueError):
    """A record that cannot be taken; the message names the field. at: where it stands."""

    def __init__(self, message: str, at: At | None = None) -> None:
        super().__init__(message)
        self.at = at or At(0)


Read = Callable[[Any], Any]  # what a field says → what it means; raises ValueError with the reason


class Field(NamedTuple):
    """A field of a record. cell: how it is read from a cell of a table; there everything is text."""

    read: Read
    needed: bool = False
    cell: Callable[[str], Any] = str


# --- What a field may be ---


def identity(value: Any) -> str:
    """An id in the source: text, or a number that is taken as text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise ValueError(_("it is no id"))
    found = one_line(str(value))
    if len(found) > ID_LONGEST:
        raise ValueError(_("it is longer than %(most)s characters", most=ID_LONGEST))
    if not found:
        raise ValueError(_("it is empty"))
    return found


def line(longest: int) -> Read:
    def read(value: Any) -> str:
        found = one_line(_text(value))
        if not found:
            raise ValueError(_("it is empty"))
        if len(found) > longest:
            raise ValueError(_("it is %(long)s characters long; %(most)s fit", long=len(found), most=longest))
        return found

    return read


def words(longest: int) -> Read:
    def read(value: Any) -> str:
        found = clean(_text(value))
        if len(found) > longest:
            raise ValueError(_("it is %(long)s characters long; %(most)s fit", long=len(found), most=longest))
        return found

    return read


def moment(value: Any) -> datetime:
    text = _text(value).strip()
    try:
        at = datetime.fromisoformat(text)
        at = at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        said = cut(clean(text), 40)
        raise ValueError(_("“%(text)s” is no time like 2026-11-22T10:00:00Z", text=said)) from None
    if at < EARLIEST or at > utcnow() + CLOCKS_DIFFER:
        raise ValueError(_("the time %(time)s lies before 1970 or in the future", time=cut(clean(text), 40)))
    return at


def day(value: Any) -> date:
    try:
        return date.fromisoformat(_text(value).strip())
    except ValueError:
        said = cut(clean(_text(value)), 40)
        raise ValueError(_("“%(text)s” is no day like 2026-11-22", text=said)) from None


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(_("it is neither true nor false"))
    return value


def number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**31 - 1:
        raise ValueError(_("it is no number that fits"))
    return value


def large_number(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2**53:
        raise ValueError(_("it is no number that fits"))
    return value


def one_of(choices: type[StrEnum]) -> Read:
    def read(value: Any) -> str:
        if value not in list(choices):
            raise ValueError(_("it is none of %(choices)s", choices=", ".join(choices)))
        return str(value)

    return read


def address(value: Any) -> str:
    try:
        return addresses.email(_text(value))
    except ValueError:
        raise ValueError(_("“%(text)s” is no e-mail address", text=cut(clean(_text(value)), 60))) from None


def web_address(value: Any) -> str:
    found: str = line(LINK_LONGEST)(value)
    if not is_web_address(found):
        raise ValueError(_("it is no address of a page"))
    return found


def attributes(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or len(value) > 50:
        raise ValueError(_("it is no list of at most 50 names with values"))
    return {line(60)(name): words(200)(said) for name, said in value.items()}


def site(value: Any) -> str:
    try:
        return str(Origin().deserialize(value))
    except ValidationError:
        raise ValueError(_("“%(text)s” is no site", text=cut(clean(_text(value)), 60))) from None


def several(read: Read) -> Read:
    def read_all(value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise ValueError(_("it is no list"))
        if len(value) > LISTS_MOST:
            raise ValueError(_("it has more than %(most)s entries", most=LISTS_MOST))
        return [read(each) for each in value]

    return read_all


def table(fields: Mapping[str, Field]) -> Read:
    """Several things of one shape, inside a record."""

    def read(value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(_("an entry is no object"))
        return load_fields(fields, value)

    return several(read)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("it is no text"))
    return value


# --- How they stand in a cell of a table ---


def _json_cell(cell: str) -> Any:
    try:
        return json.loads(cell)
    except (ValueError, RecursionError):
        raise ValueError(_("it is no JSON")) from None


def _flag_cell(cell: str) -> bool:
    found = {"true": True, "false": False, "1": True, "0": False}.get(cell.strip().lower())
    if found is None:
        raise ValueError(_("it is neither true nor false"))
    return found


def _number_cell(cell: str) -> int:
    try:
        return int(cell)
    except ValueError:
        raise ValueError(_("it is no number")) from None


def _f(read: Read, *, needed: bool = False) -> Field:
    cells: dict[Read, Callable[[str], Any]] = {flag: _flag_cell, attributes: _json_cell}
    cells |= {number: _number_cell, large_number: _number_cell}
    nested = getattr(read, "__name__", "") == "read_all"
    return Field(read, needed, _json_cell if nested else cells.get(read, str))


# --- The kinds ---

_CREDIT = {
    "kind": _f(one_of(CreditKind), needed=True),
    "comment": _f(identity),
    "idea": _f(identity),
    "evidence": _f(identity),
    "person": _f(identity),
    "how": _f(words(500), needed=True),
    "since": _f(number),
}

TABLES: dict[Kind, dict[str, Field]] = {
    Kind.BOARD: {
        "slug": _f(line(60), needed=True),
        "name": _f(line(80), needed=True),
        "about": _f(words(300)),
        "visibility": _f(one_of(Visibility)),
        "promise": _f(words(300)),
        "answer_within_days": _f(number),
        "premoderation": _f(one_of(Premoderation)),
        "embed_sites": _f(several(site)),
        "created_at": _f(moment),
        "statuses": _f(
            table(
                {
                    "slug": _f(line(60), needed=True),
                    "name": _f(line(40), needed=True),
                    "stage": _f(one_of(Stage), needed=True),
                }
            )
        ),
    },
    Kind.TAG: {"board": _f(line(60)), "slug": _f(line(40)), "name": _f(line(40), needed=True)},
    Kind.COMPANY: {
        "id": _f(identity, needed=True),
        "name": _f(line(120), needed=True),
        "external_id": _f(line(80)),
        "plan": _f(line(40)),
        "monthly_revenue": _f(large_number),
        "renews_on": _f(day),
        "attributes": _f(attributes),
        "created_at": _f(moment),
    },
    Kind.PERSON: {
        "id": _f(identity, needed=True),
        "name": _f(line(80), needed=True),
        "email": _f(address),
        "title": _f(line(80)),
        "company": _f(identity),
        "external_id": _f(line(80)),
        "attributes": _f(attributes),
        "shown_as_backer": _f(flag),
        "created_at": _f(moment),
    },
    Kind.IDEA: {
        "id": _f(identity, needed=True),
        "board": _f(line(60)),
        "title": _f(line(TITLE_LONGEST), needed=True),
        "body": _f(words(TEXT_LONGEST)),
        "author": _f(identity, needed=True),
        "status": _f(line(60)),
        "tags": _f(several(line(40))),
        "source_kind": _f(one_of(SourceKind)),
        "source_id": _f(identity),
        "created_at": _f(moment),
        "edited_at": _f(moment),
        "withdrawn_at": _f(moment),
        "hidden_at": _f(moment),
        "revisions": _f(
            table(
                {
                    "title": _f(line(TITLE_LONGEST), needed=True),
                    "body": _f(words(TEXT_LONGEST)),
                    "author": _f(identity, needed=True),
                    "is_material": _f(flag),
                    "backers": _f(number),
                    "at": _f(moment, needed=True),
                }
            )
        ),
    },
    Kind.VOTE: {
        "idea": _f(identity, needed=True),
        "person": _f(identity, needed=True),
        "at": _f(moment),
        "stands": _f(flag),
    },
    Kind.COMMENT: {
        "id": _f(identity, needed=True),
        "idea": _f(identity, needed=True),
        "author": _f(identity, needed=True),
        "body": _f(words(TEXT_LONGEST)),
        "reply_to": _f(identity),
        "is_official": _f(flag),
        "is_internal": _f(flag),
        "created_at": _f(moment),
        "edited_at": _f(moment),
        "deleted_at": _f(moment),
        "hidden_at": _f(moment),
        "versions": _f(table({"body": _f(words(TEXT_LONGEST)), "at": _f(moment, needed=True)})),
    },
    Kind.EVIDENCE: {
        "id": _f(identity, needed=True),
        "idea": _f(identity, needed=True),
        "person": _f(identity),
        "by": _f(identity, needed=True),
        "heard_in": _f(one_of(EvidenceKind), needed=True),
        "words": _f(words(WORDS_LONGEST)),
        "link": _f(web_address),
        "at": _f(moment),
        "removed_at": _f(moment),
    },
    Kind.ON_BEHALF: {
        "idea": _f(identity, needed=True),
        "person": _f(identity, needed=True),
        "by": _f(identity, needed=True),
        "evidence": _f(identity),
        "at": _f(moment),
        "confirmed_at": _f(moment),
        "denied_at": _f(moment),
    },
    Kind.ANSWER: {
        "id": _f(identity, needed=True),
        "idea": _f(identity, needed=True),
        "by": _f(identity, needed=True),
        "status": _f(line(60), needed=True),
        "former_status": _f(line(60)),
        "reason": _f(one_of(Reason)),
        "text": _f(words(TEXT_LONGEST)),
        "planned_for": _f(day),
        "review_by": _f(day),
        "created_at": _f(moment),
        "undone_at": _f(moment),
        "credits": _f(table(_CREDIT)),
        "versions": _f(
            table(
                {
                    "reason": _f(one_of(Reason), needed=True),
                    "text": _f(words(TEXT_LONGEST)),
                    "planned_for": _f(day),
                    "review_by": _f(day),
                    "by": _f(identity, needed=True),
                    "at": _f(moment, needed=True),
                    "credits": _f(table(_CREDIT)),
                }
            )
        ),
    },
    Kind.MERGE: {
        "id": _f(identity, needed=True),
        "idea": _f(identity, needed=True),
        "into": _f(identity, needed=True),
        "by": _f(identity, needed=True),
        "text": _f(words(TEXT_LONGEST)),
        "at": _f(moment),
        "unmerged_at": _f(moment),
        "unmerged_by": _f(identity),
        "unmerge_text": _f(words(TEXT_LONGEST)),
    },
    Kind.FOLLOW: {
        "person": _f(identity, needed=True),
        "idea": _f(identity),
        "board": _f(line(60)),
        "releases": _f(flag),
        "at": _f(moment),
    },
    Kind.RELEASE: {
        "id": _f(identity, needed=True),
        "board": _f(line(60)),
        "title": _f(line(TITLE_LONGEST), needed=True),
        "body": _f(words(TEXT_LONGEST)),
        "released_on": _f(day),
        "by": _f(identity, needed=True),
        "created_at": _f(moment),
        "version": _f(number),
        "published_at": _f(moment),
        "published_by": _f(identity),
        "ideas": _f(
            table(
                {
                    "idea": _f(identity, needed=True),
                    "reason": _f(one_of(Reason), needed=True),
                    "text": _f(words(TEXT_LONGEST)),
                    "credits": _f(table(_CREDIT)),
                    "answer": _f(identity),
                    "shipped_here": _f(flag),
                    "at": _f(moment),
                }
            )
        ),
    },
}


def load(kind: Kind, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of that kind means; a field that is missing, null or "" is None. Raises Wrong naming the field."""
    return load_fields(TABLES[kind], said)


def load_fields(fields: Mapping[str, Field], said: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, field in fields.items():
        value = said.get(name)
        if value is None or value == "":
            if field.needed and value is None:
                raise Wrong(_("“%(field)s” is missing.", field=name))
            if field.needed:
                raise Wrong(_("“%(field)s” is empty.", field=name))
            found[name] = None
            continue
        try:
            found[name] = field.read(value)
        except Wrong as error:
            raise Wrong(f"{name}: {error}") from None
        except ValueError as error:
            raise Wrong(_("“%(field)s”: %(reason)s.", field=name, reason=str(error).rstrip("."))) from None
    return found


def from_cells(kind: Kind, cells: Mapping[str, str]) -> dict[str, Any]:
    """The same of a row of a table. Raises Wrong."""
    said: dict[str, Any] = {}
    for name, field in TABLES[kind].items():
        if cell := cells.get(name):
            try:
                said[name] = field.cell(cell)
            except ValueError as error:
                raise Wrong(_("“%(field)s”: %(reason)s.", field=name, reason=error)) from None
    return load(kind, said)


def key_of(kind: Kind, values: Mapping[str, Any], board: str) -> str:
    """By what a record is found again among others of its kind; two with one key are the same thing told twice."""
    if kind == Kind.BOARD:
        return str(values["slug"])
    if kind == Kind.TAG:
        return f"{values['board'] or board}\t{values['slug'] or values['name']}"
    if kind == Kind.FOLLOW:
        what = "releases" if values["releases"] else "ideas"
        return f"{values['person']}\t{values['idea'] or ''}\t{values['board'] or board}\t{what}"
    if kind == Kind.ON_BEHALF:
        return f"{values['idea']}\t{values['person']}"
    return str(values["id"])
