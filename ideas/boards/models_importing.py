"""Who the people of other systems are here."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.db import Base


class ImportedPerson(Base):
    """Who a source's person is here: the same source id on a board is the same person. Written by importing.py."""

    __tablename__ = "imported_person"

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    source_id: Mapped[str] = mapped_column(sa.String(60), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
