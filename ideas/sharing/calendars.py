"""What stands in a calendar: the days that ideas are planned for, when they were there, and releases."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import NamedTuple

from ideas import markup, settings
from ideas.accounts.models import User
from ideas.boards import queries, releases, roadmap
from ideas.boards.listing import IdeaCard
from ideas.boards.models import Stage
from ideas.boards.queries import BoardRow
from ideas.sharing import feeds
from ideas.sharing.everybody import host
from ideas.sharing.models import PrivateFeed
from ideas.words import _

RELEASES_MOST = 50
SAID_LONGEST = 300


class Event(NamedTuple):
    """A whole day. uid: its name for ever. stamp: when this was said. is_sure: it has been, and is not just planned."""

    uid: str
    day: date
    title: str
    text: str
    path: str
    stamp: datetime
    is_sure: bool


class Calendar(NamedTuple):
    name: str
    events: Sequence[Event]


def of(reader: User | None, boards: Sequence[BoardRow], one: BoardRow | None) -> Calendar:
    """The dates of the roadmap and the releases of `boards`, already found visible for `reader`.

    An idea that a release ships stands in its release. One query more than the two lists take.
    """
    published = releases.published(reader, boards, limit=RELEASES_MOST).rows
    released = {line.idea_id for shown in published for line in shown.lines}
    events = [
        Event(
            uid=f"idea-{item.id}@{host()}",
            day=item.when,
            title=_("%(status)s: %(title)s", status=item.status.name, title=item.title),
            text=item.said,
            path=feeds.path_of(item),
            stamp=item.answered_at,
            is_sure=item.status.stage == Stage.SHIPPED,
        )
        for column in roadmap.of(reader, [feeds.as_read(row) for row in boards])
        for item in column.items
        if item.when is not None and item.answered_at is not None and item.id not in released
    ]
    events += [
        Event(
            uid=f"release-{release.id}@{host()}",
            day=release.released_on,
            title=_("Release: %(title)s", title=release.title),
            text=markup.excerpt(release.body_html, SAID_LONGEST),
            path=feeds.release_path(release),
            stamp=release.published_at,
            is_sure=True,
        )
        for shown in published
        if (release := shown.row.release).released_on is not None and release.published_at is not None
    ]
    name = one.board.name if one else settings.brand().site_name
    return Calendar(_("Dates of %(board)s", board=name), _in_order(events))


def of_private(feed: PrivateFeed) -> Calendar:
    """The dates of what its person may read now. Raises NotFound for a board that they may not see any more."""
    reader = feed.user
    if feed.board is not None:
        row = queries.get_board(reader, feed.board.slug)
        return of(reader, [row], row)
    return _of_cards(_("Dates of your ideas and those you follow"), feeds.own(reader))


def _of_cards(name: str, cards: Iterable[IdeaCard]) -> Calendar:
    events = []
    for card in cards:
        idea, line = card.idea, card.answer
        if line is None or idea.hidden_at is not None or idea.rank.answered_at is None:
            continue
        is_there = idea.status.stage == Stage.SHIPPED
        day = idea.rank.answered_at.astimezone(UTC).date() if is_there else line.answer.planned_for
        if day is None:
            continue
        events.append(
            Event(
                uid=f"idea-{idea.id}@{host()}",
                day=day,
                title=_("%(status)s: %(title)s", status=idea.status.name, title=idea.title),
                text=markup.excerpt(line.answer.text_html, SAID_LONGEST),
                path=feeds.path_of(idea),
                stamp=idea.rank.answered_at,
                is_sure=is_there,
            )
        )
    return Calendar(name, _in_order(events))


def _in_order(events: list[Event]) -> list[Event]:
    return sorted(events, key=lambda event: (event.day, event.uid))
