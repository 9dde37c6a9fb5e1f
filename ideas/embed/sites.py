"""Which sites may show a board on their pages: its list, which boardkeeping.py writes."""

from __future__ import annotations

import sqlalchemy as sa

from ideas.boards.models import Board
from ideas.db import db

# Few boards are shown anywhere, and each on a few sites; JSON has no equality on PostgreSQL.
_LISTS = sa.select(Board.embed_sites).where(sa.cast(Board.embed_sites, sa.Text) != "[]")


def lists(origin: str) -> bool:
    """Whether any board may be shown on pages of `origin`."""
    return any(origin in sites for sites in db.session.scalars(_LISTS))
