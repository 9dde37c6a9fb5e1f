"""What the team's desk keeps of what one person said, for their export."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from ideas.accounts.exporting import stream
from ideas.backlog.models import Estimate
from ideas.backlog.models_views import BacklogView
from ideas.privacy import Attachment, Part
from ideas.words import _


def parts(person_id: int) -> Iterator[Part]:
    yield Part(
        "estimates",
        _("what you think ideas reach, change and cost, where you are of the team"),
        stream(
            sa.select(*(column for column in Estimate.__table__.columns if column.name != "by_id"))
            .where(Estimate.by_id == person_id)
            .order_by(Estimate.idea_id)
        ),
    )
    yield _views(person_id)


def _views(person_id: int) -> Part:
    return Part(
        "views",
        _("lists of the team that you keep"),
        stream(
            sa.select(*(column for column in BacklogView.__table__.columns if column.name != "owner_id"))
            .where(BacklogView.owner_id == person_id)
            .order_by(BacklogView.id)
        ),
    )


def attachments(person_id: int) -> Iterator[Attachment]:
    """None: the desk keeps no files."""
    yield from ()
