"""The only code that writes `left_out`: whom a team does not tell of an answer, such as its own test accounts.

To hear what became of what one put in is a right. So whoever had the idea, or one that is part of it, and whoever is
credited by name hears all the same; everybody else who is left out keeps a line in the ledger, with that reason, and
stays among those who were owed word.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.accounts.models import Company, User
from ideas.boards.models import Answer, AnswerVersion, Comment, Credit, CreditKind, Idea
from ideas.boards.models_evidence import Evidence
from ideas.boards.models_left_out import LeftOut
from ideas.db import db
from ideas.words import _


class Whom(NamedTuple):
    """People and companies by id."""

    people: frozenset[int] = frozenset()
    companies: frozenset[int] = frozenset()


def require_may(idea: Idea, left_out: Sequence[dict[str, Any]], credits: Sequence[dict[str, Any]]) -> None:
    """Raises ValidationError for `left_out` when one of these is nobody, or hears by right: see the top."""
    people = {each["person"] for each in left_out if each["person"] is not None}
    companies = {each["company"] for each in left_out if each["company"] is not None}
    known = {row.id: row.name for row in db.session.execute(sa.select(User.id, User.name).where(User.id.in_(people)))}
    missing = (people - known.keys()) or (companies - set(db.session.scalars(_those(companies))))
    if missing:
        raise ValidationError({"left_out": [_("There is no such person or company: %(id)s.", id=min(missing))]})
    by_right = {credit["person"] for credit in credits} | set(db.session.scalars(_authors(idea.id)))
    if held := sorted(known[person] for person in people & by_right):
        raise ValidationError(
            {
                "left_out": [
                    _(
                        "%(name)s had the idea, or one that is part of it, or is credited, and so hears by right.",
                        name=held[0],
                    )
                ]
            }
        )


def _those(company_ids: Collection[int]) -> sa.Select[int]:
    return sa.select(Company.id).where(Company.id.in_(company_ids))


def leave_out(actor: User, given: Answer, left_out: Sequence[dict[str, Any]]) -> None:
    """Write down whom an answer is not told to; `require_may` was asked."""
    db.session.add_all(
        LeftOut(
            answer_id=given.id,
            user_id=each["person"],
            company_id=each["company"],
            reason=each["reason"],
            by_id=actor.id,
        )
        for each in left_out
    )


def left_out_of(answer_id: int) -> list[LeftOut]:
    """Whom the team left out of an answer. Loaded: user, company, by."""
    statement = sa.select(LeftOut).where(LeftOut.answer_id == answer_id).order_by(LeftOut.id)
    loaded = (joinedload(LeftOut.user), joinedload(LeftOut.company), joinedload(LeftOut.by))
    return list(db.session.scalars(statement.options(*loaded)))


# --- For the ledger ---


def of_answer(answer_id: int, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool] | None:
    """SQL: the team left that person out of the answer; None when it left out nobody."""
    rows = db.session.execute(
        sa.select(LeftOut.user_id, LeftOut.company_id).where(LeftOut.answer_id == answer_id)
    ).all()
    whom = Whom(
        frozenset(row.user_id for row in rows if row.user_id is not None),
        frozenset(row.company_id for row in rows if row.company_id is not None),
    )
    idea_id = sa.select(Answer.idea_id).where(Answer.id == answer_id)
    credited = sa.select(Credit.user_id).where(Credit.answer_id == answer_id, Credit.user_id.is_not(None))
    return _is_among(whom, user_id, db.session.scalars(idea_id).one(), credited) if rows else None


def of_version(version_id: int, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool] | None:
    """The same of a correction: whoever was left out of an answer is left out of what follows."""
    answer_id = sa.select(AnswerVersion.answer_id).where(AnswerVersion.id == version_id)
    return of_answer(db.session.scalars(answer_id).one(), user_id)


def of_draft(
    whom: Whom, idea_id: int, credits: Collection[tuple[str, int | None]], user_id: sa.ColumnElement[int]
) -> sa.ColumnElement[bool] | None:
    """The same of an answer that is still being written, and its credits by kind and number."""
    comments = [number for kind, number in credits if kind == CreditKind.COMMENT and number]
    heard = [number for kind, number in credits if kind == CreditKind.EVIDENCE and number]
    credited: sa.CompoundSelect[Any] = sa.union_all(
        sa.select(Comment.author_id).where(Comment.id.in_(comments)),
        sa.select(Evidence.user_id).where(Evidence.id.in_(heard), Evidence.user_id.is_not(None)),
    )
    return _is_among(whom, user_id, idea_id, credited) if whom != Whom() else None


def _is_among(
    whom: Whom, user_id: sa.ColumnElement[int], idea_id: int, credited: sa.Select[Any] | sa.CompoundSelect[Any]
) -> sa.ColumnElement[bool]:
    of_companies = sa.select(User.id).where(User.company_id.in_(whom.companies))
    return sa.and_(
        sa.or_(user_id.in_(whom.people), user_id.in_(of_companies)),
        user_id.not_in(_authors(idea_id)),
        user_id.not_in(credited),
    )


def _authors(idea_id: int) -> sa.Select[int]:
    """Who had the idea, and the ideas that are part of it now."""
    return sa.select(Idea.author_id).where(sa.or_(Idea.id == idea_id, Idea.merged_root_id == idea_id))
