"""The only code that writes `backlog_double`: of each idea without a word of the team, what it is likely the same as.

Found by a walk through all places, like what is counted: nothing has to say that words changed. What was looked at
before a later idea came that is like it, is not looked at again: the suspicion stands beside the later one.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.backlog import ranking
from ideas.backlog.models import BacklogDouble
from ideas.boards import scoring, similar
from ideas.boards.models import Idea, IdeaRank
from ideas.boards.policy import Standing
from ideas.boards.queries import BoardRow
from ideas.db import db

LOOKED_AT = 2_000  # places that one turn of the walk passes
COMPARED = 10  # ideas that one turn compares with their board at most
BODY_READ = 2_000  # of a text; its first words tell enough
WALK = "doubles"

_rank, _double = IdeaRank.__table__.c, BacklogDouble.__table__.c
_words_at = sa.func.coalesce(Idea.edited_at, Idea.created_at)
_waits = sa.and_(_rank.listed, sa.not_(_rank.is_hidden), _rank.answered_at.is_(None))
_PIECE = (
    sa.select(
        _rank.idea_id,
        _waits.label("waits"),
        sa.case(
            (_waits, sa.or_(_double.idea_id.is_(None), _double.words_at != _words_at)),
            else_=_double.idea_id.is_not(None),
        ).label("is_stale"),
    )
    .select_from(IdeaRank.__table__)
    .join(Idea, Idea.id == _rank.idea_id)
    .outerjoin(BacklogDouble.__table__, _double.idea_id == _rank.idea_id)
    .where(_rank.idea_id > sa.bindparam("place", type_=sa.Integer))
    .order_by(_rank.idea_id)
    .limit(LOOKED_AT)
)
_IDEAS = sa.select(Idea).where(Idea.id.in_(sa.bindparam("ideas", expanding=True))).options(joinedload(Idea.board))


def look() -> bool:
    """Go on with the walk and compare what is new or has other words; True until its end. In a unit of work.

    One turn reads a bounded number of places and compares a bounded number of ideas, whatever happened.
    """
    place = ranking.walked_to(WALK)
    rows = db.session.execute(_PIECE, {"place": place}).all()
    wanted: list[int] = []
    answered: list[int] = []
    is_full = False
    for row in rows:
        if row.is_stale and row.waits:
            if len(wanted) == COMPARED:
                is_full = True
                break
            wanted.append(row.idea_id)
        elif row.is_stale:
            answered.append(row.idea_id)
        place = row.idea_id
    if answered:
        _run(sa.delete(BacklogDouble).where(BacklogDouble.idea_id.in_(answered)))
    if wanted:
        ranking.put(BacklogDouble, [_compared(idea) for idea in db.session.scalars(_IDEAS, {"ideas": wanted})])
    has_more = is_full or len(rows) == LOOKED_AT
    ranking.come_to(WALK, place if has_more else 0)
    return has_more


def _compared(idea: Idea) -> dict[str, Any]:
    """The row of an idea: what everybody may see of its board is compared, hidden ideas are not."""
    found = similar.similar(
        None,
        [BoardRow(idea.board, Standing(None, None), follows=False)],
        idea.title,
        idea.body[:BODY_READ],
        besides=idea.id,
        least=scoring.LIKELY_THE_SAME,
        most=1,
    )
    return {
        "idea_id": idea.id,
        "other_id": found[0].idea.id if found else None,
        "words_at": idea.edited_at or idea.created_at,
    }


def _run(statement: Any) -> None:
    db.session.execute(statement.execution_options(synchronize_session=False))
