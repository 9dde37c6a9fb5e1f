"""What a visitor was about to do when asked to sign in. The only code that writes `unfinished_act`."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from ideas.accounts import tokens
from ideas.accounts.models import UnfinishedAct, User
from ideas.db import db, utcnow
from ideas.settings import rooms
from ideas.text import cut


def keep(kind: str, details: dict[str, Any]) -> str:
    """Keep an act until somebody has signed in; the secret by which their browser finds it again."""
    token = tokens.fresh()
    db.session.add(UnfinishedAct(token_hash=tokens.hashed(token), kind=kind, details=details, created_at=utcnow()))
    return token


def find(token: str | None) -> UnfinishedAct | None:
    """The act that a browser's secret stands for."""
    if not token:
        return None
    return db.session.scalar(sa.select(UnfinishedAct).where(UnfinishedAct.token_hash == tokens.hashed(token)))


def by_id(act_id: int | None) -> UnfinishedAct | None:
    return db.session.get(UnfinishedAct, act_id) if act_id else None


def drop(token: str) -> None:
    """Nobody will finish this any more."""
    db.session.execute(sa.delete(UnfinishedAct).where(UnfinishedAct.token_hash == tokens.hashed(token)))


def resume(person: User, act_id: int) -> str | None:
    """Do as `person` what was begun before; the address to go to, None when it was done already.

    What the act itself raises is raised here. It stands in a unit of work of its own, so that then it is not done at
    all and is still kept.
    """
    take = sa.delete(UnfinishedAct).where(UnfinishedAct.id == act_id)
    row = db.session.execute(take.returning(UnfinishedAct.kind, UnfinishedAct.details)).one_or_none()
    if row is None:
        return None
    act = rooms().resumers.get(row.kind)
    return act(person, row.details) if act else None


def hand_over(act_id: int) -> str | None:
    """A new secret for an act that could not be done, so that this browser can show its words again."""
    token = tokens.fresh()
    change = sa.update(UnfinishedAct).where(UnfinishedAct.id == act_id).values(token_hash=tokens.hashed(token))
    return token if db.session.scalar(change.returning(UnfinishedAct.id)) is not None else None


def words(act: UnfinishedAct) -> str:
    """The beginning of what the person wrote, "" for an act without words."""
    for name in ("title", "text", "body"):
        if written := str(act.details.get(name) or ""):
            return cut(written, 200)
    return ""
