"""Ideas and comments as they were: each version with what was changed in it.

Everything here takes a row that a door of queries.py has opened, so visibility is decided already.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from itertools import zip_longest
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.boards import revising
from ideas.boards.models import Comment, Revision
from ideas.boards.models_revisions import CommentVersion
from ideas.boards.queries import CommentRow, IdeaRow
from ideas.db import db
from ideas.paging import Page, read_cursor

VERSIONS_A_PAGE = 20


class Version:
    """One version of a text. `before`: the one it replaced, None for the first.

    is_material, backers: see Revision; a comment has none. title: "" for a comment.
    """

    def __init__(self, now: _Words, before: _Words | None) -> None:
        self.number, self.at, self.author = now.number, now.at, now.author
        self.title, self.body, self.body_html = now.title, now.body, now.body_html
        self.is_material, self.backers = now.is_material, now.backers
        self._before = before

    @property
    def is_first(self) -> bool:
        return self._before is None

    @cached_property
    def title_changes(self) -> list[revising.Piece]:
        return revising.difference(self._before.title, self.title) if self._before else []

    @cached_property
    def changes(self) -> list[revising.Piece]:
        return revising.difference(self._before.body, self.body) if self._before else []


class _Words:
    """What both kinds of version have."""

    def __init__(self, row: Revision | CommentVersion | Comment, author: User, number: int) -> None:
        self.number, self.author = number, author
        self.title: str = getattr(row, "title", "")
        self.body, self.body_html = row.body, row.body_html
        self.is_material: bool = getattr(row, "is_material", False)
        self.backers: int = getattr(row, "backers", 0)
        self.at: datetime
        if isinstance(row, Revision):
            self.at = row.created_at
        elif isinstance(row, CommentVersion):
            self.at = row.written_at
        else:
            self.at = row.edited_at or row.created_at


def of_idea(on: IdeaRow, *, limit: int = VERSIONS_A_PAGE, cursor: str | None = None) -> Page[Version]:
    """The idea as it was, latest first."""
    after = read_cursor("revisions", cursor)
    statement = (
        sa.select(Revision)
        .where(Revision.idea_id == on.idea.id)
        .options(joinedload(Revision.author))
        .order_by(Revision.number.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(Revision.number < after[0])
    rows = db.session.scalars(statement).all()
    return _page([_Words(row, row.author, row.number) for row in rows], limit, "revisions")


def of_comment(row: CommentRow, *, limit: int = VERSIONS_A_PAGE, cursor: str | None = None) -> Page[Version]:
    """The comment as it was, latest first; of one that was deleted nothing."""
    comment = row.comment
    if comment.deleted_at is not None:
        return Page([], None)
    after = read_cursor("comment versions", cursor)
    statement = (
        sa.select(CommentVersion)
        .where(CommentVersion.comment_id == comment.id)
        .order_by(CommentVersion.number.desc())
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(CommentVersion.number < after[0])
    former = [_Words(version, comment.author, version.number) for version in db.session.scalars(statement)]
    if after is None:
        former.insert(0, _Words(comment, comment.author, former[0].number + 1 if former else 1))
    return _page(former, limit, "comment versions")


def _page(words: Sequence[_Words], limit: int, order: str) -> Page[Version]:
    pairs = list(zip_longest(words, words[1:]))
    page: Page[Any] = Page.of(pairs, limit, order=order, key=lambda pair: (pair[0].number,))
    return Page([Version(now, before) for now, before in page.rows], page.next)


def last_material(on: IdeaRow) -> Revision | None:
    """The last change after which those who backed the idea before might not back it; asked only if it was edited."""
    if on.idea.edited_at is None:
        return None
    return db.session.scalar(_LAST_MATERIAL, {"the_idea": on.idea.id})


_LAST_MATERIAL = (
    sa.select(Revision)
    .where(Revision.idea_id == sa.bindparam("the_idea"), Revision.is_material)
    .order_by(Revision.number.desc())
    .limit(1)
)
