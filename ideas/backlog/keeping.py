"""The only code that writes `backlog_view`: lists of the team that are kept under a name, for oneself or for all."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from marshmallow import ValidationError
from sqlalchemy.orm import joinedload

from ideas.accounts import audit
from ideas.accounts.models import User
from ideas.backlog import desk
from ideas.backlog.asking import Weights
from ideas.backlog.models_views import BacklogView
from ideas.db import db
from ideas.errors import NotAllowed, NotFound
from ideas.words import _

MOST = 100  # of one person
SHOWN = 100


def keep(actor: User, words: dict[str, Any]) -> BacklogView:
    """Keep a list, as schemas.ViewWords loads it. Raises NotFound for somebody of no team, ValidationError for
    one too many."""
    desk.boards_of(actor)
    kept = db.session.scalar(sa.select(sa.func.count()).where(BacklogView.owner_id == actor.id)) or 0
    if kept >= MOST:
        raise ValidationError(
            {"name": [_("You keep %(most)s views already. Remove one that you need no more.", most=MOST)]}
        )
    view = BacklogView(owner_id=actor.id, **words)
    db.session.add(view)
    db.session.flush()  # gives the id
    if view.is_shared:
        audit.record(actor, "view.shared", subject(view), name=view.name)
    return view


def change(actor: User, view: BacklogView, words: dict[str, Any]) -> None:
    """Change what is named in `words`. Raises NotAllowed for anybody but its owner and administrators."""
    require_own(actor, view)
    was_shared = view.is_shared
    for name, value in words.items():
        setattr(view, name, value)
    if was_shared or view.is_shared:
        audit.record(actor, "view.changed", subject(view), name=view.name, shared=view.is_shared)
    db.session.flush()  # the caller reads it again


def remove(actor: User, view: BacklogView) -> None:
    """Raises NotAllowed for anybody but its owner and administrators."""
    require_own(actor, view)
    if view.is_shared:
        audit.record(actor, "view.removed", subject(view), name=view.name)
    db.session.delete(view)


def get(reader: User, view_id: int) -> BacklogView:
    """A view of one's own, or one that is shared among those who answer anywhere. Raises NotFound. Loaded: owner."""
    desk.boards_of(reader)
    statement = sa.select(BacklogView).where(BacklogView.id == view_id, _seen_by(reader))
    view = db.session.scalar(statement.options(joinedload(BacklogView.owner)).execution_options(populate_existing=True))
    if view is None:
        raise NotFound(_("There is no such view, or you may not see it."))
    return view


def all_for(reader: User) -> list[BacklogView]:
    """One's own and those that are shared, by name; at most SHOWN. Loaded: owner."""
    statement = (
        sa.select(BacklogView)
        .where(_seen_by(reader))
        .options(joinedload(BacklogView.owner))
        .order_by(BacklogView.name, BacklogView.id)
        .limit(SHOWN)
    )
    return list(db.session.scalars(statement))


def may_change(actor: User, view: BacklogView) -> bool:
    return actor.id == view.owner_id or (view.is_shared and actor.is_admin)


def require_own(actor: User, view: BacklogView) -> None:
    if not may_change(actor, view):
        raise NotAllowed(_("Only whoever keeps this view changes it. Keep one of your own."))


def weights_of(view: BacklogView) -> Weights:
    return Weights(**view.weights)


def subject(view: BacklogView) -> str:
    """The view's name in the audit log."""
    return f"view:{view.id}"


def _seen_by(reader: User) -> sa.ColumnElement[bool]:
    return sa.or_(BacklogView.is_shared, BacklogView.owner_id == reader.id)
