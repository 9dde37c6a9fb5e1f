"""Payloads in every word of the database, and the pages and mails that say them, to be opened in a real browser.

Words are planted in the tables and not through forms: whatever a page once let in, no page may run it. HTML that is
kept beside a text is made by the product's own renderer. No column is listed, so a new one is planted too.
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Route

from ideas import markup
from ideas.boards.models import Comment, Idea, Tag
from ideas.db import Base, db, unit_of_work
from ideas.ledger import worker
from tests.factories import BoardFactory, CommentFactory, CompanyFactory, IdeaFactory, TagFactory, UserFactory
from tests.safety import forgetting
from tests.safety.crawling import addresses
from tests.safety.world import World

SITE = "http://localhost"
AT_ONCE = 12  # pages in frames of one page
ROWS = 20  # of what lists show; so many payloads are on them at once
# Words that lead somewhere or decide something: the site would be another with others in them.
STEERING = {"user.email", "ticket.details", "unfinished_act.details", "idempotency_key.answer", "letter.recipient"}
STEERING |= {"board_term.term", "idea_term.term", "term_slip.term", "term_slip.slip", "answer_version.credits"}
STEERING |= {"invitation.email", "imported_person.source_id", "letter.html", "picture.name"}
ALSO = {"board.name", "status.name", "tag.name", "company.name", "api_key.name"}
ROLES = ("visitor", "author", "team", "admin")

LOOKS = """
window.hit = () => console.log("HIT " + location.href);
window.alert = window.confirm = window.prompt = window.print = window.hit;
"""

# What would run at a click or a touch, besides what ran by itself.
SUSPECTS = r"""
() => [...document.querySelectorAll("*")].flatMap(element => [...element.attributes].flatMap(({name, value}) => {
  const scheme = value.replace(/[\s\u0000-\u001f]/g, "").toLowerCase();
  const runs = /^on/i.test(name) || name === "srcdoc"
    || (/^(href|src|action|formaction|data|xlink:href|content)$/i.test(name)
        && /^(\d*;?url=)?['"]?(javascript|vbscript|data:text)/.test(scheme));
  return runs ? [element.outerHTML.slice(0, 160)] : [];
})).concat([...document.scripts].filter(each => !each.src && each.type !== "application/ld+json")
  .map(each => each.outerHTML.slice(0, 160)))
"""


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


def plant(payloads: Sequence[str], shift: int) -> int:
    """Put payloads into every row of every word, beginning with the one at `shift`; how many words that were."""
    count = 0
    with unit_of_work():
        for table in Base.metadata.sorted_tables:
            words = [each for each in table.columns if _is_said(table.name, each)]
            key = list(table.primary_key.columns)
            if not words or len(key) != 1:
                continue
            ids = list(db.session.execute(sa.select(key[0]).order_by(key[0].desc())).scalars())
            for place, row_id in enumerate(ids[: 3 * ROWS]):
                payload = payloads[(shift + place) % len(payloads)]
                # a name that must be nobody else's has a number before it
                values = {each.name: _fitting(each, f"{row_id}{payload}" if each.unique else payload) for each in words}
                db.session.execute(sa.update(table).where(key[0] == row_id).values(values))
                count += len(values)
    return count


def _is_said(table: str, column: sa.Column[Any]) -> bool:
    name = f"{table}.{column.name}"
    if name in STEERING or not isinstance(column.type, sa.String | sa.JSON):
        return False
    return name in forgetting.CANARIES or name in ALSO


def _fitting(column: sa.Column[Any], payload: str) -> Any:
    if isinstance(column.type, sa.JSON):
        return {"reason": payload, payload[:40]: payload}
    if column.name.endswith("_html"):
        return markup.render(payload)
    longest = column.type.length if isinstance(column.type, sa.String) else None
    return payload[:longest] if longest else payload


@dataclass(frozen=True)
class Page:
    """What a browser is shown. where: for people."""

    where: str
    content: str


def pages(
    app: Flask, world: World, payloads: Sequence[str], *, roles: Sequence[str] = ROLES, most: int = 4
) -> Iterator[Page]:
    """Every page for each role, then what says back what was asked, then the mails."""
    world.parts["idea_id"] = [1, *db.session.scalars(sa.select(Idea.id).order_by(Idea.id.desc()).limit(3))]
    world.parts["comment_id"] = list(db.session.scalars(sa.select(Comment.id).order_by(Comment.id.desc()).limit(2)))
    world.parts["slug"] = ["crowd", "garden"]
    world.parts["tag_id"] = list(db.session.scalars(sa.select(Tag.id).limit(1)))
    world.parts["person_id"] = world.parts["person_id"][:2]
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in (rule.methods or ()) or rule.rule.startswith(("/static", "/pictures")):
            continue
        for path in list(addresses(rule, world, "POST"))[:most]:
            for role in roles:
                answer = world.browsers[role].get(path)
                if answer.mimetype == "text/html" and answer.status_code != 404:
                    yield Page(f"{role} {path}", answer.text)
    for payload in payloads:
        yield from _echoes(world, payload)
    yield from _mails(app)


def _echoes(world: World, payload: str) -> Iterator[Page]:
    """What says back what was asked or typed."""
    browser = world.browsers["admin"]
    for path in ("/boards/garden", "/manage/people", "/manage/audit"):
        yield Page(f"{path}?q={payload}", browser.get(path, query_string={"q": payload, "actor": payload}).text)
    typed = {"title": payload, "body": payload, "name": payload, "email": payload, "text": payload, "next": payload}
    for path in ("/boards/garden/new", "/manage/companies", "/sign-in", "/ideas/1/comments", f"/{payload[:60]}"):
        answer = browser.post(path, data={**typed, "title": f"{payload}{'x' * 200}"})
        if answer.mimetype == "text/html":
            yield Page(f"POST {path} {payload}", answer.text)


def _mails(app: Flask) -> Iterator[Page]:
    worker.run_once(app)
    folder = Path(app.config["ANSWERBACK"].mail_url.removeprefix("folder:"))
    for file in sorted(folder.glob("*.eml")):
        message: Any = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = message.get_body(("html",))
        if body is not None:
            yield Page(f"mail {message['Subject']}", body.get_content())
        file.unlink()


class Watching:
    """A browser without the content policy, which notes every script that runs though it is not ours."""

    def __init__(self, app: Flask, browser: Browser) -> None:
        self.app = app
        self.client = app.test_client()
        self.shown: dict[str, Page] = {}
        self.found: list[str] = []
        self.context: BrowserContext = browser.new_context()
        self.context.add_init_script(LOOKS)
        self.context.on("console", self._note)
        self.context.on("dialog", lambda dialog: dialog.dismiss())
        self.context.route("**/*", self._answer)
        self.page = self.context.new_page()

    def look_at(self, shown: Sequence[Page]) -> None:
        """Open these pages in frames of one page, all at once."""
        self.shown = {f"/made/{number}": page for number, page in enumerate(shown)}
        frames = "".join(f"<iframe src='{path}'></iframe>" for path in self.shown)
        self.shown["/frames"] = Page("frames", f"<!doctype html><title>x</title>{frames}")
        self.page.goto(f"{SITE}/frames", wait_until="load")
        self.page.wait_for_timeout(60)  # what runs by itself runs by then
        for frame in self.page.frames[1:]:
            path = re.sub(r"^\w+://[^/]+", "", frame.url)
            where = self.shown[path].where if path in self.shown else frame.url
            if path not in self.shown and frame.parent_frame is not self.page.main_frame:
                self.found.append(f"a frame within a page: {frame.url}")
                continue
            self.found += [f"{where}: {suspect}" for suspect in frame.evaluate(SUSPECTS)]

    def _note(self, message: ConsoleMessage) -> None:
        if message.text.startswith("HIT "):
            path = re.sub(r"^HIT \w+://[^/]+", "", message.text)
            self.found.append(f"{self.shown[path].where if path in self.shown else path}: ran")

    def _answer(self, route: Route) -> None:
        path = re.sub(r"^\w+://[^/]+", "", route.request.url)
        if path in self.shown:
            route.fulfill(body=self.shown[path].content, content_type="text/html; charset=utf-8")
        elif path.startswith("/static/") and route.request.url.startswith(SITE):
            with self.client.get(path) as answer:
                route.fulfill(body=answer.get_data(), content_type=answer.content_type)
        else:
            route.fulfill(status=404, body="")
