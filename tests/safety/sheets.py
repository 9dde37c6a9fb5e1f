"""Which fields there are: of the API as it describes itself, of forms as the pages draw them.

Nothing is listed by name, so a new field is there as soon as it is drawn or described.
"""

from __future__ import annotations

import copy
import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any

import sqlalchemy as sa
from flask import Flask

from ideas import api, pictures
from ideas.accounts import passwords, suppressions
from ideas.accounts.models import ApiKey, Stopped, User
from ideas.boards import evidencing, merging, moderating, queries
from ideas.boards.models import Board, Comment, Reason, Tag
from ideas.boards.models_evidence import EvidenceKind
from ideas.boards.models_moderating import Hiding
from ideas.boards.models_silence import Occasion, Reminder
from ideas.boards.models_solving import Solved
from ideas.db import db, unit_of_work, utcnow
from tests.accounts.arranging import PASSWORD
from tests.boards.pages import LONG_ENOUGH, answered
from tests.factories import CommentFactory, CompanyFactory, IdeaFactory, TagFactory
from tests.safety.crawling import addresses
from tests.safety.world import World

_NEEDED = {"board": "garden", "ideas": "1", "into": "1", "format": "answerback"}  # by queries; in others a word will do
METHODS = {"post", "put", "patch", "delete", "get"}
WORDS = "A few words that are long enough for every field that asks for a sentence."
ROLES = ("admin", "author", "visitor")
# A token that a host signs, new each time, with a key of its page: tests/embed sends those that are wrong.
OF_HOSTS = {"sign_in_on_page"}
MOST_PLACES = 24  # addresses of one operation that are tried until one takes fine words
FURTHER = re.compile(r"conditions-[1-8]-")  # more of what the first and the last of them are
VARYING = re.compile(
    r"(?:(?<=/boards)|(?<=/reset)|(?<=/u)|(?<=/invitations)|(?<=/roles)|(?<=/solved)|(?<=/on-behalf))/(?!new$)[^/]+|/\d+"
)  # of an address

Place = tuple[Any, ...]


@dataclass(frozen=True)
class Sheet:
    """What is filled in and sent at once: the fields of one form, or of one operation of the API.

    fine: values with which it is taken; places: the way to each field within them.
    """

    name: str  # for people: "POST /ideas/N/comments"
    method: str
    path: str
    role: str
    fine: dict[str, Any]
    places: tuple[Place, ...]
    is_query: bool = False
    page: str = ""  # where the form stands
    hidden: frozenset[str] = frozenset()  # fields that no person fills in
    secret: frozenset[str] = frozenset()  # fields that are never shown again
    file: str = ""  # a field that takes a file; a picture is sent along

    @property
    def is_api(self) -> bool:
        return self.path.startswith("/api/")

    def label(self, place: Place) -> str:
        return f"{self.name} {'?' * self.is_query}{'.'.join(re.sub(r'[0-9]+', 'N', str(step)) for step in place)}"

    def filled(self, values: dict[Place, str]) -> dict[str, Any]:
        """What is sent, with these values in their fields and fine ones in the others."""
        sent = copy.deepcopy(self.fine)
        for place, value in values.items():
            inner: Any = sent
            for step in place[:-1]:
                inner = inner[step]
            inner[place[-1]] = value
        return sent


def prepare(world: World) -> None:
    """Something for every field to be about: what waits, what is one with another, what is the administrator's own."""
    admin, author = (db.session.get_one(User, world.people[role]) for role in ("admin", "author"))
    admin.password_hash = passwords.hashed(PASSWORD)
    admin.factor_since = utcnow()  # who has none may not ask it of the team
    board = db.session.scalars(sa.select(Board).where(Board.slug == "garden")).one()
    if not db.session.scalars(sa.select(Tag).where(Tag.board_id == board.id)).all():
        TagFactory(board=board, slug="seed", name="Seed")
    ideas: Any = [IdeaFactory(board=board, author=author, created_at=utcnow() - timedelta(days=2)) for _ in range(4)]
    mine: Any = IdeaFactory(board=board, author=admin)
    comments: Any = [CommentFactory(idea=ideas[0], author=each) for each in (author, admin)]
    held: Any = CommentFactory(idea=ideas[0], author=author)
    CommentFactory(idea=ideas[3], author=author)  # so that one answer may credit whatever can be credited
    db.session.execute(sa.update(Solved).values(may_publish=True))
    CompanyFactory(external_id="acct-1")
    db.session.commit()
    ids = [idea.id for idea in ideas]
    db.session.add(Reminder(occasion=Occasion.SILENCE.value, about_id=ids[0], at=utcnow()))
    db.session.commit()
    answered(admin, ideas[1], reason=Reason.COMMITTED)
    with unit_of_work():
        # so may evidence
        said = {"kind": EvidenceKind.CALL, "words": LONG_ENOUGH, "link": None, "email": None, "name": "", "vote": False}
        evidencing.add(admin, queries.get_idea(admin, ids[3]), {**said, "person": author.id})
    with unit_of_work():
        found = [queries.get_idea(db.session.get_one(User, world.people["admin"]), each) for each in ids]
        actor = db.session.get_one(User, world.people["admin"])
        merging.merge(actor, found[2], found[3], text=LONG_ENOUGH)
        moderating.hold(found[0].idea, db.session.get_one(Comment, held.id), ["many_links"])
        # so that it may be lifted
        suppressions.add(actor, "ole@example.org", Stopped.BOUNCED, reason=WORDS)
    world.parts["idea_id"] = [ids[0], mine.id, *ids[1:], *world.parts["idea_id"]]
    world.parts["comment_id"] = [*(each.id for each in comments), *world.parts["comment_id"]]
    world.parts["tag_id"] = list(db.session.scalars(sa.select(Tag.id).order_by(Tag.id)))
    till = ApiKey(user_id=admin.id, name="The till", token_hash="k" * 64, hint="ab_sk_kkkk", scopes="ideas:read")
    db.session.add(till)
    db.session.flush()
    world.parts["key_id"] = [till.id]
    world.parts["hiding_id"] = list(db.session.scalars(sa.select(Hiding.id).order_by(Hiding.id.desc())))
    db.session.commit()


# --- The API ---


def of_api(world: World) -> Iterator[list[Sheet]]:
    """Each operation that takes something, at each place where it might be taken."""
    document = json.loads(api.openapi())
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method not in METHODS or operation["operationId"] in OF_HOSTS:
                continue
            parameters = [
                _resolved(document, part) for part in (*item.get("parameters", []), *operation.get("parameters", []))
            ]
            asked = tuple((part["name"],) for part in parameters if part["in"] == "query")
            needed = {
                part["name"]: _NEEDED.get(part["name"], "bicycle")
                for part in parameters
                if part["in"] == "query" and part.get("required")
            }
            content = operation.get("requestBody", {}).get("content", {})
            name = f"{method.upper()} {path}"
            if asked:
                file = pictures.FIELD if "image/png" in content else "file" if "multipart/form-data" in content else ""
                yield [
                    Sheet(name, method.upper(), real, "admin", dict(needed), asked, is_query=True, file=file)
                    for real in _real(path, world)
                ]
            if "application/json" in content:
                known = _resolved(document, content["application/json"]["schema"])
                example = content["application/json"]["example"]
                yield [
                    Sheet(name, method.upper(), real, role, fine, (*_places(fine), *_missing(known, fine)))
                    for real in _real(path, world)
                    for fine in _examples(example, world)
                    for role in ("admin", "author")
                ]


def _real(path: str, world: World) -> Iterable[str]:
    names = re.findall(r"\{(\w+)\}", path)
    for values in itertools.islice(itertools.product(*(world.parts[name] for name in names)), MOST_PLACES):
        real = path
        for name, value in zip(names, values, strict=True):
            real = real.replace(f"{{{name}}}", str(value))
        yield real


def _examples(example: dict[str, Any], world: World) -> Iterator[dict[str, Any]]:
    """The example, with ids that are there wherever it names one."""
    for comment in world.parts["comment_id"][:2]:
        for idea in world.parts["idea_id"][:2] if "into" in example else (0,):
            made = copy.deepcopy(example)
            for credit in made.get("credits", []):
                if credit.get("kind") == "comment":
                    credit["id"] = comment
            if "into" in made:
                made["into"] = idea
            if "order" in made:
                made["order"] = world.parts["status_id"]
            if isinstance(made.get("company"), str):
                made["company"] = "acct-1"
            yield made
        if "credits" not in example:
            return


def _resolved(document: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        found: Any = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


def _places(value: Any, way: Place = ()) -> Iterator[Place]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _places(inner, (*way, name))
    elif isinstance(value, list) and value:
        for number, inner in enumerate(value):
            yield from _places(inner, (*way, number))
    else:
        yield way


def _missing(known: dict[str, Any], example: dict[str, Any]) -> Iterator[Place]:
    yield from ((name,) for name in known.get("properties", {}) if name not in example)


# --- Forms ---


@dataclass
class _Form:
    """A form as a page draws it: its fields with what they hold, or with something that they take."""

    id: str
    action: str
    method: str
    values: dict[str, Any] = field(default_factory=dict)
    hidden: set[str] = field(default_factory=set)
    secret: set[str] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self.select: str | None = None
        self.is_first = False  # the next option is the first of its list
        self.area: str | None = None
        self.apart: list[tuple[str, list[tuple[str, str | None]], str]] = []

    def close(self) -> None:
        super().close()
        forms = self.forms
        for tag, attrs, owner in self.apart:
            self.forms = [form for form in forms if form.id == owner]
            self.handle_starttag(tag, attrs)
        self.forms = forms

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "form" in given and tag != "form":  # it belongs to a form that comes later or was before
            self.apart.append((tag, [pair for pair in attrs if pair[0] != "form"], given["form"]))
        elif tag == "form":
            self.forms.append(_Form(given.get("id", ""), given.get("action", ""), given.get("method", "get").upper()))
        elif self.forms and (name := given.get("name")):
            self._field(self.forms[-1], tag, name, given)
        elif tag == "option" and self.select and ("selected" in given or self.is_first):
            self.forms[-1].values[self.select], self.is_first = given.get("value", ""), False

    def _field(self, form: _Form, tag: str, name: str, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if tag == "textarea":
            form.values[name], self.area = "", name
        elif tag == "select":
            form.values[name], self.select, self.is_first = "", name, True
        elif tag == "input" and kind == "checkbox":  # all are ticked
            form.values[name] = [*form.values.get(name, []), given.get("value", "y")]
        elif tag == "input" and kind == "radio":
            if "checked" in given or not form.values.get(name):
                form.values[name] = given.get("value", "")
        elif tag == "input" and kind not in ("file", "submit"):
            form.values[name] = given.get("value") or _fine(name, kind)
            if kind == "hidden" or "visually-hidden" in given.get("class", "") or name == "website":
                form.hidden.add(name)
            if kind == "password":
                form.secret.add(name)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self.area:
            values = self.forms[-1].values
            values[self.area] = values[self.area].strip() or WORDS
            self.area = None
        if tag == "select":
            self.select = None

    def handle_data(self, data: str) -> None:
        if self.area:
            self.forms[-1].values[self.area] += data


# forms that want a file of whatever kind, and their field for it
FILES = {"POST /manage/moving": "file"}

# forms that take what a device says at that moment and nothing else; see tests/accounts/test_factors.py and beside it
BY_DEVICE = {"/profile/signing-in/app", "/profile/signing-in/passkeys", "/sign-in/passkey"}

# points of the team's own lists, and what it estimates
NUMBERS = {"votes", "breadth", "value", "priority", "lately", "reach", "confidence", "effort"}


def _fine(name: str, kind: str) -> str:
    """Something that a field of that kind takes."""
    if kind == "url":
        return "https://elsewhere.example.test/"
    if kind == "email" or name.endswith("email") or name == "who":
        return "somebody@example.test"
    if kind == "password":
        return PASSWORD
    if name.endswith("slug"):
        return "a-fine-board"
    if name == "email_pattern":
        return "voter{voter_id}@example.test"
    if name == "answer_within_days" or name in NUMBERS:
        return "7"
    # when people are told may be left open, as a date may
    if kind in ("hidden", "search", "date", "datetime-local") or name in ("website", "company"):
        return ""
    return "A fine word" if kind != "number" else "7"


def of_forms(app: Flask, world: World, pages: Iterable[str] = ()) -> Iterator[list[Sheet]]:
    """Each form on a page that administrators, authors and visitors see, wherever it stands; or on these pages."""
    looked_at = list(dict.fromkeys(pages or _pages(app, world)))
    found: dict[tuple[str, ...], list[Sheet]] = {}
    for role in ROLES:
        for path in looked_at:
            answer = world.browsers[role].get(path, follow_redirects=True, buffered=True)
            if answer.mimetype != "text/html":
                continue
            parser = _Forms()
            parser.feed(answer.text)
            parser.close()
            stands = answer.request.path
            for form in parser.forms:
                action = form.action or stands
                values = {name: value for name, value in form.values.items() if name != "csrf_token"}
                values = {name: value for name, value in values.items() if not FURTHER.match(name)}
                if not action.startswith("/") or "sign-out" in action or not values or action in BY_DEVICE:
                    continue
                name = f"{form.method} {VARYING.sub('/N', action.partition('?')[0])}"
                kinds = sorted({re.sub(r"\d+", "N", each) for each in values})
                sheet = Sheet(
                    name,
                    form.method,
                    action,
                    role,
                    _known(world, name, values),
                    tuple((each,) for each in values),
                    is_query=form.method == "GET",
                    page=stands,
                    hidden=frozenset(form.hidden),
                    secret=frozenset(form.secret),
                    file=FILES.get(name, ""),
                )
                found.setdefault((name, *kinds), []).append(sheet)
    for (_name, *kinds), sheets in sorted(found.items(), key=lambda pair: -len(pair[0])):
        larger = [other for other in found if other[0] == _name and set(kinds) < set(other[1:])]
        if not larger:
            yield sheets
    # without scripts a picture comes with the form of the text, and so do the words about it
    fine = {"title": "A fine word", "body": "", "picture_alt": "", "add_picture": "1"}
    alone = (("picture_alt",),)
    new = "/boards/garden/new"
    yield [
        Sheet(
            f"POST {VARYING.sub('/N', new)} (with a picture)", "POST", new, "author", fine, alone, file=pictures.FIELD
        )
    ]


def _known(world: World, name: str, values: dict[str, Any]) -> dict[str, Any]:
    """For forms that take nobody else: who is there already."""
    address = db.session.get_one(User, world.people["admin"]).email
    member = db.session.get_one(User, world.people["member"]).email
    if name == "POST /ideas/N/answer":
        left_out = {"leave_out": "", "leave_out_reason": ""}
        return {**values, **left_out, "status": "planned", "reason": Reason.COMMITTED.value}
    if name == "POST /manage/look":
        return {**values, "accent": "#0b6b5f"}
    if "embed_sites" in values:
        return {**values, "embed_sites": "https://www.example.org"}
    if "keys_address" in values:  # which none is, when the host signs with a secret
        return {**values, "algorithm": "HS256", "keys_address": ""}
    if "sites" in values:
        return {**values, "sites": "https://www.example.org"}
    if name.startswith("POST /manage/mails/"):
        return {**values, "subject": "{{headline}}"}
    if name == "POST /manage/moving":
        lines = {"statuses": "Beta=started", "columns": "title=wish"}
        return {**values, **lines, "format": "ideas", "board": "garden"}
    if name == "POST /sign-in":
        return {**values, "email": address}
    if name == "POST /ideas/N/merge":  # the other one waits to be announced
        return {**values, "into": str(world.parts["idea_id"][1])}
    if name.startswith("POST /team/segments"):
        asked = {"what": "company_attribute.is", "name": "seats"}
        return values | {f"conditions-{line}-{name}": value for line in (0, 9) for name, value in asked.items()}
    if name.endswith("/people") and "new-person-email" in values:
        return {**values, "new-person-email": member}
    return values


def _pages(app: Flask, world: World) -> Iterator[str]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" in (rule.methods or ()) and not rule.rule.startswith(("/api/", "/static/")):
            yield from addresses(rule, world, "POST")
