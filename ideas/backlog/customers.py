"""Reading about customers, for teams: which companies and people there are, what each asked for and what is owed.

Companies and people are the same for every team. What they asked for is read on the boards whose team the reader is of,
and nowhere else.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts import segments
from ideas.accounts.models import Company, User
from ideas.accounts.models_segments import Segment
from ideas.backlog import owing
from ideas.backlog.owing import Owed
from ideas.boards import evidence, listing, queries, receipts
from ideas.boards.evidence import Noted
from ideas.boards.listing import AnswerLine
from ideas.boards.models import Comment, Idea, Vote
from ideas.boards.models_evidence import PENDING, Evidence, VoteOnBehalf
from ideas.boards.receipts import Receipt
from ideas.db import db, utcnow
from ideas.errors import NotFound
from ideas.ledger.models import Delivery, State
from ideas.paging import PAGE, Page, read_cursor
from ideas.text import one_line
from ideas.words import _

ROWS = 2 * PAGE  # lines of the team's tables are low
PLANS_OFFERED = 50


class Order(StrEnum):
    """How companies are listed. Those whose revenue or renewal nobody knows are in the list by name alone."""

    NAME = "name"
    REVENUE = "revenue"
    RENEWAL = "renewal"


class CompanyRow(NamedTuple):
    """A company and how many people belong to it."""

    company: Company
    people: int


class PersonRow(NamedTuple):
    """A person of a list and how many ideas they vote for, on whichever board. Loaded: company."""

    person: User
    votes: int


@dataclass(frozen=True)
class Asked:
    """An idea in which people of a company have a part, also through what is merged into it.

    Loaded of the idea: board, status, author, rank. people: how many of theirs; voters: those who vote for it.
    owed: what the team still owes; None when nothing is. told, waiting: how many of theirs heard of the answer that
    stands, and how many are still to.
    """

    idea: Idea
    people: int
    voters: int
    last_at: datetime
    answer: AnswerLine | None
    owed: Owed | None
    told: int = 0
    waiting: int = 0


# --- Who may read it ---


def boards_of(reader: User) -> list[int]:
    """The boards whose team `reader` is of. Raises NotFound for somebody of no team."""
    found = [row.board.id for row in queries.list_boards(reader) if row.standing.is_team]
    if not found and not (reader.is_site_team and not reader.is_suspended):
        raise NotFound(_("There is nothing here, or you may not see it."))
    return found


# --- Companies ---

_people_there = sa.select(sa.func.count()).where(User.company_id == Company.id).correlate(Company).scalar_subquery()


@cache
def _companies(order: Order, *, searched: bool, planned: bool, narrowed: bool, going_on: bool) -> sa.Select[Any, Any]:
    statement = sa.select(Company, _people_there.label("people")).limit(sa.bindparam("most"))
    if searched:
        words = sa.bindparam("words", type_=sa.String)
        statement = statement.where(
            sa.or_(Company.name.icontains(words, escape="/"), Company.external_id == sa.bindparam("said"))
        )
    if planned:
        statement = statement.where(Company.plan == sa.bindparam("plan"))
    if narrowed:
        statement = statement.where(
            sa.exists()
            .where(User.company_id == Company.id, User.id.in_(segments.belonging(sa.bindparam("segment"))))
            .correlate(Company)
        )
    column: Any = {Order.NAME: Company.name, Order.REVENUE: Company.monthly_revenue, Order.RENEWAL: Company.renews_on}[
        order
    ]
    if order == Order.REVENUE:
        statement = statement.where(column.is_not(None)).order_by(column.desc(), Company.id.desc())
    elif order == Order.RENEWAL:
        statement = statement.where(column.is_not(None)).order_by(column, Company.id)
    else:
        statement = statement.order_by(column, Company.id)
    if going_on:
        place = sa.tuple_(sa.bindparam("place", type_=column.type), sa.bindparam("number", type_=sa.Integer))
        here = sa.tuple_(column, Company.id)
        statement = statement.where(here < place if order == Order.REVENUE else here > place)
    return statement


def companies(
    reader: User,
    *,
    asked: str = "",
    plan: str = "",
    segment: Segment | None = None,
    order: Order = Order.NAME,
    limit: int = ROWS,
    cursor: str | None = None,
) -> Page[CompanyRow]:
    """Companies whose name says what was asked, or whose id elsewhere it is; of a segment, those with people in it.

    At most `limit`, from the cursor on.
    """
    boards_of(reader)
    words = _searched(asked)
    kind = f"customers {order}"
    after = read_cursor(kind, cursor)
    values: dict[str, Any] = {"most": limit + 1}
    if words:
        values |= {"words": _escaped(words), "said": words}
    if plan:
        values["plan"] = plan
    if segment:
        values["segment"] = segment.id
    if after:
        place = date.fromisoformat(after[0]) if order == Order.RENEWAL else after[0]
        values |= {"place": place, "number": after[1]}
    statement = _companies(
        order, searched=bool(words), planned=bool(plan), narrowed=segment is not None, going_on=bool(after)
    )
    rows = [CompanyRow(*row) for row in db.session.execute(statement, values)]
    return Page.of(rows, limit, order=kind, key=lambda row: _place(row.company, order))


def _place(company: Company, order: Order) -> Sequence[Any]:
    if order == Order.REVENUE:
        return [company.monthly_revenue, company.id]
    if order == Order.RENEWAL:
        return [company.renews_on.isoformat() if company.renews_on else "", company.id]
    return [company.name, company.id]


def plans(reader: User) -> Sequence[str]:
    """The plans that companies are on, to filter by."""
    boards_of(reader)
    there = sa.select(Company.plan).where(Company.plan.is_not(None)).distinct().order_by(Company.plan)
    return [plan for plan in db.session.scalars(there.limit(PLANS_OFFERED)) if plan]


def get_company(reader: User, company_id: int) -> CompanyRow:
    """A company as teams see it. Raises NotFound."""
    boards_of(reader)
    row = db.session.execute(sa.select(Company, _people_there).where(Company.id == _number(company_id))).one_or_none()
    if row is None:
        raise NotFound(_("There is no such company."))
    return CompanyRow(*row)


# --- People ---

_votes_cast = sa.select(sa.func.count()).where(Vote.user_id == User.id).correlate(User).scalar_subquery()


@cache
def _listed_people(*, searched: bool, inside: bool, narrowed: bool, going_on: bool) -> sa.Select[Any, Any]:
    statement = (
        sa.select(User, _votes_cast.label("votes"))
        .where(User.erased_at.is_(None))
        .options(joinedload(User.company))
        .order_by(User.id.desc())
        .limit(sa.bindparam("most"))
    )
    if searched:
        words = sa.bindparam("words", type_=sa.String)
        statement = statement.where(
            sa.or_(User.name.icontains(words, escape="/"), User.external_id == sa.bindparam("said"))
        )
    if inside:
        statement = statement.where(User.company_id == sa.bindparam("company"))
    if narrowed:
        statement = statement.where(User.id.in_(segments.belonging(sa.bindparam("segment"))))
    if going_on:
        statement = statement.where(User.id < sa.bindparam("place"))
    return statement


def people(
    reader: User,
    *,
    asked: str = "",
    company_id: int | None = None,
    segment: Segment | None = None,
    limit: int = ROWS,
    cursor: str | None = None,
) -> Page[PersonRow]:
    """People, the newest first, whose name says what was asked, or whose id elsewhere it is; of a company or a segment
    if named."""
    boards_of(reader)
    words = _searched(asked)
    after = read_cursor("customer people", cursor)
    values: dict[str, Any] = {"most": limit + 1}
    if words:
        values |= {"words": _escaped(words), "said": words}
    if company_id is not None:
        values["company"] = _number(company_id)
    if segment:
        values["segment"] = segment.id
    if after:
        values["place"] = after[0]
    statement = _listed_people(
        searched=bool(words), inside=company_id is not None, narrowed=segment is not None, going_on=bool(after)
    )
    rows = [PersonRow(*row) for row in db.session.execute(statement, values)]
    return Page.of(rows, limit, order="customer people", key=lambda row: [row.person.id])


def get_person(reader: User, person_id: int) -> User:
    """A person as teams see them. Loaded: company. Raises NotFound."""
    boards_of(reader)
    statement = sa.select(User).where(User.id == _number(person_id), User.erased_at.is_(None))
    person = db.session.scalar(statement.options(joinedload(User.company)))
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def contributions_of(reader: User, person: User, *, limit: int = PAGE, cursor: str | None = None) -> Page[Receipt]:
    """Everything that `person` put in on the boards of `reader`, newest first, each with what became of it."""
    return receipts.receipts_of(person, limit=limit, cursor=cursor, boards=boards_of(reader))


def evidence_of(reader: User, person: User) -> Sequence[Noted]:
    """What was noted of that person on the boards of `reader`, the newest."""
    return evidence.of_person(person, boards_of(reader)).rows


# --- What a company asked for ---


@cache
def _asked_for(*, going_on: bool) -> sa.Select[Any, Any, Any, Any]:
    """Each idea with a part of theirs, those with most of their people first. One pass over what they put in."""
    theirs = sa.select(User.id).where(User.company_id == sa.bindparam("company"))

    def rows(idea_id: Any, user_id: Any, at: Any, *, vote: bool, where: Sequence[Any] = ()) -> sa.Select[Any]:
        voter = user_id if vote else sa.null()
        columns = idea_id.label("idea_id"), user_id.label("user_id"), voter.label("voter"), at.label("at")
        return sa.select(*columns).where(user_id.in_(theirs), *where)

    said = (Comment.deleted_at.is_(None), sa.not_(Comment.is_internal))
    put_in = sa.union_all(
        rows(Vote.idea_id, Vote.user_id, Vote.cast_at, vote=True),
        rows(Idea.id, Idea.author_id, Idea.created_at, vote=False),
        rows(Comment.idea_id, Comment.author_id, Comment.created_at, vote=False, where=said),
        rows(VoteOnBehalf.idea_id, VoteOnBehalf.user_id, VoteOnBehalf.noted_at, vote=False, where=(PENDING,)),
        rows(Evidence.idea_id, Evidence.user_id, Evidence.noted_at, vote=False, where=(Evidence.removed_at.is_(None),)),
    ).subquery()
    own = sa.orm.aliased(Idea)
    root = sa.func.coalesce(own.merged_root_id, own.id)
    people = sa.func.count(sa.distinct(put_in.c.user_id))
    statement = (
        sa.select(
            root.label("idea_id"),
            people.label("people"),
            sa.func.count(sa.distinct(put_in.c.voter)).label("voters"),
            sa.func.max(put_in.c.at).label("last_at"),
        )
        .join(own, own.id == put_in.c.idea_id)
        .where(own.board_id.in_(sa.bindparam("boards", expanding=True)))
        .group_by(root)
        .order_by(people.desc(), root.desc())
        .limit(sa.bindparam("most"))
    )
    if going_on:
        fewer = people < sa.bindparam("before")
        statement = statement.having(
            sa.or_(fewer, sa.and_(people == sa.bindparam("before"), root < sa.bindparam("place")))
        )
    return statement


def asked_for(reader: User, company: Company, *, limit: int = PAGE, cursor: str | None = None) -> Page[Asked]:
    """What people of `company` have a part in on the boards of `reader`: seven queries for any number."""
    values: dict[str, Any] = {"company": company.id, "boards": boards_of(reader), "most": limit + 1}
    after = read_cursor("asked for", cursor)
    if after:
        values |= {"before": after[0], "place": after[1]}
    rows = db.session.execute(_asked_for(going_on=bool(after)), values).all()
    page = Page.of(rows, limit, order="asked for", key=lambda row: (row.people, row.idea_id))
    ids = [row.idea_id for row in page.rows]
    ideas = _ideas(ids)
    answers = listing.answers_on(ids)
    heard = _heard([line.answer.entry_id for line in answers.values()], company)
    now = utcnow()
    found = []
    for row in page.rows:
        idea, line = ideas[row.idea_id], answers.get(row.idea_id)
        told, waiting = heard.get(line.answer.entry_id, (0, 0)) if line else (0, 0)
        owed = owing.of(idea, line.answer if line else None, now)
        found.append(Asked(idea, row.people, row.voters, row.last_at, line, owed, told, waiting))
    return Page(found, page.next)


def _ideas(idea_ids: Collection[int]) -> dict[int, Idea]:
    if not idea_ids:
        return {}
    loaded = (joinedload(Idea.board), joinedload(Idea.status), joinedload(Idea.author), joinedload(Idea.rank))
    return {idea.id: idea for idea in db.session.scalars(sa.select(Idea).where(Idea.id.in_(idea_ids)).options(*loaded))}


def _heard(entry_ids: Sequence[int | None], company: Company) -> dict[int | None, tuple[int, int]]:
    """Announcement → how many people of the company were told by it, and how many are still to; one query."""
    entries = [entry for entry in entry_ids if entry is not None]
    if not entries:
        return {}
    weight = sa.case((Delivery.state == State.SENT.value, 2), (Delivery.state == State.PENDING.value, 1), else_=0)
    each = (
        sa.select(Delivery.entry_id, sa.func.max(weight).label("weight"))
        .join(User, User.id == Delivery.user_id)
        .where(Delivery.entry_id.in_(entries), User.company_id == company.id)
        .group_by(Delivery.entry_id, Delivery.user_id)
        .subquery()
    )
    counts = sa.select(
        each.c.entry_id,
        sa.func.sum(sa.case((each.c.weight == 2, 1), else_=0)).label("told"),
        sa.func.sum(sa.case((each.c.weight == 1, 1), else_=0)).label("waiting"),
    ).group_by(each.c.entry_id)
    return {row.entry_id: (row.told, row.waiting) for row in db.session.execute(counts)}


# --- What they share ---


def _searched(asked: str) -> str:
    try:
        return one_line(asked)[:100]
    except ValueError:
        return ""


def _escaped(words: str) -> str:
    return words.replace("/", "//").replace("%", "/%").replace("_", "/_")


def _number(number: int) -> int:
    """An id as the database can hold it; 0, which is nobody's, for numbers beyond."""
    return number if 0 < number < 2**31 else 0
