"""The change feed: what happened on boards, in an order that never changes. The only code that writes `change`.

A reader who was told everything up to some place is told everything after it, once: nothing comes to stand before what
was read. Numbers drawn while writing do not promise that, because of two transactions the one that drew first may end
last. So a change has no place until somebody asks; then all that is committed gets one, by one reader at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import aliased

from ideas.accounts import locks
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.models import Board, Comment, Idea, Visibility
from ideas.boards.models_changes import Change
from ideas.boards.models_moderating import Hiding
from ideas.boards.queries import READER
from ideas.db import db, utcnow
from ideas.paging import read_cursor, write_cursor

ORDER = "events"
AT_ONCE = 1_000  # so many get their place by one statement
ROUNDS = 20
LOOKED_AT = 500  # of a feed of which a reader may see little, so many lines are looked through at once

IDEA_KINDS = (
    *("idea.created", "idea.updated", "idea.answered", "idea.merged", "idea.unmerged"),
    *("idea.hidden", "idea.restored", "idea.deleted"),
)
COMMENT_KINDS = ("comment.created", "comment.updated", "comment.deleted")
RELEASE_KINDS = ("release.published", "release.updated", "release.undone")
OPENED = "board.opened"  # it is in lists in which it was not: what is on it was told to nobody there
BOARD_KINDS = ("board.updated", OPENED)  # updated: its statuses and tags, too, by which its ideas are shown
PERSON_KINDS = ("person.erased",)
KINDS = (*IDEA_KINDS, *COMMENT_KINDS, *RELEASE_KINDS, *BOARD_KINDS, *PERSON_KINDS)


class Line(NamedTuple):
    """A line of the feed as one reader sees it. gone: it is in no list of theirs any more."""

    place: int
    kind: str
    at: datetime
    board: str | None
    idea_id: int | None
    about_id: int | None
    gone: bool


class Feed(NamedTuple):
    """Some lines, where the next begin, and whether there are any yet."""

    lines: list[Line]
    cursor: str
    has_more: bool


# --- Writing ---


def note(kind: str, rows: Sequence[tuple[int | None, int | None, int | None]]) -> None:
    """Note that the same happened to each of these: board, idea, and the comment, release or person."""
    if rows:
        now = utcnow()
        db.session.execute(
            sa.insert(Change),
            [
                {"kind": kind, "board_id": board, "idea_id": idea, "about_id": about, "at": now}
                for board, idea, about in rows
            ],
        )


def note_ideas(kind: str, idea_ids: Sequence[int]) -> None:
    """The same, of ideas by their numbers; one query."""
    if idea_ids:
        rows = db.session.execute(sa.select(Idea.board_id, Idea.id).where(Idea.id.in_(idea_ids)).order_by(Idea.id))
        note(kind, [(row.board_id, row.id, None) for row in rows])


def note_comments(kind: str, comment_ids: Sequence[int]) -> None:
    """The same, of comments by their numbers; one query. Ask while they are there."""
    if comment_ids:
        rows = db.session.execute(
            sa.select(Idea.board_id, Idea.id.label("idea_id"), Comment.id)
            .join(Idea, Idea.id == Comment.idea_id)
            .where(Comment.id.in_(comment_ids))
            .order_by(Comment.id)
        )
        note(kind, [(row.board_id, row.idea_id, row.id) for row in rows])


# --- Places ---

_UNPLACED = sa.select(sa.exists().where(Change.place.is_(None)))
_NEWEST = sa.select(sa.func.coalesce(sa.func.max(Change.place), 0)).scalar_subquery()
_next = sa.select(Change.id).where(Change.place.is_(None)).order_by(Change.id).limit(AT_ONCE).subquery()
_numbered = sa.select(_next.c.id, sa.func.row_number().over(order_by=_next.c.id).label("number")).subquery()
_PLACE = (
    sa.update(Change)
    .where(Change.id == _numbered.c.id)
    .values(place=_NEWEST + _numbered.c.number)
    .execution_options(synchronize_session=False)
)


def are_unplaced() -> bool:
    """Whether something has happened since somebody asked last."""
    return bool(db.session.scalar(_UNPLACED))


def place() -> None:
    """Give what is committed its places; at most AT_ONCE of it. Readers take turns in it."""
    locks.hold("places of changes")  # what is read below is read after whoever was here before has committed
    db.session.execute(_PLACE)


# --- Reading ---

_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_LAST = sa.bindparam("last", type_=sa.BigInteger)

_idea, _comment, _hiding = aliased(Idea), aliased(Comment), aliased(Hiding)
_is_team = queries.is_team_of(READER, Change.__table__.c.board_id)
_is_of_the_site = sa.exists().where(
    User.id == READER, User.site_role.in_(queries.TEAM_ROLES), User.suspended_at.is_(None)
)
_was_hidden = sa.exists().where(
    *(_hiding.idea_id == Change.idea_id, _hiding.comment_id.is_(None), _hiding.restored_at.is_(None)),
    *(_hiding.by_id.is_not(None), _hiding.signals.is_(None)),
)
_sees_idea = sa.or_(_idea.hidden_at.is_(None), _idea.author_id == READER, _is_team)
_sees_comment = sa.or_(
    _comment.id.is_(None),
    sa.and_(
        sa.or_(sa.not_(_comment.is_internal), _is_team),
        sa.or_(sa.not_(_comment.is_held), _comment.author_id == READER, _is_team),
    ),
)
_of_comments = Change.kind.in_(COMMENT_KINDS)
_gone = sa.case(
    (Change.kind.in_(PERSON_KINDS), True),
    (
        _of_comments,
        sa.or_(
            _comment.id.is_(None),
            _comment.deleted_at.is_not(None),
            sa.and_(_comment.hidden_at.is_not(None), sa.not_(_is_team), _comment.author_id != READER),
        ),
    ),
    (Change.kind.in_(BOARD_KINDS), False),
    (Change.kind.in_(RELEASE_KINDS), Change.kind == "release.undone"),
    else_=sa.or_(
        *(_idea.id.is_(None), _idea.withdrawn_at.is_not(None), _idea.merged_root_id.is_not(None)),
        sa.not_(_sees_idea),
    ),
)
_LINES = (
    sa.select(Change.place, Change.kind, Change.at, Board.slug, Change.idea_id, Change.about_id, _gone.label("gone"))
    .outerjoin(Board, Board.id == Change.board_id)
    .outerjoin(_idea, _idea.id == Change.idea_id)
    .outerjoin(_comment, sa.and_(_comment.id == Change.about_id, _of_comments))
    .where(
        Change.place > _AFTER,
        Change.place <= _LAST,
        sa.or_(
            sa.and_(Change.board_id.is_(None), _is_of_the_site),
            # as lists of all boards have it: an unlisted one is found by whoever has its address
            Board.visibility == Visibility.PUBLIC,
            sa.and_(Change.board_id.is_not(None), queries.is_member_of(READER, Board.__table__.c.id)),
        ),
        # what waited for a look and was refused nobody missed; of what everybody read it is told that it is gone
        sa.or_(_idea.id.is_(None), _sees_idea, sa.and_(sa.not_(_of_comments), _was_hidden)),
        sa.or_(sa.not_(_of_comments), _sees_comment),
    )
    .order_by(Change.place)
    .limit(sa.bindparam("most", type_=sa.Integer))
)


def feed(reader: User, *, limit: int, cursor: str | None) -> Feed:
    """What happened after that place, for `reader`; from the beginning without one. Two queries, and what they read is
    bounded: of a feed of which `reader` may see little some pieces are short.

    Raises ValidationError, naming the field, for a place that we did not name.
    """
    try:
        after = (read_cursor(ORDER, cursor) or [0])[0]
    except ValidationError as error:
        raise ValidationError({"after": error.messages_dict["cursor"]}) from None
    further = sa.select(Change.place).where(Change.place > after).order_by(Change.place)
    window = further.limit(LOOKED_AT).subquery()
    last, many = db.session.execute(sa.select(sa.func.max(window.c.place), sa.func.count(window.c.place))).one()
    if last is None:
        return Feed([], write_cursor(ORDER, [after]), has_more=False)
    values = {"after": after, "last": last, "most": limit + 1, "reader": reader.id}
    rows = [Line(*row) for row in db.session.execute(_LINES, values)]
    if len(rows) > limit:
        return Feed(rows[:limit], write_cursor(ORDER, [rows[limit - 1].place]), has_more=True)
    return Feed(rows, write_cursor(ORDER, [last]), has_more=many == LOOKED_AT)


def ideas_since(since: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """SQL: the ideas to which something happened since then."""
    return sa.select(Change.idea_id).where(Change.at >= since, Change.idea_id.is_not(None))


def releases_rewritten(release_ids: Sequence[int]) -> dict[int, datetime]:
    """Of these releases, when the words of each were changed last since it was published; one query."""
    rows = db.session.execute(
        sa.select(Change.about_id, sa.func.max(Change.at).label("at"))
        .where(Change.about_id.in_(release_ids), Change.kind == "release.updated")
        .group_by(Change.about_id)
    )
    return {row.about_id: row.at for row in rows}


def said_since(comment_id: Any, since: datetime) -> sa.ColumnElement[bool]:
    """SQL: something happened to that comment since then."""
    happened = sa.exists().where(Change.about_id == comment_id, Change.kind.in_(COMMENT_KINDS), Change.at >= since)
    return happened.correlate_except(Change)
