"""Who keeps segments, and which of them may go: what accounts/segments.py cannot know of teams and of views."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ideas.accounts import segments
from ideas.accounts.models import User
from ideas.accounts.models_segments import Segment
from ideas.backlog import customers, ranking
from ideas.backlog.errors import SegmentInUse
from ideas.backlog.models_views import BacklogView, asks_for
from ideas.db import db
from ideas.errors import NotAllowed
from ideas.words import _, ngettext

NAMED_MOST = 5


def all_for(reader: User) -> list[Segment]:
    """Every segment, by name. Raises NotFound for somebody of no team."""
    customers.boards_of(reader)
    return segments.all_of_them()


def get(reader: User, segment_id: int) -> Segment:
    """Raises NotFound, also for somebody of no team."""
    customers.boards_of(reader)
    return segments.get(segment_id)


def make(actor: User, words: Mapping[str, Any]) -> Segment:
    """Keep a segment; a first turn of counting is made at once. Raises NotFound for somebody of no team,
    ValidationError."""
    customers.boards_of(actor)
    segment = segments.make(actor, words)
    ranking.recount_after(segments.bring_one_up_to_date(segment).people)
    return segment


def change(actor: User, segment: Segment, words: Mapping[str, Any]) -> None:
    """Raises NotAllowed for anybody but whoever made it and those of the team of all boards, ValidationError."""
    require_own(actor, segment)
    segments.change(actor, segment, words)
    if segment.counted_at is None:
        ranking.recount_after(segments.bring_one_up_to_date(segment).people)


def remove(actor: User, segment: Segment) -> None:
    """Raises NotAllowed as above, SegmentInUse while any view asks for it."""
    require_own(actor, segment)
    asking = sa.select(BacklogView).where(asks_for(segment.slug))
    views = db.session.scalars(asking.order_by(BacklogView.name, BacklogView.id)).all()
    if views:
        raise SegmentInUse(_in_use(actor, views))
    segments.remove(actor, segment)


def may_change(actor: User, segment: Segment) -> bool:
    return actor.id == segment.by_id or actor.is_site_team


def require_own(actor: User, segment: Segment) -> None:
    customers.boards_of(actor)
    if not may_change(actor, segment):
        raise NotAllowed(
            _("Only whoever made this segment changes it, and the team of all boards. Make one of your own.")
        )


def _in_use(actor: User, views: Any) -> str:
    """Which views: one's own and shared ones by name, those of others by their number."""
    names = [f"“{view.name}”" for view in views if view.is_shared or view.owner_id == actor.id]
    others = len(views) - len(names[:NAMED_MOST])
    words = _("Views of the backlog ask for this segment:") + " " + ", ".join(names[:NAMED_MOST])
    if others and names:
        words += ngettext(" and %(num)s more", " and %(num)s more", others)
    elif others:
        words = ngettext(
            "%(num)s view that a colleague keeps asks for this segment",
            "%(num)s views that colleagues keep ask for this segment",
            others,
        )
    return words + ". " + _("Change them first, so that no list changes unseen.")
