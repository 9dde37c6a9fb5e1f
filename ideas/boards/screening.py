"""Whether something new waits for a look of the team: simple signals, each of which can be said in a sentence.

Each signal has a weight; from HELD_FROM on it waits. On boards whose team reads everything first, all does. It is never
dropped, and its author is told. New accounts have limits besides. The team is exempt, and so is what is imported: it
does not come this way.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

import sqlalchemy as sa

from ideas import settings
from ideas.accounts import locks
from ideas.accounts.models import User
from ideas.boards.models import Board, Comment, Idea
from ideas.boards.policy import Standing
from ideas.db import db, utcnow
from ideas.errors import TooMany
from ideas.words import lazy, ngettext

HELD_FROM = 2
MANY_LINKS = 8
READ_IN = timedelta(seconds=3)  # nobody reads a form and writes into it faster
SAME_WORDS_WITHIN = timedelta(days=1)
SHORTEST_REPEAT = 40  # characters; "me too" may be said everywhere

_LINK = re.compile(r"https?://|www\.", re.IGNORECASE)


class Signal(StrEnum):
    """What may be odd about something new."""

    NEW_WITH_LINKS = "new_with_links"
    MANY_LINKS = "many_links"
    SAID_BEFORE = "said_before"
    TRAP = "trap"
    HASTE = "haste"
    READ_FIRST = "read_first"
    CHANGED = "changed"


WEIGHTS = {Signal.NEW_WITH_LINKS: 2, Signal.MANY_LINKS: 2, Signal.SAID_BEFORE: 2, Signal.TRAP: 2, Signal.HASTE: 1}
RULES = (Signal.READ_FIRST, Signal.CHANGED)  # of the board, whatever somebody says: nothing is odd about it

SENTENCES = {
    Signal.NEW_WITH_LINKS: lazy("The account is new, and this has more links than new accounts usually need."),
    Signal.MANY_LINKS: lazy("This has very many links."),
    Signal.SAID_BEFORE: lazy("The same person said the same elsewhere within a day."),
    Signal.TRAP: lazy("A field was filled in that people do not see."),
    Signal.HASTE: lazy("The form was sent faster than a person reads it."),
    Signal.READ_FIRST: lazy("On this board the team reads what members say before others do."),
    Signal.CHANGED: lazy("Its author changed it, and on this board the team reads what members say before others do."),
}


class Sent(NamedTuple):
    """How a form came in. opened_at: when its page was made, None if it did not say; trap: the unseen field."""

    opened_at: datetime | None = None
    trap: str = ""


PLAIN = Sent()


def is_new(person: User, now: datetime) -> bool:
    return person.created_at > now - timedelta(hours=settings.current().new_account_hours)


def require_few(author: User, standing: Standing, kind: type[Idea | Comment]) -> None:
    """A new account says only so much in its first hours. Raises TooMany."""
    now = utcnow()
    if standing.is_team or not is_new(author, now):
        return
    config = settings.current()
    most = config.new_account_ideas if kind is Idea else config.new_account_comments
    locks.hold(f"new:{author.id}")
    since = now - timedelta(hours=config.new_account_hours)
    said = sa.select(sa.func.count()).select_from(kind).where(kind.author_id == author.id, kind.created_at > since)
    if (db.session.scalar(said) or 0) < most:
        return
    hours = config.new_account_hours
    words = ngettext(
        "Your account is new: in its first %(hours)s hours %(num)s of these fits. Your text is not lost; try later.",
        "Your account is new: in its first %(hours)s hours %(num)s of these fit. Your text is not lost; try later.",
        most,
        hours=hours,
    )
    wait = author.created_at + timedelta(hours=hours) - now
    raise TooMany(words, retry_after=max(1, int(wait.total_seconds())))


def signals(author: User, standing: Standing, text: str, sent: Sent) -> list[Signal]:
    """What is odd about these words of `author`; [] for the team."""
    if standing.is_team:
        return []
    now = utcnow()
    links = len(_LINK.findall(text))
    found = []
    if is_new(author, now) and links > settings.current().new_account_links:
        found.append(Signal.NEW_WITH_LINKS)
    if links >= MANY_LINKS:
        found.append(Signal.MANY_LINKS)
    if sent.trap:
        found.append(Signal.TRAP)
    if sent.opened_at is not None and now - sent.opened_at < READ_IN:
        found.append(Signal.HASTE)
    if len(text) >= SHORTEST_REPEAT and _said_before(author, text, now):
        found.append(Signal.SAID_BEFORE)
    return found


def must_wait(found: Sequence[Signal]) -> bool:
    return any(signal in RULES for signal in found) or sum(WEIGHTS[signal] for signal in found) >= HELD_FROM


def read_first(board: Board, standing: Standing, kind: type[Idea | Comment]) -> bool:
    """Whether the team of the board reads this before others do; its own it has read."""
    return not standing.is_team and (board.reads_ideas_first if kind is Idea else board.reads_comments_first)


def _said_before(author: User, text: str, now: datetime) -> bool:
    since = now - SAME_WORDS_WITHIN
    return bool(
        db.session.scalar(
            sa.select(
                sa.or_(
                    sa.exists().where(Comment.author_id == author.id, Comment.created_at > since, Comment.body == text),
                    sa.exists().where(Idea.author_id == author.id, Idea.created_at > since, Idea.body == text),
                )
            )
        )
    )
