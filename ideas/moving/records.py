"""What a site consists of, as a few kinds of records: the one language of everything that comes in or goes out.

Each format of another system is a reader that yields these; the importer takes nothing else; the export writes them as
they are. TABLES says for each kind which fields it has, and docs/import.md shows that table to people.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

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
from ideas.boards.models_evidence import WORDS_LONGEST, EvidenceKind
from ideas.moving.fields import (
    At,
    Field,
    Wrong,
    address,
    as_field,
    attributes,
    day,
    flag,
    identity,
    large_number,
    line,
    load_fields,
    moment,
    number,
    one_of,
    several,
    site,
    table,
    web_address,
    words,
)
from ideas.words import _


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


@dataclass(frozen=True)
class Record:
    """One thing as a file tells it. values: as `load` gives them.

    implied: the file tells nothing of it but that others name it, such as a person known by an id alone.
    """

    kind: Kind
    at: At
    values: Mapping[str, Any]
    implied: bool = False


# --- The kinds ---

_CREDIT = {
    "kind": as_field(one_of(CreditKind), needed=True),
    "comment": as_field(identity),
    "idea": as_field(identity),
    "evidence": as_field(identity),
    "person": as_field(identity),
    "how": as_field(words(500), needed=True),
    "since": as_field(number),
}

TABLES: dict[Kind, dict[str, Field]] = {
    Kind.BOARD: {
        "slug": as_field(line(60), needed=True),
        "name": as_field(line(80), needed=True),
        "about": as_field(words(300)),
        "visibility": as_field(one_of(Visibility)),
        "promise": as_field(words(300)),
        "answer_within_days": as_field(number),
        "premoderation": as_field(one_of(Premoderation)),
        "embed_sites": as_field(several(site)),
        "created_at": as_field(moment),
        "statuses": as_field(
            table(
                {
                    "slug": as_field(line(60), needed=True),
                    "name": as_field(line(40), needed=True),
                    "stage": as_field(one_of(Stage), needed=True),
                }
            )
        ),
    },
    Kind.TAG: {"board": as_field(line(60)), "slug": as_field(line(40)), "name": as_field(line(40), needed=True)},
    Kind.COMPANY: {
        "id": as_field(identity, needed=True),
        "name": as_field(line(120), needed=True),
        "external_id": as_field(line(80)),
        "plan": as_field(line(40)),
        "monthly_revenue": as_field(large_number),
        "renews_on": as_field(day),
        "attributes": as_field(attributes),
        "created_at": as_field(moment),
    },
    Kind.PERSON: {
        "id": as_field(identity, needed=True),
        "name": as_field(line(80), needed=True),
        "email": as_field(address),
        "title": as_field(line(80)),
        "company": as_field(identity),
        "external_id": as_field(line(80)),
        "attributes": as_field(attributes),
        "shown_as_backer": as_field(flag),
        "created_at": as_field(moment),
    },
    Kind.IDEA: {
        "id": as_field(identity, needed=True),
        "board": as_field(line(60)),
        "title": as_field(line(TITLE_LONGEST), needed=True),
        "body": as_field(words(TEXT_LONGEST)),
        "author": as_field(identity, needed=True),
        "status": as_field(line(60)),
        "tags": as_field(several(line(40))),
        "source_kind": as_field(one_of(SourceKind)),
        "source_id": as_field(identity),
        "created_at": as_field(moment),
        "edited_at": as_field(moment),
        "withdrawn_at": as_field(moment),
        "hidden_at": as_field(moment),
        "revisions": as_field(
            table(
                {
                    "title": as_field(line(TITLE_LONGEST), needed=True),
                    "body": as_field(words(TEXT_LONGEST)),
                    "author": as_field(identity, needed=True),
                    "is_material": as_field(flag),
                    "backers": as_field(number),
                    "at": as_field(moment, needed=True),
                }
            )
        ),
    },
    Kind.VOTE: {
        "idea": as_field(identity, needed=True),
        "person": as_field(identity, needed=True),
        "at": as_field(moment),
        "stands": as_field(flag),
    },
    Kind.COMMENT: {
        "id": as_field(identity, needed=True),
        "idea": as_field(identity, needed=True),
        "author": as_field(identity, needed=True),
        "body": as_field(words(TEXT_LONGEST)),
        "reply_to": as_field(identity),
        "is_official": as_field(flag),
        "is_internal": as_field(flag),
        "created_at": as_field(moment),
        "edited_at": as_field(moment),
        "deleted_at": as_field(moment),
        "hidden_at": as_field(moment),
        "versions": as_field(table({"body": as_field(words(TEXT_LONGEST)), "at": as_field(moment, needed=True)})),
    },
    Kind.EVIDENCE: {
        "id": as_field(identity, needed=True),
        "idea": as_field(identity, needed=True),
        "person": as_field(identity),
        "by": as_field(identity, needed=True),
        "heard_in": as_field(one_of(EvidenceKind), needed=True),
        "words": as_field(words(WORDS_LONGEST)),
        "link": as_field(web_address),
        "at": as_field(moment),
        "removed_at": as_field(moment),
    },
    Kind.ON_BEHALF: {
        "idea": as_field(identity, needed=True),
        "person": as_field(identity, needed=True),
        "by": as_field(identity, needed=True),
        "evidence": as_field(identity),
        "at": as_field(moment),
        "confirmed_at": as_field(moment),
        "denied_at": as_field(moment),
    },
    Kind.ANSWER: {
        "id": as_field(identity, needed=True),
        "idea": as_field(identity, needed=True),
        "by": as_field(identity, needed=True),
        "status": as_field(line(60), needed=True),
        "former_status": as_field(line(60)),
        "reason": as_field(one_of(Reason)),
        "text": as_field(words(TEXT_LONGEST)),
        "planned_for": as_field(day),
        "review_by": as_field(day),
        "created_at": as_field(moment),
        "undone_at": as_field(moment),
        "credits": as_field(table(_CREDIT)),
        "versions": as_field(
            table(
                {
                    "reason": as_field(one_of(Reason), needed=True),
                    "text": as_field(words(TEXT_LONGEST)),
                    "planned_for": as_field(day),
                    "review_by": as_field(day),
                    "by": as_field(identity, needed=True),
                    "at": as_field(moment, needed=True),
                    "credits": as_field(table(_CREDIT)),
                }
            )
        ),
    },
    Kind.MERGE: {
        "id": as_field(identity, needed=True),
        "idea": as_field(identity, needed=True),
        "into": as_field(identity, needed=True),
        "by": as_field(identity, needed=True),
        "text": as_field(words(TEXT_LONGEST)),
        "at": as_field(moment),
        "unmerged_at": as_field(moment),
        "unmerged_by": as_field(identity),
        "unmerge_text": as_field(words(TEXT_LONGEST)),
    },
    Kind.FOLLOW: {
        "person": as_field(identity, needed=True),
        "idea": as_field(identity),
        "board": as_field(line(60)),
        "releases": as_field(flag),
        "at": as_field(moment),
    },
    Kind.RELEASE: {
        "id": as_field(identity, needed=True),
        "board": as_field(line(60)),
        "title": as_field(line(TITLE_LONGEST), needed=True),
        "body": as_field(words(TEXT_LONGEST)),
        "released_on": as_field(day),
        "by": as_field(identity, needed=True),
        "created_at": as_field(moment),
        "version": as_field(number),
        "published_at": as_field(moment),
        "published_by": as_field(identity),
        "ideas": as_field(
            table(
                {
                    "idea": as_field(identity, needed=True),
                    "reason": as_field(one_of(Reason), needed=True),
                    "text": as_field(words(TEXT_LONGEST)),
                    "credits": as_field(table(_CREDIT)),
                    "answer": as_field(identity),
                    "shipped_here": as_field(flag),
                    "at": as_field(moment),
                }
            )
        ),
    },
}


def load(kind: Kind, said: Mapping[str, Any]) -> dict[str, Any]:
    """What a record of that kind means; a field that is missing, null or "" is None. Raises Wrong naming the field."""
    return load_fields(TABLES[kind], said)


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
