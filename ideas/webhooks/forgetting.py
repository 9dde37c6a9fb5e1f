"""After thirty days nothing is known of what was sent: neither bodies nor attempts."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ideas.db import db, utcnow
from ideas.webhooks.models import WebhookMessage

KEPT = timedelta(days=30)
AT_ONCE = 2000


def forget() -> bool:
    """Forget some of what is old enough, in the caller's transaction; True when there may be more."""
    old = (
        sa.select(WebhookMessage.id)
        .where(WebhookMessage.happened_at < utcnow() - KEPT)
        .order_by(WebhookMessage.happened_at)
        .limit(AT_ONCE)
    )
    gone = db.session.execute(
        sa.delete(WebhookMessage)
        .where(WebhookMessage.id.in_(old))
        .returning(WebhookMessage.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(gone) == AT_ONCE
