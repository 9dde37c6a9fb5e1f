"""The only code that writes `segment` and `segment_person`: who answers to which question that is kept.

Belonging is kept rather than asked, so that lists, scores and figures find it by an index. It is brought up to date by
a walk that compares what is kept with what is so now: an upsert, an import, a renewal that comes nearer, whatever it
was. Who may keep segments depends on teams, which this room does not know: backlog/segmenting.py asks that first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from marshmallow import ValidationError

from ideas import text
from ideas.accounts import audit, locks, policy
from ideas.accounts import segment_questions as questions
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import NAME_LONGEST, SLUG_LONGEST, Segment, SegmentPerson
from ideas.accounts.segment_questions import About, Condition, How, Match, Question
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.privacy import Leaving
from ideas.words import _

MOST = 50  # of a site: the walk reads everybody once for each
EVERY = timedelta(minutes=15)  # how old the belonging to a segment may be
MOVED_MOST = 2_000  # people who come or go in one turn

_person, _company, _in = User.__table__.c, Company.__table__.c, SegmentPerson.__table__.c
_THOSE = User.__table__.outerjoin(Company.__table__, _company.id == _person.company_id)
_NUMERAL = r"^-?[0-9]{1,12}(\.[0-9]{1,6})?$"


# --- Keeping ---


def make(actor: User, words: Mapping[str, Any]) -> Segment:
    """Keep a question under a name, as schemas_segments.SegmentWords loads it. Raises ValidationError."""
    policy.require_active(actor)
    locks.hold("segments")
    others = all_of_them()
    if len(others) >= MOST:
        raise ValidationError({"name": [_("There are %(most)s segments already. Remove one first.", most=MOST)]})
    _require_new_name(words["name"], others)
    segment = Segment(
        slug=_slug(words["name"], {each.slug for each in others}),
        name=words["name"],
        question=words["question"],
        by_id=actor.id,
    )
    db.session.add(segment)
    db.session.flush()  # gives the id
    audit.record(actor, "segment.added", segment.subject, name=segment.name)
    return segment


def change(actor: User, segment: Segment, words: Mapping[str, Any]) -> None:
    """Change what is named in `words`; the address stays. Raises ValidationError."""
    policy.require_active(actor)
    locks.hold("segments")
    name = words.get("name", segment.name)
    question = words.get("question", segment.question)
    if (name, question) == (segment.name, segment.question):
        return
    _require_new_name(name, [each for each in all_of_them() if each.id != segment.id])
    if question != segment.question:
        segment.question, segment.counted_at = question, None
    segment.name = name
    audit.record(actor, "segment.changed", segment.subject, name=name)
    db.session.flush()  # the caller counts it


def remove(actor: User, segment: Segment) -> None:
    """Forget the question. The people stay as they are."""
    policy.require_active(actor)
    audit.record(actor, "segment.removed", segment.subject, name=segment.name)
    db.session.delete(segment)
    db.session.flush()


def _require_new_name(name: str, others: Sequence[Segment]) -> None:
    if text.folded(name) in {text.folded(each.name) for each in others}:
        raise ValidationError({"name": [_("There is a segment with this name already.")]})


def _slug(name: str, taken: set[str]) -> str:
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    short = text.slug(plain, longest=SLUG_LONGEST - 4) or "segment"
    number, slug = 2, short
    while slug in taken:
        number, slug = number + 1, f"{short}-{number}"
    return slug


# --- Reading ---


def all_of_them() -> list[Segment]:
    """Every segment, by name."""
    return list(db.session.scalars(sa.select(Segment).order_by(Segment.name, Segment.id)))


def get(segment_id: int) -> Segment:
    """Raises NotFound."""
    segment = db.session.get(Segment, segment_id, populate_existing=True) if 0 < segment_id < 2**31 else None
    if segment is None:
        raise _no_such()
    return segment


def by_slug(slug: str) -> Segment:
    """Raises ValidationError, because that is said in a filter."""
    segment = db.session.scalar(sa.select(Segment).where(Segment.slug == slug))
    if segment is None:
        raise ValidationError({"segment": [_("There is no segment “%(slug)s”.", slug=slug)]})
    return segment


def belonging(segment_id: Any) -> sa.Select[Any]:
    """SQL: the ids of those who belong to the segment, a number or a bound value."""
    return sa.select(_in.user_id).where(_in.segment_id == segment_id)


def named_after(leaving: Leaving) -> dict[str, str]:
    """Addresses of segments in whose name or question somebody stands who is being forgotten → what they are to be."""
    there = sa.select(Segment).where(sa.or_(leaving.may_stand_in(Segment.name), leaving.may_stand_in(Segment.question)))
    taken = set(db.session.scalars(sa.select(Segment.slug)))
    found = {}
    for segment in db.session.scalars(there.order_by(Segment.id)):
        if leaving.rewritten(segment.name) != segment.name:
            found[segment.slug] = _slug("", taken)
            taken.add(found[segment.slug])
    return found


def forget(leaving: Leaving) -> None:
    """Somebody's name leaves what segments are called, where they are and what they ask; of their own they are none."""
    addresses = named_after(leaving)
    named = sa.or_(leaving.may_stand_in(Segment.name), leaving.may_stand_in(Segment.question))
    for segment in db.session.scalars(sa.select(Segment).where(named)):
        segment.slug = addresses.get(segment.slug, segment.slug)
        segment.name = leaving.rewritten(segment.name)[:NAME_LONGEST]
        segment.question = leaving.rewritten_json(segment.question)
    db.session.execute(sa.delete(SegmentPerson).where(_in.user_id == leaving.id))


def _no_such() -> NotFound:
    return NotFound(_("There is no such segment."))


# --- Who belongs ---


class Moved(NamedTuple):
    """Who came into a segment or left it just now, and whether there is more to do."""

    people: list[int]
    has_more: bool


def bring_up_to_date() -> Moved:
    """Go on with the segment that was counted the longest ago, if any is due. In a unit of work."""
    now = utcnow()
    due = sa.or_(Segment.counted_at.is_(None), Segment.counted_at <= now - EVERY)
    oldest = sa.case((Segment.counted_at.is_(None), 0), else_=1)
    rows = sa.select(Segment).where(due).order_by(oldest, Segment.counted_at, Segment.id).limit(2)
    segments = db.session.scalars(
        rows.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).all()
    if not segments:
        return Moved([], has_more=False)
    people, is_done = _compare(segments[0], now)
    return Moved(people, has_more=len(segments) > 1 or not is_done)


def bring_one_up_to_date(segment: Segment) -> Moved:
    """A turn for this segment at once: enough for a small site to see who belongs to it."""
    people, is_done = _compare(segment, utcnow())
    return Moved(people, has_more=not is_done)


def _compare(segment: Segment, now: datetime) -> tuple[list[int], bool]:
    holds = sql(questions.read(segment.question), now)
    own = sa.literal(segment.id)
    is_in = sa.exists().where(_in.segment_id == own, _in.user_id == _person.id)
    come = sa.select(_person.id).select_from(_THOSE).where(holds, _person.erased_at.is_(None), sa.not_(is_in))
    gone = (
        sa.select(_in.user_id)
        .select_from(SegmentPerson.__table__)
        .join(_THOSE, _person.id == _in.user_id)
        .where(_in.segment_id == own, sa.or_(sa.not_(holds), _person.erased_at.is_not(None)))
    )
    came, went = (list(db.session.scalars(each.limit(MOVED_MOST))) for each in (come, gone))
    if came:
        db.session.execute(sa.insert(SegmentPerson), [{"segment_id": segment.id, "user_id": each} for each in came])
    if went:
        db.session.execute(sa.delete(SegmentPerson).where(_in.segment_id == own, _in.user_id.in_(went)))
    is_done = len(came) < MOVED_MOST and len(went) < MOVED_MOST
    counts = sa.select(sa.func.count(), sa.func.count(sa.distinct(_person.company_id)))
    counted = db.session.execute(
        counts.select_from(SegmentPerson.__table__.join(User.__table__, _person.id == _in.user_id)).where(
            _in.segment_id == own
        )
    ).one()
    segment.people, segment.companies = counted
    if is_done:
        segment.counted_at = now
    db.session.flush()
    return [*came, *went], is_done


# --- The question in SQL ---


def sql(question: Question, now: datetime) -> sa.ColumnElement[bool]:
    """What holds of those who belong, over `user` with its company beside it if there is one. Never NULL."""
    conditions = [sa.func.coalesce(_sql(each, now), sa.false()) for each in question.conditions]
    return sa.and_(*conditions) if question.match is Match.ALL else sa.or_(*conditions)


def _sql(condition: Condition, now: datetime) -> Any:
    if condition.about is About.JOINED:
        since = now - timedelta(days=condition.number)
        return _person.created_at >= since if condition.how is How.WITHIN else _person.created_at < since
    column = _column(condition)
    if condition.how is How.KNOWN:
        return column.is_not(None)
    if condition.how is How.UNKNOWN:
        return column.is_(None)
    if condition.about is About.RENEWAL:
        today, until = now.date(), now.date() + timedelta(days=condition.number)
        if condition.how is How.PAST:
            return column < today
        return sa.and_(column >= today, column <= until) if condition.how is How.WITHIN else column > until
    if condition.how is How.IS:
        return column.in_(condition.texts)
    if condition.how is How.IS_NOT:
        return sa.or_(column.is_(None), column.not_in(condition.texts))
    if condition.about is About.REVENUE:
        amount: Any = column
    else:
        # a text that is no number is neither more nor less than one; CASE keeps it from being read as one
        amount = sa.case((column.regexp_match(_NUMERAL), sa.cast(column, sa.Double)))
    return amount >= condition.number if condition.how is How.AT_LEAST else amount <= condition.number


def _column(condition: Condition) -> Any:
    if condition.about is About.COMPANY_ATTRIBUTE:
        return _company.attributes[condition.name].as_string()
    if condition.about is About.PERSON_ATTRIBUTE:
        return _person.attributes[condition.name].as_string()
    return {
        About.PLAN: _company.plan,
        About.REVENUE: _company.monthly_revenue,
        About.RENEWAL: _company.renews_on,
        About.COMPANY: _person.company_id,
    }[condition.about]
