"""Reads Canny: the answers of its API's lists, as files. https://developers.canny.io/api-reference

Each file holds what `…/list` answered, such as {"posts": […], "hasMore": false}, or only the list, called posts.json.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ideas.moving.fields import At
from ideas.moving.readers_foreign import (
    Records,
    Values,
    cut_text,
    idea,
    one_name,
    person,
    read_all,
    record,
    system,
    tags,
    with_pictures,
)
from ideas.moving.records import Kind, Record

NAME = "Canny"
# https://help.canny.io: the statuses every company begins with
STATUSES = {
    "open": "open",
    "under review": "considering",
    "planned": "planned",
    "in progress": "started",
    "complete": "shipped",
    "closed": "declined",
}


def read(path: Path) -> Records:
    """Posts with merges and tags, votes, comments, status changes, users and companies. Raises FileRefused."""
    yield from read_all(
        path,
        {
            "companies": _company,
            "users": _user,
            "posts": _post,
            "votes": _vote,
            "comments": _comment,
            "statusChanges": _change,
            "status_changes": _change,
        },
    )


def _company(at: At, said: Values) -> Records:
    spent = said.get("monthlySpend")
    yield record(
        Kind.COMPANY,
        at,
        {
            "id": said["id"],
            "name": one_name(said.get("name"), said["id"]),
            "external_id": said["id"],
            "monthly_revenue": round(spent * 100) if isinstance(spent, int | float) else None,
            "created_at": said.get("created"),
        },
    )


def _user(at: At, said: Values) -> Records:
    yield from _somebody(at, said)


def _somebody(at: At, said: Values | None) -> Iterator[Record]:
    """Users stand in everything that they did."""
    if not said:
        yield system(at, NAME)
        return
    companies = said.get("companies") or []
    yield person(
        at,
        said["id"],
        said.get("name") or said.get("alias"),
        said.get("email"),
        external_id=said.get("userID"),
        company=companies[0]["id"] if companies else None,
        created_at=said.get("created"),
    )


def _key(said: Values | None) -> str:
    return str(said["id"]) if said else NAME.lower()


def _post(at: At, said: Values) -> Records:
    yield from _somebody(at, said.get("author"))
    names, known = tags(at, [tag["name"] for tag in said.get("tags") or ()])
    yield from known
    values = {
        "id": said["id"],
        "author": _key(said.get("author")),
        "status": said.get("status"),
        "tags": names,
        "created_at": said.get("created"),
    }
    yield idea(at, values, said.get("title"), with_pictures(said.get("details"), said.get("imageURLs")))
    for merged in said.get("mergeHistory") or ():
        yield from _merge(at, said, merged)


def _merge(at: At, into: Values, merged: Values) -> Records:
    """Posts that were merged stand in no list, only in the one they became part of."""
    post: Any = merged["post"]
    yield system(at, NAME)
    yield from _somebody(at, post.get("author"))
    values = {"id": post["id"], "author": _key(post.get("author")), "created_at": post.get("created")}
    yield idea(at, values, post.get("title"), with_pictures(post.get("details"), post.get("imageURLs")), implied=True)
    link = {"id": post["id"], "idea": post["id"], "into": into["id"], "by": NAME.lower(), "at": merged.get("created")}
    yield record(Kind.MERGE, at, link)


def _vote(at: At, said: Values) -> Records:
    yield from _somebody(at, said["voter"])
    values = {"idea": said["post"]["id"], "person": said["voter"]["id"], "at": said.get("created")}
    yield record(Kind.VOTE, at, values)


def _comment(at: At, said: Values) -> Records:
    author = said.get("author")
    yield from _somebody(at, author)
    private = bool(said.get("private"))
    values = {
        "id": said["id"],
        "idea": said["post"]["id"],
        "author": _key(author),
        "body": with_pictures(said.get("value"), said.get("imageURLs")),
        "reply_to": said.get("parentID"),
        "is_internal": private,
        "is_official": bool(author and author.get("isAdmin")) and not private,
        "created_at": said.get("created"),
    }
    yield record(Kind.COMMENT, at, values)


def _change(at: At, said: Values) -> Records:
    """A status that changed with a word is an answer; without one it is the post's status and no more."""
    text = cut_text((said.get("changeComment") or {}).get("value"))
    if not text:
        return
    yield from _somebody(at, said.get("changer"))
    values = {
        "id": said["id"],
        "idea": said["post"]["id"],
        "by": _key(said.get("changer")),
        "status": said["status"],
        "text": text,
        "created_at": said.get("created"),
    }
    yield record(Kind.ANSWER, at, values)
