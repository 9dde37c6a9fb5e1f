"""The only code that writes `idea_rank`: counters that are exact in every snapshot, and the order of lists.

hot = log2 of the sum of 2^((t - EPOCH) / 7 days) over the idea's creation and its votes: forward decay, so time alone
never changes the order and the value is stored. Source: Cormode, Shkapenyuk, Srivastava, Xu: Forward Decay, ICDE 2009.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from ideas.boards import trees
from ideas.boards.models import FINAL_STAGES, Answer, Comment, Idea, IdeaRank, Status, Vote
from ideas.db import Written, db

EPOCH = datetime(2024, 1, 1, tzinfo=UTC)
WEEK = timedelta(days=7)
# 2^-1000 is still a number; 2^-1100 underflows, which PostgreSQL refuses to compute
FARTHEST = 1000.0


def weight(at: datetime) -> float:
    """The exponent that one creation or vote at that time has in `hot`: weeks since EPOCH."""
    return (at - EPOCH) / WEEK


def hot_of(times: Iterable[datetime]) -> float:
    """`hot` of an idea created and voted for at `times`; at least one."""
    weights = [weight(at) for at in times]
    most = max(weights)
    return most + math.log2(sum(2.0 ** max(each - most, -FARTHEST) for each in weights))


def hot_with(hot: Any, added: Any) -> Any:
    """SQL: `hot` after one more vote of weight `added`, by log-sum-exp. Both databases know ln and power, not log2."""
    apart: Any = sa.func.abs(hot - added)
    farthest, one, two = _written(FARTHEST), _written(1.0), _written(2.0)
    bounded = sa.case((apart > farthest, farthest), else_=apart)
    larger = sa.case((hot > added, hot), else_=added)
    return larger + sa.func.ln(one + sa.func.power(two, -bounded)) / _written(math.log(2))


def _written(number: float) -> Any:
    """A constant as a part of the statement: each one that is sent along is prepared and read with every vote."""
    return sa.literal_column(f"CAST({number!r} AS DOUBLE PRECISION)", sa.Double)


# An idea's own row is enough for a vote on most ideas. Asked again here, under the row's lock: an answer or a merge at
# the same moment may have closed voting, and where others are merged into it one has to look who backs those.
_ranks: Any = IdeaRank.__table__  # not the model: the commonest write asks nothing of the session
_place = _ranks.c
_closed: Any = (sa.literal_column(f"'{stage}'") for stage in sorted(FINAL_STAGES))
_OPEN_PLACE = (*(_place.stage != stage for stage in _closed), _place.listed, sa.not_(_place.has_merged))
_COUNT_VOTE = (
    sa.update(_ranks)
    .where(*_OPEN_PLACE)
    .values(
        vote_count=_place.vote_count + sa.literal_column("1"),
        hot=hot_with(_place.hot, sa.bindparam("added", type_=sa.Double)),
    )
    .returning(_place.vote_count)
)
_COUNT_ONE_VOTE = Written(_COUNT_VOTE.where(_place.idea_id == sa.bindparam("the_idea")))
_ADD_BACKER = (
    sa.update(IdeaRank)
    .where(IdeaRank.idea_id == sa.bindparam("the_idea"))
    .values(
        vote_count=IdeaRank.vote_count + 1,
        hot=hot_with(IdeaRank.hot, sa.bindparam("added", type_=sa.Double)),
    )
    .returning(IdeaRank.vote_count)
    .execution_options(synchronize_session=False)
)

_UNCOUNT_VOTE = (
    sa.update(IdeaRank)
    .where(IdeaRank.idea_id == sa.bindparam("the_idea"))
    .values(vote_count=IdeaRank.vote_count - 1)
    .returning(IdeaRank.vote_count, IdeaRank.created_at)
    .execution_options(synchronize_session=False)
)
_CREATED = sa.select(IdeaRank.created_at).where(IdeaRank.idea_id == sa.bindparam("the_idea"))
_HOLD = sa.select(IdeaRank.__table__).where(IdeaRank.idea_id == sa.bindparam("the_idea")).with_for_update()


_places: Any = IdeaRank.__table__


def _share(added: Any) -> Any:
    """SQL: what part of `hot` something of that weight is."""
    behind = _places.c.hot - added
    return sa.func.power(2.0, -sa.case((behind > FARTHEST, FARTHEST), else_=behind))


_lost: Any = _share(sa.bindparam("then", type_=sa.Double)) - _share(sa.bindparam("now", type_=sa.Double))
_MOVE_VOTE = (
    sa.update(_ranks)
    .where(_places.c.idea_id == sa.bindparam("the_idea"))
    .values(hot=_places.c.hot + sa.func.ln(1.0 - _lost) / math.log(2))
)


class _seconds(FunctionElement[float]):
    """SQL: seconds since 1970 with their fraction, which SQLite's own functions cut off."""

    type = sa.Double()
    inherit_cache = True


@compiles(_seconds)
def _exact(element: _seconds, compiler: Any, **options: Any) -> str:
    return f"CAST(extract(epoch FROM {compiler.process(element.clauses, **options)}) AS DOUBLE PRECISION)"


@compiles(_seconds, "sqlite")
def _exact_on_sqlite(element: _seconds, compiler: Any, **options: Any) -> str:
    at = compiler.process(element.clauses, **options)
    return f"(CAST(strftime('%s', {at}) AS REAL) + CAST('0' || substr({at}, 20) AS REAL))"


_vote_weight: Any = (_seconds(Vote.cast_at) - EPOCH.timestamp()) / WEEK.total_seconds()
_apart = sa.bindparam("most", type_=sa.Double) - _vote_weight
_NEWEST_VOTE = sa.select(sa.func.max(_vote_weight)).where(Vote.idea_id == sa.bindparam("the_idea"))
_VOTES_WEIGHT = sa.select(sa.func.sum(sa.func.power(2.0, -sa.case((_apart > FARTHEST, FARTHEST), else_=_apart)))).where(
    Vote.idea_id == sa.bindparam("the_idea")
)
# the same over several ideas that are one need: each person once, by their first vote
_firsts = (
    sa.select(sa.func.min(_vote_weight).label("weight"))
    .where(Vote.idea_id.in_(sa.bindparam("ideas", expanding=True)))
    .group_by(Vote.user_id)
    .subquery()
)
_apart_first = sa.bindparam("most", type_=sa.Double) - _firsts.c.weight
_NEWEST_FIRST = sa.select(sa.func.max(_firsts.c.weight), sa.func.count())
_FIRSTS_WEIGHT = sa.select(
    sa.func.sum(sa.func.power(2.0, -sa.case((_apart_first > FARTHEST, FARTHEST), else_=_apart_first)))
)


def begin(idea: Idea, stage: str) -> None:
    """Give a new idea its place."""
    db.session.add(
        IdeaRank(
            idea_id=idea.id,
            board_id=idea.board_id,
            stage=stage,
            listed=_is_listed(idea),
            is_hidden=idea.hidden_at is not None,
            created_at=idea.created_at,
            hot=weight(idea.created_at),
        )
    )


def count_vote(connection: sa.Connection, idea_id: int, at: datetime) -> int | None:
    """One more backer; their number. None when it takes a closer look at what `hold` gives."""
    values = {"the_idea": idea_id, "added": weight(at)}
    row = _COUNT_ONE_VOTE.first(connection, values)
    return None if row is None else int(row[0])


def counting(vote: sa.CTE) -> Any:
    """`count_vote` as a part of the statement that inserts the vote, its row being `vote`; `added` is its weight."""
    return _COUNT_VOTE.where(_place.idea_id == vote.c.idea_id)


def open_place(idea_id: Any) -> Any:
    """The id of an idea that takes votes which count as one more, as a statement that holds its place."""
    return sa.select(_place.idea_id).where(_place.idea_id == idea_id, *_OPEN_PLACE).with_for_update(key_share=True)


def hold(idea_id: int) -> Any:
    """The idea's place as it is now and stays until we are done: nobody else counts, answers, merges or hides it.

    Held before the idea itself is written, always in that order. A statement that waits for a row still counts others
    as they were when it began (PostgreSQL, read committed); the next one sees what happened meanwhile.
    """
    return db.session.execute(_HOLD, {"the_idea": idea_id}).one()


def add_backer(idea_id: int, at: datetime) -> int:
    """One more backer of an idea that is held; their number."""
    return db.session.scalars(_ADD_BACKER, {"the_idea": idea_id, "added": weight(at)}).one()


def count_backers(idea_id: int, parts: Collection[int] = ()) -> int:
    """Count anew who backs an idea that is held, or one of its `parts`: their number.

    `hot` is summed anew: subtracting would lose all precision.
    """
    created = weight(db.session.scalars(_CREATED, {"the_idea": idea_id}).one())
    ideas = {"ideas": [idea_id, *parts]}
    newest, count = db.session.execute(_NEWEST_FIRST, ideas).one()
    most = max(created, newest or created)
    votes = db.session.scalar(_FIRSTS_WEIGHT, {**ideas, "most": most}) or 0.0
    _set(idea_id, vote_count=count, hot=most + math.log2(2.0 ** max(created - most, -FARTHEST) + votes))
    return int(count)


def uncount_vote(idea_id: int) -> int:
    """One backer less of an idea that is held and has nothing merged into it; their number."""
    row = db.session.execute(_UNCOUNT_VOTE, {"the_idea": idea_id}).one()
    created = weight(row.created_at)
    most = max(created, db.session.scalar(_NEWEST_VOTE, {"the_idea": idea_id}) or created)
    votes = db.session.scalar(_VOTES_WEIGHT, {"the_idea": idea_id, "most": most}) or 0.0
    _set(idea_id, hot=most + math.log2(2.0 ** max(created - most, -FARTHEST) + votes))
    return int(row.vote_count)


def move_votes(moved: Sequence[tuple[int, datetime, datetime]]) -> None:
    """Votes are some hours older than they were: (idea, then, now). `hot` loses what the hours weighed.

    Less than a tenth of what such a vote weighs, so that subtracting loses no precision to speak of.
    """
    if moved:
        rows = [{"the_idea": idea, "then": weight(then), "now": weight(now)} for idea, then, now in moved]
        db.session.connection().execute(_MOVE_VOTE, rows)


def count_comments(idea_id: int) -> None:
    """Count anew what everybody may read: a comment came, went, was hidden or restored."""
    hold(idea_id)
    _set(idea_id, comment_count=_comments(idea_id), answered_at=last_official_word(idea_id))


def move(idea_id: int, stage: str) -> None:
    """The idea has another stage, and with it perhaps another last official word."""
    hold(idea_id)
    _set(idea_id, stage=stage, answered_at=last_official_word(idea_id))


def move_all(status_id: int, stage: str) -> None:
    """The status itself has another stage, and with it all its ideas."""
    of_status = sa.select(Idea.id).where(Idea.status_id == status_id)
    # in the order in which merging holds two of them: otherwise each might wait for the other
    db.session.execute(
        sa.select(IdeaRank.idea_id).where(IdeaRank.idea_id.in_(of_status)).order_by(IdeaRank.idea_id).with_for_update()
    ).all()
    _write(sa.update(IdeaRank).where(IdeaRank.idea_id.in_(of_status)).values(stage=stage))
    db.session.expire_all()  # what was read of the rows before is old now


def show_or_hide(idea: Idea) -> None:
    """The idea was hidden, restored, withdrawn, merged or unmerged."""
    _set(idea.id, listed=_is_listed(idea), is_hidden=idea.hidden_at is not None)


def note_parts(idea_id: int) -> None:
    """Something was merged into the idea, or taken out of it."""
    _set(idea_id, has_merged=sa.exists().where(Idea.merged_into_id == idea_id))


def mark_unsolved(idea_id: int, *, unsolved: bool) -> None:
    """Whether too few people say that the idea, which was shipped, solved their need."""
    _set(idea_id, is_unsolved=unsolved)


def set_due(idea_id: int, day: date | None) -> None:
    """By which day the team wants to give its next answer."""
    _set(idea_id, due_on=day)


def _is_listed(idea: Idea) -> bool:
    return idea.withdrawn_at is None and idea.merged_into_id is None


def _set(idea_id: int, **values: Any) -> None:
    db.session.execute(
        sa.update(IdeaRank)
        .where(IdeaRank.idea_id == idea_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()  # what was read of the row before is old now


def _comments(idea_id: Any) -> sa.ScalarSelect[Any]:
    return (
        sa.select(sa.func.count())
        .select_from(Comment)
        .where(
            Comment.idea_id == idea_id,
            sa.not_(Comment.is_internal),
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .scalar_subquery()
    )


def last_official_word(idea_id: Any) -> sa.ScalarSelect[Any]:
    """SQL: when the team last said something on that idea; NULL if never. `idea_id`: a number or a column."""
    # a select inside a union does not find the outer table by itself: unsaid, it would ask of all ideas
    words = sa.union_all(
        sa.select(Answer.created_at.label("at"))
        .where(Answer.idea_id == idea_id, Answer.undone_at.is_(None))
        .correlate(Idea, IdeaRank),
        sa.select(Comment.created_at)
        .where(
            Comment.idea_id == idea_id,
            Comment.is_official,
            Comment.deleted_at.is_(None),
            Comment.hidden_at.is_(None),
        )
        .correlate(Idea, IdeaRank),
    ).subquery()
    return sa.select(sa.func.max(words.c.at)).scalar_subquery()


def count_ideas(board_id: int | None = None) -> int:
    """How many ideas a recount goes through."""
    ideas = sa.select(sa.func.count()).select_from(Idea)
    return db.session.scalars(ideas if board_id is None else ideas.where(Idea.board_id == board_id)).one()


class Recount(NamedTuple):
    """What counting anew found: how many ideas there are, and how many places did not say what the rows say."""

    ideas: int
    differed: int


def recount(board_id: int | None = None, *, progress: Callable[[int], None] = lambda done: None) -> Recount:
    """Count everything anew and write the places that differ. For imports and repairs, also while people vote.

    `progress` is told how many ideas are done.
    """
    of_board = () if board_id is None else (Idea.board_id == board_id,)
    ideas = db.session.execute(
        sa.select(Idea.id, Idea.board_id, Idea.created_at, Idea.hidden_at, Idea.withdrawn_at, Status.stage)
        .join(Status, Status.id == Idea.status_id)
        .where(*of_board)
        .order_by(Idea.id)
    ).all()
    # Locked before the rows are counted: whoever votes meanwhile waits here and adds to what we write. Read after the
    # ideas: an idea and its place are committed together, so a place that is not found now is truly missing.
    places = {
        place.idea_id: place
        for place in db.session.execute(
            sa.select(IdeaRank.__table__)
            .where(*(() if board_id is None else (IdeaRank.board_id == board_id,)))
            .order_by(IdeaRank.idea_id)
            .with_for_update()
        )
    }
    links = {
        row.id: row.merged_into_id
        for row in db.session.execute(
            sa.select(Idea.id, Idea.merged_into_id).where(Idea.merged_into_id.is_not(None), *of_board)
        )
    }
    times = _times_of_backers({row.id: row.created_at for row in ideas}, links, of_board)
    said = {
        row.id: (row.comments, row.last_word)
        for row in db.session.execute(
            sa.select(
                Idea.id, _comments(Idea.id).label("comments"), last_official_word(Idea.id).label("last_word")
            ).where(
                *of_board,
                sa.or_(sa.exists().where(Comment.idea_id == Idea.id), sa.exists().where(Answer.idea_id == Idea.id)),
            )
        )
    }
    has_merged = set(links.values())
    changed: list[dict[str, Any]] = []
    missing: list[dict[str, Any]] = []
    for done, row in enumerate(ideas, start=1):
        comments, last_word = said.get(row.id, (0, None))
        values = {
            "idea_id": row.id,
            "board_id": row.board_id,
            "stage": row.stage,
            "listed": row.withdrawn_at is None and row.id not in links,
            "has_merged": row.id in has_merged,
            "is_hidden": row.hidden_at is not None,
            "created_at": row.created_at,
            "vote_count": len(times[row.id]) - 1,
            "comment_count": comments,
            "answered_at": last_word,
            "hot": hot_of(times[row.id]),
        }
        place = places.get(row.id)
        if place is None:
            missing.append(values)
        elif _differs(place, values):
            changed.append(values)
        progress(done)
    if missing:
        db.session.execute(sa.insert(IdeaRank), missing)
    if changed:
        db.session.execute(sa.update(IdeaRank), changed)
    db.session.expire_all()  # what was read of the rows before is old now
    return Recount(len(ideas), len(missing) + len(changed))


def _times_of_backers(
    created: Mapping[int, datetime], links: trees.Links, of_board: tuple[sa.ColumnElement[bool], ...]
) -> dict[int, list[datetime]]:
    """When each idea was posted and backed, each person once for it and all that is merged into it."""
    times = {idea_id: [at] for idea_id, at in created.items()}
    firsts: dict[int, dict[int, datetime]] = {idea_id: {} for idea_id in {*links, *links.values()}}
    votes = sa.select(Vote.idea_id, Vote.user_id, Vote.cast_at).join(Idea, Idea.id == Vote.idea_id).where(*of_board)
    for idea_id, user_id, cast_at in db.session.execute(votes.execution_options(yield_per=10_000)):
        if idea_id in firsts:
            for each in (idea_id, *trees.above(links, idea_id)):
                firsts[each][user_id] = min(cast_at, firsts[each].get(user_id, cast_at))
        elif idea_id in times:
            times[idea_id].append(cast_at)
    for idea_id, backers in firsts.items():
        if idea_id in times:
            times[idea_id] += backers.values()
    return times


def _differs(place: Any, values: dict[str, Any]) -> bool:
    # adding one vote at a time rounds otherwise than summing them all, and SQLite sums whole seconds
    if abs(place.hot - values["hot"]) > 1e-5:
        return True
    return any(getattr(place, name) != value for name, value in values.items() if name != "hot")


def _write(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
