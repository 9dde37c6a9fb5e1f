"""Boards and everything on them. Each table has one writer among the services of this room; its docstring names it."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from ideas.accounts.models import User
from ideas.db import Base, utcnow
from ideas.outbox import OutboxEntry
from ideas.text import slug

TITLE_LONGEST = 120
TEXT_LONGEST = 20_000

_BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Visibility(StrEnum):
    PUBLIC = "public"
    UNLISTED = "unlisted"  # open to whoever has the address, in no list
    PRIVATE = "private"  # members only


class Premoderation(StrEnum):
    """What of what members say the team reads before others do."""

    NONE = "none"
    IDEAS = "ideas"
    EVERYTHING = "everything"  # comments as well


class Stage(StrEnum):
    """What a status means to the product; its name is for people."""

    OPEN = "open"
    CONSIDERING = "considering"
    PLANNED = "planned"
    STARTED = "started"
    SHIPPED = "shipped"
    DECLINED = "declined"

    @property
    def is_final(self) -> bool:
        return self in FINAL_STAGES


FINAL_STAGES = frozenset({Stage.SHIPPED, Stage.DECLINED})


class Board(Base):
    """Where ideas on one product or topic live. Written by boardkeeping.py."""

    __tablename__ = "board"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(sa.String(60), unique=True)
    name: Mapped[str] = mapped_column(sa.String(80))
    about: Mapped[str] = mapped_column(sa.String(300), default="")
    visibility: Mapped[str] = mapped_column(sa.String(10), default=Visibility.PUBLIC)
    promise: Mapped[str] = mapped_column(sa.String(300), default="")  # what the team reads, in its own words
    answer_within_days: Mapped[int | None]
    premoderation: Mapped[str] = mapped_column(sa.String(10), default=Premoderation.NONE, server_default="none")
    embed_sites: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")  # in frames
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def is_private(self) -> bool:
        return self.visibility == Visibility.PRIVATE

    @property
    def reads_ideas_first(self) -> bool:
        return self.premoderation in (Premoderation.IDEAS, Premoderation.EVERYTHING)

    @property
    def reads_comments_first(self) -> bool:
        return self.premoderation == Premoderation.EVERYTHING


class BoardRole(StrEnum):
    MEMBER = "member"  # of a private board
    TEAM = "team"


class Membership(Base):
    """A person belongs to a board. Written by boardkeeping.py."""

    __tablename__ = "membership"

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)
    role: Mapped[str] = mapped_column(sa.String(10), default=BoardRole.MEMBER)
    joined_at: Mapped[datetime] = mapped_column(default=utcnow)


class Invitation(Base):
    """A single-use link by which somebody belongs to a board. Written by boardkeeping.py.

    To the team it takes whoever has the address, and nobody else.
    """

    __tablename__ = "invitation"

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), index=True)
    email: Mapped[str] = mapped_column(sa.String(254))
    role: Mapped[str] = mapped_column(sa.String(10), default=BoardRole.MEMBER, server_default="member")
    token_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    invited_by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]

    board: Mapped[Board] = relationship(lazy="raise_on_sql")
    invited_by: Mapped[User] = relationship(lazy="raise_on_sql")


class Status(Base):
    """What an idea is now, in the board's own words; the first open one is where ideas begin.

    Written by boardkeeping.py.
    """

    __tablename__ = "status"
    __table_args__ = (sa.UniqueConstraint("board_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(40))
    stage: Mapped[str] = mapped_column(sa.String(12))
    position: Mapped[int] = mapped_column(default=0)

    @property
    def takes_votes(self) -> bool:
        return self.stage not in FINAL_STAGES


class Tag(Base):
    """A word by which a board's ideas are sorted. Written by boardkeeping.py."""

    __tablename__ = "tag"
    __table_args__ = (sa.UniqueConstraint("board_id", "slug"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"))
    slug: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(40))


class SourceKind(StrEnum):
    SITE = "site"
    API = "api"
    WIDGET = "widget"  # on a page of another site
    IMPORT = "import"
    ON_BEHALF = "on_behalf"  # the team wrote down what a customer asked for elsewhere


class Idea(Base):
    """A need or a proposal.

    Written by posting.py; status by answering.py, hidden_at by moderating.py, what it is merged into by merging.py.
    """

    __tablename__ = "idea"
    __table_args__ = (sa.UniqueConstraint("board_id", "source_kind", "source_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id"))
    status_id: Mapped[int] = mapped_column(sa.ForeignKey("status.id"), index=True)
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), index=True)
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)
    title: Mapped[str] = mapped_column(sa.String(TITLE_LONGEST))
    body: Mapped[str] = mapped_column(sa.Text, default="")
    body_html: Mapped[str] = mapped_column(sa.Text, default="")
    excerpt: Mapped[str] = mapped_column(sa.String(200), default="")
    source_kind: Mapped[str] = mapped_column(sa.String(10), default=SourceKind.SITE)
    source_id: Mapped[str | None] = mapped_column(sa.String(60))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    edited_at: Mapped[datetime | None]
    withdrawn_at: Mapped[datetime | None]
    hidden_at: Mapped[datetime | None]
    merged_into_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id"), index=True)
    # where the chain of merges ends: the idea that is listed, voted for and answered in place of this one
    merged_root_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id"), index=True)

    board: Mapped[Board] = relationship(lazy="raise_on_sql")
    status: Mapped[Status] = relationship(lazy="raise_on_sql")
    author: Mapped[User] = relationship(foreign_keys=author_id, lazy="raise_on_sql")
    owner: Mapped[User | None] = relationship(foreign_keys=owner_id, lazy="raise_on_sql")
    rank: Mapped[IdeaRank] = relationship(lazy="raise_on_sql", viewonly=True, uselist=False)

    @property
    def slug(self) -> str:
        return slug(self.title)

    @property
    def subject(self) -> str:
        """The idea's name in the ledger."""
        return f"idea:{self.id}"


class IdeaTag(Base):
    """An idea carries a tag. Written by posting.py."""

    __tablename__ = "idea_tag"

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(sa.ForeignKey("tag.id", ondelete="CASCADE"), primary_key=True, index=True)


def _listing(name: str, *columns: str, also: str = "") -> sa.Index:
    # On SQLite "listed = 1" must be written out: a bare "listed" is not what SQLAlchemy's conditions say,
    # and the planner then ignores the index.
    return sa.Index(
        f"ix_idea_rank_{name}",
        *columns,
        sqlite_where=sa.text(f"listed = 1{also}"),
        postgresql_where=sa.text(f"listed{also}"),
    )


# Without those that were never answered: SQLite, when it knows how many there are, would look for them here
# and sort what it finds, instead of walking the queue.
_ANSWERED = " AND answered_at IS NOT NULL"


class IdeaRank(Base):
    """All that a vote touches and a list sorts by, apart from the wide row. Written by ranking.py.

    listed: neither withdrawn nor merged into another. has_merged: others are merged into it; vote_count and hot are
    those of all of them together, so a vote has to look whether its person backs one of them. is_hidden: hidden by the
    team, whose lists show it all the same; few are, so that the lists of everybody else walk the same indexes and pass
    over them. answered_at: the last official word.
    is_unsolved: it was shipped, and too few say that it solved their need. due_on: the day by which the team wants to
    give its next answer; gone once it did. hot: see ranking.py.
    """

    __tablename__ = "idea_rank"
    __table_args__ = (
        _listing("trending", "hot", "idea_id"),
        _listing("top", "vote_count", "idea_id"),
        _listing("new", "created_at", "idea_id"),
        _listing("discussed", "comment_count", "idea_id"),
        _listing("answered", "answered_at", "idea_id", also=_ANSWERED),
        _listing("board_trending", "board_id", "hot", "idea_id"),
        _listing("board_top", "board_id", "vote_count", "idea_id"),
        _listing("board_new", "board_id", "created_at", "idea_id"),
        _listing("board_discussed", "board_id", "comment_count", "idea_id"),
        _listing("board_answered", "board_id", "answered_at", "idea_id", also=_ANSWERED),
        _listing("stage_top", "board_id", "stage", "vote_count", "idea_id"),  # the roadmap
        # the team's queue: never answered, longest wait first
        _listing("unanswered", "board_id", "created_at", "idea_id", also=" AND answered_at IS NULL"),
        _listing("due", "due_on", "idea_id", also=" AND due_on IS NOT NULL"),
        {"postgresql_with": {"fillfactor": 75}},
    )

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id"))
    stage: Mapped[str] = mapped_column(sa.String(12))
    listed: Mapped[bool] = mapped_column(default=True)
    is_hidden: Mapped[bool] = mapped_column(default=False)
    has_merged: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    is_unsolved: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created_at: Mapped[datetime]
    vote_count: Mapped[int] = mapped_column(default=0)
    comment_count: Mapped[int] = mapped_column(default=0)
    answered_at: Mapped[datetime | None]
    due_on: Mapped[date | None]
    hot: Mapped[float] = mapped_column(sa.Double)


class Revision(Base):
    """An idea as it was written at one time; the last is what it is now. Written by posting.py.

    is_material: whoever backed the one before might not back this one; backers: how many did, the author apart.
    """

    __tablename__ = "revision"
    __table_args__ = (sa.UniqueConstraint("idea_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    title: Mapped[str] = mapped_column(sa.String(TITLE_LONGEST))
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    is_material: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    backers: Mapped[int] = mapped_column(default=0, server_default="0")
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    author: Mapped[User] = relationship(lazy="raise_on_sql")


class Vote(Base):
    """One person backs one idea. The unique key is the rule: nobody votes twice. Written by voting.py."""

    __tablename__ = "vote"
    __table_args__ = (sa.UniqueConstraint("idea_id", "user_id"), sa.Index(None, "user_id", "idea_id"))

    id: Mapped[int] = mapped_column(_BIG, primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    cast_at: Mapped[datetime] = mapped_column(default=utcnow)


class Comment(Base):
    """Said on an idea. Written by commenting.py, hidden_at by moderating.py.

    is_official: spoken for the team. is_internal: a note that the team alone sees.
    """

    __tablename__ = "comment"
    __table_args__ = (sa.Index(None, "idea_id", "created_at", "id"), sa.Index(None, "author_id", "idea_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    author_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id"), index=True)  # the thread's first
    reply_to_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id"), index=True)  # what it replies to
    body: Mapped[str] = mapped_column(sa.Text)
    body_html: Mapped[str] = mapped_column(sa.Text)
    is_official: Mapped[bool] = mapped_column(default=False)
    is_internal: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    edited_at: Mapped[datetime | None]
    deleted_at: Mapped[datetime | None]  # by its author; a tombstone stays, the words are gone
    hidden_at: Mapped[datetime | None]  # by the team; the words are kept
    is_held: Mapped[bool] = mapped_column(default=False, server_default=sa.false())  # until the team has looked

    author: Mapped[User] = relationship(lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")


class Mention(Base):
    """A comment names a person ("@Ole"). Written by commenting.py."""

    __tablename__ = "mention"

    comment_id: Mapped[int] = mapped_column(sa.ForeignKey("comment.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)


class IdeaFollow(Base):
    """Wants to hear of everything on an idea; apart from voting. Written by following.py."""

    __tablename__ = "idea_follow"

    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)
    followed_at: Mapped[datetime] = mapped_column(default=utcnow)


class BoardFollow(Base):
    """Wants to hear of new ideas on a board. Written by following.py."""

    __tablename__ = "board_follow"

    board_id: Mapped[int] = mapped_column(sa.ForeignKey("board.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"), primary_key=True, index=True)
    followed_at: Mapped[datetime] = mapped_column(default=utcnow)


class Reason(StrEnum):
    """Why an idea moved. Which stages each fits and how much text it needs: policy.REASONS."""

    UNDER_REVIEW = "under_review"
    COMMITTED = "committed"
    IN_PROGRESS = "in_progress"
    SHIPPED = "shipped"
    SHIPPED_DIFFERENTLY = "shipped_differently"
    PARTLY = "partly"
    ALREADY_POSSIBLE = "already_possible"
    NOT_NOW = "not_now"
    CANNOT_SAY = "cannot_say"
    NOT_US = "not_us"
    NOT_EVER = "not_ever"
    REOPENED = "reopened"


class Answer(Base):
    """The team's official word when it moves an idea, as it reads now. Written by answering.py.

    entry_id is the outbox entry that announces it: waiting, fanned out or cancelled. former_due_on: the day by which it
    was to be given, which is the idea's again if it is undone.
    """

    __tablename__ = "answer"
    __table_args__ = (sa.Index(None, "idea_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    idea_id: Mapped[int] = mapped_column(sa.ForeignKey("idea.id", ondelete="CASCADE"))
    status_id: Mapped[int] = mapped_column(sa.ForeignKey("status.id"))
    former_status_id: Mapped[int] = mapped_column(sa.ForeignKey("status.id"))
    former_due_on: Mapped[date | None]
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.Text)
    text_html: Mapped[str] = mapped_column(sa.Text)
    planned_for: Mapped[date | None]
    review_by: Mapped[date | None]  # when a "not now" is looked at again
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    undone_at: Mapped[datetime | None]
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))

    status: Mapped[Status] = relationship(foreign_keys=status_id, lazy="raise_on_sql")
    former_status: Mapped[Status] = relationship(foreign_keys=former_status_id, lazy="raise_on_sql")
    by: Mapped[User] = relationship(lazy="raise_on_sql")
    idea: Mapped[Idea] = relationship(lazy="raise_on_sql")
    entry: Mapped[OutboxEntry | None] = relationship(lazy="raise_on_sql")


class AnswerVersion(Base):
    """An answer as it was at one time; answers are history. Written by answering.py.

    credits: the lines as they stood, [{"kind", "id", "person", "how"}], because `credit` holds only the current ones.
    """

    __tablename__ = "answer_version"
    __table_args__ = (sa.UniqueConstraint("answer_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(sa.ForeignKey("answer.id", ondelete="CASCADE"))
    number: Mapped[int]  # from 1
    reason: Mapped[str] = mapped_column(sa.String(20))
    text: Mapped[str] = mapped_column(sa.Text)
    text_html: Mapped[str] = mapped_column(sa.Text)
    planned_for: Mapped[date | None]
    review_by: Mapped[date | None]
    credits: Mapped[list[dict[str, Any]]] = mapped_column(sa.JSON, default=list)
    by_id: Mapped[int] = mapped_column(sa.ForeignKey("user.id"))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    # what told people of this version; None when the correction held no news, or was told with the answer itself
    entry_id: Mapped[int | None] = mapped_column(_BIG, sa.ForeignKey("outbox_entry.id"))

    # what that entry tells: the credits that came with this version or later, and whether the date moved
    news_since: Mapped[int] = mapped_column(default=1)
    date_moved: Mapped[bool] = mapped_column(default=False)

    by: Mapped[User] = relationship(lazy="raise_on_sql")


class CreditKind(StrEnum):
    AUTHOR = "author"
    COMMENT = "comment"
    MERGED_IDEA = "merged_idea"  # one that is part of the idea: whoever wrote it
    EVIDENCE = "evidence"  # what somebody said elsewhere, as the team noted it
    VOTES = "votes"  # the voters as a whole


class Credit(Base):
    """A line in an answer that names a contribution and says how it was used. Written by answering.py."""

    __tablename__ = "credit"
    __table_args__ = (sa.UniqueConstraint("answer_id", "kind", "comment_id"), sa.Index(None, "comment_id"))

    id: Mapped[int] = mapped_column(primary_key=True)
    answer_id: Mapped[int] = mapped_column(sa.ForeignKey("answer.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(sa.String(12))
    comment_id: Mapped[int | None] = mapped_column(sa.ForeignKey("comment.id"))
    merged_idea_id: Mapped[int | None] = mapped_column(sa.ForeignKey("idea.id"), index=True)
    evidence_id: Mapped[int | None] = mapped_column(sa.ForeignKey("evidence.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("user.id"), index=True)  # None for the voters as a whole
    how: Mapped[str] = mapped_column(sa.String(500))
    since_version: Mapped[int] = mapped_column(default=1)  # the version of the answer that first had this line

    user: Mapped[User | None] = relationship(lazy="raise_on_sql")
    comment: Mapped[Comment | None] = relationship(lazy="raise_on_sql")
    merged_idea: Mapped[Idea | None] = relationship(lazy="raise_on_sql")

    @property
    def named_id(self) -> int | None:
        """The comment, merged idea or evidence that it names."""
        return self.comment_id or self.merged_idea_id or self.evidence_id

    @property
    def named(self) -> User | None:
        """Whom everybody may read of. What was said to the team alone names only those who chose to be seen."""
        if self.kind == CreditKind.EVIDENCE and self.user is not None and not self.user.shown_as_backer:
            return None
        return self.user
