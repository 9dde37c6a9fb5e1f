"""Who is signed in on pages of other sites: for one board, on one site, for some minutes. The only code that writes
`widget_session`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from ideas import api_origins
from ideas.accounts import tokens
from ideas.accounts.models import SiteRole, User
from ideas.boards.models import Board, BoardRole, Membership
from ideas.db import db, utcnow
from ideas.embed.errors import TeamNotSignedIn
from ideas.embed.models import WidgetSession
from ideas.words import _

PREFIX = "ab_wt_"
LASTS = timedelta(minutes=15)
SCOPES = frozenset({"ideas:read", "ideas:write", "votes:write", "comments:write", "notifications:write"})

_serves = sa.exists().where(Membership.user_id == User.__table__.c.id, Membership.role == BoardRole.TEAM)
_is_of_a_team = sa.or_(User.site_role != SiteRole.MEMBER.value, _serves.correlate(User))
_FIND = (
    sa.select(WidgetSession)
    .join(User, User.id == WidgetSession.user_id)
    .join(Board, Board.id == WidgetSession.board_id)
    .options(contains_eager(WidgetSession.user), contains_eager(WidgetSession.board))
    .where(
        WidgetSession.token_hash == sa.bindparam("token_hash"),
        WidgetSession.expires_at > sa.bindparam("now", type_=WidgetSession.expires_at.type),
        ~_is_of_a_team,
    )
)


@dataclass(frozen=True)
class WidgetKey:
    """The token of somebody who is signed in on a page now; see `ideas.api.Key`."""

    id: int
    user: User
    person_id: int  # beside the person: it outlives a rollback
    board_id: int
    slug: str
    sites: frozenset[str]
    scopes: frozenset[str] = SCOPES

    @property
    def name(self) -> str:
        """The same for every token that they have for the board: a page gets a new one and sends again."""
        return f"widget:{self.board_id}:{self.person_id}"


def require_customer(person: User) -> None:
    """Raises TeamNotSignedIn for whoever is of the team of the site or of any board."""
    if db.session.scalar(sa.select(User.id).where(User.id == person.id, _is_of_a_team)) is not None:
        raise TeamNotSignedIn(
            _("You are of a team here. Pages of other sites never act for the team: sign in on this site itself.")
        )


def open_for(person: User, board: Board, origin: str) -> tuple[str, datetime]:
    """The token by which pages of `origin` act for `person` on the board, and until when. Kept as a hash.

    The caller knows that the board is shown there. Raises TeamNotSignedIn.
    """
    require_customer(person)
    token, ends = PREFIX + tokens.fresh(), utcnow() + LASTS
    db.session.add(
        WidgetSession(
            token_hash=tokens.hashed(token), user_id=person.id, board_id=board.id, origin=origin, expires_at=ends
        )
    )
    return token, ends


def find(token: str) -> WidgetKey | None:
    """What `token` opens, in one query; None when it is unknown or over. It works on its own site alone, and there for
    as long as the board lists it."""
    row = db.session.scalar(_FIND, {"token_hash": tokens.hashed(token), "now": utcnow()})
    if row is None:
        return None
    is_listed = row.origin in row.board.embed_sites or row.origin == api_origins.own()
    sites = frozenset({row.origin} if is_listed else ())
    return WidgetKey(row.id, row.user, row.user_id, row.board_id, row.board.slug, sites)


def end(session_id: int) -> None:
    """That token works no more."""
    db.session.execute(sa.delete(WidgetSession).where(WidgetSession.id == session_id))


def end_all(person_id: int) -> None:
    """No page acts for that person any more, until they are signed in there again."""
    mine = sa.delete(WidgetSession).where(WidgetSession.user_id == person_id)
    db.session.execute(mine.execution_options(synchronize_session=False))


def sweep() -> None:
    """Forget what is over. In a unit of work."""
    over = sa.delete(WidgetSession).where(WidgetSession.expires_at < utcnow())
    db.session.execute(over.execution_options(synchronize_session=False))
