"""Puts hostile strings into every field there is: of the API as it describes itself, of forms as the pages draw them.

Nothing is listed by name, so a new field is filled as soon as it is there.
"""

from __future__ import annotations

import copy
import json
import re
import secrets
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote_plus, urlencode

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from ideas import api, text
from ideas.accounts import addresses
from ideas.accounts.models import Attempt, User
from ideas.boards.models import Board, Reason, Tag
from ideas.db import db
from ideas.outbox import OutboxEntry
from tests.accounts.arranging import PASSWORD, enter
from tests.boards.pages import answered
from tests.factories import CommentFactory, IdeaFactory, TagFactory
from tests.safety.world import World

METHODS = {"post", "put", "patch", "delete", "get"}
FORM = "application/x-www-form-urlencoded"
WORDS = "A few words that are long enough for every field that asks for a sentence."
ROLES = ("admin", "author", "visitor")
VARYING = re.compile(r"(?:(?<=/boards)|(?<=/reset)|(?<=/u))/(?!new$)[^/]+|/\d+")  # parts of an address
TYPED_HIDDEN = {"next"}  # hidden, and yet the sender's own words


@dataclass
class Filled:
    """What came of it. breaches: sentences; fields: each that was filled, with how often it was taken and refused."""

    taken: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    stored: Counter[str] = field(default_factory=Counter)
    breaches: list[str] = field(default_factory=list)

    @property
    def fields(self) -> set[str]:
        return {*self.taken, *self.refused}


@dataclass(frozen=True)
class Slot:
    """One field: where it is sent and how the rest of the request looks."""

    name: str  # for people: "POST /ideas/{idea_id}/comments body"
    method: str
    path: str
    role: str
    sent: Any  # the JSON, or the form's values
    place: tuple[Any, ...]  # the way to the field within `sent`
    is_query: bool = False
    along: tuple[str, ...] = ()  # fields to choose from that are filled in the same request

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def filled(self, value: str) -> Any:
        """What is sent, with `value` in the field."""
        sent = copy.deepcopy(self.sent)
        inner = sent
        for step in self.place[:-1]:
            inner = inner[step]
        inner[self.place[-1]] = value
        for name in self.along:
            sent[name] = value
        return sent


# --- Which fields there are ---


def api_slots(world: World) -> Iterator[Slot]:
    """Every value of every example, and every part of every query, of the description of the API."""
    document = json.loads(api.openapi())
    mine = _own(world)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS:
                continue
            real = re.sub(r"\{(\w+)\}", lambda part: str(mine.get(part[1]) or world.parts[part[1]][0]), path)
            name = f"{method.upper()} {path}"
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if content is not None:
                known = content["schema"]
                while "$ref" in known:
                    known = document["components"]["schemas"][known["$ref"].rpartition("/")[2]]
                example = _with_ids(content["example"], mine)
                missing = [(name,) for name in known.get("properties", {}) if name not in example]
                for place in (*_places(example), *missing):
                    yield Slot(f"{name} {_dotted(place)}", method.upper(), real, "admin", example, place)
            for part in operation.get("parameters", []):
                part = _resolved(document, part)
                if part.get("in") == "query":
                    yield Slot(f"{name} ?{part['name']}", method.upper(), real, "admin", {}, (part["name"],), True)


def _own(world: World) -> dict[str, int]:
    """Something of the administrator's own to edit: an idea, a comment on it, and an answer to another idea."""
    admin = db.session.get_one(User, world.people["admin"])
    board = db.session.scalars(sa.select(Board).where(Board.slug == "garden")).one()
    if not db.session.scalars(sa.select(Tag).where(Tag.board_id == board.id)).all():
        TagFactory(board=board, slug="seed")
    idea: Any = IdeaFactory(board=board, author=admin)
    other: Any = IdeaFactory(board=board, author=admin)
    said: Any = CommentFactory(idea=idea, author=admin)
    answer = answered(admin, other, reason=Reason.COMMITTED)
    return {"idea_id": idea.id, "comment_id": said.id, "answer_id": answer.id}


def _with_ids(example: Any, mine: dict[str, int]) -> Any:
    """The example, with an id that is there wherever a credit or a reply names one."""
    made = copy.deepcopy(example)
    for credit in made.get("credits", []):
        if credit.get("kind") == "comment":
            credit["id"] = mine["comment_id"]
    if made.get("parent_id"):
        made["parent_id"] = mine["comment_id"]
    return made


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in part:
        return part
    found: dict[str, Any] = document["components"]["parameters"][part["$ref"].rpartition("/")[2]]
    return found


def _places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*way, name))
    elif isinstance(value, list) and value:
        yield from _places(value[0], (*way, 0))
    else:
        yield way


def _dotted(place: tuple[Any, ...]) -> str:
    return ".".join(map(str, place))


class _Forms(HTMLParser):
    """The forms of a page: each with its action, its method and its fields with what they hold."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self.select: str | None = None
        self.area: str | None = None
        self.apart: list[tuple[str, list[tuple[str, str | None]], str]] = []

    def close(self) -> None:
        super().close()
        forms = self.forms
        for tag, attrs, owner in self.apart:
            self.forms = [form for form in forms if form["id"] == owner]
            self.handle_starttag(tag, attrs)
        self.forms = forms

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "form" in given and tag != "form":  # it belongs to a form that comes later or was before
            self.apart.append((tag, [pair for pair in attrs if pair[0] != "form"], given["form"]))
            return
        if tag == "form":
            self.forms.append(
                {
                    "id": given.get("id"),
                    "action": given.get("action"),
                    "method": given.get("method", "get"),
                    "fields": {},
                    "closed": set(),
                    "boxes": set(),
                }
            )
        elif self.forms and (name := given.get("name")):
            fields = self.forms[-1]["fields"]
            if tag == "textarea":
                fields[name], self.area = "", name
            elif tag == "select":
                fields[name], self.select = "", name
                self.forms[-1]["closed"].add(name)
            elif tag == "input" and given.get("type") in ("checkbox", "radio"):
                fields.setdefault(name, "")
                self.forms[-1]["closed"].add(name)
                self.forms[-1]["boxes"].add(name)
                if "checked" in given or (given["type"] == "radio" and not fields[name]):
                    fields[name] = given.get("value", "y")
            elif tag == "input" and given.get("type") != "file":
                fields[name] = given.get("value") or _fine(name, given.get("type", "text"))
                if given.get("type") in ("date", "number", "hidden") and name not in TYPED_HIDDEN:
                    self.forms[-1]["closed"].add(name)
        elif tag == "option" and self.select and self.forms:
            fields = self.forms[-1]["fields"]
            if "selected" in given or not fields[self.select]:
                fields[self.select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            fields = self.forms[-1]["fields"]
            fields[self.area] = fields[self.area].strip() or WORDS
            self.area = None
        if tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1]["fields"][self.area] += data


def _fine(name: str, kind: str) -> str:
    """Something that a field of that kind takes."""
    if kind == "email" or name == "email":
        return "somebody@example.test"
    if kind == "password":
        return PASSWORD
    if name.endswith("slug"):
        return "a-fine-board"
    if name == "answer_within_days":
        return "7"
    if kind == "date":
        return "2030-03-03"
    if kind in ("hidden", "search"):
        return ""
    return "A fine word" if kind != "number" else "7"


def form_slots(app: Flask, world: World, *, also: Sequence[str] = ()) -> Iterator[Slot]:
    """Every field of every form on every page that administrators, authors and visitors see."""
    known: set[tuple[str, str]] = set()
    for role in ROLES:
        for path in (*_pages(app, world), *also):
            answer = world.browsers[role].get(path)
            if answer.mimetype != "text/html":
                continue
            parser = _Forms()
            parser.feed(answer.text)
            parser.close()
            for form in parser.forms:
                action = form["action"] or path
                if not action.startswith("/") or "sign-out" in action:
                    continue
                generic = VARYING.sub("/N", action.partition("?")[0])
                values = {name: value for name, value in form["fields"].items() if name != "csrf_token"}
                ticked = {name: value for name, value in values.items() if value or name not in form["boxes"]}
                method = form["method"].upper()
                closed = sorted(form["closed"] & set(values))
                for names in [*([name] for name in values if name not in closed), closed]:
                    kind = re.sub(r"\d+", "N", " ".join(names))
                    if names and (f"{method} {generic}", kind) not in known:
                        known.add((f"{method} {generic}", kind))
                        label = f"{method} {generic} {kind}"
                        yield Slot(label, method, action, role, ticked, (names[0],), method == "GET", tuple(names[1:]))


def _pages(app: Flask, world: World) -> Iterator[str]:
    from tests.safety.crawling import addresses as of_rule

    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/static/")):
            yield from (path for path in of_rule(rule, world, "POST"))


# --- Filling them ---


def fill(app: Flask, world: World, slots: Sequence[Slot], values: Sequence[str]) -> Filled:
    """Send every value in every field, one at a time."""
    found = Filled()
    # what is answered or hidden cannot be edited any more, so that comes last
    late = ("/answer", "/hide", "/suspend", "/erase")
    with _written() as written:
        for slot in sorted(slots, key=lambda slot: any(word in slot.path for word in late)):
            for value in values:
                written.clear()
                _one(app, world, slot, value, found, written)
    return found


def _one(app: Flask, world: World, slot: Slot, value: str, found: Filled, written: list[tuple[Any, ...]]) -> None:
    if slot.path.startswith(
        ("/sign", "/reset", "/profile", "/verify")
    ):  # or the limits would answer, and not the field
        db.session.execute(sa.delete(Attempt))
        db.session.commit()
    if "answer" in slot.path:  # one that waits to be announced would be in the way of the next
        told = sa.update(OutboxEntry).where(OutboxEntry.fanned_out_at.is_(None))
        db.session.execute(told.values(fanned_out_at=OutboxEntry.recorded_at))
        db.session.commit()
    sent = slot.filled(value)
    answer = _send(app, world, slot, sent)
    status = answer.status_code
    shown = f"{slot.name} ← {value[:40]!r}"
    if status >= 500:
        found.breaches.append(f"{shown}: answered {status}")
    elif status >= 400:
        found.refused[slot.name] += 1
        if status not in (404, 413, 429) and not _names(answer, slot) and _is_open(app, world, slot):
            found.breaches.append(f"{shown}: refused ({status}) without naming the field")
    else:
        found.taken[slot.name] += 1
        _compare(slot, value, answer, found, written, shown)
    if not slot.is_api and slot.role != "visitor":
        _come_back(world, slot.role)


def _is_open(app: Flask, world: World, slot: Slot) -> bool:
    """Is the same taken with fine words in it; if not, something else is refused than the field."""
    return _send(app, world, slot, slot.sent).status_code < 400


def _send(app: Flask, world: World, slot: Slot, sent: Any) -> Response:
    if slot.is_query:
        parts = "&".join(f"{name}={quote_plus(value, errors='surrogatepass')}" for name, value in sent.items())
        headers = world.headers[slot.role] if slot.is_api else {}
        client = app.test_client() if slot.is_api else world.browsers[slot.role]
        return client.open(f"{slot.path.partition('?')[0]}?{parts[:60_000]}", method="GET", headers=headers)
    if slot.is_api:
        headers = {**world.headers[slot.role], "Content-Type": "application/json"}
        return app.test_client().open(slot.path, method=slot.method, headers=headers, data=json.dumps(sent))
    if "once" in sent and "once" not in (slot.place[0], *slot.along):
        sent = {**sent, "once": secrets.token_urlsafe(16)}  # or it would be the same act, sent again
    body = urlencode({name: value.encode("utf-8", "surrogatepass") for name, value in sent.items()})
    return world.browsers[slot.role].open(slot.path, method=slot.method, data=body, content_type=FORM)


def _come_back(world: World, role: str) -> None:
    with world.browsers[role].session_transaction() as cookie:
        is_in = "_user_id" in cookie
    if not is_in:
        enter(world.browsers[role], db.session.get_one(User, world.people[role]))


def _names(answer: Response, slot: Slot) -> bool:
    """Does a refusal say which field it is about: the one that was filled, or one that it makes wrong."""
    if slot.is_api:
        lines = (answer.json or {}).get("errors", [])
        return any(str(line["pointer"]).split("/")[1:2] == [str(slot.place[0])] for line in lines)
    page = answer.get_data(as_text=True)
    name = slot.place[0]
    return f'href="#{name}' in page or "problem-summary" in page or name in page


def _compare(
    slot: Slot, value: str, answer: Response, found: Filled, written: list[tuple[Any, ...]], shown: str
) -> None:
    """What was stored of it is what was sent, in the one documented form, and the answer shows the same."""
    wanted = forms_of(value)
    kept = [row for row in written if row[2] in wanted and row[2]]
    for model, identity, stored, column in kept:
        found.stored[slot.name] += 1
        read = db.session.scalar(sa.select(column).where(sa.inspect(model).primary_key[0] == identity[0]))
        if read != stored:
            found.breaches.append(f"{shown}: stored as {str(read)[:60]!r}")
    db.session.rollback()
    if slot.is_api and slot.method in ("POST", "PATCH") and answer.json and len(slot.place) == 1:
        said = answer.json.get(str(slot.place[0]))
        if isinstance(said, str) and value and said not in wanted and kept:
            found.breaches.append(f"{shown}: shown as {said[:60]!r}")


def forms_of(value: str) -> set[str]:
    """A value as it may be kept: normalised as text.py says, in one line or several; an address in its one spelling."""
    forms = set()
    for normal in (text.clean, text.one_line, addresses.email):
        try:
            forms.add(normal(value))
        except ValueError:
            continue
    return forms


@contextmanager
def _written() -> Iterator[list[tuple[Any, ...]]]:
    """Every text that a flush writes inside: (model, its key, the text, the column)."""
    rows: list[tuple[Any, ...]] = []

    def note(session: Session, _context: Any) -> None:
        for thing in (*session.new, *session.dirty):
            mapper = sa.inspect(type(thing))
            for attribute in mapper.column_attrs:
                value = thing.__dict__.get(attribute.key)
                if isinstance(value, str) and value:
                    key = mapper.primary_key_from_instance(thing)
                    rows.append((type(thing), key, value, getattr(type(thing), attribute.key)))

    event.listen(Session, "after_flush", note)
    try:
        yield rows
    finally:
        event.remove(Session, "after_flush", note)
