"""What sharing forgets of a person: their feeds lead nowhere any more."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.db import db
from ideas.privacy import Leaving
from ideas.sharing.models import PrivateFeed


def erase(leaving: Leaving) -> None:
    """All their feeds, revoked ones too."""
    mine = sa.delete(PrivateFeed).where(PrivateFeed.user_id == leaving.id)
    db.session.execute(mine.execution_options(synchronize_session=False))
