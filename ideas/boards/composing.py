"""What stands beside an answer while it is written: the strongest comments, how it reads, whether it was said before.

Reads alone. Whoever calls has asked already whether the person is of the team.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import aliased, joinedload

from ideas import markup
from ideas.accounts.models import Company, User
from ideas.boards import grading, leaving_out, likeness, notices, trees
from ideas.boards.models import Answer, BoardRole, Comment, Credit, Idea, Membership
from ideas.boards.models_left_out import REASON_LONGEST
from ideas.boards.queries import AnswerRow, IdeaRow
from ideas.boards.schemas import LEFT_OUT_MOST
from ideas.db import db
from ideas.text import one_line, readable
from ideas.words import _

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


# --- Who is left out ---


def left_out(idea_id: int, lines: str, reason: str) -> list[dict[str, Any]]:
    """Whom each line names, a company or somebody who had a part in the idea, as NewAnswer has it; all for one reason.

    A name that several people bear is followed by "#" and a number. Raises ValidationError for `leave_out`, with each
    line that names nobody, or too many, and for `leave_out_reason` when there is none.
    """
    found: list[dict[str, Any]] = []
    wrong = []
    reason = _sound(reason, "leave_out_reason")
    names = list(dict.fromkeys(filter(None, (_sound(line, "leave_out") for line in lines.splitlines()))))
    if len(names) > LEFT_OUT_MOST:
        raise ValidationError({"leave_out": [_("At most %(most)s lines fit.", most=LEFT_OUT_MOST)]})
    companies, people = _companies_called(names), _people_called(idea_id, names)
    for name in names:
        numbers = people.get(name.casefold(), [])
        if name in companies:
            found.append({"person": None, "company": companies[name], "reason": reason})
        elif len(numbers) == 1:
            found.append({"person": numbers[0], "company": None, "reason": reason})
        elif numbers:
            listed = ", ".join(f"{name} #{number}" for number in numbers[:5])
            wrong.append(_("Several people are called “%(name)s”. Say which: %(listed)s.", name=name, listed=listed))
        else:
            wrong.append(_("No company, and nobody who had a part in this, is called “%(name)s”.", name=name[:80]))
    if wrong:
        raise ValidationError({"leave_out": wrong})
    if found and not 5 <= len(reason) <= REASON_LONGEST:
        raise ValidationError({"leave_out_reason": [_("Say why, in 5 to %(most)s characters.", most=REASON_LONGEST)]})
    return found


def _sound(words: str, field: str) -> str:
    try:
        return one_line(words)
    except ValueError as error:
        raise ValidationError({field: [str(error)]}) from None


def understood(idea_id: int, lines: str) -> leaving_out.Whom:
    """The same of what may be half typed: lines that name nobody are passed over."""
    names = list(dict.fromkeys(filter(None, (one_line(readable(line)) for line in lines.splitlines()))))[:LEFT_OUT_MOST]
    companies = _companies_called(names)
    people = [numbers[0] for numbers in _people_called(idea_id, names).values() if len(numbers) == 1]
    return leaving_out.Whom(frozenset(people), frozenset(companies.values()))


def _companies_called(names: Sequence[str]) -> dict[str, int]:
    if not names:
        return {}
    rows = db.session.execute(sa.select(Company.name, Company.id).where(Company.name.in_(names)))
    return {row.name: row.id for row in rows}


def _people_called(idea_id: int, names: Sequence[str]) -> dict[str, list[int]]:
    """Name, folded, or "name #number" → the people among those who had a part; of a name at most six."""
    if not names:
        return {}
    plain = {name.rpartition(" #")[0] if name.rpartition(" #")[2].isdecimal() else name for name in names} - {""}
    had_a_part = notices.drafted(idea_id, "moved", author=False, votes=False, comment_ids=[]).subquery("had_a_part")
    rows = db.session.execute(
        sa.select(User.id, User.name)
        .where(User.name.in_({*names, *plain}), User.id.in_(sa.select(had_a_part.c.user_id)))
        .order_by(User.id)
        .limit(6 * LEFT_OUT_MOST)
    )
    found: dict[str, list[int]] = {}
    for row in rows:
        found.setdefault(row.name.casefold(), []).append(row.id)
        found[f"{row.name} #{row.id}".casefold()] = [row.id]
    return {name.casefold(): found[name.casefold()] for name in names if name.casefold() in found}
