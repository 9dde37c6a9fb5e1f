"""What the team's list goes by. Each table has one writer among the services of this room; its docstring names it."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.db import Base, partial_index, utcnow

SOURCE_LONGEST = 200
PLAN_LONGEST = 40


class BacklogRank(Base):
    """What is counted of a listed idea for the team, apart from the row that votes touch. Written by ranking.py.

    votes: distinct people, also through what is merged into it; lately: those of the last 30 days; since_word: those
    since the team's last official word. breadth, value, priority: see scoring.py; priority is 0 until somebody says
    impact, confidence and effort. unpriced: companies of which nobody knows the revenue. silent_since: the last
    official word, or when it was posted. hot: what `idea_rank` said when this was counted, which any vote changes.
    """

    __tablename__ = "backlog_rank"
    __table_args__ = (
        # the orders of the team's list
        sa.Index(None, "breadth", "idea_id"),
        sa.Index(None, "value", "idea_id"),
        sa.Index(None, "priority", "idea_id"),
        sa.Index(None, "silent_since", "idea_id"),
        sa.Index(None, "lately", "idea_id"),
        sa.Index(None, "since_word", "idea_id"),
    )

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id"))
    votes: Mapped[int]
    lately: Mapped[int]
    since_word: Mapped[int]
    companies: Mapped[int]
    unpriced: Mapped[int]
    breadth: Mapped[float] = mapped_column(sa.Double)
    value: Mapped[int] = mapped_column(sa.BigInteger)  # a month's revenue, in the smallest unit of the currency
    priority: Mapped[float] = mapped_column(sa.Double)
    silent_since: Mapped[datetime]
    hot: Mapped[float] = mapped_column(sa.Double)
    counted_at: Mapped[datetime]


class BacklogPlan(Base):
    """How many people of companies on that plan back an idea. Written by ranking.py."""

    __tablename__ = "backlog_plan"

    plan: Mapped[str] = mapped_column(sa.String(PLAN_LONGEST), primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True, index=True)
    votes: Mapped[int]


class BacklogCompany(Base):
    """A company as the ranks were counted with it: how many people, the sum of their ids, plan and revenue.

    Written by ranking.py.
    """

    __tablename__ = "backlog_company"

    company_id: Mapped[int] = mapped_column(sa.ForeignKey("company.id", ondelete="CASCADE"), primary_key=True)
    people: Mapped[int]
    people_sum: Mapped[int] = mapped_column(sa.BigInteger)
    plan: Mapped[str | None] = mapped_column(sa.String(PLAN_LONGEST))
    monthly_revenue: Mapped[int | None] = mapped_column(sa.BigInteger)


class BacklogWalk(Base):
    """How far a walk through all ideas, or all companies, has come: the last id looked at. Written by ranking.py."""

    __tablename__ = "backlog_walk"

    name: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    place: Mapped[int]


class BacklogDouble(Base):
    """The idea that one without a word of the team is most likely the same as; None when nothing is much like it.

    words_at: when the words were written that were compared. Written by doubles.py.
    """

    __tablename__ = "backlog_double"
    __table_args__ = (partial_index("ix_backlog_double_suspected", "idea_id", where="other_id IS NOT NULL"),)

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    other_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), index=True)
    words_at: Mapped[datetime]


class Estimate(Base):
    """What the team thinks of an idea, each number with where it is from. Written by estimating.py.

    reach: people, None to count the voters. impact: 0.25 (minimal) to 3 (massive). confidence: per cent. effort: weeks
    of a person.
    """

    __tablename__ = "estimate"

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    reach: Mapped[int | None]
    reach_source: Mapped[str] = mapped_column(sa.String(SOURCE_LONGEST), default="")
    impact: Mapped[float] = mapped_column(sa.Double)
    impact_source: Mapped[str] = mapped_column(sa.String(SOURCE_LONGEST), default="")
    confidence: Mapped[int]
    confidence_source: Mapped[str] = mapped_column(sa.String(SOURCE_LONGEST), default="")
    effort: Mapped[float] = mapped_column(sa.Double)
    effort_source: Mapped[str] = mapped_column(sa.String(SOURCE_LONGEST), default="")
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    said_at: Mapped[datetime] = mapped_column(default=utcnow)

    by: Mapped[User] = relationship(lazy="raise_on_sql")
