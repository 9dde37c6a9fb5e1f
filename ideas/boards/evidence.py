"""Reading what customers said elsewhere, and whom the team counts on: for the team, and for the person who is asked.

What is noted of an idea that is part of another is read with that one: merging loses nothing.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from itsdangerous import BadData, URLSafeSerializer
from sqlalchemy.orm import aliased, joinedload

from ideas import settings
from ideas.accounts import addresses
from ideas.accounts.models import Company, User
from ideas.boards import queries, trees
from ideas.boards.errors import NotAsked
from ideas.boards.models import Idea, Vote
from ideas.boards.models_evidence import PENDING, Evidence, VoteOnBehalf
from ideas.boards.queries import IdeaRow
from ideas.db import db
from ideas.errors import NotFound
from ideas.paging import PAGE, Page, read_cursor
from ideas.text import one_line
from ideas.words import _

PEOPLE_OFFERED = 10
BESIDE = 3
CREDITABLE_MOST = 100


class AskedRow(NamedTuple):
    """What the team noted that a person wants, as that person sees it. Loaded: by."""

    asked: VoteOnBehalf
    on: IdeaRow

    @property
    def is_open(self) -> bool:
        """Whether they can still say that they want it."""
        return self.on.idea.status.takes_votes and self.on.idea.withdrawn_at is None


@dataclass(frozen=True)
class Noted:
    """One piece of evidence. Loaded: user with company, by, idea. asked: what became of voting for the person."""

    evidence: Evidence
    asked: VoteOnBehalf | None


class Beside(NamedTuple):
    """What the team reads beside an idea: the newest evidence, if there is more, and how many have not said yet."""

    newest: list[Noted]
    more: bool
    unheard: int


# --- For the team ---


def beside(on: IdeaRow) -> Beside:
    """The newest evidence of an idea, and how many people the team counts on who have not said anything."""
    page = of_idea(on, limit=BESIDE)
    return Beside(list(page.rows), page.next is not None, unheard_on([on.idea.id]).get(on.idea.id, 0))


def of_idea(on: IdeaRow, *, limit: int = PAGE, cursor: str | None = None) -> Page[Noted]:
    """What was noted of the idea and of what is part of it, newest first; three queries for any number."""
    return _noted(Evidence.idea_id.in_(trees.whole(on.idea.id)), "evidence", limit, cursor)


def of_person(person: User, boards: Collection[int], *, limit: int = PAGE, cursor: str | None = None) -> Page[Noted]:
    """What was noted of that person on those boards, newest first."""
    there = sa.select(Idea.id).where(Idea.board_id.in_(boards))
    of_them = sa.and_(Evidence.user_id == person.id, Evidence.idea_id.in_(there))
    return _noted(of_them, "evidence of somebody", limit, cursor)


def _noted(which: sa.ColumnElement[bool], order: str, limit: int, cursor: str | None) -> Page[Noted]:
    statement = (
        sa.select(Evidence)
        .where(which, Evidence.removed_at.is_(None))
        .options(joinedload(Evidence.user).joinedload(User.company), joinedload(Evidence.by), joinedload(Evidence.idea))
        .order_by(Evidence.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor(order, cursor):
        statement = statement.where(Evidence.id < after[0])
    page = Page.of(db.session.scalars(statement).all(), limit, order=order, key=lambda row: [row.id])
    people = {row.user_id for row in page.rows if row.user_id}
    asked = sa.select(VoteOnBehalf).where(
        VoteOnBehalf.user_id.in_(people), VoteOnBehalf.idea_id.in_({row.idea_id for row in page.rows})
    )
    found = {(row.idea_id, row.user_id): row for row in db.session.scalars(asked)} if people else {}
    return Page([Noted(row, found.get((row.idea_id, row.user_id or 0))) for row in page.rows], page.next)


def get(reader: User, evidence_id: int) -> tuple[Evidence, IdeaRow]:
    """One piece of evidence and its idea, for the team of the board; NotFound for anybody else. Loaded: as in lists."""
    statement = (
        sa.select(Evidence)
        .where(Evidence.id == (evidence_id if evidence_id < 2**31 else 0))
        .options(joinedload(Evidence.user).joinedload(User.company), joinedload(Evidence.by), joinedload(Evidence.idea))
        .execution_options(populate_existing=True)
    )
    noted = db.session.scalar(statement)
    missing = NotFound(_("There is nothing here, or you may not see it."))
    if noted is None or noted.removed_at is not None:
        raise missing
    try:
        on = queries.get_idea(reader, noted.idea_id)
    except NotFound:
        raise missing from None
    if not on.standing.is_team:
        raise missing
    return noted, on


def read(reader: User, evidence_id: int) -> Noted:
    """The same with what became of voting for the person."""
    noted, _on = get(reader, evidence_id)
    asked = sa.select(VoteOnBehalf).where(
        VoteOnBehalf.idea_id == noted.idea_id, VoteOnBehalf.user_id == (noted.user_id or 0)
    )
    return Noted(noted, db.session.scalar(asked.execution_options(populate_existing=True)))


def person(person_id: int) -> User:
    """Somebody for whom a vote may be noted. For the team. Raises NotFound."""
    found = db.session.get(User, person_id) if person_id < 2**31 else None
    if found is None or found.erased_at is not None:
        raise NotFound(_("There is no such person."))
    return found


def is_creditable() -> sa.ColumnElement[bool]:
    """SQL, of Evidence: somebody known said it, and did not deny that they want it."""
    denied = sa.exists().where(
        VoteOnBehalf.user_id == Evidence.user_id,
        VoteOnBehalf.idea_id == Evidence.idea_id,
        VoteOnBehalf.denied_at.is_not(None),
    )
    return sa.and_(Evidence.user_id.is_not(None), Evidence.removed_at.is_(None), sa.not_(denied))


def creditable(on: IdeaRow) -> list[Evidence]:
    """What an answer may credit, also of parts of the idea, the newest first. Loaded: user with company."""
    statement = (
        sa.select(Evidence)
        .where(Evidence.idea_id.in_([on.idea.id, *trees.links(on.idea.id)]), is_creditable())
        .options(joinedload(Evidence.user).joinedload(User.company))
        .order_by(Evidence.id.desc())
        .limit(CREDITABLE_MOST)
    )
    return list(db.session.scalars(statement))


# --- Whom the team counts on ---


def _unheard(own: Any) -> sa.ColumnElement[bool]:
    """SQL, of VoteOnBehalf and its idea: the person has not said anything, nor voted for what it is part of."""
    part = aliased(Idea)
    root = sa.func.coalesce(own.merged_root_id, own.id)
    votes = (
        sa.exists()
        .where(
            Vote.user_id == VoteOnBehalf.user_id,
            part.id == Vote.idea_id,
            sa.func.coalesce(part.merged_root_id, part.id) == root,
        )
        .correlate_except(Vote, part)
    )
    return sa.and_(PENDING, sa.not_(votes))


@cache
def _counts() -> sa.Select[Any, Any]:
    own = aliased(Idea)
    root = sa.func.coalesce(own.merged_root_id, own.id)
    ideas: sa.BindParameter[Any] = sa.bindparam("ideas", expanding=True)
    return (
        sa.select(root.label("root_id"), sa.func.count(sa.distinct(VoteOnBehalf.user_id)).label("people"))
        .join(own, own.id == VoteOnBehalf.idea_id)
        .where(sa.or_(own.id.in_(ideas), own.merged_root_id.in_(ideas)), _unheard(own))
        .group_by(root)
    )


def unheard_on(idea_ids: Collection[int]) -> dict[int, int]:
    """How many people the team counts on who have not said anything, of each of these ideas that has any; one query.

    Of an idea that others are part of, with those of its parts. Nobody of them is among the votes.
    """
    if not idea_ids:
        return {}
    return {row.root_id: row.people for row in db.session.execute(_counts(), {"ideas": list(idea_ids)})}


def waiting_on(on: IdeaRow, *, limit: int = PAGE, cursor: str | None = None) -> Page[VoteOnBehalf]:
    """Those people, newest first. Loaded: user with company, by, idea."""
    own = aliased(Idea)
    statement = (
        sa.select(VoteOnBehalf)
        .join(own, own.id == VoteOnBehalf.idea_id)
        .where(own.id.in_(trees.whole(on.idea.id)), _unheard(own))
        .options(
            joinedload(VoteOnBehalf.user).joinedload(User.company),
            joinedload(VoteOnBehalf.by),
            joinedload(VoteOnBehalf.idea),
        )
        .order_by(VoteOnBehalf.id.desc())
        .limit(limit + 1)
    )
    if after := read_cursor("waiting", cursor):
        statement = statement.where(VoteOnBehalf.id < after[0])
    return Page.of(db.session.scalars(statement).all(), limit, order="waiting", key=lambda row: [row.id])


# --- Finding the customer ---


@cache
def _like() -> sa.Select[Any]:
    words = sa.bindparam("words", type_=sa.String)
    exactly = User.email == sa.bindparam("address", type_=sa.String)
    return (
        sa.select(User)
        .outerjoin(Company, Company.id == User.company_id)
        .where(
            User.erased_at.is_(None),
            sa.or_(exactly, User.name.icontains(words, escape="/"), Company.name.icontains(words, escape="/")),
        )
        .options(joinedload(User.company))
        .order_by(sa.case((exactly, 0), else_=1), User.name, User.id)
        .limit(PEOPLE_OFFERED)
    )


def people_like(asked: str) -> list[User]:
    """Whoever is reached at that address, or is called so, or belongs to a company that is; at most PEOPLE_OFFERED.

    For the team alone. Loaded: company.
    """
    try:
        words = one_line(asked)[:100]
    except ValueError:
        return []
    if not words:
        return []
    escaped = words.replace("/", "//").replace("%", "/%").replace("_", "/_")
    values = {"words": escaped, "address": address_in(words)}
    return list(db.session.scalars(_like(), values))


def address_in(asked: str) -> str | None:
    """The address that was asked for, in its one spelling; None for other words."""
    try:
        return addresses.email(asked)
    except ValueError:
        return None


# --- For the person who is asked ---


def get_own(person: User, idea_id: int) -> AskedRow:
    """What the team noted that `person` wants. NotAsked when it did not."""
    on = queries.get_idea(person, idea_id)
    asked = _one(sa.and_(VoteOnBehalf.idea_id == on.idea.id, VoteOnBehalf.user_id == person.id))
    if asked is None:
        raise NotAsked(_("You are not asked about this."))
    return AskedRow(asked, on)


_ASKED = (
    sa.select(VoteOnBehalf)
    .join(Idea, Idea.id == VoteOnBehalf.idea_id)
    .where(
        VoteOnBehalf.user_id == sa.bindparam("the_person"),
        sa.or_(Idea.id == sa.bindparam("the_idea"), Idea.merged_root_id == sa.bindparam("the_idea")),
        PENDING,
    )
    .options(joinedload(VoteOnBehalf.by))
    .order_by(VoteOnBehalf.id)
    .limit(1)
)


def asked_on(on: IdeaRow) -> VoteOnBehalf | None:
    """What the reader of the idea is asked about it or a part of it, while they have said nothing. Loaded: by."""
    reader = on.standing.user
    if reader is None or on.voted:
        return None
    return db.session.scalar(_ASKED, {"the_idea": on.idea.id, "the_person": reader.id})


def asked_of(person: User, on: IdeaRow) -> AskedRow | None:
    """The same, of the idea as that person sees it, to be answered."""
    asked = asked_on(on)
    if asked is None or asked.user_id != person.id:
        return None
    return AskedRow(asked, on if asked.idea_id == on.idea.id else queries.get_idea(person, asked.idea_id))


def token(asked_id: int) -> str:
    """The secret of a link by which a person answers without signing in. Nobody can make one, and it never ends."""
    return _signer().dumps(asked_id)


def by_token(token: str) -> AskedRow:
    """What the link is about, as its owner sees it. NotFound for one that we did not make, or when it is gone."""
    try:
        asked_id = int(_signer().loads(token))
    except (BadData, ValueError, TypeError):
        raise NotFound(_("This link is not complete. Open it from the mail once more.")) from None
    asked = _one(VoteOnBehalf.id == asked_id)
    if asked is None or asked.user.erased_at is not None:
        raise NotFound(_("There is nothing here, or you may not see it."))
    return AskedRow(asked, queries.get_idea(asked.user, asked.idea_id))


def _one(which: sa.ColumnElement[bool]) -> VoteOnBehalf | None:
    statement = sa.select(VoteOnBehalf).where(which)
    loaded = (joinedload(VoteOnBehalf.user), joinedload(VoteOnBehalf.by))
    return db.session.scalar(statement.options(*loaded).execution_options(populate_existing=True))


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings.current().secret_keys, salt="on behalf")
