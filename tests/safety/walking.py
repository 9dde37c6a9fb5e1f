"""Does each act of the rights table as everybody, by its form and by its operation, and says what came of it.

Each request meets the same site; forms come with the token of the page. What came of it is a sign of the table, and
only that: done means that a row changed, and whatever was not done has changed none.
"""

from __future__ import annotations

import io
import json
import re
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from ideas import api, pictures
from ideas.accounts.models import User
from ideas.boards.models import Board
from ideas.db import db
from tests.api.asking import bearer, resolved
from tests.embed.arranging import SITE, key_of
from tests.pictures import encoded
from tests.safety.acts import ACTS, EXAMPLE, ONCE, PICTURE, WITHOUT_A_ROW, Act
from tests.safety.restoring import Kept
from tests.safety.rights import COLUMNS, Row, rows
from tests.safety.things import Thing, Things

FORM, API = "form", "operation"
DONE, NOTHING, REFUSED, NOT_THERE, SIGN_IN, UNFIT = "+", "=", "x", "-", "s", "?"
# Written whatever is asked: who was there when, how often, and what a visitor began before signing in.
BESIDE = {
    *("attempt", "unfinished_act", "idempotency_key", "user_session.last_seen_at", "api_key.last_used_at"),
}
FILES = {
    "companies": b"external_id,name\nacct-9,Riverside\n",
    "people": b"external_id,email,name\nuser-9,ada@example.org,Ada\n",
    "file": b"wish\nA bench\n",
}
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass(frozen=True)
class Cell:
    """One question of the table: the act of that row, by that role, at that edge."""

    row: Row
    role: str
    edge: str

    @property
    def wanted(self) -> str:
        return SIGN_IN if self.edge == API and self.role == "visitor" else self.row.wanted(self.role)

    def __str__(self) -> str:
        return f"{self.role}: {self.row.act}, {self.row.thing} ({self.edge})"


@dataclass
class Walked:
    """What was asked, and where the answer is another than the table's."""

    asked: int = 0
    breaches: list[str] = field(default_factory=list)


class Walk:
    """Inside `with`: nothing that is done stays."""

    def __init__(self, app: Flask, made: Things) -> None:
        self.app = app
        self.made = made
        self.acts = {act.name: act for act in ACTS}
        self.program = app.test_client(use_cookies=False)
        self.document = document = json.loads(api.openapi())
        self.operations = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, item in document["paths"].items()
            for method, operation in item.items()
            if "operationId" in operation
        }
        self.rules = {rule.endpoint: rule.rule for rule in app.url_map.iter_rules() if "POST" in (rule.methods or ())}
        self.weak = weak_keys(made)
        self.kept = Kept()

    def __enter__(self) -> Walk:
        self.app.config["WTF_CSRF_ENABLED"] = True
        self.tokens = {role: self._token(role) for role in COLUMNS}
        self.cookies = {role: dict(browser._cookies or {}) for role, browser in self.made.world.browsers.items()}
        self.kept.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.__exit__()
        self.app.config["WTF_CSRF_ENABLED"] = False

    def _token(self, role: str) -> str:
        found = TOKEN.search(self.made.world.browsers[role].get("/sign-in" if role == "visitor" else "/profile").text)
        assert found, role
        return found[1]

    def edges(self, act: Act) -> list[str]:
        return [FORM] * (act.form is not None) + [API] * (act.operation is not None)

    def ask(self, cell: Cell) -> str:
        """Do it, put everything back, and give the sign of what came of it."""
        act, thing = self.acts[cell.row.act], self.made.of[cell.row.thing]
        answer = self.by_form(act, thing, cell.role) if cell.edge == FORM else self.by_api(act, thing, cell.role)
        try:
            return self.sign(act, answer)
        finally:
            answer.close()
            self.put_back(cell.role)

    def put_back(self, role: str) -> None:
        self.kept.put_back()
        browser = self.made.world.browsers[role]
        if browser._cookies != self.cookies[role]:
            browser._cookies = dict(self.cookies[role])

    def sign(self, act: Act, answer: TestResponse) -> str:
        """What came of it, by the answer and by what is written now."""
        status, changed = answer.status_code, self.kept.differing(BESIDE)
        if status == 401 or (status in (302, 303) and answer.headers["Location"].startswith("/sign-in")):
            sign = SIGN_IN
        elif status < 400:
            return DONE if changed or act.keeps_nothing else NOTHING
        else:
            sign = {404: NOT_THERE, 422: UNFIT, 400: UNFIT}.get(
                status, REFUSED if status in (403, 409) else str(status)
            )
        return sign if not changed else f"{sign} and wrote {' '.join(sorted(changed))}"

    # --- The two edges ---

    def by_form(
        self, act: Act, thing: Thing, role: str, more: Mapping[str, Any] = MappingProxyType({})
    ) -> TestResponse:
        """Send the form, with what else is typed."""
        assert act.form
        typed = {**self.filled(act.typed or {}, thing), **more, "csrf_token": self.tokens[role]}
        browser = self.made.world.browsers[role]
        path = self.address(self.rules[act.form], thing)
        if act.file:
            content, name = self._file(act), "x.png" if act.file == PICTURE else "sent.csv"
            part = "file" if act.file in FILES else act.file
            return browser.post(path, data={**typed, part: (io.BytesIO(content), name)})
        return browser.post(path, data=urlencode(typed, doseq=True), content_type="application/x-www-form-urlencoded")

    def by_api(self, act: Act, thing: Thing, role: str, headers: dict[str, str] | None = None) -> TestResponse:
        return self.send(act, self.path(act, thing), self.body(act, thing), role, headers)

    def path(self, act: Act, thing: Thing) -> str:
        """The address of the operation."""
        assert act.operation
        return self.address(self.operations[act.operation][1], thing)

    def send(self, act: Act, path: str, body: Any, role: str, headers: dict[str, str] | None = None) -> TestResponse:
        assert act.operation
        method = self.operations[act.operation][0]
        options: dict[str, Any] = {} if body is None else {"json": body}
        if act.asked:
            options["query_string"] = act.asked
        if act.file:
            options = {"query_string": act.asked} if act.asked else {}
            content = encoded(size=(2, 2)) if act.file == PICTURE else FILES.get(act.file, b"")
            content_type = "image/png" if act.file == PICTURE else "application/octet-stream"
            if act.file == pictures.FIELD and method == "POST":
                options["data"] = {pictures.FIELD: (io.BytesIO(content), "x.png")}
            elif act.file in ("companies", "people"):
                options["json"] = body
            else:
                options |= {"data": content, "content_type": content_type}
        own = self.made.world.headers[role] if headers is None else headers
        return self.program.open(path, method=method, headers=own, **options)

    def body(self, act: Act, thing: Thing) -> Any:
        """What the operation is sent; None for one that takes no JSON."""
        assert act.operation
        takes = self.operations[act.operation][2].get("requestBody", {}).get("content", {}).get("application/json")
        if takes is None:
            return None
        return self.filled(takes["example"] if act.sent == EXAMPLE else act.sent, thing)

    def known_fields(self, act: Act) -> set[str]:
        """What the description says that the body may hold."""
        assert act.operation
        content = self.operations[act.operation][2]["requestBody"]["content"]["application/json"]
        return set(resolved(self.document, content["schema"])["properties"])

    def address(self, rule: str, thing: Thing) -> str:
        return re.sub(r"<(?:[^:<>]+:)?(\w+)>|\{(\w+)\}", lambda part: str(thing[part[1] or part[2]]), rule)

    def filled(self, value: Any, thing: Thing) -> Any:
        """The value with each `$word` looked up; a word alone keeps its kind."""
        if isinstance(value, dict):
            return {self.filled(name, thing): self.filled(each, thing) for name, each in value.items()}
        if isinstance(value, list):
            return [self.filled(each, thing) for each in value]
        if value == ONCE:
            return secrets.token_urlsafe(16)
        if isinstance(value, str) and re.fullmatch(r"\$\w+", value):
            return thing[value[1:]]
        if isinstance(value, str):
            return re.sub(r"\$([a-z_]+)", lambda part: str(thing[part[1]]), value)
        return value

    def _file(self, act: Act) -> bytes:
        return encoded(size=(2, 2)) if act.file == PICTURE else FILES[act.file]


def all_cells(walk: Walk, asked: Iterable[Row]) -> Iterator[Cell]:
    """Every question that the table answers."""
    for row in asked:
        for edge in walk.edges(walk.acts[row.act]):
            for role in COLUMNS:
                yield Cell(row, role, edge)


def telling_cells(walk: Walk, asked: Iterable[Row], turn: int) -> Iterator[Cell]:
    """Of each row what tells most, at one of its edges: who may with the least rights, who may not with the most.

    The other turn asks at the other edge.
    """
    for number, row in enumerate(asked):
        edges = walk.edges(walk.acts[row.act])
        edge = edges[(number + turn) % len(edges)]
        cells = [Cell(row, role, edge) for role in COLUMNS]
        done = [cell for cell in cells if cell.wanted == DONE][:1]
        others = [cell for cell in cells if cell.wanted in (REFUSED, NOT_THERE)][-1:]
        yield from (*done, *others)


def walked(walk: Walk, cells: Iterable[Cell]) -> Walked:
    """Ask all of these."""
    found = Walked()
    for cell in cells:
        wanted, came = cell.wanted, walk.ask(cell)
        found.asked += 1
        # a form may lead to where one goes on, and say there why it was not done
        if came != wanted and (cell.edge, wanted, came) != (FORM, REFUSED, NOTHING):
            found.breaches.append(f"{cell}: “{came}” where the table says “{wanted}”")
    return found


# --- Which writes there are ---


def without_a_row(walk: Walk) -> list[str]:
    """Forms and operations that write and that no act does nor a reason excuses; and what is named and not there."""
    there = {endpoint for endpoint, rule in walk.rules.items() if not rule.startswith("/api/")}
    there |= {name for name, (method, _path, _operation) in walk.operations.items() if method != "GET"}
    named = {name for act in ACTS for name in (act.form, act.operation) if name} | set(WITHOUT_A_ROW)
    acts = {act.name for act in ACTS} ^ {row.act for row in rows()}
    return sorted((there ^ named) | acts)


# --- Keys that may not ---


def weak_keys(made: Things) -> dict[str, dict[str, str]]:
    """What is sent with a key of an administrator that may only read, and with one that stands in public."""
    garden = db.session.scalars(sa.select(Board).where(Board.slug == "garden")).one()
    garden.embed_sites = [SITE]
    admin = db.session.get_one(User, made.world.people["admin"])
    return {
        "for reading": bearer(admin, api.READ),
        "publishable": {"Authorization": f"Bearer {key_of(garden)}", "Origin": SITE},
    }


def let_through_by_weak_keys(walk: Walk) -> list[str]:
    """Operations of the table that do not refuse such a key, or write."""
    found = []
    for act in ACTS:
        if act.operation is None:
            continue
        thing = walk.made.of[next(row.thing for row in rows() if row.act == act.name)]
        for kind, headers in walk.weak.items():
            with walk.by_api(act, thing, "admin", headers) as answer:
                status = answer.status_code
            if not 400 <= status < 500 or walk.kept.differing(BESIDE):
                found.append(f"{act.operation} with a key that is {kind}: {status}")
            walk.kept.put_back()
    return found
