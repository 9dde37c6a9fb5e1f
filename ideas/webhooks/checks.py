"""What must hold of webhooks, for `ideas doctor` and for tests, and the figures that a monitor watches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import sqlalchemy as sa

from ideas import outgoing, settings
from ideas.checking import Breach, Figure
from ideas.db import db, utcnow
from ideas.happenings import ListenedFor
from ideas.webhooks import kinds
from ideas.webhooks.models import State, WebhookDelivery, WebhookEndpoint

SHOWN = 50

_waits = WebhookDelivery.state == sa.literal_column("'pending'", sa.String)
_is_tried = sa.and_(WebhookEndpoint.paused_at.is_(None), WebhookEndpoint.disabled_at.is_(None))


def every_line_ends() -> list[Breach]:
    """I6: a line waits, or ended with a time and, unless it was sent, a reason; none is stuck with its holder."""
    ended, unsent = ~_waits, WebhookDelivery.state.in_([State.SUPPRESSED.value, State.FAILED.value])
    stuck = utcnow() - timedelta(seconds=settings.current().lease_seconds + outgoing.SECONDS)
    wrong = (
        ("ended without saying when", sa.and_(ended, WebhookDelivery.done_at.is_(None))),
        ("ended without a reason", sa.and_(unsent, WebhookDelivery.reason.is_(None))),
        ("is said to be both waiting and over", sa.and_(_waits, WebhookDelivery.done_at.is_not(None))),
        ("is held by somebody though it is over", sa.and_(ended, WebhookDelivery.lease.is_not(None))),
        (
            "is stuck: whoever was sending it is gone, and no worker took it up. Start one: ideas worker",
            sa.and_(_waits, _is_tried, WebhookDelivery.lease.is_not(None), WebhookDelivery.due_at < stuck),
        ),
    )
    return [
        Breach("I6", what, f"webhook_delivery:{line_id}")
        for what, condition in wrong
        for line_id in db.session.scalars(
            sa.select(WebhookDelivery.id).join(WebhookDelivery.endpoint).where(condition).limit(SHOWN)
        )
    ]


def all_is_listened_for() -> list[Breach]:
    """I6: what any endpoint wants is kept when it happens."""
    wanted = sa.select(WebhookEndpoint.kinds).where(WebhookEndpoint.disabled_at.is_(None))
    kept = set(db.session.scalars(sa.select(ListenedFor.kind)))
    missing = {kind for each in db.session.scalars(wanted) for kind in each if kind in kinds.KINDS} - kept
    return [Breach("I6", "is wanted by an endpoint and not kept when it happens", kind) for kind in sorted(missing)]


CHECKS: dict[str, Callable[[], list[Breach]]] = {
    "every webhook ends": every_line_ends,
    "what endpoints want is kept": all_is_listened_for,
}


def figures() -> list[Figure]:
    """How many webhooks wait, and for how long; how many endpoints are not well."""
    now = utcnow()
    statement = (
        sa.select(sa.func.count(), sa.func.min(WebhookDelivery.due_at))
        .join(WebhookDelivery.endpoint)
        .where(_waits, _is_tried, WebhookDelivery.due_at <= now)
    )
    waiting, oldest = db.session.execute(statement).one()
    age = max(0.0, (now - oldest).total_seconds()) if waiting else 0.0
    count = sa.select(sa.func.count()).select_from(WebhookEndpoint)
    failing = db.session.scalars(count.where(_is_tried, WebhookEndpoint.failing_since.is_not(None))).one()
    disabled = db.session.scalars(count.where(WebhookEndpoint.disabled_at.is_not(None))).one()
    return [
        Figure("webhooks_due", "Webhooks that are due to be sent.", waiting),
        Figure("webhooks_oldest_seconds", "For how long the oldest of them has been due.", age),
        Figure("webhook_endpoints_failing", "Endpoints that take nothing at present.", failing),
        Figure("webhook_endpoints_disabled", "Endpoints that were disabled.", disabled),
    ]
