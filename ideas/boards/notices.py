"""Who is owed word of what happens on boards (audiences), and the kinds of news people set preferences for.

The table of product.md, "who is told what", is this file; the words are in notice_words.py. Each audience is rows of
outbox.AUDIENCE_COLUMNS; a person may stand in several, the ledger keeps the strongest path and drops the actor.
What is a digest by default goes to the inbox alone until there are digests.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ideas import settings
from ideas.accounts.models import User
from ideas.boards import notice_words, policy, queries
from ideas.boards.events import AnswerCorrected, Answered, Commented, Hidden, IdeaReceived
from ideas.boards.models import (
    Answer,
    AnswerVersion,
    Board,
    BoardFollow,
    Comment,
    Credit,
    CreditKind,
    Hiding,
    Idea,
    IdeaFollow,
    Membership,
    Mention,
    Status,
    Vote,
)
from ideas.db import db
from ideas.ledger.models import Mode, Path
from ideas.outbox import NewsKind, Notice, Notices
from ideas.words import lazy

NEWS = (
    NewsKind("received", lazy("Your idea was received"), lazy("Who reads it and by when they answer.")),
    NewsKind(
        "credited", lazy("Your input was used"), lazy("An answer names what you contributed and how it was used.")
    ),
    NewsKind("shipped", lazy("It is there"), lazy("An idea you had a part in was built, or is possible already.")),
    NewsKind(
        "planned", lazy("It is planned"), lazy("An idea you had a part in has a place in the plan, or a new date.")
    ),
    NewsKind("declined", lazy("It will not be done"), lazy("The team says no, or not now, and why.")),
    NewsKind("moved", lazy("It moved"), lazy("The team looks into it, works on it, or opened it again.")),
    NewsKind(
        "official_comment", lazy("The team says something"), lazy("An official comment on an idea you had a part in.")
    ),
    NewsKind("reply", lazy("Somebody replied to you"), lazy("A reply to a comment of yours.")),
    NewsKind("mention", lazy("Somebody named you"), lazy("A comment that names you with “@”.")),
    NewsKind("new_comment", lazy("New comments"), lazy("On ideas you follow, or that you owe the next word.")),
    NewsKind("new_idea", lazy("New ideas"), lazy("On boards you follow, or whose team you are of.")),
    NewsKind(
        "hidden", lazy("Something of yours was hidden"), lazy("What the team hid, why, and whom to ask about it.")
    ),
)

# moved, planned, shipped, declined → how voters and commenters hear who set no preference; everybody else at once
_VOTERS = {"moved": Mode.INBOX, "planned": Mode.INSTANT, "shipped": Mode.INSTANT, "declined": Mode.INSTANT}
_COMMENTERS = {"moved": Mode.INBOX, "planned": Mode.INBOX, "shipped": Mode.INSTANT, "declined": Mode.INSTANT}


def _rows(
    user_id: Any, path: Path, news: str, by_default: Mode, contribution: str | None = None, contribution_id: Any = None
) -> sa.Select[Any]:
    return sa.select(
        user_id.label("user_id"),
        sa.literal(path.value).label("path"),
        sa.literal(news).label("news"),
        sa.literal(by_default.value).label("by_default"),
        sa.cast(sa.literal(contribution), sa.String).label("contribution_kind"),
        sa.cast(contribution_id if contribution_id is not None else sa.null(), sa.BigInteger).label("contribution_id"),
    )


def answered(answer_id: int) -> sa.CompoundSelect[Any]:
    """Everybody who had a part in the idea, and who follows it."""
    answer, stage = _answer(answer_id)
    news = policy.owed_as(answer.reason, stage)
    return sa.union_all(*_credited(answer.id, answer.idea_id), *_part_in(answer.idea_id, news))


def drafted(
    idea_id: int, news: str, *, author: bool, votes: bool, comment_ids: Sequence[int], everybody: bool = True
) -> sa.CompoundSelect[Any]:
    """Whom `answered` would find for an answer that is still being written and credits these contributions.

    everybody: also those who had a part and are not credited; a correction may concern the credited alone.
    """
    credited = [
        _rows(Comment.author_id, Path.CREDITED, "credited", Mode.INSTANT, "comment", Comment.id).where(
            Comment.idea_id == idea_id, Comment.id.in_(comment_ids)
        )
    ]
    if author:
        credited.append(
            _rows(Idea.author_id, Path.CREDITED, "credited", Mode.INSTANT, "idea", Idea.id).where(Idea.id == idea_id)
        )
    if votes:
        credited.append(
            _rows(Vote.user_id, Path.CREDITED, "credited", Mode.INSTANT, "vote", Vote.id).where(Vote.idea_id == idea_id)
        )
    return sa.union_all(*credited, *(_part_in(idea_id, news) if everybody else ()))


def answer_corrected(version_id: int) -> sa.CompoundSelect[Any]:
    """Whoever is newly credited; and everybody again when the date moved."""
    version = db.session.scalars(sa.select(AnswerVersion).where(AnswerVersion.id == version_id)).one()
    answer, stage = _answer(version.answer_id)
    parts = _credited(answer.id, answer.idea_id, since=version.news_since)
    if version.date_moved:
        parts += _part_in(answer.idea_id, policy.owed_as(answer.reason, stage))
    return sa.union_all(*parts)


def _answer(answer_id: int) -> tuple[Answer, str]:
    statement = (
        sa.select(Answer, Status.stage).join(Status, Status.id == Answer.status_id).where(Answer.id == answer_id)
    )
    row = db.session.execute(statement).one()
    return row.Answer, row.stage


def _credited(answer_id: int, idea_id: int, *, since: int = 1) -> list[sa.Select[Any]]:
    def credits(kind: CreditKind) -> sa.ColumnElement[bool]:
        return sa.and_(Credit.answer_id == answer_id, Credit.kind == kind.value, Credit.since_version >= since)

    def rows(user_id: Any, contribution: str, contribution_id: Any) -> sa.Select[Any]:
        return _rows(user_id, Path.CREDITED, "credited", Mode.INSTANT, contribution, contribution_id)

    return [
        rows(Credit.user_id, "idea", sa.literal(idea_id)).where(credits(CreditKind.AUTHOR)),
        rows(Credit.user_id, "comment", Credit.comment_id).where(credits(CreditKind.COMMENT)),
        rows(Vote.user_id, "vote", Vote.id).where(
            Vote.idea_id == idea_id, sa.exists().where(credits(CreditKind.VOTES))
        ),
    ]


def _part_in(idea_id: int, news: str) -> list[sa.Select[Any]]:
    return [
        _rows(Idea.author_id, Path.AUTHOR, news, Mode.INSTANT, "idea", Idea.id).where(Idea.id == idea_id),
        _commenters(idea_id, news, _COMMENTERS[news]),
        _rows(Vote.user_id, Path.VOTER, news, _VOTERS[news], "vote", Vote.id).where(Vote.idea_id == idea_id),
        _followers(idea_id, news),
    ]


def _commenters(idea_id: int, news: str, by_default: Mode) -> sa.Select[Any]:
    first = sa.func.min(Comment.id)
    return (
        _rows(Comment.author_id, Path.COMMENTER, news, by_default, "comment", first)
        .where(
            Comment.idea_id == idea_id,
            sa.not_(Comment.is_internal),
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .group_by(Comment.author_id)
    )


def _followers(idea_id: int, news: str) -> sa.Select[Any]:
    return _rows(IdeaFollow.user_id, Path.FOLLOWER, news, Mode.INSTANT).where(IdeaFollow.idea_id == idea_id)


def commented(comment_id: int) -> sa.CompoundSelect[Any]:
    """Whoever is replied to or named; for an official word all who had a part; otherwise followers and the owner.

    Nobody for a comment that is gone by now; of an internal note the team alone.
    """
    comment = db.session.scalars(sa.select(Comment).where(Comment.id == comment_id)).one()
    parent = sa.orm.aliased(Comment)
    standing = sa.and_(Comment.id == comment_id, Comment.deleted_at.is_(None), Comment.hidden_at.is_(None))
    parts = [
        _rows(parent.author_id, Path.REPLIED_TO, "reply", Mode.INSTANT, "comment", parent.id).where(
            # whoever is answered, and whoever began the thread
            parent.id.in_([comment.reply_to_id, comment.parent_id])
        ),
        _rows(Mention.user_id, Path.MENTIONED, "mention", Mode.INSTANT).where(Mention.comment_id == comment_id),
    ]
    if comment.is_official:
        parts += [
            _rows(Idea.author_id, Path.AUTHOR, "official_comment", Mode.INSTANT, "idea", Idea.id).where(
                Idea.id == comment.idea_id
            ),
            _commenters(comment.idea_id, "official_comment", Mode.INSTANT),
            _rows(Vote.user_id, Path.VOTER, "official_comment", Mode.INBOX, "vote", Vote.id).where(
                Vote.idea_id == comment.idea_id
            ),
            _followers(comment.idea_id, "official_comment"),
        ]
    else:
        owner = _rows(Idea.owner_id, Path.OWNER, "new_comment", Mode.INBOX)
        parts += [
            _followers(comment.idea_id, "new_comment"),
            owner.where(Idea.id == comment.idea_id, Idea.owner_id.is_not(None)),
        ]
    everybody = sa.union_all(*parts).subquery()
    people = sa.select(everybody).where(sa.exists().where(standing))
    if comment.is_internal:
        board_id = sa.select(Idea.board_id).where(Idea.id == comment.idea_id).scalar_subquery()
        people = people.where(queries.is_team_of(everybody.c.user_id, board_id))
    return sa.union_all(people)


def idea_received(idea_id: int) -> sa.CompoundSelect[Any]:
    """The author hears who reads it and by when; followers of the board and its team hear of a new idea."""
    this = sa.and_(Idea.id == idea_id)
    return sa.union_all(
        _rows(Idea.author_id, Path.AUTHOR, "received", Mode.INSTANT, "idea", Idea.id).where(this),
        _rows(BoardFollow.user_id, Path.FOLLOWER, "new_idea", Mode.INSTANT)
        .join(Idea, Idea.board_id == BoardFollow.board_id)
        .where(this),
        _rows(Membership.user_id, Path.TEAM, "new_idea", Mode.INBOX)
        .join(Idea, Idea.board_id == Membership.board_id)
        .where(this, Membership.role == "team"),
        _rows(User.id, Path.TEAM, "new_idea", Mode.INBOX).where(User.site_role.in_(queries.TEAM_ROLES)),
    )


def hidden(hiding_id: int) -> sa.CompoundSelect[Any]:
    """Whoever wrote what was hidden."""
    return sa.union_all(
        _rows(Idea.author_id, Path.AUTHOR, "hidden", Mode.INSTANT, "idea", Idea.id)
        .join(Hiding, Hiding.idea_id == Idea.id)
        .where(Hiding.id == hiding_id, Hiding.comment_id.is_(None)),
        _rows(Comment.author_id, Path.AUTHOR, "hidden", Mode.INSTANT, "comment", Comment.id)
        .join(Hiding, Hiding.comment_id == Comment.id)
        .where(Hiding.id == hiding_id),
    )


def sees_idea(subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """SQL: that person may see the idea that `subject` ("idea:7") names."""
    idea_id = int(subject.partition(":")[2])
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(Idea)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.id == idea_id, queries.idea_seen_by(user_id))
        .correlate_except(Idea, Board)
    )


def name_subjects(person: User, subjects: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Subject → title and address of the ideas among them that `person` may see."""
    ids = [int(subject.partition(":")[2]) for subject in subjects if subject.startswith("idea:")]
    if not ids:
        return {}
    rows = db.session.scalars(
        sa.select(Idea)
        .join(Board, Board.id == Idea.board_id)
        .where(Idea.id.in_(ids), queries.idea_seen_by(sa.literal(person.id)))
    )
    return {idea.subject: (idea.title, settings.absolute(f"/ideas/{idea.id}-{idea.slug}")) for idea in rows}


NOTICES: Notices = {
    IdeaReceived.kind: Notice(idea_received, sees_idea, notice_words.received, "boards/notices/received"),
    Commented.kind: Notice(commented, sees_idea, notice_words.commented, "boards/notices/commented"),
    Answered.kind: Notice(answered, sees_idea, notice_words.answered, "boards/notices/answered"),
    AnswerCorrected.kind: Notice(answer_corrected, sees_idea, notice_words.corrected, "boards/notices/corrected"),
    Hidden.kind: Notice(hidden, sees_idea, notice_words.hidden, "boards/notices/hidden"),
}
