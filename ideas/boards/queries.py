"""All reading of boards and ideas. Visibility is decided here, once: `board_seen_by` and `idea_seen_by`.

The doors (`get_board`, `get_idea`, …) answer NotFound in the same words for what is missing and what the reader may
not see. Of what everybody on a board could read until the team hid it, they say that much: HiddenByTeam. Lists are in
listing.py, what a page shows beside an idea in reading.py.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import SiteRole, User
from ideas.boards import trees
from ideas.boards.errors import HiddenByTeam
from ideas.boards.models import (
    Answer,
    Board,
    BoardFollow,
    BoardRole,
    Comment,
    Idea,
    IdeaFollow,
    Membership,
    Status,
    Tag,
    Visibility,
    Vote,
)
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_releases import Release
from ideas.boards.policy import Standing
from ideas.db import db
from ideas.errors import NotFound
from ideas.words import _

TEAM_ROLES = (SiteRole.TEAM, SiteRole.ADMIN)


def is_team_of(user_id: sa.ColumnElement[Any], board_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: that person is of the team of that board, as policy.Standing says it. Nobody suspended is."""
    person = sa.orm.aliased(User)
    belongs = _there_is(
        Membership,
        Membership.user_id == user_id,
        Membership.board_id == board_id,
        Membership.role == BoardRole.TEAM,
    )
    return _there_is(
        person,
        person.id == user_id,
        person.suspended_at.is_(None),
        sa.or_(person.site_role.in_(TEAM_ROLES), belongs),
    )


def team_of(boards: Collection[int]) -> tuple[sa.Select[int], sa.Select[int]]:
    """SQL, for a union: the ids of whoever is of the team of one of these boards, suspended or not.

    "Of this board's or of the site's" in one condition looks at everybody there is.
    """
    return (
        sa.select(Membership.user_id).where(Membership.board_id.in_(boards), Membership.role == BoardRole.TEAM),
        sa.select(User.id).where(User.site_role.in_(TEAM_ROLES)),
    )


def is_member_of(user_id: sa.ColumnElement[Any], board_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL: that person may see that private board."""
    person = sa.orm.aliased(User)
    return sa.or_(
        _there_is(Membership, Membership.user_id == user_id, Membership.board_id == board_id),
        _there_is(person, person.id == user_id, person.site_role.in_(TEAM_ROLES)),
    )


def may_see_board(user_id: sa.ColumnElement[Any], board_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL, in any statement: that person may see that board."""
    board = sa.orm.aliased(Board)
    is_open = _there_is(board, board.id == board_id, board.visibility != Visibility.PRIVATE)
    return sa.or_(is_open, is_member_of(user_id, board_id))


def _there_is(model: Any, *conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    # Left to itself SQLAlchemy looks for a table in the nearest statement around only, and otherwise reads it anew:
    # "this person is a member" would become "anybody is". Here all but `model` comes from around, however far out.
    return sa.exists().where(*conditions).correlate_except(model)


def board_seen_by(user_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL, in a statement that joins Board: that person (NULL: a visitor) may see the board."""
    return sa.or_(Board.visibility != Visibility.PRIVATE, is_member_of(user_id, Board.__table__.c.id))


def idea_seen_by(user_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """SQL, in a statement that joins Idea and Board: that person (NULL: a visitor) may see the idea.

    A hidden idea is seen by its author, who was told why, and by the team.
    """
    return sa.and_(
        board_seen_by(user_id),
        sa.or_(
            Idea.hidden_at.is_(None),
            Idea.author_id == user_id,
            is_team_of(user_id, Board.__table__.c.id),
        ),
    )


def is_on_board(subject: sa.ColumnElement[Any], slug: str) -> sa.ColumnElement[bool]:
    """SQL: what that subject names is an idea or a release on the board of that slug, or the board itself."""

    def named(kind: str) -> sa.ColumnElement[Any]:
        number = sa.cast(sa.func.substr(subject, len(kind) + 2), sa.Integer)
        return sa.case((subject.like(f"{kind}:%"), number))

    def there_is(model: Any, kind: str, *also: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        found = sa.select(model.id).where(model.id == named(kind), Board.slug == slug, *also)
        return found.correlate_except(model, Board).exists()

    return sa.or_(
        there_is(Idea, "idea", Board.id == Idea.board_id),
        there_is(Release, "release", Board.id == Release.board_id),
        there_is(Board, "board"),
    )


READER = sa.bindparam("reader", type_=sa.Integer)


def reader_id(reader: User | None) -> dict[str, int | None]:
    """What READER stands for."""
    return {"reader": reader.id if reader else None}


@dataclass(frozen=True)
class BoardRow:
    """A board as one reader sees it."""

    board: Board
    standing: Standing
    follows: bool


@dataclass(frozen=True)
class IdeaRow:
    """An idea as one reader sees it. Loaded: board, status, author, owner, rank.

    answered: the team has given an answer that stands. voted, follows: the reader's own, also through what is merged
    into it.
    """

    idea: Idea
    standing: Standing
    answered: bool
    voted: bool
    follows: bool


@dataclass(frozen=True)
class CommentRow:
    """A comment as one reader sees it, with the idea it was said on."""

    comment: Comment
    on: IdeaRow


@dataclass(frozen=True)
class HidingRow:
    """A hiding as one reader sees it: the idea, and the comment if it is one that is hidden. Loaded: by."""

    hiding: Hiding
    on: IdeaRow
    comment: Comment | None

    @property
    def thing(self) -> Idea | Comment:
        return self.comment or self.on.idea


@dataclass(frozen=True)
class AnswerRow:
    """An answer as one reader sees it, with the idea it answers. Loaded: by, status, former_status, entry."""

    answer: Answer
    on: IdeaRow


_role = (
    sa.select(Membership.role)
    .where(Membership.board_id == Board.id, Membership.user_id == READER)
    .correlate(Board)
    .scalar_subquery()
)
_follows_board = sa.exists().where(BoardFollow.board_id == Board.id, BoardFollow.user_id == READER)


@cache
def _board_statement() -> sa.Select[Any, Any, Any]:
    return sa.select(Board, _role.label("role"), _follows_board.label("follows")).where(board_seen_by(READER))


@cache
def _one_board() -> sa.Select[Any, Any, Any]:
    return _board_statement().where(Board.slug == sa.bindparam("slug"))


@cache
def _listed_boards() -> sa.Select[Any, Any, Any]:
    listed = sa.or_(Board.visibility == Visibility.PUBLIC, is_member_of(READER, Board.__table__.c.id))
    return _board_statement().where(listed).order_by(Board.name, Board.id)


def get_board(reader: User | None, slug: str) -> BoardRow:
    """The board at that address, or NotFound: the same answer whether it is missing or hidden from `reader`."""
    row = db.session.execute(_one_board(), {**reader_id(reader), "slug": slug}).one_or_none()
    if row is None:
        raise NotFound(_("There is no such board, or you may not see it."))
    return _board_row(reader, row)


def list_boards(reader: User | None) -> list[BoardRow]:
    """The boards that `reader` finds in lists: public ones, and those they belong to."""
    return [_board_row(reader, row) for row in db.session.execute(_listed_boards(), reader_id(reader))]


def _board_row(reader: User | None, row: Any) -> BoardRow:
    return BoardRow(row.Board, Standing(reader, row.role), row.follows)


def statuses_of(board: Board) -> list[Status]:
    """In the order in which the board shows them."""
    return list(db.session.scalars(_STATUSES, {"board": board.id}))


def tags_of(board: Board) -> list[Tag]:
    return list(db.session.scalars(_TAGS, {"board": board.id}))


_STATUSES = sa.select(Status).where(Status.board_id == sa.bindparam("board")).order_by(Status.position, Status.id)
_TAGS = sa.select(Tag).where(Tag.board_id == sa.bindparam("board")).order_by(Tag.name, Tag.id)


@cache
def _one_idea() -> sa.Select[Any, Any, Any, Any, Any]:
    return (
        sa.select(
            Idea,
            _role.label("role"),
            sa.exists().where(Answer.idea_id == Idea.id, Answer.undone_at.is_(None)).label("answered"),
            sa.or_(
                sa.exists().where(Vote.idea_id == Idea.id, Vote.user_id == READER),
                trees.backs_a_part(READER, Idea.__table__.c.id),
            ).label("voted"),
            sa.or_(
                sa.exists().where(IdeaFollow.idea_id == Idea.id, IdeaFollow.user_id == READER),
                trees.follows_a_part(READER, Idea.__table__.c.id),
            ).label("follows"),
        )
        .join(Idea.board)
        .where(idea_seen_by(READER), Idea.id == sa.bindparam("idea"))
        .options(
            sa.orm.contains_eager(Idea.board),
            joinedload(Idea.status),
            joinedload(Idea.author),
            joinedload(Idea.owner),
            joinedload(Idea.rank),
        )
        # what is decided inside a unit of work rests on the row as it is then
        .execution_options(populate_existing=True)
    )


@cache
def _board_of_hidden() -> sa.Select[Any]:
    """The board of an idea that stood there for everybody until the team hid it.

    What waited for a look, and was refused then, nobody missed; an import's hidden ideas neither.
    """
    hidden = _there_is(
        Hiding,
        *(Hiding.idea_id == Idea.id, Hiding.comment_id.is_(None), Hiding.restored_at.is_(None)),
        *(Hiding.by_id.is_not(None), Hiding.signals.is_(None)),
    )
    return (
        sa.select(Board)
        .join(Idea, Idea.board_id == Board.id)
        .where(board_seen_by(READER), Idea.id == sa.bindparam("idea"), Idea.hidden_at.is_not(None), hidden)
    )


def get_idea(reader: User | None, idea_id: int) -> IdeaRow:
    """The idea, or NotFound: the same answer whether it is missing or on a board that `reader` may not see.

    HiddenByTeam where the team took it out of the sight of those who see the board.
    """
    asked = {**reader_id(reader), "idea": _number(idea_id)}
    row = db.session.execute(_one_idea(), asked).one_or_none()
    if row is None:
        board = db.session.scalar(_board_of_hidden(), asked)
        if board is not None:
            raise HiddenByTeam(_("This idea was hidden by the team."), board=board)
        raise NotFound(_("There is no such idea, or you may not see it."))
    return IdeaRow(row.Idea, Standing(reader, row.role), row.answered, row.voted, row.follows)


def get_comment(reader: User | None, comment_id: int) -> CommentRow:
    """The comment and its idea. Internal notes are seen by the team alone; a hidden comment by it and the author.

    Others find HiddenByTeam, as the discussion says it too, unless they never could read it.
    """
    statement = sa.select(Comment).where(Comment.id == _number(comment_id)).options(joinedload(Comment.author))
    comment = db.session.scalar(statement.execution_options(populate_existing=True))
    missing = NotFound(_("There is no such comment, or you may not see it."))
    if comment is None:
        raise missing
    on = _idea_of(reader, comment, missing)
    if on.standing.is_team:
        return CommentRow(comment, on)
    if comment.is_internal:
        raise missing
    if comment.hidden_at is not None and not on.standing.is_author(comment):
        if comment.is_held:
            raise missing
        raise HiddenByTeam(_("This comment was hidden by the team."), board=on.idea.board, idea=on.idea)
    return CommentRow(comment, on)


def _idea_of(reader: User | None, thing: Comment | Answer, missing: NotFound) -> IdeaRow:
    """The idea that something is about. Raises `missing` when the reader may not see it: that says nothing of both."""
    try:
        return get_idea(reader, thing.idea_id)
    except NotFound:
        raise missing from None


def get_answer(reader: User | None, answer_id: int) -> AnswerRow:
    """The answer and its idea; one that was undone is seen by the team alone."""
    statement = (
        sa.select(Answer)
        .where(Answer.id == _number(answer_id))
        .options(
            joinedload(Answer.by), joinedload(Answer.status), joinedload(Answer.former_status), joinedload(Answer.entry)
        )
    )
    answer = db.session.scalar(statement.execution_options(populate_existing=True))
    missing = NotFound(_("There is no such answer, or you may not see it."))
    if answer is None:
        raise missing
    on = _idea_of(reader, answer, missing)
    if answer.undone_at is not None and not on.standing.is_team:
        raise missing
    return AnswerRow(answer, on)


def get_hiding(reader: User | None, hiding_id: int) -> HidingRow:
    """Why something was hidden: for the team, and for the author of what was hidden."""
    statement = (
        sa.select(Hiding)
        .where(Hiding.id == _number(hiding_id))
        .options(joinedload(Hiding.by), joinedload(Hiding.appeal_settled_by))
    )
    hiding = db.session.scalar(statement.execution_options(populate_existing=True))
    missing = NotFound(_("There is nothing here, or you may not see it."))
    if hiding is None:
        raise missing
    try:
        said = get_comment(reader, hiding.comment_id) if hiding.comment_id else None
        on = said.on if said else get_idea(reader, hiding.idea_id)
    except NotFound:
        raise missing from None
    row = HidingRow(hiding, on, said.comment if said else None)
    if not (on.standing.is_team or on.standing.is_author(row.thing)):
        raise missing
    return row


def _number(number: int) -> int:
    """An id as the database can hold it; 0, which is nobody's, for numbers beyond."""
    return number if 0 < number < 2**31 else 0
