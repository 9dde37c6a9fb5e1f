"""Reads UserVoice: the answers of its Admin API's lists, or the table of ideas that its console exports.

https://developer.uservoice.com/docs/api/v2/reference/ · https://help.uservoice.com/hc/en-us/articles/360035485693
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ideas import csv_in
from ideas.moving import opening
from ideas.moving.fields import At, Wrong
from ideas.moving.readers_csv import columns_in
from ideas.moving.readers_foreign import (
    Records,
    Values,
    beside,
    cut_text,
    idea,
    person,
    read_all,
    record,
    system,
    tags,
    user,
)
from ideas.moving.records import Kind

NAME = "UserVoice"
# names that every forum begins with
STATUSES = {
    "under review": "considering",
    "planned": "planned",
    "started": "started",
    "completed": "shipped",
    "declined": "declined",
}
COLUMNS = (
    "suggestion.id",
    "suggestion.title",
    "suggestion.body",
    "suggestion.status.name",
    "suggestion.labels.name",
    "suggestion.parent.id",
    "suggestion.created_timestamp",
)


def read(path: Path) -> Records:
    """Suggestions with merges and labels, supporters, comments, status updates and users. Raises FileRefused."""
    if all(name.endswith(".csv") for name in opening.names(path)):
        yield from _table(path)
        return
    lists = _Lists(path)
    yield from read_all(
        path,
        {
            "users": user,
            "suggestions": lists.suggestion,
            "supporters": _supporter,
            "comments": _comment,
            "status_updates": lists.update,
        },
    )


def _link(said: Values, name: str) -> str | None:
    found = (said.get("links") or {}).get(name)
    return None if found is None else str(found)


class _Lists:
    """What stands under ids of its own: statuses and labels."""

    def __init__(self, path: Path) -> None:
        self.names: dict[tuple[str, str], str] = {}
        for told in beside(path, {"statuses", "labels"}):
            name = told.values.get("name") or told.values.get("full_name")
            self.names[told.what, str(told.values.get("id"))] = str(name or "")

    def _status(self, said: Values) -> str | None:
        key = _link(said, "status")
        return self.names.get(("statuses", key), key).lower() if key else None

    def suggestion(self, at: At, said: Values) -> Records:
        author = _link(said, "created_by")
        labels: Any = (said.get("links") or {}).get("labels") or []
        names, known = tags(at, [self.names.get(("labels", str(each)), str(each)) for each in labels])
        yield from known
        yield from _unknown(at, author)
        values = {
            "id": said["id"],
            "author": author or NAME.lower(),
            "status": self._status(said),
            "tags": names,
            "created_at": said.get("created_at"),
        }
        yield idea(at, values, said.get("title"), said.get("body"))
        if parent := _link(said, "parent"):
            yield from _merge(at, str(said["id"]), parent, said.get("updated_at"))

    def update(self, at: At, said: Values) -> Records:
        """A status update with a word is an answer."""
        text, by, status = cut_text(said.get("body")), _link(said, "created_by"), self._status(said)
        if not text:
            return
        yield from _unknown(at, by)
        values = {"id": said["id"], "idea": _link(said, "suggestion"), "by": by or NAME.lower()}
        words = {"status": status or "open", "text": text, "created_at": said.get("created_at")}
        yield record(Kind.ANSWER, at, {**values, **words})


def _unknown(at: At, key: str | None) -> Records:
    """Somebody who may stand in no list of users."""
    yield system(at, NAME) if key is None else person(at, key, None)


def _merge(at: At, key: str, into: str, when: Any) -> Records:
    yield system(at, NAME)
    yield record(Kind.MERGE, at, {"id": key, "idea": key, "into": into, "by": NAME.lower(), "at": when})


def _supporter(at: At, said: Values) -> Records:
    user = _link(said, "user")
    yield from _unknown(at, user)
    values = {"idea": _link(said, "suggestion"), "person": user or NAME.lower(), "at": said.get("created_at")}
    yield record(Kind.VOTE, at, values)


def _comment(at: At, said: Values) -> Records:
    author = _link(said, "created_by")
    yield from _unknown(at, author)
    values = {
        "id": said["id"],
        "idea": _link(said, "suggestion"),
        "author": author or NAME.lower(),
        "body": cut_text(said.get("body")),
        "created_at": said.get("created_at"),
    }
    yield record(Kind.COMMENT, at, values)


def _table(path: Path) -> Records:
    """The console's table tells ideas alone: whoever wrote or backs them stands there as a number."""
    for opened in opening.files(path):
        rows = csv_in.records_of(csv_in.Lines(opened.file, opened.most_bytes))
        _line, header = next(rows, (1, []))
        places = columns_in(header, COLUMNS, {}, (("suggestion.id",), ("suggestion.title",)))
        for line, row in rows:
            at = At(line, "" if opened.is_alone else opened.name)
            try:
                cells = {name.removeprefix("suggestion."): row[place] for name, place in places.items()}
                yield from list(_row(at, cells))
            except (Wrong, IndexError) as error:
                yield Wrong(str(error), at)


def _row(at: At, cells: Values) -> Records:
    names, known = tags(at, [name.strip() for name in (cells.get("labels.name") or "").split(",")])
    yield from known
    yield system(at, NAME)
    values = {
        "id": cells["id"],
        "author": NAME.lower(),
        "status": (cells.get("status.name") or "").lower() or None,
        "tags": names,
        "created_at": (cells.get("created_timestamp") or "").replace(" UTC", "").strip() or None,
    }
    yield idea(at, values, cells["title"], cells.get("body"))
    if parent := cells.get("parent.id"):
        yield from _merge(at, cells["id"], parent, None)
