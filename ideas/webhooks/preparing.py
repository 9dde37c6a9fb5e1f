"""From what happened to which endpoints are told of it: writes new rows of `webhook_delivery`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ideas.boards.models import Idea
from ideas.boards.models_releases import Release
from ideas.db import INSERTS, db, utcnow
from ideas.webhooks.models import Reason, State, WebhookDelivery, WebhookEndpoint, WebhookMessage

AT_ONCE = 200
RELEASED = "release.published"

_IS_WAITING = sa.select(sa.exists(sa.select(sa.literal_column("1")).where(WebhookMessage.prepared_at.is_(None))))
_WAITING = (
    sa.select(WebhookMessage)
    .where(WebhookMessage.prepared_at.is_(None))
    .order_by(WebhookMessage.id)
    .limit(AT_ONCE)
    .with_for_update(skip_locked=True)
)


def is_needed() -> bool:
    """Whether anything happened of which nobody has asked yet who is told."""
    return bool(db.session.scalar(_IS_WAITING))


def prepare() -> int:
    """A line for each endpoint that wants to know of what happened; how many messages were looked at.

    In a unit of work. A paused endpoint has its lines too, which wait with it; a disabled one gets none.
    """
    messages = db.session.scalars(_WAITING).all()
    if not messages:
        return 0
    now = utcnow()
    endpoints = db.session.scalars(sa.select(WebhookEndpoint).where(WebhookEndpoint.disabled_at.is_(None))).all()
    board_of = _boards_of(messages) if any(endpoint.board_id for endpoint in endpoints) else {}
    rows: list[dict[str, Any]] = []
    for message in messages:
        message.prepared_at = now
        held = message.facts.get("restored", False)
        for endpoint in endpoints:
            if message.only_for != endpoint.id if message.only_for else message.kind not in endpoint.kinds:
                continue
            if message.happened_at < endpoint.created_at:
                continue
            if endpoint.board_id and board_of.get(message.id, endpoint.board_id) != endpoint.board_id:
                continue
            rows.append(
                {
                    "message_id": message.id,
                    "endpoint_id": endpoint.id,
                    "state": State.SUPPRESSED.value if held else State.PENDING.value,
                    "reason": Reason.RESTORED.value if held else None,
                    "body": "",
                    "attempts": 0,
                    "due_at": now,
                    "done_at": now if held else None,
                }
            )
    if rows:
        db.session.execute(INSERTS[db.session.get_bind().dialect.name](WebhookDelivery).on_conflict_do_nothing(), rows)
    db.session.flush()
    return len(messages)


def _boards_of(messages: Sequence[WebhookMessage]) -> dict[int, int]:
    """Message → the board on which it happened; one that belongs to no board, such as an erased person, has none."""
    ideas = {message.idea_id for message in messages if message.idea_id}
    released = {message.about_id for message in messages if message.kind == RELEASED}
    of_idea = _numbers(sa.select(Idea.id, Idea.board_id).where(Idea.id.in_(ideas)))
    of_release = _numbers(sa.select(Release.id, Release.board_id).where(Release.id.in_(released)))
    found = {
        message.id: of_release.get(message.about_id or 0)
        if message.kind == RELEASED
        else of_idea.get(message.idea_id or 0)
        for message in messages
    }
    return {message_id: board_id for message_id, board_id in found.items() if board_id is not None}


def _numbers(statement: sa.Select[int, int]) -> dict[int, int]:
    return {row[0]: row[1] for row in db.session.execute(statement)}


def hold_back() -> int:
    """After a backup was restored: what waits may have been sent since, so it is not sent again by itself.

    How many lines; whoever looks after an endpoint can have them sent from its log. In a unit of work.
    """
    while prepare():
        pass
    held = sa.update(WebhookDelivery).where(WebhookDelivery.state == State.PENDING.value)
    now = utcnow()
    values = {"state": State.SUPPRESSED.value, "reason": Reason.RESTORED.value, "lease": None, "done_at": now}
    statement = held.values(**values).returning(WebhookDelivery.id).execution_options(synchronize_session=False)
    return len(db.session.execute(statement).all())
