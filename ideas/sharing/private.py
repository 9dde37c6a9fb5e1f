"""Feeds by token: what one person may read, for their feed reader. The only code that writes `private_feed`."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager, joinedload

from ideas.accounts import audit, policy, tokens
from ideas.accounts.models import User
from ideas.boards import queries
from ideas.boards.queries import BoardRow
from ideas.db import db, utcnow
from ideas.errors import Conflict, NotFound
from ideas.sharing.models import PrivateFeed
from ideas.words import _

MOST = 20  # of one person that work at the same time
HINT = 4
USED_EVERY = timedelta(hours=1)  # "last read" is no more exact than this, so that reading seldom writes

_feed = PrivateFeed.__table__.c
_FIND = (
    sa.select(PrivateFeed)
    .join(User, User.id == PrivateFeed.user_id)
    .options(contains_eager(PrivateFeed.user), joinedload(PrivateFeed.board))
    .where(PrivateFeed.token_hash == sa.bindparam("token_hash"), PrivateFeed.revoked_at.is_(None))
)


def make(person: User, row: BoardRow | None) -> tuple[PrivateFeed, str]:
    """A new feed of the board, which `person` sees, or with None of the ideas they wrote or follow; and its token.

    The token is given this once and kept as a hash. Raises NotAllowed for a suspended person, Conflict when they have
    very many.
    """
    policy.require_active(person)
    if (db.session.scalar(sa.select(sa.func.count()).select_from(_seen(person).subquery())) or 0) >= MOST:
        raise Conflict(_("You have %(most)s feeds. Revoke one that is no longer read.", most=MOST))
    token = tokens.fresh()
    board_id = row.board.id if row else None
    feed = PrivateFeed(user_id=person.id, board_id=board_id, token_hash=tokens.hashed(token), hint=token[-HINT:])
    db.session.add(feed)
    db.session.flush()  # gives the id
    audit.record(person, "feed.made", _subject(feed.id), board=board_id)
    return feed, token


def find(token: str) -> PrivateFeed:
    """The feed behind `token`, with its person and board. Raises NotFound when it is unknown or revoked."""
    feed = db.session.scalar(_FIND, {"token_hash": tokens.hashed(token)})
    if feed is None:
        raise NotFound(_("There is no such feed, or it was revoked."))
    return feed


def was_used_long_ago(feed: PrivateFeed) -> bool:
    return feed.last_used_at is None or utcnow() - feed.last_used_at > USED_EVERY


def note_use(feed_id: int) -> None:
    """Note that the feed is read, once in USED_EVERY however many requests come at once."""
    now = utcnow()
    unnoted = sa.or_(PrivateFeed.last_used_at.is_(None), PrivateFeed.last_used_at < now - USED_EVERY)
    db.session.execute(sa.update(PrivateFeed).where(PrivateFeed.id == feed_id, unnoted).values(last_used_at=now))


def of(person: User) -> sa.Select[PrivateFeed]:
    """The feeds of `person` that are not revoked, the newest first. Loaded: board."""
    return (
        sa.select(PrivateFeed)
        .where(PrivateFeed.user_id == person.id, PrivateFeed.revoked_at.is_(None))
        .options(joinedload(PrivateFeed.board))
        .order_by(PrivateFeed.id.desc())
    )


def listed(person: User) -> list[PrivateFeed]:
    """The same, without those of boards that they may not see any more."""
    return list(db.session.scalars(_seen(person)))


def _seen(person: User) -> sa.Select[PrivateFeed]:
    return of(person).where(
        sa.or_(PrivateFeed.board_id.is_(None), queries.may_see_board(_feed.user_id, _feed.board_id))
    )


def revoke(person: User, feed_id: int) -> None:
    """The address leads nowhere any more. Raises NotFound when it is not theirs."""
    end = (
        sa.update(PrivateFeed)
        .where(PrivateFeed.id == feed_id, PrivateFeed.user_id == person.id, PrivateFeed.revoked_at.is_(None))
        .values(revoked_at=utcnow())
    )
    if db.session.scalar(end.returning(PrivateFeed.id)) is None:
        raise NotFound(_("There is no such feed."))
    audit.record(person, "feed.revoked", _subject(feed_id))


def _subject(feed_id: int) -> str:
    return f"feed:{feed_id}"
