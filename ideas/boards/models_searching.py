"""What ideas are found by: an index of our own, the same on both databases. Written by searching.py."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ideas.boards.terms import TERM_LONGEST
from ideas.db import Base

# words sort by code point on both databases, so that a prefix is a range
_WORD = sa.String(TERM_LONGEST).with_variant(sa.String(TERM_LONGEST, collation="C"), "postgresql")


class IdeaTerm(Base):
    """An idea says a word, and how much (scoring.weights); merged ideas as they were written, withdrawn ones not."""

    __tablename__ = "idea_term"
    __table_args__ = (
        # the ideas of a board that say a word the most come first
        sa.Index("ix_idea_term_found", "board_id", "term", "weight", "idea_id"),
        {"sqlite_with_rowid": False},
    )

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    term: Mapped[str] = mapped_column(_WORD, primary_key=True)
    board_id: Mapped[int]
    weight: Mapped[int]


class BoardTerm(Base):
    """How many ideas of a board say a word; "" counts the ideas themselves. Who changes these holds the row of ""."""

    __tablename__ = "board_term"
    __table_args__ = ({"sqlite_with_rowid": False},)

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    term: Mapped[str] = mapped_column(_WORD, primary_key=True)
    ideas: Mapped[int]


class TermSlip(Base):
    """A word of a board without one of its letters, by which it is found when it is typed wrongly (terms.slips)."""

    __tablename__ = "term_slip"
    __table_args__ = (
        sa.ForeignKeyConstraint(["board_id", "term"], ["board_term.board_id", "board_term.term"], ondelete="CASCADE"),
        sa.Index(None, "board_id", "term"),
        {"sqlite_with_rowid": False},
    )

    board_id: Mapped[int] = mapped_column(primary_key=True)
    slip: Mapped[str] = mapped_column(_WORD, primary_key=True)
    term: Mapped[str] = mapped_column(_WORD, primary_key=True)


class IdeaMeaning(Base):
    """What an idea means, as a vector of half floats; only where the extra for that is on. Written by meaning.py."""

    __tablename__ = "idea_meaning"
    # What is new on a board is read by its number, so none is given twice.
    __table_args__ = (sa.Index(None, "board_id", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), unique=True)
    board_id: Mapped[int]
    vector: Mapped[bytes] = mapped_column(sa.LargeBinary)
