"""What embed keeps of one person, for their export. Reads only; tokens and their hashes stay here."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.embed.models import HostIdentity, WidgetSession
from ideas.privacy import Attachment, Part
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    yield Part(
        "signed_in_by",
        _("systems on whose pages you are signed in, and what they call you"),
        stream(
            sa.select(HostIdentity.issuer, HostIdentity.subject, HostIdentity.created_at)
            .where(HostIdentity.user_id == person_id)
            .order_by(HostIdentity.id)
        ),
    )
    yield Part(
        "signed_in_on_pages",
        _("pages of other sites on which you are signed in now"),
        stream(
            sa.select(WidgetSession.board_id, WidgetSession.origin, WidgetSession.created_at, WidgetSession.expires_at)
            .where(WidgetSession.user_id == person_id)
            .order_by(WidgetSession.id)
        ),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    return iter(())
