"""What a key for pages opens: of one board, what is named here, and nothing else.

Whoever reads a public page has such a key, and whoever writes a page has the tokens of those who are signed in on it.
So an operation that nobody put here is refused, and what stands on another board is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.api import Key
from ideas.api_addresses import ID_MOST
from ideas.boards.models import Answer, Board, Comment, Idea
from ideas.boards.models_releases import Release
from ideas.db import db
from ideas.embed.errors import BeyondBoard
from ideas.errors import NotFound
from ideas.words import _

# How it is known of which board an operation is: by what its address names, its query, or its body.
SLUG, IDEA, COMMENT, ANSWER, RELEASE = "slug", "idea_id", "comment_id", "answer_id", "release_id"
QUERY, BODY, IDEAS, ITSELF = "query", "body", "ideas", "itself"

# What visitors may ask, and whoever is signed in on the page.
READING = {
    **dict.fromkeys(("get_board", "list_statuses", "list_tags", "get_board_health"), SLUG),
    **dict.fromkeys(("list_ideas", "search", "find_similar", "get_roadmap", "list_releases"), QUERY),
    **dict.fromkeys(("get_idea", "list_revisions", "list_comments", "list_answers", "list_merges"), IDEA),
    **dict.fromkeys(("get_outcome", "get_support"), IDEA),
    **dict.fromkeys(("get_comment", "list_comment_revisions"), COMMENT),
    "get_answer": ANSWER,
    "get_release": RELEASE,
}
# What needs somebody.
TAKING_PART = {
    "post_idea": BODY,
    **dict.fromkeys(("edit_idea", "withdraw_idea", "cast_vote", "retract_vote", "add_comment"), IDEA),
    **dict.fromkeys(("say_whether_solved", "say_whether_still_wanted", "follow_idea", "unfollow_idea"), IDEA),
    **dict.fromkeys(("edit_comment", "delete_comment"), COMMENT),
    "list_own_votes": IDEAS,
    **dict.fromkeys(("list_receipts", "list_inbox"), QUERY),
    "mark_read": BODY,
}
# How somebody is signed in and out.
SIGNING_IN = {"sign_in_on_page": BODY, "sign_out_of_page": ITSELF}
OPEN = {**READING, **TAKING_PART, **SIGNING_IN}

_BOARD = sa.select(Board.slug).where(Board.id == sa.bindparam("board"))
_id: sa.BindParameter[int] = sa.bindparam("id")
_BOARD_OF = {
    IDEA: sa.select(Idea.board_id).where(Idea.id == _id),
    COMMENT: sa.select(Idea.board_id).join(Comment, Comment.idea_id == Idea.id).where(Comment.id == _id),
    ANSWER: sa.select(Idea.board_id).join(Answer, Answer.idea_id == Idea.id).where(Answer.id == _id),
    RELEASE: sa.select(Release.board_id).where(Release.id == _id),
}
_ELSEWHERE = sa.select(sa.func.count()).where(
    Idea.id.in_(sa.bindparam("ids", expanding=True)), Idea.board_id != sa.bindparam("board")
)


def confine(key: Key, operation: str, values: Mapping[str, Any], query: Mapping[str, str], body: Any) -> None:
    """Raises BeyondBoard for what is not open to keys for pages, NotFound for another board than the key's.

    values: what the address names. body: as it was sent, judged by nobody yet. A list that names no board is refused
    with ValidationError.
    """
    how = OPEN.get(operation)
    if how is None:
        raise BeyondBoard(_("Keys for pages do not open this."))
    _JUDGES[how](key, how, values, query, body)


def _by_address(key: Key, how: str, values: Mapping[str, Any], _query: Mapping[str, str], _body: Any) -> None:
    if db.session.scalar(_BOARD_OF[how], {"id": values[how]}) != key.board_id:
        raise _not_there()


def _by_slug(key: Key, how: str, values: Mapping[str, Any], _query: Mapping[str, str], _body: Any) -> None:
    _require_slug(key, values[how])


def _by_query(key: Key, _how: str, _values: Mapping[str, Any], query: Mapping[str, str], _body: Any) -> None:
    _require_named(key, query)


def _by_body(key: Key, _how: str, _values: Mapping[str, Any], _query: Mapping[str, str], body: Any) -> None:
    if isinstance(body, dict):  # anything else is refused by whoever reads it
        _require_named(key, body)


def _by_ideas(key: Key, _how: str, _values: Mapping[str, Any], query: Mapping[str, str], _body: Any) -> None:
    said = [part.strip() for part in query.get("ideas", "").split(",")][:100]
    numbers = [int(part) for part in said if part.isascii() and part.isdigit() and len(part) <= 10]
    ids = [number for number in numbers if number <= ID_MOST]
    if ids and db.session.scalar(_ELSEWHERE, {"ids": ids, "board": key.board_id}):
        raise _not_there()


def _require_named(key: Key, said: Mapping[str, Any]) -> None:
    if said.get("board") is None:
        raise ValidationError({"board": [_("Say which board: this key opens one alone.")]})
    _require_slug(key, said["board"])


def _require_slug(key: Key, slug: Any) -> None:
    if slug != db.session.scalar(_BOARD, {"board": key.board_id}):
        raise _not_there()


def _not_there() -> NotFound:
    return NotFound(_("There is nothing here, or you may not see it."))


_JUDGES: dict[str, Callable[[Key, str, Mapping[str, Any], Mapping[str, str], Any], None]] = {
    **dict.fromkeys((IDEA, COMMENT, ANSWER, RELEASE), _by_address),
    SLUG: _by_slug,
    QUERY: _by_query,
    BODY: _by_body,
    IDEAS: _by_ideas,
    ITSELF: lambda *_args: None,
}
