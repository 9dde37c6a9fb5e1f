"""What came from elsewhere, and under which id."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base


class Imported(Base):
    """What has that id in a source is that thing here, for good: imported again, it is known. Written by places.py.

    source: a system and a board, as “canny:3”, because sources number their people anew for each board; or another
    site. kind: as records.py. A row stays when the thing is deleted, so that it does not come back. votes_until: of a
    person, up to when their votes were taken over; of somebody who has an account they decide here from then on.
    """

    __tablename__ = "imported"
    __table_args__ = (sa.Index(None, "kind", "here_id"),)

    source: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    foreign_id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    here_id: Mapped[int]
    votes_until: Mapped[datetime | None]
