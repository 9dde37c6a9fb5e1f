"""The only code that writes `vote`; the count beside it is ranking's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from ideas import happenings
from ideas.accounts.models import User
from ideas.boards import behalf, policy, queries, ranking, trees
from ideas.boards.errors import VotingClosed
from ideas.boards.models import FINAL_STAGES, Idea, IdeaRank, Vote
from ideas.db import INSERTS, Written, at_once, db, insert_once, unit_of_work, utcnow
from ideas.words import _

_RETRACT = (
    sa.delete(Vote)
    .where(Vote.idea_id == sa.bindparam("the_idea"), Vote.user_id == sa.bindparam("the_voter"))
    # whether anything listens is asked in the same breath: a vote pays for no question of its own
    .returning(happenings.is_listened_for("vote.deleted"))
    .execution_options(synchronize_session=False)
)
_RETRACT_ALL = (
    sa.delete(Vote)
    .where(Vote.idea_id.in_(sa.bindparam("ideas", expanding=True)), Vote.user_id == sa.bindparam("the_voter"))
    .returning(Vote.idea_id)
    .execution_options(synchronize_session=False)
)
_votes: Any = Vote.__table__
# values that have the names of columns would be written into idea_rank too
_vote = {
    "idea_id": sa.bindparam("the_idea", type_=sa.Integer),
    "user_id": sa.bindparam("the_voter", type_=sa.Integer),
    "cast_at": sa.bindparam("now", type_=_votes.c.cast_at.type),
}


def _inserting(dialect: str, *only_if: sa.ColumnElement[bool]) -> Any:
    """The vote, if the idea's place is open. It is held first, as by whoever counts, answers or merges."""
    place = ranking.open_place(sa.bindparam("the_idea", type_=sa.Integer)).where(*only_if)
    if dialect == "postgresql":
        place = sa.select(place.cte("the_place"))
    row = place.add_columns(_vote["user_id"], _vote["cast_at"])
    return INSERTS[dialect](_votes).from_select(list(_vote), row).on_conflict_do_nothing().returning(_votes.c.idea_id)


def _casting(heard: sa.ColumnElement[bool], *only_if: sa.ColumnElement[bool]) -> Written:
    """The vote and its count as one statement of PostgreSQL, where each is a journey; SQLite has none inside another.

    Of a vote that is not as most are, and of one that is there already, nothing is written.
    """
    counted = ranking.counting(_inserting("postgresql", *only_if).cte("the_vote")).cte("counted")
    return Written(sa.select(sa.select(counted.c.vote_count).scalar_subquery().label("backers"), heard))


_is_heard = happenings.is_listened_for("vote.created")
_CAST = _casting(_is_heard.label("is_heard"))
_CAST_UNHEARD = _casting(sa.false().label("is_heard"), ~_is_heard)
_INSERT_UNHEARD = Written(_inserting("sqlite", ~_is_heard))
_INSERT_ALONE = Written(
    INSERTS["sqlite"](_votes).values(_vote).on_conflict_do_nothing().returning(_is_heard.label("is_heard"))
)
_BACKS_A_PART = sa.select(trees.backs_a_part(sa.bindparam("the_voter"), sa.bindparam("the_idea")))
_COUNT = sa.select(IdeaRank.vote_count).where(IdeaRank.idea_id == sa.bindparam("the_idea"))


def cast(voter: User, idea: Idea) -> int:
    """Record that `voter` backs `idea`; how many do now.

    Voting twice is the same as voting once, so a double click is not an error; and so is voting for an idea when one
    backs another that is part of it. Votes are not announced: nobody wants a mail for every "+1".
    Raises VotingClosed when the idea takes no votes, Merged when another takes them, NotAllowed for a suspended voter.
    """
    policy.require_vote(voter, idea)
    now = utcnow()
    is_news, is_heard, count = _put_down(voter.id, idea.id, now)
    if is_news is False:
        return _count(idea)
    if count is None:
        place = _held_open(idea)
        if is_news is None and not insert_once(Vote, user_id=voter.id, idea_id=idea.id, cast_at=now):
            return int(place.vote_count)
        if db.session.scalar(_BACKS_A_PART, {"the_voter": voter.id, "the_idea": idea.id}):
            return int(place.vote_count)
        count = ranking.add_backer(idea.id, now)
    if is_heard:
        _tell("vote.created", voter, idea.id, count)
    return count


def cast_by(member: Callable[[], User], idea_id: int) -> int:
    """`cast` by whom `member` gives, with the transaction that it takes, which for most votes is a short one.

    Stands at an edge, as `unit_of_work` does. Raises NotFound for an idea that they may not see, and what `cast` does.
    """
    voter = member()
    count = cast_at_once(voter, queries.get_idea(voter, idea_id).idea)
    if count is not None:
        return count
    with unit_of_work():
        voter = member()
        return cast(voter, queries.get_idea(voter, idea_id).idea)


def cast_at_once(voter: User, idea: Idea) -> int | None:
    """`cast` as a transaction of its own, past the session; how many back the idea now.

    None, and nothing was written, when it takes more than that: something listens for votes, parts count too, or the
    vote is there already. What decides is asked again by the statement, under the lock of the idea's place.
    """
    policy.require_vote(voter, idea)
    now, idea_id = utcnow(), idea.id
    values = {"the_idea": idea_id, "the_voter": voter.id, "now": now}
    with at_once() as connection:
        if connection.dialect.name == "postgresql":
            row = _CAST_UNHEARD.first(connection, values | {"added": ranking.weight(now)})
            return None if row.backers is None else int(row.backers)
        is_news = _INSERT_UNHEARD.first(connection, values) is not None
        return ranking.count_vote(connection, idea_id, now) if is_news else None


def cast_where_asked(voter: User, idea: Idea) -> int:
    """As `cast`; but of an idea that is part of another by now the vote stands there, and counts where its chain ends.

    For whoever was asked whether they want that very idea: taken apart again, it is the one that they back.
    """
    if idea.merged_root_id is None:
        return cast(voter, idea)
    policy.require_part(voter)
    root = db.session.get_one(Idea, idea.merged_root_id)
    _held_open(root)
    links = trees.links(root.id)
    is_news = insert_once(Vote, user_id=voter.id, idea_id=idea.id, cast_at=utcnow())
    for each in (idea.id, *trees.above(links, idea.id)):
        ranking.count_backers(each, trees.below(links, each))
    count = _count(root)
    if is_news:
        _tell("vote.created", voter, root.id, count)
    return count


def _tell(kind: str, voter: User, idea_id: int, count: int) -> None:
    happenings.tell(kind, idea_id, voter.id, vote_count=count)


def _put_down(voter_id: int, idea_id: int, now: datetime) -> tuple[bool | None, bool, int | None]:
    """Insert the vote and count it: whether it is news, whether anything listens for such, and how many back the idea,
    see `ranking.count_vote`. Neither is known where a closer look comes first.
    """
    connection = db.session.connection()
    values = {"the_idea": idea_id, "the_voter": voter_id, "now": now}
    if connection.dialect.name == "postgresql":
        backers, is_heard = _CAST.first(connection, values | {"added": ranking.weight(now)})
        return None if backers is None else True, is_heard, backers
    row = _INSERT_ALONE.first(connection, values)
    if row is None:
        return False, False, None
    return True, bool(row.is_heard), ranking.count_vote(connection, idea_id, now)


def retract(voter: User, idea: Idea) -> int:
    """Take the vote of `voter` back; how many back the idea now. Without a vote nothing changes.

    It is one support, so with it go the votes of `voter` on all that is merged into the idea. Raises VotingClosed when
    the idea takes no votes: what a final answer counted stays counted. Raises Merged when it is part of another.
    """
    policy.require_vote(voter, idea)
    place = _held_open(idea)
    if not place.has_merged:
        is_heard = db.session.scalar(_RETRACT, {"the_idea": idea.id, "the_voter": voter.id})
        if is_heard is None:
            return int(place.vote_count)
        behalf.mark_retracted(voter.id, [idea.id])
        count = ranking.uncount_vote(idea.id)
        if is_heard:
            _tell("vote.deleted", voter, idea.id, count)
        return count
    links = trees.links(idea.id)
    left = list(db.session.scalars(_RETRACT_ALL, {"ideas": [idea.id, *links], "the_voter": voter.id}))
    if left:
        behalf.mark_retracted(voter.id, [idea.id, *links])
    for idea_id in sorted(trees.ancestry(links, left)):
        ranking.count_backers(idea_id, trees.below(links, idea_id))
    count = _count(idea)
    if left:
        _tell("vote.deleted", voter, idea.id, count)
    return count


def take_over(votes: Sequence[tuple[int, int, datetime]]) -> None:
    """Record votes of another system, each (idea, person, when); those that are there stay as they are.

    The counts are the caller's next step: `count_anew`, or `ranking.recount` for a whole board at once.
    """
    insert = INSERTS[db.session.get_bind().dialect.name](Vote).on_conflict_do_nothing()
    rows = [{"idea_id": idea_id, "user_id": user_id, "cast_at": at} for idea_id, user_id, at in votes]
    if rows:
        db.session.execute(insert, rows)


def carry_over(people: sa.Select[int], idea_id: int, at: datetime) -> None:
    """Those people back that idea from now on; the counts as after `take_over`."""
    backing = people.add_columns(sa.literal(idea_id), sa.literal(at, Vote.cast_at.type))
    insert = INSERTS[db.session.get_bind().dialect.name](Vote)
    db.session.execute(insert.from_select(["user_id", "idea_id", "cast_at"], backing).on_conflict_do_nothing())


def take_back(vote_ids: Sequence[int]) -> None:
    """Remove votes that their people withdrew in another system; the counts as after `take_over`."""
    db.session.execute(sa.delete(Vote).where(Vote.id.in_(vote_ids)).execution_options(synchronize_session=False))


def count_anew(idea_ids: Collection[int]) -> None:
    """Count who backs these ideas and all that they are part of, after votes were taken over or back."""
    rows = db.session.execute(sa.select(Idea.id, Idea.merged_root_id).where(Idea.id.in_(idea_ids))).all()
    links = trees.all_links({row.merged_root_id or row.id for row in rows})
    for idea_id in sorted(trees.ancestry(links, idea_ids)):
        ranking.hold(idea_id)
        ranking.count_backers(idea_id, trees.below(links, idea_id))


def _count(idea: Idea) -> int:
    return db.session.scalars(_COUNT, {"the_idea": idea.id}).one()


def _held_open(idea: Idea) -> Any:
    """The idea's place, held. It may have been decided, withdrawn or merged since `idea` was read."""
    place = ranking.hold(idea.id)
    if place.stage in FINAL_STAGES:
        raise VotingClosed(_("This idea was decided a moment ago and no longer takes votes."))
    if not place.listed:
        root_id = trees.root_of(idea.id)
        if root_id != idea.id:
            raise policy.merged(root_id)
        raise VotingClosed(_("This idea was withdrawn by its author a moment ago and takes no votes."))
    return place
