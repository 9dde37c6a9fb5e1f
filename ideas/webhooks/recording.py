"""What happened is kept for those who want to know, in the transaction in which it happens. Writes `webhook_message`.

Where nobody wants to know of a kind, nothing is kept: the same statement asks.
"""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from ideas import happenings
from ideas.boards.models import Answer
from ideas.boards.models_merging import Merge
from ideas.db import db, utcnow
from ideas.happenings import Happening
from ideas.ledger.models import Delivery
from ideas.ledger.models import State as LedgerState
from ideas.outbox import OutboxEntry
from ideas.webhooks import kinds
from ideas.webhooks.models import WebhookEndpoint, WebhookMessage

_messages: Any = WebhookMessage.__table__
_COLUMNS = ("name", "kind", "idea_id", "about_id", "facts", "happened_at")
_HEAR = sa.insert(_messages).from_select(
    _COLUMNS,
    sa.select(*(sa.bindparam(f"the_{name}", type_=_messages.c[name].type) for name in _COLUMNS)).where(
        happenings.is_any_listened_for(sa.bindparam("the_kind", type_=sa.String))
    ),
)
FAILED_LOOK_BACK = timedelta(minutes=15)  # a transaction that says when a mail failed may take so long
FAILED_AT_ONCE = 500


def hear(happening: Happening) -> None:
    """Keep it if any endpoint wants such, in the caller's transaction."""
    db.session.connection().execute(
        _HEAR,
        {
            "the_name": fresh_name(),
            "the_kind": happening.kind,
            "the_idea_id": happening.idea_id,
            "the_about_id": happening.about_id,
            "the_facts": happening.facts,
            "the_happened_at": utcnow(),
        },
    )


def fresh_name() -> str:
    return f"msg_{secrets.token_urlsafe(20)}"


def announced(entry: OutboxEntry) -> None:
    """People begin to be told of `entry`: so do endpoints."""
    kind = kinds.ANNOUNCED.get(entry.kind)
    if kind is None or not db.session.scalar(sa.select(happenings.is_listened_for(kind))):
        return
    idea_id: int | None = None
    facts: dict[str, Any] = {}
    if kind == "idea.answered":
        answer = db.session.get_one(Answer, entry.about_id)
        idea_id, facts = answer.idea_id, {"former_status_id": answer.former_status_id}
    elif kind in ("idea.merged", "idea.unmerged"):
        idea_id = db.session.get_one(Merge, entry.about_id).idea_id
    if entry.held_back:  # it waited in a backup that was restored, and may have been sent since
        facts["restored"] = True
    hear(Happening(kind, idea_id, entry.about_id, facts))


def of_test(endpoint: WebhookEndpoint) -> WebhookMessage:
    """A message for this endpoint alone."""
    message = WebhookMessage(name=fresh_name(), kind=kinds.TEST, facts={}, happened_at=utcnow(), only_for=endpoint.id)
    db.session.add(message)
    db.session.flush()  # gives the id
    return message


def find_failed() -> bool:
    """Mails that failed lately and of which nothing was kept yet; a round, because many hands write that down.

    True when there may be more.
    """
    kind = "delivery.failed"
    since = db.session.scalar(
        sa.select(sa.func.min(WebhookEndpoint.created_at)).where(WebhookEndpoint.disabled_at.is_(None))
    )
    if since is None or not db.session.scalar(sa.select(happenings.is_listened_for(kind))):
        return False
    kept = sa.exists().where(WebhookMessage.kind == kind, WebhookMessage.about_id == Delivery.id)
    statement = (
        sa.select(Delivery.id, OutboxEntry.subject, Delivery.done_at)
        .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        .where(Delivery.state == LedgerState.FAILED.value, Delivery.done_at >= _from(since), ~kept)
        .order_by(Delivery.id)
        .limit(FAILED_AT_ONCE)
    )
    found = db.session.execute(statement).all()
    for row in found:
        what, _colon, number = row.subject.partition(":")
        idea_id = int(number) if what == "idea" else None
        hear(Happening(kind, idea_id, row.id))
    return len(found) == FAILED_AT_ONCE


def _from(since: datetime) -> datetime:
    return max(since, utcnow() - FAILED_LOOK_BACK)
