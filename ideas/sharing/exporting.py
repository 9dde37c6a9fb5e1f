"""What sharing keeps of one person, for their export. Reads only; addresses and their hashes stay here."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.privacy import Attachment, Part
from ideas.sharing.models import PrivateFeed
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    yield Part(
        "feeds",
        _("private feeds you made, without their addresses, of which only a fingerprint is kept"),
        stream(
            sa.select(
                *(PrivateFeed.id, PrivateFeed.board_id, PrivateFeed.hint, PrivateFeed.created_at),
                *(PrivateFeed.last_used_at, PrivateFeed.revoked_at),
            )
            .where(PrivateFeed.user_id == person_id)
            .order_by(PrivateFeed.id)
        ),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    return iter(())
