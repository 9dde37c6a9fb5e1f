"""What a page shows beside an idea or a board: discussion, timeline, backers, versions, the team's queue.

Everything here takes a row that a door of queries.py has opened, so visibility is decided already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.boards import changes, listing, queries, trees, waiting
from ideas.boards.models import Answer, AnswerVersion, Comment, Idea, IdeaRank, Membership, Vote
from ideas.boards.models_merging import Merge
from ideas.boards.models_moderating import Flag, Hiding
from ideas.boards.queries import BoardRow, IdeaRow
from ideas.db import db, utcnow
from ideas.paging import Page, read_cursor

COMMENTS_A_PAGE = 100
BACKERS_SHOWN = 50
MERGES_SHOWN = 100
UNPROMISED = 30  # days; where a board stands among others if it promises no time
RECORD_OF = 200  # the promise's record is that of the last so many ideas that were due


@dataclass(frozen=True)
class Thread:
    """A comment with its replies, as one reader sees them; tombstones have no words."""

    comment: Comment
    replies: list[Comment] = field(default_factory=list)


class Moment(NamedTuple):
    """One line of an idea's timeline. what: posted, edited, answered, corrected, undone, official, hidden, restored,
    merged, unmerged, withdrawn. `thing` is the row behind it: the idea, an answer (status, by loaded), a version, a
    comment, a hiding, a merge (idea, into, by, unmerged_by loaded)."""

    at: datetime
    what: str
    thing: Any


class Record(NamedTuple):
    """How a board keeps its promise. kept and due: of the last RECORD_OF ideas that were due; oldest: the longest
    unanswered idea's time of posting; waits: how long ideas wait for their first word."""

    kept: int
    due: int
    oldest: datetime | None
    waits: waiting.Waiting | None = None

    @property
    def percent(self) -> int | None:
        return self.kept * 100 // self.due if self.due else None


class Waiting(NamedTuple):
    """An idea that still needs its first official word. late: beyond the board's promise. due_on: a day of the team's
    own."""

    idea: Idea
    vote_count: int
    days: int
    within: int | None
    due_on: date | None = None

    @property
    def promised_for(self) -> datetime:
        return self.idea.created_at + timedelta(days=self.within or UNPROMISED)

    @property
    def late(self) -> bool:
        return self.within is not None and self.days >= self.within


def discussion(
    on: IdeaRow, *, limit: int = COMMENTS_A_PAGE, cursor: str | None = None, since: datetime | None = None
) -> Page[Thread]:
    """The threads of an idea, oldest first, each with all its replies; two queries. since: where something happened.

    Internal notes are seen by the team alone. A deleted comment stays as a tombstone while somebody replied to it, and
    for the team; a hidden one always: that something was hidden is no secret.
    """
    after = read_cursor("discussion", cursor)
    roots = (
        sa.select(Comment)
        .where(Comment.idea_id == on.idea.id, Comment.parent_id.is_(None))
        .options(joinedload(Comment.author))
        .order_by(Comment.created_at, Comment.id)
        .limit(limit + 1)
    )
    if not on.standing.is_team:
        roots = roots.where(sa.not_(Comment.is_internal))
    if since is not None:
        below = sa.orm.aliased(Comment)
        replied = sa.exists().where(below.parent_id == Comment.id, changes.said_since(below.id, since))
        roots = roots.where(sa.or_(changes.said_since(Comment.__table__.c.id, since), replied))
    if after is not None:
        roots = roots.where(sa.tuple_(Comment.created_at, Comment.id) > sa.tuple_(*after))
    found = db.session.scalars(roots).all()
    page = Page.of(found, limit, order="discussion", key=lambda comment: (comment.created_at, comment.id))
    replies: dict[int, list[Comment]] = {}
    if page.rows:
        for reply in db.session.scalars(
            sa.select(Comment)
            .where(Comment.parent_id.in_([root.id for root in page.rows]))
            .options(joinedload(Comment.author))
            .order_by(Comment.created_at, Comment.id)
        ):
            if reply.parent_id is not None and (not reply.is_internal or on.standing.is_team):
                replies.setdefault(reply.parent_id, []).append(reply)
    threads = []
    for root in page.rows:
        kept = [reply for reply in replies.get(root.id, []) if _leaves_trace(on, reply)]
        if kept or _leaves_trace(on, root):
            threads.append(Thread(root, kept))
    return Page(threads, page.next)


def _leaves_trace(on: IdeaRow, comment: Comment) -> bool:
    if comment.is_held:  # nobody has read it yet, so nothing is missing
        return is_readable(on, comment)
    return comment.deleted_at is None or on.standing.is_team


def is_readable(on: IdeaRow, comment: Comment) -> bool:
    """Whether the reader sees the words; otherwise a tombstone."""
    if comment.deleted_at is not None:
        return False
    return comment.hidden_at is None or on.standing.is_team or on.standing.is_author(comment)


def hidings_of(on: IdeaRow) -> dict[int | None, Hiding]:
    """Why things are hidden now: comment id (None: the idea itself) → hiding."""
    rows = db.session.scalars(
        sa.select(Hiding)
        .where(Hiding.idea_id == on.idea.id, Hiding.restored_at.is_(None))
        .options(joinedload(Hiding.by))
    )
    return {hiding.comment_id: hiding for hiding in rows}


def backers(on: IdeaRow) -> list[User]:
    """Those who chose to be seen, newest vote first, at most BACKERS_SHOWN; the team sees all of them."""
    statement = (
        sa.select(User)
        .join(Vote, Vote.user_id == User.id)
        .where(Vote.idea_id == on.idea.id)
        .order_by(Vote.id.desc())
        .limit(BACKERS_SHOWN)
    )
    if not on.standing.is_team:
        statement = statement.where(User.shown_as_backer)
    return list(db.session.scalars(statement))


def answers(on: IdeaRow, *, since: datetime | None = None) -> list[listing.AnswerLine]:
    """All answers given to the idea, the one that stands first; those undone are seen by the team alone.

    since: those that were given, corrected or undone since then.
    """
    statement = (
        sa.select(Answer)
        .where(Answer.idea_id == on.idea.id)
        .options(
            joinedload(Answer.by), joinedload(Answer.status), joinedload(Answer.former_status), joinedload(Answer.entry)
        )
        .order_by(Answer.undone_at.is_not(None), Answer.id.desc())
        .limit(100)
    )
    if not on.standing.is_team:
        statement = statement.where(Answer.undone_at.is_(None))
    if since is not None:
        written = sa.exists().where(AnswerVersion.answer_id == Answer.id, AnswerVersion.created_at >= since)
        statement = statement.where(sa.or_(Answer.undone_at >= since, written))
    found = db.session.scalars(statement).all()
    credits = listing.credits_on([answer.id for answer in found])
    return [listing.AnswerLine(answer, credits.get(answer.id, [])) for answer in found]


def versions_of(answer: Answer) -> list[AnswerVersion]:
    """An answer as it was, latest first."""
    return list(
        db.session.scalars(
            sa.select(AnswerVersion)
            .where(AnswerVersion.answer_id == answer.id)
            .options(joinedload(AnswerVersion.by))
            .order_by(AnswerVersion.number.desc())
        )
    )


def timeline(on: IdeaRow, given: Sequence[listing.AnswerLine]) -> list[Moment]:
    """What happened to the idea and when, oldest first. `given`: its answers, already read."""
    moments = [Moment(on.idea.created_at, "posted", on.idea)]
    if on.idea.edited_at is not None:
        moments.append(Moment(on.idea.edited_at, "edited", on.idea))
    for line in given:
        moments.append(Moment(line.answer.created_at, "answered", line.answer))
        if line.answer.undone_at is not None:
            moments.append(Moment(line.answer.undone_at, "undone", line.answer))
    corrections = sa.select(AnswerVersion).where(
        AnswerVersion.answer_id.in_([line.answer.id for line in given]), AnswerVersion.number > 1
    )
    if given:
        moments += [
            Moment(version.created_at, "corrected", version)
            for version in db.session.scalars(corrections.options(joinedload(AnswerVersion.by)))
        ]
    official = (
        sa.select(Comment)
        .where(
            Comment.idea_id == on.idea.id,
            Comment.is_official,
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .options(joinedload(Comment.author))
        .order_by(Comment.id.desc())
        .limit(50)
    )
    moments += [Moment(comment.created_at, "official", comment) for comment in db.session.scalars(official)]
    if on.standing.is_team:
        for hiding in db.session.scalars(
            sa.select(Hiding)
            .where(Hiding.idea_id == on.idea.id, Hiding.by_id.is_not(None))
            .options(joinedload(Hiding.by))
        ):
            moments.append(Moment(hiding.hidden_at, "hidden", hiding))
            if hiding.restored_at is not None:
                moments.append(Moment(hiding.restored_at, "restored", hiding))
    moments += _merges(on)
    if on.idea.withdrawn_at is not None:
        moments.append(Moment(on.idea.withdrawn_at, "withdrawn", on.idea))
    return sorted(moments, key=lambda moment: moment.at)


def _merges(on: IdeaRow) -> list[Moment]:
    """When something became part of the idea or it of another, and when not any more; at most MERGES_SHOWN.

    What was undone before anybody was told, and what is hidden, is seen by the team alone.
    """
    statement = (
        sa.select(Merge)
        .where(sa.or_(Merge.into_id == on.idea.id, Merge.idea_id == on.idea.id))
        .options(joinedload(Merge.idea), joinedload(Merge.into), joinedload(Merge.by), joinedload(Merge.unmerged_by))
        .order_by(Merge.id.desc())
        .limit(MERGES_SHOWN)
    )
    moments = []
    for merge in db.session.scalars(statement):
        undone = merge.unmerged_at is not None and merge.unmerge_entry_id is None
        other = merge.idea if merge.into_id == on.idea.id else merge.into
        if not on.standing.is_team and (undone or other.hidden_at is not None):
            continue
        moments.append(Moment(merge.merged_at, "merged", merge))
        if merge.unmerged_at is not None:
            moments.append(Moment(merge.unmerged_at, "unmerged", merge))
    return moments


def record_of(where: BoardRow) -> Record | None:
    """How the board keeps its promise; None for a board that promises no time. Bounded: see RECORD_OF."""
    days = where.board.answer_within_days
    if days is None:
        return None
    now = utcnow()
    shown = (IdeaRank.board_id == where.board.id, IdeaRank.listed, sa.not_(IdeaRank.is_hidden))
    due = db.session.execute(
        sa.select(IdeaRank.idea_id, IdeaRank.created_at)
        .where(*shown, IdeaRank.created_at <= now - timedelta(days=days))
        .order_by(IdeaRank.created_at.desc(), IdeaRank.idea_id.desc())
        .limit(RECORD_OF)
    ).all()
    words = _first_words([row.idea_id for row in due])
    kept = sum(1 for row in due if row.idea_id in words and words[row.idea_id] <= row.created_at + timedelta(days=days))
    oldest = db.session.scalar(
        sa.select(IdeaRank.created_at)
        .where(*shown, IdeaRank.answered_at.is_(None))
        .order_by(IdeaRank.created_at, IdeaRank.idea_id)
        .limit(1)
    )
    return Record(kept, len(due), oldest)


def _first_words(idea_ids: Sequence[int]) -> dict[int, datetime]:
    if not idea_ids:
        return {}
    words = sa.union_all(
        sa.select(Answer.idea_id, Answer.created_at.label("at")).where(
            Answer.idea_id.in_(idea_ids), Answer.undone_at.is_(None)
        ),
        sa.select(Comment.idea_id, Comment.created_at).where(
            Comment.idea_id.in_(idea_ids),
            Comment.is_official,
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        ),
    ).subquery()
    rows = db.session.execute(sa.select(words.c.idea_id, sa.func.min(words.c.at)).group_by(words.c.idea_id))
    return {row[0]: row[1] for row in rows}


def needs_an_answer(boards: Sequence[BoardRow], *, limit: int, cursor: str | None = None) -> Page[Waiting]:
    """Ideas without an official word on those of `boards` whose team the reader is of, in the order of the promises.

    What should have been answered longest ago comes first. A board that promises no time is one of UNPROMISED days.
    """
    after = read_cursor("waiting", cursor)
    days = {row.board.id: row.board.answer_within_days or UNPROMISED for row in boards if row.standing.is_team}
    statement = (
        sa.select(Idea, IdeaRank.vote_count, IdeaRank.due_on)
        .join(IdeaRank, IdeaRank.idea_id == Idea.id)
        .options(joinedload(Idea.board), joinedload(Idea.author), joinedload(Idea.owner), joinedload(Idea.status))
        .order_by(IdeaRank.created_at, IdeaRank.idea_id)
    )
    queues = [
        _queue([board for board, within in days.items() if within == each], each, after)
        for each in sorted(set(days.values()))
    ]
    if len(queues) < 2:
        statement = statement.where(*(queues or [[sa.false()]])[0]).limit(limit + 1)
    else:
        # the first of each promise, each found by an index; together they are few enough to sort
        firsts = [
            sa.select(
                sa.select(IdeaRank.idea_id)
                .where(*queue)
                .order_by(IdeaRank.created_at, IdeaRank.idea_id)
                .limit(limit + 1)
                .subquery()
            )
            for queue in queues
        ]
        statement = statement.where(IdeaRank.idea_id.in_(sa.union_all(*firsts)))
    now = utcnow()
    rows = [
        Waiting(
            row.Idea, row.vote_count, (now - row.Idea.created_at).days, row.Idea.board.answer_within_days, row.due_on
        )
        for row in db.session.execute(statement)
    ]
    rows.sort(key=lambda row: (row.promised_for, row.idea.id))
    return Page.of(rows, limit, order="waiting", key=lambda row: (row.promised_for, row.idea.id))


def _queue(boards: Sequence[int], days: int, after: Sequence[Any] | None) -> list[Any]:
    """SQL: what waits on boards of one promise, from there on."""
    board = IdeaRank.board_id if len(boards) < 2 else listing.Walked(IdeaRank.board_id)
    found = [
        board.in_(boards),
        IdeaRank.listed,
        sa.not_(IdeaRank.is_hidden),
        IdeaRank.answered_at.is_(None),
    ]
    if after is not None:
        place = (after[0] - timedelta(days=days), after[1])
        found.append(sa.tuple_(IdeaRank.created_at, IdeaRank.idea_id) > sa.tuple_(*place))
    return found


def notes_on(on: IdeaRow) -> list[Comment]:
    """What the team noted on the idea for itself, oldest first; [] for others. Loaded: author."""
    statement = (
        sa.select(Comment)
        .where(
            Comment.idea_id == on.idea.id,
            Comment.is_internal,
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .options(joinedload(Comment.author))
        .order_by(Comment.created_at, Comment.id)
        .limit(COMMENTS_A_PAGE)
    )
    return list(db.session.scalars(statement)) if on.standing.is_team else []


def flags_on(on: IdeaRow) -> list[Flag]:
    """What people pointed out on the idea itself and nobody has looked at; [] for others than the team. Loaded: by."""
    statement = (
        sa.select(Flag)
        .where(Flag.subject == on.idea.subject, Flag.settled_at.is_(None))
        .options(joinedload(Flag.by))
        .order_by(Flag.id)
        .limit(COMMENTS_A_PAGE)
    )
    return list(db.session.scalars(statement)) if on.standing.is_team else []


def team_of(where: BoardRow | IdeaRow) -> list[User]:
    """The people who answer on the board, by name."""
    board = where.board if isinstance(where, BoardRow) else where.idea.board
    statement = (
        sa.select(User)
        .where(User.id.in_(sa.union(*queries.team_of([board.id]))), User.suspended_at.is_(None))
        .order_by(User.name, User.id)
    )
    return list(db.session.scalars(statement))


def answers_somewhere(person: User) -> bool:
    """Whether `person` is of the team of any board."""
    if person.is_suspended:
        return False
    if person.is_site_team:
        return True
    return bool(db.session.scalar(_ANSWERS_SOMEWHERE, {"person": person.id}))


_ANSWERS_SOMEWHERE = sa.select(
    sa.exists().where(Membership.user_id == sa.bindparam("person"), Membership.role == "team")
)


def creditable(on: IdeaRow) -> list[Comment]:
    """The comments an answer may credit: those that everybody may read, also on parts of the idea, oldest first."""
    statement = (
        sa.select(Comment)
        .where(
            Comment.idea_id.in_([on.idea.id, *trees.links(on.idea.id)]),
            sa.not_(Comment.is_internal),
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .options(joinedload(Comment.author))
        .order_by(Comment.created_at, Comment.id)
        .limit(200)
    )
    return list(db.session.scalars(statement))
