"""All reading of releases: who sees which, their lists, and what each says of its ideas."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from ideas.accounts.models import User
from ideas.boards import listing, queries
from ideas.boards.listed import ListedStatus
from ideas.boards.models import Answer, Board, Credit, CreditKind, Idea, IdeaRank, Membership, Status
from ideas.boards.models_releases import Release, ReleaseFollow, ReleaseIdea
from ideas.boards.policy import Standing
from ideas.boards.queries import READER, BoardRow, reader_id
from ideas.db import db
from ideas.errors import NotFound
from ideas.paging import Page, read_cursor
from ideas.text import slug
from ideas.words import _

DRAFTS_MOST = 50


@dataclass(frozen=True)
class ReleaseRow:
    """A release as one reader sees it. Loaded: board, by, published_by, entry."""

    release: Release
    standing: Standing


class Line(NamedTuple):
    """An idea in a release as everybody reads it. reason and text: of the answer by which the release shipped it, as
    it reads now; for an idea that was there before, and in a draft, what the release says.

    thanks: the credits of that answer for people who agreed to be named, and for the voters as a whole; in a draft
    none. entry_id: what announces that answer. ships: the release gives it, or will.
    """

    idea_id: int
    title: str
    status: ListedStatus
    vote_count: int
    reason: str
    text: str
    text_html: str
    ships: bool
    answer_id: int | None
    entry_id: int | None
    thanks: list[Credit]

    @property
    def id(self) -> int:
        return self.idea_id

    @property
    def slug(self) -> str:
        return slug(self.title)


class Shown(NamedTuple):
    """A release with those of its lines that the reader may see."""

    row: ReleaseRow
    lines: list[Line]


_role = (
    sa.select(Membership.role)
    .where(Membership.board_id == Board.id, Membership.user_id == READER)
    .correlate(Board)
    .scalar_subquery()
)


@cache
def _one() -> sa.Select[Any, Any]:
    return (
        sa.select(Release, _role.label("role"))
        .join(Release.board)
        .where(queries.board_seen_by(READER), Release.id == sa.bindparam("release"))
        .options(
            contains_eager(Release.board),
            joinedload(Release.by),
            joinedload(Release.published_by),
            joinedload(Release.entry),
        )
        # what is decided inside a unit of work rests on the row as it is then
        .execution_options(populate_existing=True)
    )


def get(reader: User | None, release_id: int) -> ReleaseRow:
    """The release, or NotFound: the same answer whether it is missing, of a board that `reader` may not see, or a draft
    of a team that they are not of."""
    asked = {**reader_id(reader), "release": release_id if 0 < release_id < 2**31 else 0}
    found = db.session.execute(_one(), asked).one_or_none()
    if found is not None:
        standing = Standing(reader, found.role)
        if found.Release.published_at is not None or standing.is_team:
            return ReleaseRow(found.Release, standing)
    raise NotFound(_("There is no such release, or you may not see it."))


_BOARDS: sa.BindParameter[int] = sa.bindparam("boards", expanding=True)
_LIST = (
    sa.select(Release)
    .where(Release.board_id.in_(_BOARDS), Release.published_at.is_not(None))
    .options(joinedload(Release.by), joinedload(Release.published_by), joinedload(Release.entry))
    .order_by(Release.released_on.desc(), Release.id.desc())
    .limit(sa.bindparam("most", type_=sa.Integer))
)
_AFTER = _LIST.where(
    sa.tuple_(Release.released_on, Release.id)
    < sa.tuple_(sa.bindparam("after", type_=sa.Date), sa.bindparam("after_id", type_=sa.Integer))
)
_DRAFTS = (
    sa.select(Release)
    .where(Release.board_id.in_(_BOARDS), Release.published_at.is_(None))
    .options(joinedload(Release.by), joinedload(Release.published_by), joinedload(Release.entry))
    .order_by(Release.id.desc())
    .limit(DRAFTS_MOST)
)


def published(reader: User | None, boards: Sequence[BoardRow], *, limit: int, cursor: str | None = None) -> Page[Shown]:
    """The releases of `boards` (already found visible for `reader`), the latest first."""
    values: dict[str, Any] = {"boards": [row.board.id for row in boards], "most": limit + 1}
    after = read_cursor("releases", cursor)
    if after is not None:
        values |= {"after": date.fromordinal(after[0]), "after_id": after[1]}
    found = db.session.scalars(_LIST if after is None else _AFTER, values).all()
    page = Page.of(found, limit, order="releases", key=_place)
    return Page(_shown(reader, boards, page.rows), page.next)


def _place(release: Release) -> tuple[int, int]:
    return (release.released_on or date.min).toordinal(), release.id


def drafts(reader: User | None, boards: Sequence[BoardRow]) -> list[Shown]:
    """What the team of those boards is about to release, the latest first, at most DRAFTS_MOST."""
    ours = [row for row in boards if row.standing.is_team]
    if not ours:
        return []
    found = db.session.scalars(_DRAFTS, {"boards": [row.board.id for row in ours]}).all()
    return _shown(reader, ours, found)


def _shown(reader: User | None, boards: Sequence[BoardRow], found: Iterable[Release]) -> list[Shown]:
    on = {row.board.id: row for row in boards}
    rows = []
    for release in found:
        sa.orm.attributes.set_committed_value(release, "board", on[release.board_id].board)
        rows.append(ReleaseRow(release, on[release.board_id].standing))
    lines = lines_of(reader, rows)
    return [Shown(row, lines[row.release.id]) for row in rows]


@cache
def _lines() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(
            ReleaseIdea,
            Idea.id.label("idea_id"),
            Idea.title,
            Status.slug.label("status_slug"),
            Status.name.label("status_name"),
            Status.stage,
            IdeaRank.vote_count,
            Answer.reason,
            Answer.text,
            Answer.text_html,
            Answer.undone_at,
            Answer.entry_id,
        )
        .join(Idea, Idea.id == ReleaseIdea.idea_id)
        .join(Board, Board.id == Idea.board_id)
        .join(Status, Status.id == Idea.status_id)
        .join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .outerjoin(Answer, Answer.id == ReleaseIdea.answer_id)
        .where(ReleaseIdea.release_id.in_(sa.bindparam("releases", expanding=True)), queries.idea_seen_by(READER))
        .order_by(ReleaseIdea.release_id, ReleaseIdea.added_at, ReleaseIdea.idea_id)
        .execution_options(populate_existing=True)
    )


def lines_of(reader: User | None, rows: Sequence[ReleaseRow]) -> dict[int, list[Line]]:
    """Release → its ideas that `reader` may see, in the order in which they were taken in. Two queries, or none.

    An idea whose answer was taken back by itself is not in a published release any more.
    """
    found: dict[int, list[Line]] = {row.release.id: [] for row in rows}
    if not found:
        return found
    is_draft = {row.release.id: row.release.published_at is None for row in rows}
    lines = db.session.execute(_lines(), {**reader_id(reader), "releases": list(found)}).all()
    thanks = listing.credits_on([row.ReleaseIdea.answer_id for row in lines if row.ReleaseIdea.answer_id is not None])
    for row in lines:
        line = row.ReleaseIdea
        if row.undone_at is not None:
            continue
        said = row if line.shipped_here else line
        ships = row.stage != "shipped" if is_draft[line.release_id] else line.shipped_here
        found[line.release_id].append(
            Line(
                row.idea_id,
                row.title,
                ListedStatus(row.status_slug, row.status_name, row.stage),
                row.vote_count,
                said.reason,
                said.text,
                said.text_html,
                ships,
                line.answer_id,
                row.entry_id,
                [credit for credit in thanks.get(line.answer_id or 0, []) if is_named(credit)],
            )
        )
    return found


def is_named(credit: Credit) -> bool:
    """Whether a release names whom the credit thanks: those who chose to be seen, and the voters as a whole."""
    if credit.kind == CreditKind.VOTES:
        return True
    return credit.user is not None and credit.user.shown_as_backer


def follows(reader: User | None, board: Board) -> bool:
    """Whether `reader` hears of the board's releases."""
    return reader is not None and db.session.get(ReleaseFollow, (board.id, reader.id)) is not None


def line_in(row: ReleaseRow, idea_id: int) -> ReleaseIdea | None:
    """What a draft says of an idea, to be written anew."""
    return db.session.get(ReleaseIdea, (row.release.id, idea_id))


_NAMED = (
    sa.select(Release)
    .join(ReleaseIdea, ReleaseIdea.release_id == Release.id)
    .where(
        ReleaseIdea.idea_id == sa.bindparam("idea"),
        Release.published_at.is_not(None),
        ReleaseIdea.answer_id == sa.bindparam("answer"),
    )
    .order_by(Release.id)
    .limit(1)
)


def with_answer(answer: Answer) -> Release | None:
    """The published release that an answer is part of, for the page of its idea."""
    return db.session.scalar(_NAMED, {"idea": answer.idea_id, "answer": answer.id})
