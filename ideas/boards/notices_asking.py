"""Whom the team asks, and who hears what was said: whether it helped, and how it goes on. As notices.py, for these."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import notice_words_asking as words
from ideas.boards import notices, queries
from ideas.boards.events import FollowedUp, NotSolved, SolvedAsked
from ideas.boards.models import Answer, BoardFollow, BoardRole, Idea, Membership, Vote
from ideas.boards.models_solving import NOT_SATISFIED, Inquiry, Solved
from ideas.db import db
from ideas.ledger.models import Mode, Path
from ideas.outbox import Notice, Notices


def owed_a_question(idea_id: int, answer_id: int) -> sa.CompoundSelect[Any]:
    """Whoever wrote the idea or backs it, itself or as another that is part of it, and whom the answer credits."""
    within, news = notices.parts_of(idea_id), "solved"
    credited = [
        sa.select(
            people.c.user_id,
            people.c.path,
            sa.literal(news).label("news"),
            *(people.c.by_default, people.c.contribution_kind, people.c.contribution_id),
        )
        for people in (part.subquery() for part in notices.credited(answer_id, idea_id, within))
    ]
    return sa.union_all(
        *credited,
        notices.authors([idea_id], Path.AUTHOR, news, Mode.INSTANT),
        notices.authors(within, Path.MERGED_AUTHOR, news, Mode.INSTANT),
        notices.voters(idea_id, within, Path.VOTER, news, Mode.INSTANT),
        notices.on_behalf([idea_id, *within], news, Mode.INSTANT),
    )


def solved_asked(inquiry_id: int) -> sa.CompoundSelect[Any]:
    """Everybody who was put down to be asked."""
    inquiry = _inquiry(inquiry_id)
    people = owed_a_question(inquiry.idea_id, inquiry.answer_id).subquery()
    asked = sa.exists().where(Solved.inquiry_id == inquiry.id, Solved.user_id == people.c.user_id)
    return sa.union_all(sa.select(people).where(asked))


def not_solved(inquiry_id: int) -> sa.CompoundSelect[Any]:
    """The owner, whoever said it was there, and the board's team."""
    inquiry = _inquiry(inquiry_id)
    owner = notices.rows(Idea.owner_id, Path.OWNER, "not_solved", Mode.INSTANT)
    return sa.union_all(
        owner.where(Idea.id == inquiry.idea_id, Idea.owner_id.is_not(None)),
        notices.rows(Answer.by_id, Path.TEAM, "not_solved", Mode.INSTANT).where(Answer.id == inquiry.answer_id),
        *team_of(sa.select(Idea.board_id).where(Idea.id == inquiry.idea_id), "not_solved", Mode.INSTANT),
    )


def followed_up(inquiry_id: int) -> sa.CompoundSelect[Any]:
    """Those who back the new idea because it was not solved for them; otherwise it is a new idea like any other."""
    inquiry = _inquiry(inquiry_id)
    board = sa.select(Idea.board_id).where(Idea.id == inquiry.idea_id)
    carried = notices.rows(Vote.user_id, Path.VOTER, "follow_up", Mode.INSTANT, "vote", Vote.id).where(
        Vote.idea_id == inquiry.follow_up_id,
        sa.exists().where(
            Solved.inquiry_id == inquiry.id, Solved.user_id == Vote.user_id, Solved.answer.in_(NOT_SATISFIED)
        ),
    )
    followers = notices.rows(BoardFollow.user_id, Path.FOLLOWER, "new_idea", Mode.INSTANT)
    return sa.union_all(
        carried,
        followers.where(BoardFollow.board_id == board.scalar_subquery()),
        *team_of(board, "new_idea", notices.DIGEST),
    )


def team_of(board_id: sa.Select[Any], news: str, by_default: Mode) -> list[sa.Select[Any]]:
    """The board's team, and the site's; nobody when there is no such board."""
    board = board_id.scalar_subquery()
    belongs = notices.rows(Membership.user_id, Path.TEAM, news, by_default)
    everywhere = notices.rows(User.id, Path.TEAM, news, by_default)
    return [
        belongs.where(Membership.board_id == board, Membership.role == BoardRole.TEAM),
        everywhere.where(User.site_role.in_(queries.TEAM_ROLES), board.is_not(None)),
    ]


def _inquiry(inquiry_id: int) -> Inquiry:
    return db.session.scalars(sa.select(Inquiry).where(Inquiry.id == inquiry_id)).one()


def _notice(audience: Any, said: Any, folder: str) -> Notice:
    return Notice(audience, notices.sees_idea, said, f"boards/notices/{folder}", notices.one_with)


NOTICES: Notices = {
    SolvedAsked.kind: _notice(solved_asked, words.solved_asked, "solved_asked"),
    NotSolved.kind: _notice(not_solved, words.not_solved, "not_solved"),
    FollowedUp.kind: _notice(followed_up, words.followed_up, "followed_up"),
}
