"""Two sites compared by what they hand out: the same things, whatever their ids are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ideas.db import db, one_moment
from ideas.moving import exporting
from ideas.moving.exporting import Scope
from ideas.moving.models import Imported
from ideas.moving.records import Kind

# What a field names.
NAMES = {
    "author": Kind.PERSON,
    "by": Kind.PERSON,
    "person": Kind.PERSON,
    "published_by": Kind.PERSON,
    "unmerged_by": Kind.PERSON,
    "company": Kind.COMPANY,
    "idea": Kind.IDEA,
    "into": Kind.IDEA,
    "comment": Kind.COMMENT,
    "reply_to": Kind.COMMENT,
    "answer": Kind.ANSWER,
    "evidence": Kind.EVIDENCE,
}
Site = dict[str, list[str]]


def told(*, by_source: bool = False) -> Site:
    """All that the site of this context hands out, sorted; by_source: under the ids that it was imported from."""
    names: dict[tuple[str, str], str] = {}
    if by_source:
        rows = db.session.execute(sa.select(Imported.kind, Imported.here_id, Imported.foreign_id))
        names = {(row.kind, str(row.here_id)): row.foreign_id for row in rows}
    found = {}
    with one_moment():
        for kind in Kind:
            rows_of = (_renamed(values, kind, names) for values in exporting.records(Scope(None, True), kind))
            found[kind.value] = sorted(json.dumps(row, default=str, sort_keys=True) for row in rows_of)
    return found


def _renamed(values: Mapping[str, Any], kind: Kind | None, names: Mapping[tuple[str, str], str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in values.items():
        of = kind if name == "id" else NAMES.get(name)
        if isinstance(value, list):
            made[name] = [_renamed(each, None, names) if isinstance(each, dict) else each for each in value]
        elif of is not None and isinstance(value, str):
            made[name] = names.get((of.value, value), value if not names else f"unknown {value}")
        else:
            made[name] = value
    return made


def differences(before: Site, after: Site) -> list[str]:
    """What one hands out and the other does not; [] for none."""
    found = []
    for kind in before.keys() | after.keys():
        left, right = set(before.get(kind, ())), set(after.get(kind, ()))
        found += [f"lost {kind}: {each}" for each in sorted(left - right)]
        found += [f"came by itself {kind}: {each}" for each in sorted(right - left)]
        if len(before.get(kind, ())) != len(after.get(kind, ())):
            found.append(f"{kind}: {len(before.get(kind, ()))} became {len(after.get(kind, ()))}")
    return found
