"""The door to the site's settings for code that knows no web framework."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

import sqlalchemy as sa
from flask import current_app
from jinja2 import Environment

from ideas.checking import Figure
from ideas.mail_in import Incoming
from ideas.mail_reports import Report
from ideas.outbox import NewsKind, Notices, OutboxEntry
from ideas.privacy import Exporter, Leaving
from ideas.rounds import Round

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from config import Config
    from ideas.happenings import Happening


class Brand(NamedTuple):
    """How the site is called and looks. logo: changes with its picture; None: our mark."""

    site_name: str
    accent: str
    logo: str | None


class Beside(Protocol):
    """Work of a room above that a worker does beside its own."""

    def turn(self) -> bool:
        """Some of what is due, in transactions of its own; False when there was nothing to do."""

    def finish(self) -> None:
        """The last turn: what is in hand is ended or let go."""


@dataclass
class Rooms:
    """What the rooms handed to `create_app`, so that rooms below can serve rooms above without importing them.

    notices and news: for the ledger. resumers: kind of act → what does it for a person who has just signed in and
    gives the address to go to. checks: name → finds what is broken. figures: what a monitor watches. sweeps: what each
    worker tidies now and then. rounds: name → periodic work that one of them does.
    files: what is kept in storage.py's keeping, by name, for backups.
    hearers: told of what happens, in the transaction in which it does. announced: told of each outbox entry once people
    begin to be told of it, in that transaction. beside: makes what each worker does beside telling people, in a thread
    of its own, so that neither waits for the other.
    new_hours: told the id of whoever gets mail at other hours from now on.
    signed_out: told the id of whoever signs out everywhere, or is signed out so.
    ask_to_sign_in: the answer of a page to a visitor who would have to be somebody.
    exporters: modules that give `parts` and `attachments` of a person for their export. erasers: what forgets a person.
    reader: who is reading, or None; their language and time zone are followed.
    team: the ids of whoever is of the team of a board.
    key_finders: how tokens begin ("ab_sk_") → what finds the key behind one, as `ideas.api.Key` describes it; None if
    it is not valid now. confine: raises where a key that opens one board asks for something else: the key, the
    operation, what its address names, its query, its body. lists_origin: whether any board is shown on pages of it.
    is_on_board: a subject of the ledger and the slug of a board → SQL for whether it stands there.
    name_subjects: a person, subjects of the ledger → title and address of those that the person may see.
    mail_takers: purpose of an address that mail comes back to → what takes such a mail, with the words of the address;
    it says in a word what became of it. take_report: what takes a report about a mail of ours, with the mail's name if
    an address that only we can make says it; without, the one who reports is believed.
    brand: how the site is called and looks now; logo: the picture that somebody chose for it in the browser.
    templates: the application's templates for words that are not pages, such as mail; a missing word is an error.
    """

    notices: Notices = field(default_factory=dict)
    news: tuple[NewsKind, ...] = ()
    resumers: dict[str, Callable[[Any, dict[str, Any]], str]] = field(default_factory=dict)
    checks: dict[str, Callable[[], list[Any]]] = field(default_factory=dict)
    files: list[sa.Select[str]] = field(default_factory=list)
    figures: list[Callable[[], list[Figure]]] = field(default_factory=list)
    sweeps: list[Callable[[], Any]] = field(default_factory=list)
    rounds: dict[str, Round] = field(default_factory=dict)
    exporters: list[Exporter] = field(default_factory=list)
    erasers: list[Callable[[Leaving], None]] = field(default_factory=list)
    hearers: list[Callable[[Happening], None]] = field(default_factory=list)
    announced: list[Callable[[OutboxEntry], None]] = field(default_factory=list)
    beside: list[Callable[[], Beside]] = field(default_factory=list)
    new_hours: list[Callable[[int], None]] = field(default_factory=list)
    signed_out: list[Callable[[int], None]] = field(default_factory=list)
    ask_to_sign_in: Callable[[], Any] | None = None
    reader: Callable[[], Any] | None = None
    team: sa.Select[int] | None = None
    key_finders: dict[str, Callable[[str], Any | None]] = field(default_factory=dict)
    confine: Callable[[Any, str, Mapping[str, Any], Mapping[str, str], Any], None] | None = None
    lists_origin: Callable[[str], bool] | None = None
    is_on_board: Callable[[sa.ColumnElement[Any], str], sa.ColumnElement[bool]] | None = None
    name_subjects: Callable[[Any, Sequence[str]], Mapping[str, tuple[str, str]]] | None = None
    mail_takers: dict[str, Callable[[Incoming, str], str]] = field(default_factory=dict)
    take_report: Callable[[Report, str | None], str] | None = None
    brand: Callable[[], Brand] | None = None
    logo: Callable[[], bytes | None] | None = None
    templates: Environment = field(default_factory=Environment)


def current() -> Config:
    """The settings of the application at work."""
    return cast("Config", current_app.config["ANSWERBACK"])


def brand() -> Brand:
    """How the site is called and looks: as administrators chose it, and where they did not, as the settings say."""
    chosen = rooms().brand
    return chosen() if chosen else brand_of_settings()


def brand_of_settings() -> Brand:
    """How it is called and looks while nobody chose anything."""
    config = current()
    return Brand(config.site_name, config.accent, "settings" if config.logo_url else None)


def rooms() -> Rooms:
    """What the rooms of the application at work handed over."""
    return cast(Rooms, current_app.extensions["answerback"])


def absolute(path: str) -> str:
    """The full address of `path`. Made of BASE_URL alone: a request's Host header is the sender's word."""
    return f"{current().base_url}/{path.lstrip('/')}"
