"""What stands in a feed: a board's ideas, an idea's answers and comments, releases; at most MOST, the latest first.

What is hidden, waits for a look or was taken back is in none, also for those who would find it elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from babel.dates import format_date
from sqlalchemy.orm import joinedload

from ideas import settings, words
from ideas.accounts.models import User
from ideas.boards import changes, labels, listing, queries, reading, releases
from ideas.boards.listing import IdeaCard, Sort, Wanted
from ideas.boards.models import Answer, AnswerVersion, Board, Comment, Idea, IdeaFollow, IdeaRank, Status
from ideas.boards.policy import Standing
from ideas.boards.queries import READER, BoardRow, IdeaRow, reader_id
from ideas.boards.releases import Shown
from ideas.db import db
from ideas.errors import NotFound
from ideas.sharing.everybody import tag
from ideas.sharing.models import PrivateFeed
from ideas.text import slug
from ideas.words import _

MOST = 50
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)  # when a feed changed in which nothing ever stood
THE_SITE = datetime(2026, 1, 1, tzinfo=UTC)  # the day by which feeds of the whole site are named


class Entry(NamedTuple):
    """Something in a feed. tag: its name for ever. html: safe. categories: term and label."""

    tag: str
    title: str
    path: str
    author: str
    published: datetime
    updated: datetime
    html: str
    categories: Sequence[tuple[str, str]] = ()


class Feed(NamedTuple):
    """What a feed reader is given. path: the page that shows the same."""

    tag: str
    title: str
    about: str
    path: str
    entries: Sequence[Entry]

    @property
    def updated(self) -> datetime:
        return max((entry.updated for entry in self.entries), default=LONG_AGO)


# --- Ideas ---


def of_board(reader: User | None, row: BoardRow) -> Feed:
    """The ideas of a board that are new, or had word of the team, most lately."""
    board = row.board
    title = _("Ideas on %(board)s", board=board.name)
    return Feed(
        tag(f"board:{board.id}", board.created_at),
        title,
        board.about,
        f"/boards/{board.slug}",
        ideas(_lately(reader, [row])),
    )


def of_status(reader: User | None, row: BoardRow, status_slug: str) -> Feed:
    """The same of those that are now in one status. Raises NotFound when the board has no such status."""
    board = row.board
    status = _status(row, status_slug)
    return Feed(
        tag(f"board:{board.id}:status:{status.id}", board.created_at),
        _("%(status)s on %(board)s", status=status.name, board=board.name),
        board.about,
        f"/boards/{board.slug}?status={status.slug}",
        ideas(_lately(reader, [row], status.slug)),
    )


def of_everything(reader: User | None) -> Feed:
    """The same of all boards that `reader` finds in lists."""
    site = settings.brand().site_name
    entries = ideas(_lately(reader, queries.list_boards(reader)))
    return Feed(tag("ideas", THE_SITE), _("Ideas on %(board)s", board=site), "", "/", entries)


def _status(row: BoardRow, status_slug: str) -> Status:
    for status in queries.statuses_of(row.board):
        if status.slug == status_slug:
            return status
    raise NotFound(_("There is no such status on this board."))


def _lately(reader: User | None, boards: Sequence[BoardRow], status: str | None = None) -> list[IdeaCard]:
    """The newest, and those answered last: the last MOST in which anything happened are among them."""
    boards = [as_read(row) for row in boards]
    found: dict[int, IdeaCard] = {}
    for sort in (Sort.NEW, Sort.ANSWERED):
        page = listing.ideas_on(reader, boards, Wanted(sort=sort, status=status), limit=MOST)
        found |= {card.idea.id: card for card in page.rows}
    return list(found.values())


def as_read(row: BoardRow) -> BoardRow:
    """The board for somebody who is not of its team: whose lists have hidden ideas too."""
    return replace(row, standing=Standing(None, None))


_corrected = (
    sa.select(sa.func.max(AnswerVersion.created_at))
    .join(Answer, Answer.id == AnswerVersion.answer_id)
    .where(Answer.idea_id == Idea.id, Answer.undone_at.is_(None))
    .correlate(Idea)
    .scalar_subquery()
)
_CHANGED = sa.select(Idea.id, Idea.edited_at, _corrected.label("corrected_at")).where(
    Idea.id.in_(sa.bindparam("ideas", expanding=True))
)


def ideas(cards: Iterable[IdeaCard]) -> list[Entry]:
    """The ideas with their words and what the team answered; those in which something changed last first. One query."""
    shown = {card.idea.id: card for card in cards if card.idea.hidden_at is None}
    changed = {row.id: row for row in db.session.execute(_CHANGED, {"ideas": list(shown)})} if shown else {}
    entries = [
        _idea(card, _latest(card.idea.created_at, card.idea.rank.answered_at, row.edited_at, row.corrected_at))
        for card in shown.values()
        if (row := changed.get(card.idea.id)) is not None
    ]
    return _last(entries)


def _idea(card: IdeaCard, updated: datetime) -> Entry:
    idea = card.idea
    return Entry(
        tag(f"idea:{idea.id}", idea.created_at),
        idea.title,
        path_of(idea),
        idea.author.name,
        idea.created_at,
        updated,
        _drawn("idea", body_html=idea.body_html, line=card.answer, **_said(card.answer)),
        [(idea.status.slug, idea.status.name), *((each.slug, each.name) for each in card.tags)],
    )


# --- What one person may read ---

_part = Idea.__table__.alias("part")  # an idea that may be part of another now, which then stands for it
_where_it_counts = sa.select(sa.func.coalesce(_part.c.merged_root_id, _part.c.id))
_rank = IdeaRank.__table__.c
_OWN = (
    sa.select(_rank.idea_id, _rank.board_id)
    .join(Board, Board.id == _rank.board_id)
    .where(
        _rank.listed,
        sa.not_(_rank.is_hidden),
        queries.board_seen_by(READER),
        _rank.idea_id.in_(
            sa.union(
                _where_it_counts.where(_part.c.author_id == READER),
                _where_it_counts.join(IdeaFollow, IdeaFollow.idea_id == _part.c.id).where(IdeaFollow.user_id == READER),
            )
        ),
    )
    .order_by(sa.func.coalesce(_rank.answered_at, _rank.created_at).desc(), _rank.idea_id.desc())
    .limit(MOST)
)


_BOARDS = sa.select(Board).where(Board.id.in_(sa.bindparam("boards", expanding=True)))


def of_private(feed: PrivateFeed) -> Feed:
    """What its person may read now. Raises NotFound when it is of a board that they may not see any more."""
    reader = feed.user
    if feed.board is not None:
        return of_board(reader, queries.get_board(reader, feed.board.slug))
    entries = ideas(own(reader))
    return Feed(
        tag(f"person:{reader.id}:ideas", reader.created_at), _("Your ideas and those you follow"), "", "/", entries
    )


def own(reader: User) -> list[IdeaCard]:
    """The ideas that they wrote or follow in which something happened last, as far as they may be seen."""
    found = db.session.execute(_OWN, reader_id(reader)).all()
    on = db.session.scalars(_BOARDS, {"boards": list({row.board_id for row in found})})
    boards = [BoardRow(board, Standing(None, None), follows=False) for board in on]
    return listing.cards_of(reader, boards, [row.idea_id for row in found])


# --- One idea ---

_SAID = (
    sa.select(Comment)
    .where(
        Comment.idea_id == sa.bindparam("idea"),
        sa.not_(Comment.is_internal),
        sa.not_(Comment.is_held),
        Comment.deleted_at.is_(None),
        Comment.hidden_at.is_(None),
    )
    .options(joinedload(Comment.author))
    .order_by(Comment.created_at.desc(), Comment.id.desc())
    .limit(MOST)
)
_VERSIONS = (
    sa.select(AnswerVersion.answer_id, sa.func.max(AnswerVersion.created_at))
    .where(AnswerVersion.answer_id.in_(sa.bindparam("answers", expanding=True)))
    .group_by(AnswerVersion.answer_id)
)


def of_idea(row: IdeaRow) -> Feed:
    """What the team answered to an idea and what was said on it. Raises NotFound for what is in no feed."""
    idea = row.idea
    if idea.withdrawn_at is not None or idea.hidden_at is not None:
        raise NotFound(_("There is no such idea, or you may not see it."))
    path = path_of(idea)
    given = [line for line in reading.answers(row) if line.answer.undone_at is None][:MOST]
    versions = db.session.execute(_VERSIONS, {"answers": [line.answer.id for line in given]})
    corrected = dict(versions.all())
    first = Entry(
        tag(f"idea:{idea.id}", idea.created_at),
        idea.title,
        path,
        idea.author.name,
        idea.created_at,
        _latest(idea.created_at, idea.edited_at),
        _drawn("idea", body_html=idea.body_html, line=None, **_said(None)),
    )
    answered = [
        Entry(
            tag(f"answer:{line.answer.id}", line.answer.created_at),
            _("%(status)s: %(title)s", status=line.answer.status.name, title=idea.title),
            f"{path}#answer-{line.answer.id}",
            line.answer.by.name,
            line.answer.created_at,
            corrected.get(line.answer.id, line.answer.created_at),
            _drawn("idea", body_html="", line=line, **_said(line)),
            [(line.answer.status.slug, line.answer.status.name)],
        )
        for line in given
    ]
    said = [
        Entry(
            tag(f"comment:{comment.id}", comment.created_at),
            _("%(name)s on “%(title)s”", name=comment.author.name, title=idea.title),
            f"{path}#comment-{comment.id}",
            comment.author.name,
            comment.created_at,
            _latest(comment.created_at, comment.edited_at),
            comment.body_html,
        )
        for comment in db.session.scalars(_SAID, {"idea": idea.id})
    ]
    return Feed(
        tag(f"idea:{idea.id}:talk", idea.created_at),
        idea.title,
        _("Answers and comments"),
        path,
        _last([first, *answered, *said]),
    )


# --- Releases ---


def of_releases(reader: User | None, boards: Sequence[BoardRow], one: BoardRow | None) -> Feed:
    """What shipped on `boards`, already found visible for `reader`; one: they are those of that board."""
    page = releases.published(reader, boards, limit=MOST)
    rewritten = changes.releases_rewritten([shown.row.release.id for shown in page.rows])
    entries = [_release(shown, rewritten) for shown in page.rows]
    if one is None:
        site = settings.brand().site_name
        return Feed(tag("releases", THE_SITE), _("Releases of %(board)s", board=site), "", "/releases", entries)
    board = one.board
    return Feed(
        tag(f"board:{board.id}:releases", board.created_at),
        _("Releases of %(board)s", board=board.name),
        board.about,
        f"/boards/{board.slug}/releases",
        entries,
    )


def _release(shown: Shown, rewritten: Mapping[int, datetime]) -> Entry:
    release = shown.row.release
    published = release.published_at or release.created_at
    return Entry(
        tag(f"release:{release.id}", release.created_at),
        release.title,
        release_path(release),
        (release.published_by or release.by).name,
        published,
        _latest(published, rewritten.get(release.id)),
        _drawn("release", body_html=release.body_html, lines=shown.lines, path_of=path_of),
        [(release.board.slug, release.board.name)],
    )


def path_of(idea: Any) -> str:
    """The page of an idea, whatever of it was read."""
    return f"/ideas/{idea.id}-{slug(idea.title)}"


def release_path(release: Any) -> str:
    return f"/releases/{release.id}-{release.slug}"


# --- What they have in common ---


def _latest(*moments: datetime | None) -> datetime:
    return max(moment for moment in moments if moment is not None)


def _last(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda entry: (entry.updated, entry.tag), reverse=True)[:MOST]


def _said(line: Any) -> dict[str, Any]:
    """Words of an answer that its template cannot find itself. The whole date: what is said is kept by readers."""
    day = line.answer.planned_for if line is not None else None
    return {
        "reasons": labels.REASON_WORDS,
        "day": format_date(day, "long", locale=words.formats()) if day is not None else "",
    }


def _drawn(what: str, **parts: Any) -> str:
    template = settings.rooms().templates.get_template(f"sharing/{what}_entry.html")
    return template.render(**parts)
