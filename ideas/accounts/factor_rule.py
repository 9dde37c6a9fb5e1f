"""Whether the team must have a second factor, and from when. The only code that writes `factor_rule`.

The team are those of the whole site and of any board. Who of them has none when it is needed is led to set one up
before anything else (signin.py); their API keys go on working.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import audit, letters, policy, writing
from ideas.accounts.models import SiteRole, User
from ideas.accounts.models_factors import FactorRule
from ideas.db import db, utcnow
from ideas.errors import NotAllowed
from ideas.words import _, addressing

LONGEST_GRACE = 90  # days
SHOWN = 100  # of those who have none yet
TOLD = 1000
GOOD_FOR = timedelta(days=7)  # so long a mail about it is worth sending


class Standing(NamedTuple):
    """How far the team is. needed_from: None if nobody must. without: of those who have none, the first SHOWN."""

    needed_from: datetime | None
    team: int
    lacking: int
    without: Sequence[User]


def standing(reader: User) -> Standing:
    """For administrators."""
    policy.require_admin(reader)
    counts = sa.select(sa.func.count(), sa.func.count(sa.case((User.factor_since.is_(None), 1)))).where(_is_team())
    team, lacking = db.session.execute(counts).one()
    return Standing(needed_from(), team, lacking, db.session.scalars(_without().limit(SHOWN)).all())


def needed_from() -> datetime | None:
    """From when the team must have a second factor; None if it need not."""
    return db.session.scalar(sa.select(FactorRule.needed_from))


def require(actor: User, *, days: int) -> None:
    """The team must have a second factor in so many days; those who have none are told by mail.

    Said again, it begins anew. Raises NotAllowed for an administrator who has none themselves.
    """
    policy.require_admin(actor)
    if actor.factor_since is None:
        raise NotAllowed(_("Set up a second factor of your own first, so that nobody locks themselves out."))
    now = utcnow()
    db.session.execute(sa.delete(FactorRule))
    db.session.add(FactorRule(needed_from=now + timedelta(days=days), set_at=now))
    audit.record(actor, "factor_rule.set", FactorRule.SUBJECT, days=days)
    for person in db.session.scalars(_without().where(User.suspended_at.is_(None)).limit(TOLD)):
        if person.email:
            with addressing(person):
                letters.write(person.email, writing.factor_needed(days), good_for=GOOD_FOR, asked_for=False)


def drop(actor: User) -> None:
    """Nobody must have one any more; whoever has one is asked for it as before."""
    policy.require_admin(actor)
    if db.session.scalar(sa.delete(FactorRule).returning(FactorRule.id)) is not None:
        audit.record(actor, "factor_rule.dropped", FactorRule.SUBJECT)


def wanted_of(person: User, needed_from: datetime | None) -> datetime | None:
    """From when `person` must have a second factor and has none; None if they have one or need none."""
    if needed_from is None or person.factor_since is not None:
        return None
    return needed_from if _is_of_team(person) else None


def must_keep_one(person: User) -> bool:
    """Whether the last factor of `person` may not be removed."""
    return needed_from() is not None and _is_of_team(person)


def _is_of_team(person: User) -> bool:
    if person.is_site_team:
        return True
    return db.session.scalar(sa.select(User.id).where(User.id == person.id, _is_team())) is not None


def _is_team() -> sa.ColumnElement[bool]:
    of_boards = settings.rooms().team
    on_site = User.site_role.in_((SiteRole.TEAM.value, SiteRole.ADMIN.value))
    return on_site if of_boards is None else sa.or_(on_site, User.id.in_(of_boards))


def _without() -> sa.Select[User]:
    return sa.select(User).where(_is_team(), User.factor_since.is_(None)).order_by(User.name, User.id)
