"""Who hears of a release. As notices.py, for these.

Whoever had a part in one of its ideas is told by that idea's answer, and so not once more of the release.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from ideas import markup, settings
from ideas.accounts.models import User
from ideas.boards import notices, queries, sayings
from ideas.boards.events import ReleasePublished
from ideas.boards.models import Answer, Board, Idea
from ideas.boards.models_releases import Release, ReleaseFollow, ReleaseIdea
from ideas.boards.notice_words import Words
from ideas.db import db
from ideas.ledger.models import Delivery, Mode, Path
from ideas.outbox import DueDelivery, Notice, Notices, OutboxEntry

SAID_LONGEST = 160


def published(release_id: int) -> sa.CompoundSelect[Any]:
    """Who follows the releases of the board, but those who are owed word of one of its ideas."""
    followers = (
        notices.rows(ReleaseFollow.user_id, Path.FOLLOWER, "release", Mode.INSTANT)
        .join(Release, Release.board_id == ReleaseFollow.board_id)
        .where(Release.id == release_id)
    )
    if owed := _owed_by_ideas(release_id):
        people = sa.union_all(*owed).subquery("owed")
        # NOT IN knows no answer when one of them is nobody
        known = sa.select(people.c.user_id).where(people.c.user_id.is_not(None))
        followers = followers.where(ReleaseFollow.user_id.not_in(known))
    return sa.union_all(followers)


def _owed_by_ideas(release_id: int) -> list[sa.Select[Any]]:
    """Who is owed word of its ideas: as the ledger says where it has told of one, otherwise as it will find them.

    So that nobody is left out who comes to have a part in an idea between the telling of it and that of the release.
    """
    statement = (
        sa.select(Answer.id, Answer.entry_id, OutboxEntry.fanned_out_at, OutboxEntry.under_way)
        .join(ReleaseIdea, ReleaseIdea.answer_id == Answer.id)
        .join(OutboxEntry, OutboxEntry.id == Answer.entry_id)
        .where(
            ReleaseIdea.release_id == release_id,
            ReleaseIdea.shipped_here,
            Answer.undone_at.is_(None),
            OutboxEntry.cancelled_at.is_(None),
        )
    )
    found: list[sa.Select[Any]] = []
    for row in db.session.execute(statement):
        if row.fanned_out_at is not None and row.under_way is None:
            found.append(sa.select(Delivery.user_id).where(Delivery.entry_id == row.entry_id))
        else:
            coming = notices.answered(row.id).subquery()
            found.append(sa.select(coming.c.user_id))
    return found


def drafted(board_id: int, idea_ids: Sequence[int]) -> sa.CompoundSelect[Any]:
    """Whom a draft would reach if it were published now, by following and by the ideas that it ships."""
    followers = notices.rows(ReleaseFollow.user_id, Path.FOLLOWER, "release", Mode.INSTANT)
    parts = [
        notices.drafted(idea_id, "shipped", author=False, votes=False, comment_ids=()).subquery()
        for idea_id in idea_ids
    ]
    return sa.union_all(followers.where(ReleaseFollow.board_id == board_id), *(sa.select(part) for part in parts))


def sees_release(subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
    """SQL: that person may see the release that `subject` ("release:3") names; nobody reads one that was taken back."""
    release_id = int(subject.partition(":")[2])
    return sa.exists(
        sa.select(sa.literal(1))
        .select_from(Release)
        .join(Board, Board.id == Release.board_id)
        .where(Release.id == release_id, Release.published_at.is_not(None), queries.board_seen_by(user_id))
        .correlate_except(Release, Board)
    )


def release_words(batch: Sequence[DueDelivery]) -> Words:
    """The release, and what of its ideas everybody on the board may read."""
    statement = (
        sa.select(Release)
        .where(Release.id.in_({delivery.about_id for delivery in batch}), Release.published_at.is_not(None))
        .options(joinedload(Release.board), joinedload(Release.published_by))
    )
    found = {release.id: release for release in db.session.scalars(statement)}
    shipped = _shipped(list(found))
    return {
        delivery.id: {
            "say": sayings,
            "sender": _signed(release.published_by, release.board),
            "release": release,
            "board": release.board,
            "url": settings.absolute(f"/releases/{release.id}-{release.slug}"),
            "releases_url": settings.absolute(f"/boards/{release.board.slug}/releases"),
            "subject_name": "",
            "known_title": release.title,
            "board_name": release.board.name,
            "shipped": shipped.get(release.id, []),
        }
        for delivery in batch
        if (release := found.get(delivery.about_id)) is not None
    }


def _signed(person: User | None, board: Board) -> str:
    return person.name if person is not None else board.name


def _shipped(release_ids: Sequence[int]) -> dict[int, list[tuple[str, str, str]]]:
    """Release → title, first words and address of each of its ideas that is hidden from nobody."""
    statement = (
        sa.select(
            ReleaseIdea.release_id, Idea.id, Idea.title, ReleaseIdea.text_html, Answer.text_html.label("answered")
        )
        .join(Idea, Idea.id == ReleaseIdea.idea_id)
        .outerjoin(Answer, sa.and_(Answer.id == ReleaseIdea.answer_id, ReleaseIdea.shipped_here))
        .where(ReleaseIdea.release_id.in_(release_ids), Idea.hidden_at.is_(None), Answer.undone_at.is_(None))
        .order_by(ReleaseIdea.release_id, ReleaseIdea.added_at, ReleaseIdea.idea_id)
    )
    found: dict[int, list[tuple[str, str, str]]] = {}
    for row in db.session.execute(statement):
        said = markup.excerpt(row.answered or row.text_html, SAID_LONGEST)
        found.setdefault(row.release_id, []).append((row.title, said, settings.absolute(f"/ideas/{row.id}")))
    return found


NOTICES: Notices = {
    ReleasePublished.kind: Notice(published, sees_release, release_words, "boards/notices/release"),
}
