"""Payloads in every word of the database, and the pages and mails that say them.

Words are planted in the tables and not through forms: whatever a page once let in, no page may run it. HTML that is
kept beside a text is made by the product's own renderer. No column and no page is listed, so new ones are planted and
visited too: first each word gets a mark, and every address is read as everybody, to see which page says which words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask import Flask

from ideas import markup
from ideas.accounts.models import Letter
from ideas.boards.models import Idea
from ideas.db import Base, db, unit_of_work, utcnow
from ideas.ledger import sending, worker
from ideas.ledger.channels import email
from ideas.ledger.models import Channel, Delivery, State
from ideas.mail import Message
from tests.factories import BoardFactory, CommentFactory, CompanyFactory, IdeaFactory, TagFactory, UserFactory
from tests.safety import forgetting
from tests.safety.crawling import addresses
from tests.safety.world import World

ROWS = 20  # of what lists show; so many payloads are on them at once
STEP = 12  # rows that a page shows one after the other, to be a list: it has not to be looked at for each payload
# Words that lead somewhere or decide something: the site would be another with others in them.
STEERING = {"user.email", "ticket.details", "unfinished_act.details", "idempotency_key.answer", "letter.recipient"}
STEERING |= {"board_term.term", "idea_term.term", "term_slip.term", "term_slip.slip", "answer_version.credits"}
STEERING |= {
    "invitation.email",
    "imported.foreign_id",
    "imported.source",
    "import.format",
    "import.state",
    "letter.html",
    "picture.name",
}
ALSO = {"board.name", "status.name", "tag.name", "company.name", "api_key.name"}
ROLES = ("admin", "team", "author", "visitor")
MARK = re.compile(r"zqm(\d+)x")

Word = Callable[[int, int], str]  # of a column, by its number and that of the row: what is planted there
Sink = tuple[str, str]  # an endpoint, and a column whose words it says


def crowd() -> None:
    """More of everything that lists show."""
    board: Any = BoardFactory(slug="crowd")
    for _ in range(ROWS):
        person: Any = UserFactory(title="Lead", shown_as_backer=True)
        idea: Any = IdeaFactory(board=board, author=person)
        CommentFactory(idea=db.session.scalars(sa.select(Idea).order_by(Idea.id)).first(), author=person)
        CommentFactory(idea=idea, author=person)
        CompanyFactory()
        TagFactory(board=board)
    db.session.commit()


def tell_everybody(app: Flask) -> None:
    """What happened so far becomes mail."""
    worker.run_once(app)


# --- Planting ---


@cache
def columns() -> list[sa.Column[Any]]:
    """Every column that holds a word which somebody reads."""
    return [
        each
        for table in Base.metadata.sorted_tables
        for each in table.columns
        if len(table.primary_key.columns) == 1 and _is_said(table.name, each)
    ]


def _is_said(table: str, column: sa.Column[Any]) -> bool:
    name = f"{table}.{column.name}"
    if name in STEERING or not isinstance(column.type, sa.String | sa.JSON):
        return False
    return name in forgetting.CANARIES or name in ALSO


def is_strict(policy: str) -> bool:
    """Whether by this content policy no more runs than by the site's own; frames have one by which nothing runs."""
    said = dict(each.strip().partition(" ")[::2] for each in policy.split(";"))
    return said.get("default-src") == "'none'" and said.get("script-src") in (None, "'self'")


def plant(word: Word) -> int:
    """Put a word into every row of every column; how many words that were."""
    count = 0
    with unit_of_work():
        for table in {each.table.name: each.table for each in columns()}.values():
            key = next(iter(table.primary_key.columns))
            ids = list(db.session.execute(sa.select(key).order_by(key.desc()).limit(3 * ROWS)).scalars())
            if not ids:
                continue
            here = [(number, each) for number, each in enumerate(columns()) if each.table is table]
            rows = [
                {"the_key": row_id}
                | {f"the_{each.name}": _fitting(each, word(number, place), row_id) for number, each in here}
                for place, row_id in enumerate(ids)
            ]
            values = {each.name: sa.bindparam(f"the_{each.name}", type_=each.type) for _number, each in here}
            db.session.connection().execute(sa.update(table).where(key == sa.bindparam("the_key")).values(values), rows)
            count += len(rows) * len(here)
    return count


def payload_words(payloads: Sequence[str], shift: int) -> Word:
    """After as many shifts as there are payloads, each of them has stood in each row of each column."""
    return lambda column, place: payloads[(shift + place + 31 * column) % len(payloads)]


def _fitting(column: sa.Column[Any], word: str, row_id: int) -> Any:
    if f"{column.table.name}.{column.name}" == "webhook_delivery.body":  # what was sent, as JSON
        return json.dumps({"type": "idea.created", "data": {"title": word}}, ensure_ascii=False)
    if f"{column.table.name}.{column.name}" == "segment.question":  # its conditions are told apart by what they ask
        name, value = word[:40], [word]
        asked = [{"about": about, "is": "is", "name": name, "value": value} for about in ("company_attribute", "plan")]
        return {"match": "all", "conditions": asked}
    if isinstance(column.type, sa.JSON):
        return {"reason": word, word[:40]: word}
    if column.name.endswith("_html"):
        return _rendered(word)
    if _is_unique(column):  # what must be nobody else's has a number before it
        word = f"{row_id}{word}"
    longest = column.type.length if isinstance(column.type, sa.String) else None
    return word[:longest] if longest else word


@cache
def _is_unique(column: sa.Column[Any]) -> bool:
    alone = [index for index in column.table.indexes if list(index.columns) == [column]]
    return bool(column.unique) or any(index.unique for index in alone)


@cache
def _rendered(word: str) -> str:
    return markup.render(word)


# --- Which pages say what ---


@dataclass(frozen=True)
class Visit:
    """An address as somebody. is_list: it shows STEP rows of all that it says."""

    role: str
    path: str
    is_list: bool = False


@dataclass(frozen=True)
class Shown:
    """What a browser is shown. where: for people; is_mail: no content policy comes with it, it brings its styles."""

    where: str
    content: str
    is_mail: bool = False


@dataclass
class Places:
    """The pages that together say every kind of word in every way; sinks: endpoint × column."""

    visits: list[Visit] = field(default_factory=list)
    sinks: set[Sink] = field(default_factory=set)
    mails: list[int] = field(default_factory=list)
    policies: set[str] = field(default_factory=set)  # content policies that pages are sent with


def survey(app: Flask, world: World) -> Places:
    """Mark each word, and read every address as everybody."""
    marks: dict[int, tuple[int, int]] = {}

    def mark(column: int, place: int) -> str:
        marks[len(marks)] = (column, place)
        return f"zqm{len(marks) - 1}x"

    plant(mark)
    places = Places(mails=_mails_of_each_kind())
    said: dict[str, dict[tuple[str, str], dict[int, set[int]]]] = {}
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/static", "/pictures", "/api/v1")):
            continue
        for path in addresses(rule, world, "POST"):
            for role in ROLES:
                answer = world.browsers[role].get(path, buffered=True)
                if answer.mimetype != "text/html" or answer.status_code != 200:
                    continue
                places.policies.add(answer.headers.get("Content-Security-Policy", ""))
                here = said.setdefault(rule.endpoint, {}).setdefault((role, path), {})
                for found in MARK.finditer(answer.text):
                    column, place = marks[int(found[1])]
                    here.setdefault(column, set()).add(place)
    names = [f"{each.table.name}.{each.name}" for each in columns()]
    everywhere = _everywhere(said)
    for endpoint, pages in said.items():
        missing = {column for here in pages.values() for column in here}
        places.sinks |= {(endpoint, names[column]) for column in missing}
        while missing:
            (role, path), here = max(pages.items(), key=lambda page: len(missing & set(page[1])))
            missing -= set(here)
            is_list = all(_run(rows) >= STEP for column, rows in here.items() if column not in everywhere)
            places.visits.append(Visit(role, path, is_list))
    return places


def _everywhere(said: dict[str, dict[tuple[str, str], dict[int, set[int]]]]) -> set[int]:
    """What stands in the frame of all pages, as the reader's name does."""
    pages = [here for found in said.values() for here in found.values()]
    return {number for number in range(len(columns())) if sum(number in here for here in pages) > len(pages) / 2}


def _run(rows: set[int]) -> int:
    """How many rows, one after the other, are there."""
    longest = long = 0
    for row in range(max(rows, default=0) + 1):
        long = long + 1 if row in rows else 0
        longest = max(longest, long)
    return longest


# --- Showing them ---


def pages(app: Flask, world: World, places: Places, payload: str, *, lists: bool) -> Iterator[Shown]:
    """What all of it looks like now; then what says back what was typed, and mails."""
    for visit in places.visits:
        if lists or not visit.is_list:
            yield Shown(f"{visit.role} {visit.path}", world.browsers[visit.role].get(visit.path).text)
    yield from _echoes(world, payload)
    yield from _mails(places.mails)


ASKED = (
    *("/boards/garden?q={}", "/manage/people?q={}", "/manage/audit?actor={}&subject={}&act={}", "/ideas/1/merge?q={}"),
    *("/boards/garden/new?title={}", "/sign-in?next={}", "/{}", "/problems/{}"),
)
TYPED = (
    *("/boards/garden/new", "/manage/companies", "/ideas/1/comments", "/profile", "/manage/boards/new"),
    *("/ideas/1/hide", "/ideas/1/flag", "/ideas/1/answer", "/profile/keys", "/manage/boards/garden/tags"),
)


def _echoes(world: World, payload: str) -> Iterator[Shown]:
    """What says back what was asked or typed."""
    browser = world.browsers["admin"]
    for asked in ASKED:
        answer = world.browsers["visitor" if "sign-in" in asked else "admin"].get(asked.format(*[_quoted(payload)] * 3))
        if answer.mimetype == "text/html":
            yield Shown(f"{asked} {payload}", answer.text)
    names = ("body", "text", "about", "promise", "slug", "words", "how-votes", "picture_alt", "timezone", "next")
    typed = dict.fromkeys((*names, "once", "owner", "status", "reason", "date"), payload)
    typed |= dict.fromkeys(("title", "name", "new-tag-name"), f"{payload}{'x' * 600}")
    for path in TYPED:
        answer = browser.post(path, data={**typed, "credit": ["votes", payload]})
        if answer.mimetype == "text/html":
            yield Shown(f"POST {path} {payload}", answer.text)
    answer = browser.post("/boards/garden/new", data={"title": payload, "body": payload, "preview": "1"})
    yield Shown(f"preview {payload}", answer.text)
    for path in ("/sign-in", "/sign-up", "/reset"):
        answer = world.browsers["visitor"].post(path, data={"email": payload, "name": payload, "next": payload})
        yield Shown(f"POST {path} {payload}", answer.text)


def _quoted(payload: str) -> str:
    return "".join(f"%{byte:02X}" for byte in payload.encode())


def _mails_of_each_kind() -> list[int]:
    """Deliveries by mail, one of each kind of news and each way in which somebody was concerned."""
    rows = db.session.execute(
        sa.select(sa.func.min(Delivery.id))
        .where(Delivery.channel == Channel.EMAIL.value)
        .group_by(Delivery.news, Delivery.path)
    ).scalars()
    return list(rows)


def _mails(ids: Sequence[int]) -> Iterator[Shown]:
    """What those mails say now, and the letter of an invitation."""
    again = {"state": State.PENDING.value, "reason": None, "lease": None, "due_at": utcnow(), "done_at": None}
    with unit_of_work():
        db.session.execute(sa.update(Delivery).where(Delivery.id.in_(ids)).values(again))
    with unit_of_work():
        claimed = sending.claim().rows
    for made in email.compose(claimed).values():
        if isinstance(made, Message):
            yield Shown(f"mail {made.subject}", made.html, is_mail=True)
    db.session.rollback()
    for html in db.session.scalars(sa.select(Letter.html).order_by(Letter.id.desc()).limit(1)):
        if html:
            yield Shown("letter", html, is_mail=True)
