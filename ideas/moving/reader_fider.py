"""Reads Fider: the zip that its page *Export* makes, a file of JSON for each table (app/pkg/backup of its source)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ideas.moving.fields import At
from ideas.moving.readers_foreign import (
    Records,
    Values,
    beside,
    cut_text,
    idea,
    read_all,
    record,
    system,
    tags,
    user,
)
from ideas.moving.records import Kind

NAME = "Fider"
# app/models/enum of Fider's source; 5 is a duplicate, 6 deleted
STATUSES = {"0": "open", "1": "started", "2": "shipped", "3": "declined", "4": "planned", "5": "declined", "6": "open"}
DUPLICATE, DELETED = 5, 6


def read(path: Path) -> Records:
    """Posts with tags, answers and duplicates, votes, comments, subscribers and users. Raises FileRefused."""
    posts = _Posts(path)
    yield from read_all(
        path,
        {
            "users": user,
            "posts": posts.read,
            "post_votes": _vote,
            "comments": _comment,
            "post_subscribers": _subscriber,
        },
    )


class _Posts:
    """Posts, whose tags stand in tables of their own."""

    def __init__(self, path: Path) -> None:
        names: dict[Any, Any] = {}
        pairs: list[tuple[Any, Any]] = []
        for told in beside(path, {"tags", "post_tags"}):
            if told.what == "tags":
                names[told.values.get("id")] = told.values.get("name")
            else:
                pairs.append((told.values.get("post_id"), told.values.get("tag_id")))
        self.tags: dict[Any, list[Any]] = {}
        for post, tag in pairs:
            if tag in names:
                self.tags.setdefault(post, []).append(names[tag])

    def read(self, at: At, said: Values) -> Records:
        status, key = said.get("status") or 0, said["id"]
        names, known = tags(at, self.tags.get(key, []))
        yield from known
        values = {
            "id": key,
            "author": str(said["user_id"]),
            "status": str(status),
            "tags": names,
            "created_at": said.get("created_at"),
            "hidden_at": said.get("response_date") or said.get("created_at") if status == DELETED else None,
        }
        yield idea(at, values, said.get("title"), said.get("description"))
        by = str(said.get("response_user_id") or NAME.lower())
        if not said.get("response_user_id"):
            yield system(at, NAME)
        done = {"id": key, "idea": key, "by": by}
        if status == DUPLICATE and said.get("original_id"):
            text = cut_text(said.get("response"))
            yield record(
                Kind.MERGE, at, {**done, "into": said["original_id"], "text": text, "at": said.get("response_date")}
            )
        elif text := cut_text(said.get("response")):
            answer = {"status": str(status), "text": text, "created_at": said.get("response_date")}
            yield record(Kind.ANSWER, at, {**done, **answer})


def _vote(at: At, said: Values) -> Records:
    values = {"idea": said["post_id"], "person": said["user_id"], "at": said.get("created_at")}
    yield record(Kind.VOTE, at, values)


def _comment(at: At, said: Values) -> Records:
    deleted = said.get("deleted_at")
    values = {
        "id": said["id"],
        "idea": said["post_id"],
        "author": said["user_id"],
        "body": "" if deleted else cut_text(said.get("content")),
        "created_at": said.get("created_at"),
        "edited_at": said.get("edited_at"),
        "deleted_at": deleted,
    }
    yield record(Kind.COMMENT, at, values)


def _subscriber(at: At, said: Values) -> Records:
    if said.get("status") == 1:
        yield record(
            Kind.FOLLOW, at, {"idea": said["post_id"], "person": said["user_id"], "at": said.get("created_at")}
        )
