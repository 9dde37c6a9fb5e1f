"""What is kept of one person's webhooks, for their export."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.privacy import Attachment, Part
from ideas.webhooks.models import WebhookEndpoint
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    endpoint = WebhookEndpoint
    yield Part(
        "webhook_endpoints",
        _("the addresses to which you have sent what happens"),
        stream(
            sa.select(
                *(endpoint.id, endpoint.address, endpoint.description, endpoint.kinds, endpoint.board_id),
                *(endpoint.with_emails, endpoint.created_at, endpoint.paused_at, endpoint.disabled_at),
            )
            .where(endpoint.owner_id == person_id)
            .order_by(endpoint.id)
        ),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    """None: webhooks keep no files."""
    yield from ()
