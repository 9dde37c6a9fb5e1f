"""What pages and programs read of an endpoint's log."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas.accounts.models import User
from ideas.db import db
from ideas.errors import NotFound
from ideas.paging import Page, read_cursor
from ideas.webhooks import endpoints, payloads
from ideas.webhooks.models import State, WebhookAttempt, WebhookDelivery, WebhookEndpoint
from ideas.words import _


def messages(
    actor: User, endpoint_id: int, *, state: State | None = None, limit: int, cursor: str | None = None
) -> Page[WebhookDelivery]:
    """What was sent to an endpoint, or waits, the latest first. Loaded: message. Raises NotFound."""
    endpoint = endpoints.get(actor, endpoint_id)
    after = read_cursor("webhook messages", cursor)
    statement = (
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.endpoint_id == endpoint.id)
        .options(joinedload(WebhookDelivery.message))
        .order_by(WebhookDelivery.id.desc())
        .limit(limit + 1)
    )
    if state is not None:
        statement = statement.where(WebhookDelivery.state == state.value)
    if after is not None:
        statement = statement.where(WebhookDelivery.id < after[0])
    found = db.session.scalars(statement).all()
    return Page.of(found, limit, order="webhook messages", key=lambda line: (line.id,))


def message(actor: User, endpoint_id: int, delivery_id: int) -> WebhookDelivery:
    """One of them. Loaded: message, endpoint with its owner. Raises NotFound."""
    endpoint = endpoints.get(actor, endpoint_id)
    statement = sa.select(WebhookDelivery).where(
        WebhookDelivery.id == delivery_id, WebhookDelivery.endpoint_id == endpoint.id
    )
    owner = joinedload(WebhookDelivery.endpoint).joinedload(WebhookEndpoint.owner)
    found = db.session.scalar(statement.options(joinedload(WebhookDelivery.message), owner))
    if found is None:
        raise NotFound(_("There is no such message in this log."))
    return found


def body(line: WebhookDelivery) -> str:
    """As it was sent; "" before, and while the endpoint's owner may not be told all of it. Loaded: as by `message`."""
    owner, with_emails = line.endpoint.owner, line.endpoint.with_emails
    if line.body and payloads.may_be_read(line.body, line.message, owner, with_emails=with_emails):
        return line.body
    return ""


def attempts(line: WebhookDelivery) -> Sequence[WebhookAttempt]:
    """The tries to hand it over, the latest first; at most a hundred."""
    statement = sa.select(WebhookAttempt).where(WebhookAttempt.delivery_id == line.id)
    return db.session.scalars(statement.order_by(WebhookAttempt.id.desc()).limit(100)).all()
