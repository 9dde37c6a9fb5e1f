"""The only code that writes `backlog_rank`, `backlog_plan`, `backlog_company`, `backlog_segment` and `backlog_walk`.

A vote touches none of these: what it changes is counted a little later, by a walk through all places that compares
what they say with what was counted, and counts anew where the two differ. So nothing has to remember to say that
something changed, and what was missed (a colleague's script, a restored backup) is found like everything else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa

from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment, SegmentPerson
from ideas.backlog import scoring
from ideas.backlog.models import BacklogCompany, BacklogPlan, BacklogRank, BacklogWalk, Estimate
from ideas.backlog.models_segments import BacklogSegment
from ideas.backlog.scoring import Backing
from ideas.boards.models import Idea, IdeaRank, Vote
from ideas.db import INSERTS, db, utcnow

LATELY = timedelta(days=30)
GOOD_FOR = timedelta(days=1)  # afterwards votes that were young no longer are, and people may belong elsewhere
LOOKED_AT = 4_000  # places that one turn of the walk compares
COUNTED = 400  # ideas that one turn counts anew at most
VOTES_READ = 20_000  # and votes, unless one idea alone has more
COMPANIES_LOOKED_AT = 1_000
COMPANIES_CHANGED = 20  # whose people's votes one turn looks up
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

_rank, _counted = IdeaRank.__table__.c, BacklogRank.__table__.c


class Place(NamedTuple):
    """An idea's place as it is now: what tells whether the team's numbers are of it."""

    idea_id: int
    board_id: int
    listed: bool
    hot: float
    silent_since: datetime


# --- Counting ---

_silent_since = sa.func.coalesce(_rank.answered_at, _rank.created_at)
_IDEAS: Any = sa.bindparam("ideas", expanding=True)
_PLACES = sa.select(_rank.idea_id, _rank.board_id, _rank.listed, _rank.hot, _silent_since.label("silent_since")).where(
    _rank.idea_id.in_(_IDEAS)
)

_part = sa.union_all(
    sa.select(Idea.id.label("part"), Idea.id.label("root")).where(Idea.id.in_(_IDEAS)),
    sa.select(Idea.id, Idea.merged_root_id).where(Idea.merged_root_id.in_(_IDEAS)),
).cte("part")
# each person once for all that is one need now, by their first vote
_backer = (
    sa.select(_part.c.root, Vote.user_id, sa.func.min(Vote.cast_at).label("at"))
    .join(Vote, Vote.idea_id == _part.c.part)
    .group_by(_part.c.root, Vote.user_id)
    .cte("backer")
)


def _how_many(condition: Any) -> Any:
    return sa.func.sum(sa.case((condition, 1), else_=0))


_BACKING = (
    sa.select(
        _backer.c.root,
        User.company_id,
        sa.func.count().label("votes"),
        _how_many(_backer.c.at >= sa.bindparam("lately", type_=IdeaRank.created_at.type)).label("lately"),
        _how_many(sa.or_(_rank.answered_at.is_(None), _backer.c.at > _rank.answered_at)).label("since_word"),
        sa.func.min(Company.plan).label("plan"),
        sa.func.min(Company.monthly_revenue).label("revenue"),
    )
    .select_from(_backer)
    .join(IdeaRank.__table__, _rank.idea_id == _backer.c.root)
    .join(User, User.id == _backer.c.user_id)
    .outerjoin(Company, Company.id == User.company_id)
    .group_by(_backer.c.root, User.company_id)
)

_belongs = SegmentPerson.__table__.c
_BY_SEGMENT = (
    sa.select(_backer.c.root, _belongs.segment_id, sa.func.count().label("votes"))
    .select_from(_backer)
    .join(SegmentPerson.__table__, _belongs.user_id == _backer.c.user_id)
    .group_by(_backer.c.root, _belongs.segment_id)
    .order_by(_belongs.segment_id, _backer.c.root)
)


def reach_of(idea_ids: Collection[int]) -> dict[tuple[int, int], int]:
    """(segment, idea) → how many of its people back that idea now; one query. Without any there is no pair."""
    rows = db.session.execute(_BY_SEGMENT, {"ideas": list(idea_ids)})
    return {(row.segment_id, row.root): row.votes for row in rows}


def backing_of(idea_ids: Collection[int]) -> dict[int, list[Backing]]:
    """Who backs each of these ideas now, by company; one query. Ideas without votes are left out."""
    found: dict[int, list[Backing]] = {}
    if idea_ids:
        for row in db.session.execute(_BACKING, {"ideas": list(idea_ids), "lately": utcnow() - LATELY}):
            backing = Backing(row.company_id, row.votes, row.lately, row.since_word, row.plan, row.revenue)
            found.setdefault(row.root, []).append(backing)
    return found


def recount(idea_ids: Collection[int]) -> None:
    """Count some hundred ideas anew, in the caller's transaction; those in no list any more have no numbers.

    Their places are read before the votes: whoever votes in between makes the place differ from what is kept of it, and
    the idea is counted once more.
    """
    places = {row.idea_id: Place(*row) for row in db.session.execute(_PLACES, {"ideas": sorted(idea_ids)})}
    listed = sorted(place.idea_id for place in places.values() if place.listed)
    backing = backing_of(listed)
    estimates = {
        estimate.idea_id: estimate
        for estimate in db.session.scalars(sa.select(Estimate).where(Estimate.idea_id.in_(listed)))
    }
    now = utcnow()
    rows = []
    for idea_id in listed:
        place, scores, estimate = places[idea_id], scoring.score(backing.get(idea_id, ())), estimates.get(idea_id)
        rows.append(
            {
                **scores._asdict(),
                "idea_id": idea_id,
                "board_id": place.board_id,
                "priority": priority_of(estimate, scores.votes),
                "silent_since": place.silent_since,
                "hot": place.hot,
                "counted_at": now,
            }
        )
    put(BacklogRank, rows)
    plans: dict[tuple[str, int], int] = {}
    for idea_id, companies in backing.items():
        for company in companies:
            if company.plan:
                plans[company.plan, idea_id] = plans.get((company.plan, idea_id), 0) + company.votes
    _run(sa.delete(BacklogPlan).where(BacklogPlan.idea_id.in_(sorted(idea_ids))))
    put(
        BacklogPlan,
        [{"plan": plan, "idea_id": idea_id, "votes": votes} for (plan, idea_id), votes in sorted(plans.items())],
    )
    _recount_segments(sorted(idea_ids), listed, estimates)
    if gone := sorted(set(idea_ids) - set(listed)):
        _run(sa.delete(BacklogRank).where(BacklogRank.idea_id.in_(gone)))


def _recount_segments(idea_ids: list[int], listed: list[int], estimates: dict[int, Estimate]) -> None:
    if db.session.scalar(sa.select(Segment.id).limit(1)) is None:
        return
    _run(sa.delete(BacklogSegment).where(BacklogSegment.idea_id.in_(idea_ids)))
    rows = [
        {
            "segment_id": segment,
            "idea_id": idea,
            "votes": votes,
            "priority": priority_of(estimates.get(idea), votes),
        }
        for (segment, idea), votes in reach_of(listed).items()
    ]
    put(BacklogSegment, rows)


def priority_of(estimate: Estimate | None, votes: int) -> float:
    """0 until somebody has said what it takes; without a reach of their own, all voters are reached."""
    if estimate is None:
        return 0.0
    reach = votes if estimate.reach is None else estimate.reach
    return scoring.priority(reach, estimate.impact, estimate.confidence, estimate.effort)


# --- What changed ---

_PIECE = (
    sa.select(
        _rank.idea_id,
        _rank.vote_count,
        sa.case(
            (sa.not_(_rank.listed), _counted.idea_id.is_not(None)),
            else_=sa.or_(
                _counted.idea_id.is_(None),
                _counted.hot != _rank.hot,
                _counted.votes != _rank.vote_count,
                _counted.silent_since != _silent_since,
                _counted.counted_at < sa.bindparam("good_since", type_=IdeaRank.created_at.type),
            ),
        ).label("is_stale"),
    )
    .select_from(IdeaRank.__table__.outerjoin(BacklogRank.__table__, _counted.idea_id == _rank.idea_id))
    .where(_rank.idea_id > sa.bindparam("place", type_=sa.Integer))
    .order_by(_rank.idea_id)
    .limit(LOOKED_AT)
)


def refresh() -> bool:
    """Go on with the walk through all ideas and count those anew that changed; True until its end. In a unit of work.

    One turn reads a bounded number of places and votes, whatever happened.
    """
    place = walked_to("ideas")
    rows = db.session.execute(_PIECE, {"place": place, "good_since": utcnow() - GOOD_FOR}).all()
    stale: list[int] = []
    votes, is_full = 0, False
    for row in rows:
        if row.is_stale:
            if stale and (len(stale) == COUNTED or votes + row.vote_count > VOTES_READ):
                is_full = True
                break
            stale.append(row.idea_id)
            votes += row.vote_count
        place = row.idea_id
    if stale:
        recount(stale)
    has_more = is_full or len(rows) == LOOKED_AT
    come_to("ideas", place if has_more else 0)
    return has_more


_person, _company, _known = User.__table__.c, Company.__table__.c, BacklogCompany.__table__.c
_SOME_COMPANIES = (
    sa.select(_company.id, _company.plan, _company.monthly_revenue)
    .where(_company.id > sa.bindparam("place", type_=sa.Integer))
    .order_by(_company.id)
    .limit(COMPANIES_LOOKED_AT)
    .cte("some")
)
_COMPANIES = (
    sa.select(
        _SOME_COMPANIES.c.id,
        _SOME_COMPANIES.c.plan,
        _SOME_COMPANIES.c.monthly_revenue,
        sa.func.count(_person.id).label("people"),
        sa.func.coalesce(sa.func.sum(_person.id), 0).label("people_sum"),
        _known.company_id.label("known"),
        _known.plan.label("known_plan"),
        _known.monthly_revenue.label("known_revenue"),
        _known.people.label("known_people"),
        _known.people_sum.label("known_sum"),
    )
    .select_from(_SOME_COMPANIES)
    .outerjoin(User.__table__, _person.company_id == _SOME_COMPANIES.c.id)
    .outerjoin(BacklogCompany.__table__, _known.company_id == _SOME_COMPANIES.c.id)
    .group_by(_SOME_COMPANIES.c.id, _SOME_COMPANIES.c.plan, _SOME_COMPANIES.c.monthly_revenue, *_known)
    .order_by(_SOME_COMPANIES.c.id)
)
_part_of = Idea.__table__.alias("part_of")
_BACKED_BY = (
    sa.select(sa.func.coalesce(_part_of.c.merged_root_id, _part_of.c.id))
    .select_from(User.__table__)
    .join(Vote.__table__, Vote.user_id == _person.id)
    .join(_part_of, _part_of.c.id == Vote.idea_id)
    .where(_person.company_id.in_(sa.bindparam("companies", expanding=True)))
)


def refresh_companies() -> bool:
    """Go on with the walk through all companies; what those back that changed is counted anew soon. In a unit of work.

    Who left a company for none is noticed with the next full count, within GOOD_FOR.
    """
    place = walked_to("companies")
    rows = db.session.execute(_COMPANIES, {"place": place}).all()
    changed: list[dict[str, Any]] = []
    is_full = False
    for row in rows:
        now = (row.plan, row.monthly_revenue, row.people, row.people_sum)
        former = (row.known_plan, row.known_revenue, row.known_people, row.known_sum)
        if row.known is None or now != former:
            if len(changed) == COMPANIES_CHANGED:
                is_full = True
                break
            names = ("plan", "monthly_revenue", "people", "people_sum")
            changed.append({"company_id": row.id, **dict(zip(names, now, strict=True))})
        place = row.id
    if changed:
        backed = _BACKED_BY.params(companies=[each["company_id"] for each in changed])
        _run(sa.update(BacklogRank).where(BacklogRank.idea_id.in_(backed)).values(counted_at=NEVER))
        put(BacklogCompany, changed)
    has_more = is_full or len(rows) == COMPANIES_LOOKED_AT
    come_to("companies", place if has_more else 0)
    return has_more


_BACKED_BY_PEOPLE = (
    sa.select(sa.func.coalesce(_part_of.c.merged_root_id, _part_of.c.id))
    .select_from(Vote.__table__)
    .join(_part_of, _part_of.c.id == Vote.idea_id)
    .where(Vote.user_id.in_(sa.bindparam("people", expanding=True)))
)


def refresh_segments() -> bool:
    """Go on with finding out who belongs to which segment; what they back is counted anew soon. In a unit of work."""
    moved = segments.bring_up_to_date()
    recount_after(moved.people)
    return moved.has_more


def recount_after(people: Sequence[int]) -> None:
    """What these people back is counted anew soon, because they came into a segment or left it."""
    if people:
        backed = _BACKED_BY_PEOPLE.params(people=list(people))
        stale = BacklogRank.idea_id.in_(backed), BacklogRank.counted_at > NEVER
        _run(sa.update(BacklogRank).where(*stale).values(counted_at=NEVER))


def walked_to(name: str) -> int:
    """How far the walk of that name has come; 0 at its beginning."""
    return db.session.scalar(sa.select(BacklogWalk.place).where(BacklogWalk.name == name)) or 0


def come_to(name: str, place: int) -> None:
    put(BacklogWalk, [{"name": name, "place": place}])


def put(model: type[Any], rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, or make those that are there say the same. In the order of their keys, as everybody does it."""
    if not rows:
        return
    table: Any = model.__table__
    insert = INSERTS[db.session.get_bind().dialect.name](table)
    keys = [column.name for column in table.primary_key]
    others = {column.name: insert.excluded[column.name] for column in table.columns if column.name not in keys}
    db.session.connection().execute(insert.on_conflict_do_update(index_elements=keys, set_=others), list(rows))


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
