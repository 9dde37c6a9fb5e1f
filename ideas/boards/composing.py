"""What stands beside an answer while it is written: the strongest comments, how it reads, whether it was said before.

Reads alone. Whoever calls has asked already whether the person is of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from ideas import markup
from ideas.accounts.models import User
from ideas.boards import grading, likeness, trees
from ideas.boards.models import Answer, BoardRole, Comment, Credit, Idea, Membership
from ideas.boards.queries import AnswerRow, IdeaRow
from ideas.db import db

STRONGEST = 6
LAST_ANSWERS = 500
TEXT_LOOKED_AT = 20_000


class Said(NamedTuple):
    """A comment and what makes it strong. Loaded: author, with company."""

    comment: Comment
    repliers: int
    was_credited: bool


class Earlier(NamedTuple):
    """An answer that says nearly the same; `percent` of its words."""

    answer_id: int
    idea_id: int
    title: str
    created_at: datetime
    percent: int


@dataclass(frozen=True)
class Reading:
    """How a draft reads. grade: None for what is short or not English. earlier: the answer it nearly equals."""

    grade: grading.Grade | None = None
    earlier: Earlier | None = None


_reply, _to = aliased(Comment), aliased(Comment)
_IDEAS: sa.BindParameter[int] = sa.bindparam("ideas", expanding=True)


def _readable(comment: Any) -> sa.ColumnElement[bool]:
    return sa.and_(
        comment.idea_id.in_(_IDEAS),
        sa.not_(comment.is_internal),
        comment.deleted_at.is_(None),
        comment.hidden_at.is_(None),
    )


_repliers = (
    sa.select(_to.id, sa.func.count(_reply.author_id.distinct()).label("people"))
    .join(_to, _to.id == sa.func.coalesce(_reply.reply_to_id, _reply.parent_id))
    .where(_readable(_reply), _reply.author_id != _to.author_id)
    .group_by(_to.id)
    .subquery()
)
_people = sa.func.coalesce(_repliers.c.people, 0)
_credited = (
    sa.exists()
    .where(Credit.comment_id == Comment.id, Answer.id == Credit.answer_id, Answer.undone_at.is_(None))
    .correlate(Comment)
)
_STRONGEST = (
    sa.select(Comment, _people.label("repliers"), _credited.label("was_credited"))
    .outerjoin(_repliers, _repliers.c.id == Comment.id)
    .where(_readable(Comment), sa.not_(Comment.is_official))
    .options(joinedload(Comment.author).joinedload(User.company))
    .order_by(_people.desc(), _credited.desc(), Comment.created_at, Comment.id)
    .limit(STRONGEST)
)


def strongest(on: IdeaRow) -> list[Said]:
    """What people said on the idea and its parts, the strongest first, at most STRONGEST; one query.

    Strong is what most different people replied to, its own author apart; then what an answer credited before; then
    what was said first. Nobody's plan or revenue counts. Only what everybody may read, and the team's word apart.
    """
    ideas = [on.idea.id, *trees.links(on.idea.id)]
    return [
        Said(row.Comment, row.repliers, row.was_credited) for row in db.session.execute(_STRONGEST, {"ideas": ideas})
    ]


def read(actor: User, typed: str, given: AnswerRow | None = None) -> Reading:
    """How a draft reads, and which of the last answers says nearly the same. `given`: the answer that it corrects."""
    text = typed.strip()[:TEXT_LOOKED_AT]
    if not text:
        return Reading()
    return Reading(
        grading.grade(markup.paragraphs(markup.render(text))),
        said_before(actor, text, but=given.answer.id if given else None),
    )


_own_boards = sa.select(Membership.board_id).where(
    Membership.user_id == sa.bindparam("person"), Membership.role == BoardRole.TEAM.value
)
_last = (
    sa.select(Answer.id)
    .join(Idea, Idea.id == Answer.idea_id)
    .where(
        Answer.undone_at.is_(None),
        Answer.id != sa.bindparam("but"),
        sa.or_(sa.bindparam("everywhere", type_=sa.Boolean), Idea.board_id.in_(_own_boards)),
    )
    .order_by(Answer.id.desc())
    .limit(LAST_ANSWERS)
    .subquery()
)
_LAST = (
    sa.select(
        *(Answer.id, Answer.idea_id, Idea.title, Answer.created_at),
        sa.func.substr(Answer.text, 1, likeness.LOOKED_AT).label("text"),
    )
    .join(_last, _last.c.id == Answer.id)
    .join(Idea, Idea.id == Answer.idea_id)
    .where(sa.func.length(Answer.text).between(sa.bindparam("shortest"), sa.bindparam("longest")))
    .order_by(Answer.id.desc())
)


def said_before(actor: User, text: str, *, but: int | None = None) -> Earlier | None:
    """Of the last LAST_ANSWERS on the boards that `actor` answers on the one that `text` nearly equals; one query.

    `but`: an answer that is not asked about. Of each the beginning is compared; see likeness.py.
    """
    # nearly equal texts are nearly as long, and comparing few is what keeps this cheap
    values = {
        "person": actor.id,
        "everywhere": actor.is_site_team,
        "but": but or 0,
        "shortest": len(text) // 2,
        "longest": 2 * len(text),
    }
    rows = {row.id: row for row in db.session.execute(_LAST, values)}
    found = likeness.nearest(text, ((row.id, row.text) for row in rows.values()))
    if found is None:
        return None
    row = rows[found.key]
    return Earlier(row.id, row.idea_id, row.title, row.created_at, int(found.share * 100))
