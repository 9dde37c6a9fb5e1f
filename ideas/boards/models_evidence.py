"""What customers said of an idea elsewhere, and whom the team counts on without having heard it from themselves."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.boards.models import Idea
from ideas.db import Base, utcnow

WORDS_LONGEST = 2000
LINK_LONGEST = 1000

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class EvidenceKind(StrEnum):
    """Where it was said."""

    CALL = "call"
    TICKET = "ticket"
    MAIL = "mail"
    PAGE = "page"


class Evidence(Base):
    """What somebody said of an idea elsewhere, as one of the team noted it for the team alone.

    Written by evidencing.py.
    user_id: whose words they are; None when nobody knows. removed_at: taken back, and its words are gone.
    """

    __tablename__ = "evidence"
    __table_args__ = (sa.Index(None, "idea_id", "id"), sa.Index(None, "user_id", "id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    kind: Mapped[str] = mapped_column(sa.String(6))
    words: Mapped[str] = mapped_column(sa.String(WORDS_LONGEST), default="")
    link: Mapped[str] = mapped_column(sa.String(LINK_LONGEST), default="")
    noted_at: Mapped[datetime] = mapped_column(default=utcnow)
    removed_at: Mapped[datetime | None]

    user: Mapped[User | None] = relationship(foreign_keys=user_id, lazy="raise_on_sql")
    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")


class VoteOnBehalf(Base):
    """The team says that a person wants an idea, who is asked whether that is so. No vote: it is counted apart.

    Saying yes makes it a vote; saying no stays here, so that nobody asks again. One for each person and idea: the
    unique key is the rule. Written by behalf.py.
    """

    __tablename__ = "vote_on_behalf"
    __table_args__ = (sa.UniqueConstraint("idea_id", "user_id"), sa.Index(None, "user_id", "idea_id"))

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    evidence_id: Mapped[int | None] = mapped_column(sa.ForeignKey("evidence.id", ondelete="SET NULL"), index=True)
    noted_at: Mapped[datetime] = mapped_column(default=utcnow)
    confirmed_at: Mapped[datetime | None]
    denied_at: Mapped[datetime | None]
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))

    user: Mapped[User] = relationship(foreign_keys=user_id, lazy="raise_on_sql")
    by: Mapped[User] = relationship(foreign_keys=by_id, lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")


# They were asked, and have said nothing yet.
PENDING = sa.and_(VoteOnBehalf.confirmed_at.is_(None), VoteOnBehalf.denied_at.is_(None))
