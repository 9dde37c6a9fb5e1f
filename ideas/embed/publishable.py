"""Keys that may stand in public: each opens what visitors may see of one board. The only code that writes
`publishable_key`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from ideas import api_origins
from ideas.accounts import audit, locks, policy, tokens
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import db, utcnow
from ideas.embed.models import PublishableKey
from ideas.errors import Conflict, NotFound
from ideas.words import _

PREFIX = "ab_pk_"
MOST = 10  # of one board that work at the same time

_FIND = (
    sa.select(PublishableKey)
    .join(Board, Board.id == PublishableKey.board_id)
    .options(contains_eager(PublishableKey.board))
    .where(PublishableKey.token == sa.bindparam("token"), PublishableKey.revoked_at.is_(None))
)


@dataclass(frozen=True)
class PageKey:
    """A key that works now, for pages of these sites; see `ideas.api.Key`."""

    id: int
    board_id: int
    slug: str
    sites: frozenset[str]
    user: None = None
    scopes: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return f"page:{self.id}"


def make(actor: User | None, board: Board) -> PublishableKey:
    """A new key of the board. Raises NotFound for anybody but an administrator, Conflict when there are very many."""
    _require(actor)
    locks.hold(f"page keys:{board.id}")
    if len(of(board)) >= MOST:
        raise Conflict(_("This board has %(most)s keys. Revoke one that is no longer used.", most=MOST))
    key = PublishableKey(board_id=board.id, token=PREFIX + tokens.fresh())
    db.session.add(key)
    db.session.flush()  # gives the id
    audit.record(actor, "page_key.made", f"board:{board.id}", key=key.id)
    return key


def revoke(actor: User | None, board: Board, key_id: int) -> None:
    """The key works no more, on no page. Raises NotFound when the board has no such key."""
    _require(actor)
    end = (
        sa.update(PublishableKey)
        .where(PublishableKey.id == key_id, PublishableKey.board_id == board.id, PublishableKey.revoked_at.is_(None))
        .values(revoked_at=utcnow())
    )
    if db.session.scalar(end.returning(PublishableKey.id)) is None:
        raise NotFound(_("There is no such key."))
    audit.record(actor, "page_key.revoked", f"board:{board.id}", key=key_id)


def of(board: Board) -> Sequence[PublishableKey]:
    """The keys of the board that are not revoked, the newest first."""
    working = sa.select(PublishableKey).where(PublishableKey.board_id == board.id, PublishableKey.revoked_at.is_(None))
    return db.session.scalars(working.order_by(PublishableKey.id.desc())).all()


def find(token: str) -> PageKey | None:
    """What `token` opens, in one query; None when it is unknown or revoked."""
    key = db.session.scalar(_FIND, {"token": token})
    if key is None:
        return None
    return PageKey(key.id, key.board_id, key.board.slug, frozenset({*key.board.embed_sites, api_origins.own()}))


def _require(actor: User | None) -> None:
    if actor is not None:
        policy.require_admin(actor)
