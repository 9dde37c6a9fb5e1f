"""What the ledger keeps about one person, for their export."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.ledger.models import Delivery, Mute, Preference
from ideas.outbox import OutboxEntry
from ideas.privacy import Attachment, Part
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    yield Part(
        "told",
        _("what you were told and by which way, or why not: your inbox and the mail that went to you"),
        stream(
            sa.select(
                *(Delivery.id, Delivery.channel, OutboxEntry.kind.label("event"), OutboxEntry.subject, Delivery.news),
                *(Delivery.path, Delivery.contribution_kind, Delivery.contribution_id, Delivery.state, Delivery.reason),
                *(Delivery.error, Delivery.attempts, Delivery.first_tried_at, Delivery.done_at, Delivery.read_at),
                OutboxEntry.recorded_at,
            )
            .join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
            .where(Delivery.user_id == person_id)
            .order_by(Delivery.id)
        ),
    )
    how_chosen = (Preference.by_unsubscribing, Preference.changed_at)
    yield Part(
        "preferences",
        _("how you want to hear of each kind of news"),
        stream(
            sa.select(Preference.news, Preference.email, Preference.inbox, *how_chosen)
            .where(Preference.user_id == person_id)
            .order_by(Preference.news)
        ),
    )
    yield Part(
        "mutes",
        _("what you muted"),
        stream(sa.select(Mute.subject, Mute.muted_at).where(Mute.user_id == person_id).order_by(Mute.subject)),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    """None: the ledger keeps no files."""
    yield from ()
