"""Reads GitHub: issues and their comments as its REST API answers, issues and discussions as its GraphQL API does.

https://docs.github.com/rest/issues/issues · https://docs.github.com/graphql/guides/using-the-graphql-api-for-discussions
Who reacted with a thumb up backs the idea. Pull requests are passed over.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ideas.csv_in import FileRefused
from ideas.moving.fields import At, Wrong
from ideas.moving.readers_foreign import Records, Told, Values, cut_text, idea, objects, person, record, system, tags
from ideas.moving.records import Kind, Record
from ideas.words import _

NAME = "GitHub"
STATUSES = {"open": "open", "closed": "shipped", "completed": "shipped", "not_planned": "declined"}
STATUSES |= {"reopened": "open", "duplicate": "declined", "outdated": "declined", "resolved": "shipped"}
OURS = {"OWNER", "MEMBER", "COLLABORATOR"}
UP = "THUMBS_UP"


def read(path: Path) -> Records:
    """Issues and discussions with labels, thumbs up, comments and answers. Raises FileRefused."""
    is_any = False
    for told in objects(path):
        if isinstance(told, Wrong):
            yield told
            continue
        is_any = True
        try:
            yield from list(_told(told))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            yield Wrong(_("It is not as GitHub writes it: %(error)s.", error=error), told.at)
    if not is_any:
        raise FileRefused(_("There is no issue, comment or discussion in it."))


def _told(told: Told) -> Records:
    at, said = told.at, told.values
    repository = _repository(told)
    if repository is not None:
        for name in ("issues", "discussions"):
            for node in (repository.get(name) or {}).get("nodes") or ():
                yield from _node(at, node)
    elif "issue_url" in said:
        yield from _rest_comment(at, said)
    elif "number" in said and "pull_request" not in said:
        yield from _rest_issue(at, said)


def _repository(told: Told) -> Values | None:
    """Of an answer to a GraphQL query, which is {"data": {"repository": …}} by itself or in a list."""
    data = told.values if told.what == "data" else told.values.get("data")
    found: Values | None = (data or {}).get("repository")
    return found


def _somebody(at: At, said: Values | None) -> Iterator[Record]:
    if not said:
        yield system(at, NAME)
        return
    yield person(at, _key(said), said.get("name") or said.get("login"), said.get("email"))


def _key(said: Values | None) -> str:
    """The number of an account is the same in both APIs; a name may change."""
    if not said:
        return NAME.lower()
    return str(said.get("databaseId") or said.get("id") or said["login"])


# --- REST ---


def _rest_issue(at: At, said: Values) -> Records:
    yield from _somebody(at, said.get("user"))
    names, known = tags(at, [label["name"] if isinstance(label, dict) else label for label in said.get("labels") or ()])
    yield from known
    values = {
        "id": said["number"],
        "author": _key(said.get("user")),
        "status": _status(said.get("state"), said.get("state_reason")),
        "tags": names,
        "created_at": said.get("created_at"),
    }
    yield idea(at, values, said.get("title"), said.get("body"))


def _rest_comment(at: At, said: Values) -> Records:
    yield from _somebody(at, said.get("user"))
    values = {
        "id": said["id"],
        "idea": str(said["issue_url"]).rpartition("/")[2],
        "author": _key(said.get("user")),
        "body": cut_text(said.get("body")),
        "is_official": said.get("author_association") in OURS,
        "created_at": said.get("created_at"),
    }
    yield record(Kind.COMMENT, at, values)


def _status(state: Any, reason: Any) -> str:
    now, why = str(state or "open").lower(), str(reason or "").lower()
    return why if now == "closed" and why in STATUSES else now


# --- GraphQL ---


def _node(at: At, said: Values) -> Records:
    yield from _somebody(at, said.get("author"))
    names, known = tags(at, [label["name"] for label in (said.get("labels") or {}).get("nodes") or ()])
    yield from known
    key = str(said["number"])
    state = said.get("state") or ("closed" if said.get("closed") else "open")
    values = {
        "id": key,
        "author": _key(said.get("author")),
        "status": _status(state, said.get("stateReason")),
        "tags": names,
        "created_at": said.get("createdAt"),
    }
    yield idea(at, values, said.get("title"), said.get("body"))
    for reaction in (said.get("reactions") or {}).get("nodes") or ():
        if reaction.get("content", UP) == UP and reaction.get("user"):
            yield from _somebody(at, reaction["user"])
            vote = {"idea": key, "person": _key(reaction["user"]), "at": reaction.get("createdAt")}
            yield record(Kind.VOTE, at, vote)
    for comment in (said.get("comments") or {}).get("nodes") or ():
        yield from _comment(at, key, comment, None)


def _comment(at: At, key: str, said: Values, above: str | None) -> Records:
    yield from _somebody(at, said.get("author"))
    own = str(said.get("databaseId") or said["id"])
    values = {
        "id": own,
        "idea": key,
        "author": _key(said.get("author")),
        "body": cut_text(said.get("body")),
        "reply_to": above,
        "is_official": bool(said.get("isAnswer")) or said.get("authorAssociation") in OURS,
        "created_at": said.get("createdAt"),
    }
    yield record(Kind.COMMENT, at, values)
    for reply in (said.get("replies") or {}).get("nodes") or ():
        yield from _comment(at, key, reply, own)
