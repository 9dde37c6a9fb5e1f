"""What webhooks forget of a person: endpoints of theirs, and what was kept of messages that name them."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.db import db
from ideas.privacy import Leaving
from ideas.webhooks import endpoints
from ideas.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint


def erase(leaving: Leaving) -> None:
    """Forget the endpoints that they own, and every body that names them or holds their words.

    A message that waits is made anew when it is sent, without them. What other systems have already, they are asked to
    forget by `person.erased`.
    """
    db.session.flush()
    own = db.session.scalars(sa.select(WebhookEndpoint.id).where(WebhookEndpoint.owner_id == leaving.id)).all()
    if own:
        endpoints.delete(own)
    by_number = WebhookDelivery.body.contains(f'"id":{leaving.id},"name":', autoescape=True)
    names_them = sa.or_(by_number, leaving.may_stand_in(WebhookDelivery.body))
    named = sa.select(WebhookDelivery.id).where(names_them)
    said = sa.or_(WebhookAttempt.delivery_id.in_(named), leaving.may_stand_in(WebhookAttempt.answer))
    for statement in (
        sa.update(WebhookAttempt).where(said).values(answer=""),
        sa.update(WebhookDelivery).where(names_them).values(body=""),
    ):
        db.session.execute(statement.execution_options(synchronize_session=False))
    for endpoint in db.session.scalars(
        sa.select(WebhookEndpoint).where(leaving.may_stand_in(WebhookEndpoint.description))
    ):
        endpoint.description = leaving.rewritten(endpoint.description)[:200]
