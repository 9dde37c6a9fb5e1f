"""The only code that writes `estimate`: what the team thinks an idea reaches, changes and costs, with its sources."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.backlog import ranking
from ideas.backlog.models import Estimate
from ideas.boards import policy
from ideas.boards.queries import IdeaRow
from ideas.db import INSERTS, db, utcnow


def say(actor: User, on: IdeaRow, words: dict[str, Any]) -> None:
    """Put down what `words`, as schemas.EstimateWords loads them, say of the idea, in place of what was said before.

    Its priority is counted at once. Raises NotAllowed for anybody but the team, Merged for a part of another idea.
    """
    policy.require_team(on.standing)
    policy.require_unmerged(on.idea)
    values = {**words, "by_id": actor.id, "said_at": utcnow()}
    insert = INSERTS[db.session.get_bind().dialect.name](Estimate.__table__)
    insert = insert.on_conflict_do_update(index_elements=["idea_id"], set_=values)
    db.session.connection().execute(insert, {"idea_id": on.idea.id, **values})
    audit.record(actor, "idea.estimated", on.idea.subject, **words)
    ranking.recount([on.idea.id])


def unsay(actor: User, on: IdeaRow) -> None:
    """Nobody has said anything of the idea: it has no priority. Raises NotAllowed for anybody but the team."""
    policy.require_team(on.standing)
    gone = db.session.scalar(sa.delete(Estimate).where(Estimate.idea_id == on.idea.id).returning(Estimate.idea_id))
    if gone is not None:
        audit.record(actor, "idea.estimate_removed", on.idea.subject)
        ranking.recount([on.idea.id])


def of(on: IdeaRow) -> Estimate | None:
    """What was said of the idea last. Loaded: by."""
    statement = sa.select(Estimate).where(Estimate.idea_id == on.idea.id).options(joinedload(Estimate.by))
    return db.session.scalar(statement.execution_options(populate_existing=True))
