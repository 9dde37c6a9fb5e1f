"""Goes to every address of the site as everybody, and says which private words stand where they must not."""

from __future__ import annotations

import email
import email.policy
import io
import itertools
import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.routing import Rule
from werkzeug.wrappers import Response

from ideas.accounts.models import User
from ideas.db import db
from tests.accounts.arranging import enter
from tests.safety import policy_table
from tests.safety.world import Token, World

NEVER_KEPT = {kind for kind, who in policy_table.KINDS.items() if who != policy_table.EVERYBODY}  # by shared caches
UNSAFE = ("POST", "PUT", "PATCH", "DELETE")
MOST_ADDRESSES = 12  # of one rule; more would show no more
# Each list is also asked for what it might find: half a word, so that the question echoed back is no sighting.
QUESTIONS = ("", "?q={half}", "?sort=new&q=wish", "?author=me", "?cursor=nonsense", "?board={slug}&title={half}")
TOMBSTONES = (("/ideas", ""), ("/ideas", "-x"), ("/ideas", "/history"), ("/api/v1/ideas", ""))
ENDS_SIGN_IN = {"accounts.sign_out", "accounts.erase_oneself"}


@dataclass
class Crawl:
    """What was seen: sentences about leaks, and how much was asked."""

    leaks: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    asked: int = 0
    mails: int = 0
    sightings: int = 0  # of private words where they may be: the crawl does see something


def without_a_row(app: Flask) -> list[str]:
    """Endpoints that the policy table does not know, and rows of it that are no endpoint."""
    return sorted({rule.endpoint for rule in app.url_map.iter_rules()} ^ set(policy_table.ROUTES))


def crawl(app: Flask, world: World, *, methods: Sequence[str] = ("GET", *UNSAFE)) -> Crawl:
    """Every rule of the map, for every role, least privileged first: what they may change shows others no more."""
    seen = Crawl()
    rules = sorted(app.url_map.iter_rules(), key=lambda rule: (rule.endpoint in ENDS_SIGN_IN, rule.rule))
    for method in methods:
        for role in policy_table.ROLES:
            for rule in rules:
                if method in (rule.methods or ()):
                    for path in addresses(rule, world, method):
                        ask(app, world, seen, role, rule.endpoint, method, path)
            if method == "GET":
                for path in policy_table.OUTSIDE:
                    ask(app, world, seen, role, None, method, path)
    return seen


def crawl_one(app: Flask, world: World, endpoint: str, path: str) -> Crawl:
    """One page alone, for every role."""
    seen = Crawl()
    for role in policy_table.ROLES:
        ask(app, world, seen, role, endpoint, "GET", path)
    return seen


def addresses(rule: Rule, world: World, method: str) -> Iterator[str]:
    """The rule with every value of its parts, up to MOST_ADDRESSES; lists also with questions."""
    names = re.findall(r"<(?:[^:<>]+:)?(\w+)>", rule.rule)
    if "release_id" in names and "slug" in names:
        yield from world.parts["release_path"]
        return
    if "idea" in rule.endpoint and "slug" in names and "idea_id" in names:
        choices: list[list[Any]] = [["x"] if name == "slug" else world.parts[name] for name in names]
    else:
        choices = [world.parts.get(name, [1]) for name in names]
    for values in itertools.islice(itertools.product(*choices), MOST_ADDRESSES):
        path = rule.rule
        for value in values:
            path = re.sub(r"<[^<>]+>", str(value), path, count=1)
        yield path
    if method == "GET" and not names:
        half = next(token.word for token in world.tokens if token.kind == "private board")[:-2]
        slug = world.parts["slug"][-1]
        for question in QUESTIONS[1:]:
            yield rule.rule + question.format(half=half, slug=slug[:6])


def ask(app: Flask, world: World, seen: Crawl, role: str, endpoint: str | None, method: str, path: str) -> None:
    """One request of that role, and what it must not see there."""
    is_api = path.startswith("/api/")
    headers = world.headers[role] if is_api else {}
    options: dict[str, Any] = {"json": {}} if is_api and method in ("POST", "PATCH") else {}
    client = world.browsers[role] if not is_api else app.test_client()
    with client.open(path, method=method, headers=headers, **options) as answer:
        judge(world, seen, role, endpoint, method, path, answer)
    if method != "GET" and not is_api and role != "visitor":
        _come_back(world, role)


def judge(world: World, seen: Crawl, role: str, endpoint: str | None, method: str, path: str, answer: Response) -> None:
    """What that role must not see in an answer that it got."""
    # what was asked for tells nobody anything: pages name their own address, problems the path
    text = text_of(answer).replace(path.partition("?")[0].casefold(), "")
    seen.asked += 1
    if answer.status_code >= 500 and answer.status_code != 503:
        seen.errors.append(f"{role} {method} {path} is answered {answer.status_code}")
    shown = policy_table.ROUTES.get(endpoint or "", policy_table.NOTHING)
    if endpoint in policy_table.BY_LINK:
        text = text.replace(_address_of(world, "admin"), "")
    _look(world, seen, role, f"{method} {path}", text, shown)


def _address_of(world: World, role: str) -> str:
    return next(token.word for token in world.tokens if token.kind == "own address" and token.owner == role)


def _come_back(world: World, role: str) -> None:
    """Sign in again where the last act ended it."""
    client = world.browsers[role]
    with client.session_transaction() as cookie:
        is_in = "_user_id" in cookie
    if not is_in:
        enter(client, db.session.get_one(User, world.people[role]))


def text_of(answer: Response) -> str:
    """All that an answer says: its headers, its body, and what is packed in it."""
    content = answer.get_data()
    if answer.mimetype == "application/zip":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            content = b"\n".join(archive.read(name) for name in archive.namelist())
    # the reader's own cookie is nobody else's secret
    headers = "\n".join(f"{name}: {value}" for name, value in answer.headers if name != "Set-Cookie")
    return f"{headers}\n{content.decode('utf-8', 'replace')}".casefold()


def may_see(token: Token, role: str, shown: Iterable[str]) -> bool:
    """Does the policy table let that role read that word there."""
    is_own = token.owner == role
    return token.kind in shown and (is_own or role in policy_table.KINDS[token.kind])


def _look(world: World, seen: Crawl, role: str, where: str, text: str, shown: set[str]) -> None:
    for token in world.tokens:
        if token.word.casefold() not in text:
            continue
        if may_see(token, role, shown):
            seen.sightings += 1
        else:
            whose = f" of {token.owner}" if token.owner else ""
            seen.leaks.append(f"{role} reads {token.kind}{whose} ({token.word}) at {where}")


def read_mail(world: World, seen: Crawl, folder: Path) -> None:
    """Every message that left, held against what its reader may see."""
    roles = {f"{token.word}@example.test": "invited" for token in world.tokens if token.kind == "invited address"}
    for role, person_id in world.people.items():
        person = db.session.get(User, person_id)
        if person is not None and person.email:
            roles[person.email] = role
    for file in sorted(folder.glob("*.eml")):
        message: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        parts = [str(part.get_content()) for part in message.walk() if part.get_content_maintype() == "text"]
        text = "\n".join([*(f"{name}: {value}" for name, value in message.items()), *parts]).casefold()
        role = roles.get(str(message["To"].addresses[0].addr_spec), "visitor")
        seen.mails += 1
        _look(world, seen, role, f"mail “{message['Subject']}”", text, policy_table.IN_MESSAGES)


def differing_refusals(app: Flask, world: World) -> list[str]:
    """Where what one may not see is answered otherwise than what is not there."""
    found = []
    for role, ideas in world.unseen.items():
        for rule in app.url_map.iter_rules():
            if "idea_id" not in rule.arguments or rule.arguments - {"idea_id", "slug"}:
                continue
            for method in sorted((rule.methods or set()) & {"GET", *UNSAFE}):
                answers = []
                for idea_id in (*ideas, 999_999):
                    path = re.sub(r"<[^<>]*idea_id>", str(idea_id), rule.rule).replace("<slug>", "x")
                    options: dict[str, Any] = {"json": {}} if path.startswith("/api/") and method == "POST" else {}
                    headers = world.headers[role] if path.startswith("/api/") else {}
                    client = app.test_client() if path.startswith("/api/") else world.browsers[role]
                    answer = client.open(path, method=method, headers=headers, **options)
                    answers.append((answer.status_code, _comparable(answer.get_data(as_text=True), idea_id)))
                if len(set(answers)) > 1:
                    found.append(f"{role} {method} {rule.rule}: {[status for status, _text in answers]}")
    return found


def without_tombstone(app: Flask, world: World) -> list[str]:
    """Reads of what the team hid, on boards one sees, that do not say so."""
    found = []
    for role, ideas in world.hidden.items():
        for path in (f"{start}/{idea_id}{end}" for idea_id in ideas for start, end in TOMBSTONES):
            is_api = path.startswith("/api/")
            client = app.test_client() if is_api else world.browsers[role]
            answer = client.get(path, headers=world.headers[role] if is_api else {})
            if answer.status_code != 404 or "hidden by the team" not in answer.text:
                found.append(f"{role} GET {path}: {answer.status_code}")
    return found


def _comparable(text: str, idea_id: int) -> str:
    return re.sub(rf"(?<=/){idea_id}(?!\d)", "N", steady(text))


def steady(text: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'name="(csrf_token|once|act)"[^>]*? value="[^"]*"|"request_id": ?"[^"]*"|[?&]next=[^"&]*', "", text)
