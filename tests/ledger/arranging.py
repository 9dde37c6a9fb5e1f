"""A notice of the tests' own, so that the ledger is tested without the rooms above it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

import sqlalchemy as sa
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from ideas import mail, outbox, settings
from ideas.accounts.models import User
from ideas.db import db, unit_of_work, utcnow
from ideas.ledger import fanout, worker
from ideas.ledger.models import Delivery
from ideas.outbox import DueDelivery, Event, NewsKind, Notice
from tests.factories import UserFactory

SUBJECT = "idea:7"
TEMPLATES = {
    "tried/subject.txt": "News: {{ title }}",
    "tried/body.txt": "{{ title }}\n\nYou are the {{ path }}.\n\n{{ person.name }}, {{ text }}\n\n"
    "{{ at|date|striptags }}\n\n{{ url }}\n",
    "tried/body.html": "<h1>{{ title }}</h1><p>You are the {{ path }}.</p><p>{{ person.name }}, {{ text }}</p>"
    '<p><a class="button" href="{{ url }}">Read</a></p>',
    "tried/inbox.html": "<p>{{ title }}</p>",
}


@dataclass(frozen=True)
class Tried(Event):
    kind: ClassVar[str] = "tried"


@dataclass
class World:
    """What the notice knows: who is to be told of each event, who may not see it, and its words."""

    app: Flask
    transport: mail.MemoryTransport = field(default_factory=mail.MemoryTransport)
    audiences: dict[int, list[tuple[Any, ...]]] = field(default_factory=dict)
    crowds: dict[int, tuple[int, int]] = field(default_factory=dict)  # in place of an audience: the first and last id
    blind: set[int] = field(default_factory=set)
    title: str = "It is planned"
    titles: dict[str, str] = field(default_factory=dict)  # by subject, where they differ
    text: str = "this is why."
    gone: set[int] = field(default_factory=set)
    unspeakable: set[int] = field(default_factory=set)
    thinks: Callable[[int], None] = field(default=lambda count: None)  # while it finds words for so many

    def __post_init__(self) -> None:
        rooms = settings.rooms()
        rooms.notices = {Tried.kind: Notice(self._audience, self._visible, self._words, "tried")}
        rooms.news = (
            NewsKind("planned", "It is planned", "It has a place in the plan."),
            NewsKind("shipped", "It is there", "It was built.", is_closure=True, counted=lambda n: f"{n} shipped"),
        )
        templates = rooms.templates
        assert templates.loader is not None
        templates.loader = ChoiceLoader([DictLoader(TEMPLATES), templates.loader])

    def _audience(self, about_id: int) -> Any:
        if crowd := self.crowds.get(about_id):
            return sa.select(
                User.id.label("user_id"),
                sa.literal("voter").label("path"),
                sa.literal("planned").label("news"),
                sa.literal("instant").label("by_default"),
                sa.literal("vote").label("contribution_kind"),
                User.id.label("contribution_id"),
            ).where(User.id >= crowd[0], User.id <= crowd[1])
        return sa.union_all(
            *(
                sa.select(
                    sa.literal(user_id, sa.Integer).label("user_id"),
                    sa.literal(path, sa.String).label("path"),
                    sa.literal(news, sa.String).label("news"),
                    sa.literal(by_default, sa.String).label("by_default"),
                    sa.literal(kind, sa.String).label("contribution_kind"),
                    sa.literal(contribution_id, sa.BigInteger).label("contribution_id"),
                )
                for user_id, path, news, by_default, kind, contribution_id in self.audiences[about_id]
            )
        )

    def _visible(self, subject: str, user_id: sa.ColumnElement[int]) -> sa.ColumnElement[bool]:
        return user_id.not_in(self.blind)

    def _words(self, batch: Sequence[DueDelivery]) -> Mapping[int, Mapping[str, Any]]:
        if any(delivery.user_id in self.unspeakable for delivery in batch):
            raise LookupError("no words")
        self.thinks(len(batch))
        return {
            delivery.id: {
                "sender": "Petra",
                "url": settings.absolute("/ideas/7"),
                "title": self.titles.get(delivery.subject, self.title),
                "text": self.text,
                "at": datetime(2026, 3, 3, 23, 30, tzinfo=UTC),
                "subject_name": self.titles.get(delivery.subject, self.title),
            }
            for delivery in batch
            if delivery.user_id not in self.gone
        }

    # --- What happens ---

    def happens(
        self, *paths: tuple[Any, ...], by: User | None = None, subject: str = SUBJECT, wait: timedelta = timedelta(0)
    ) -> int:
        """Something happened that those people are owed word of; each is (person, path) or all six columns."""
        about = len(self.audiences) + 1
        self.audiences[about] = [_row(*path) for path in paths]
        with unit_of_work():
            return outbox.record(Tried(subject, about, by.id if by else None), wait=wait)

    def happens_to_all(self, people: Sequence[int], *, subject: str = SUBJECT) -> int:
        """Something happened that everybody is owed word of whose id is among these, which have no gaps."""
        about = len(self.audiences) + 1
        self.audiences[about], self.crowds[about] = [], (min(people), max(people))
        with unit_of_work():
            return outbox.record(Tried(subject, about, None))

    def happens_later(self, who: User) -> int:
        """Something that settles, recorded in the caller's transaction."""
        about = len(self.audiences) + 1
        self.audiences[about] = [_row(who, "voter")]
        return outbox.record(Tried(SUBJECT, about, None), wait=timedelta(minutes=15))

    def announce(self) -> int:
        """Fan out all that is due; how many entries that were."""
        count = 0
        while True:
            with unit_of_work():
                did = fanout.fan_out_next(settings.rooms().notices)
            if not did:
                return count
            count += 1

    def worker(self, transport: mail.Transport | None = None) -> worker.Worker:
        return worker.Worker(self.app, transport or self.transport)

    def work(self, transport: mail.Transport | None = None) -> None:
        """Announce and send all that is due."""
        db.session.commit()
        working = self.worker(transport)
        while working.turn():
            pass
        db.session.rollback()

    @property
    def mailed(self) -> list[str]:
        return [message.to for message in self.transport.sent]


def _row(
    person: User | int,
    path: str,
    news: str = "planned",
    by_default: str = "instant",
    kind: str | None = None,
    contribution_id: int | None = None,
) -> tuple[Any, ...]:
    return (person if isinstance(person, int) else person.id, path, news, by_default, kind, contribution_id)


def person(name: str = "Mia", **values: Any) -> User:
    return cast(User, UserFactory(name=name, **values))


def crowd(count: int) -> list[int]:
    """The ids of so many people, which have no gaps."""
    rows = [{"name": f"Person {n}", "email": f"p{n}@example.test", "verified_at": utcnow()} for n in range(count)]
    people = list(db.session.scalars(sa.insert(User).returning(User.id), rows))
    db.session.commit()
    return sorted(people)


def lines(entry_id: int | None = None) -> dict[tuple[int, str], Delivery]:
    """The ledger: (person's id, channel) → line."""
    db.session.rollback()
    statement = sa.select(Delivery).execution_options(populate_existing=True)
    if entry_id is not None:
        statement = statement.where(Delivery.entry_id == entry_id)
    return {(line.user_id, line.channel): line for line in db.session.scalars(statement)}


def outcome(who: User, channel: str, entry_id: int | None = None) -> tuple[str, str | None]:
    """State and reason of that person's line."""
    line = lines(entry_id)[who.id, channel]
    return line.state, line.reason
