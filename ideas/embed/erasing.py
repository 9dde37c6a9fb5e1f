"""What embed forgets of a person: no page acts for them any more, and no host's word leads to them."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.db import db
from ideas.embed.models import HostIdentity, WidgetSession
from ideas.privacy import Leaving


def erase(leaving: Leaving) -> None:
    """Where they are signed in, and what hosts call them."""
    for model in (WidgetSession, HostIdentity):
        mine = sa.delete(model).where(model.user_id == leaving.id)
        db.session.execute(mine.execution_options(synchronize_session=False))
