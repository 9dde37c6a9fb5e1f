"""The product that is held against the model: asked by keys and browsers, as programs and people ask it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from ideas import api
from ideas.accounts import keys
from ideas.accounts import people as accounts
from ideas.accounts.models import ApiKey, SiteRole, User
from ideas.boards.models import BoardRole
from ideas.db import db, unit_of_work
from ideas.ledger.models import Delivery
from ideas.outbox import OutboxEntry
from ideas.settings import rooms
from tests.accounts.arranging import enter
from tests.boards.arranging import announce
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory, UserFactory, team_member
from tests.model.model import MOVES, Answer, Comment, Idea, Key, Model, Person, Refused, Told

PUBLIC, PRIVATE = "garden", "council"
WHY = "We decided it together with everybody who asked for it, and this is why."
COOKIE = "session"


@dataclass
class World:
    """The site as each story finds it: the ids and secrets by which the model's people, ideas and keys go there."""

    people: dict[str, int] = field(default_factory=dict)
    ideas: list[int] = field(default_factory=list)
    keys: dict[str, tuple[int, str]] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)


def people() -> list[Person]:
    """Two who run the site, two teams, and three who take part: one of them reads the public board alone."""
    return [
        Person("Ada", is_admin=True),
        Person("Abe", is_admin=True),
        Person("Petra", team_of=PUBLIC),
        Person("Tom", team_of=PRIVATE),
        Person("Ana", may_read=PRIVATE),
        Person("Ben", may_read=PRIVATE),
        Person("Cleo"),
    ]


def ideas(by: list[Person]) -> list[Idea]:
    petra, tom, ana, ben, cleo = by[2:]
    return [Idea(PUBLIC, author) for author in (ana, ben, cleo, petra)] + [Idea(PRIVATE, each) for each in (ana, tom)]


def make(app: Flask) -> World:
    """The same in the database, each with a key that may everything and a browser in which they are signed in."""
    world = World()
    boards: dict[str, Any] = {PUBLIC: BoardFactory(slug=PUBLIC), PRIVATE: BoardFactory(slug=PRIVATE, private=True)}
    rows: dict[str, Any] = {}
    for person in people():
        who = {"name": person.name, "email": f"{person.name.lower()}@example.test"}
        if person.team_of:
            rows[person.name] = team_member(boards[person.team_of], **who)
        else:
            rows[person.name] = UserFactory(**who)
        if person.may_read:
            MembershipFactory(board=boards[person.may_read], user=rows[person.name], role=BoardRole.MEMBER)
    for number, idea in enumerate(ideas(people())):
        row: Any = IdeaFactory(board=boards[idea.board], author=rows[idea.author.name], title=f"Wish {number}")
        world.ideas.append(row.id)
    db.session.commit()
    with unit_of_work():
        for person in people():
            if person.is_admin:
                accounts.set_role(None, db.session.get_one(User, rows[person.name].id), SiteRole.ADMIN)
    for name, row in rows.items():
        world.people[name] = row.id
        with unit_of_work():
            token = keys.make(db.session.get_one(User, row.id), "first", api.SCOPES)
        key_id = db.session.scalars(sa.select(ApiKey.id).where(ApiKey.user_id == row.id)).one()
        world.keys[name] = key_id, token
        browser = app.test_client()
        enter(browser, db.session.get_one(User, row.id))
        cookie = browser.get_cookie(COOKIE)
        assert cookie is not None
        world.cookies[name] = cookie.value
    return world


def same(what: str, wanted: Any, found: Any) -> None:
    assert found == wanted, f"{what}: {wanted} is promised, and {found} is found"


class Site:
    """What the model's acts are in HTTP. Each gives what was answered, or raises Refused with the answer's code."""

    def __init__(self, app: Flask, world: World, model: Model) -> None:
        self.app = app
        self.programs = app.test_client(use_cookies=False)
        self.browsers: dict[Person, FlaskClient] = {}
        self.said = 0
        # what the model has → its id here; of keys also the secret
        self.ids: dict[Any, int] = {person: world.people[person.name] for person in model.people}
        self.ids |= zip(model.ideas, world.ideas, strict=True)
        self.secrets: dict[Key, str] = {}
        for key in model.keys:
            self.ids[key], self.secrets[key] = world.keys[key.of.name]
        for person in model.people:
            self.browsers[person] = app.test_client()
            self.browsers[person].set_cookie(COOKIE, world.cookies[person.name])

    # --- Asking ---

    def ask(self, key: Key | None, method: str, path: str, body: Any = None) -> Any:
        headers = {} if key is None else {"Authorization": f"Bearer {self.secrets[key]}"}
        answer = self.programs.open(f"/api/v1/{path}", method=method, headers=headers, json=body)
        assert answer.status_code < 500, answer.text
        if answer.status_code >= 400:
            raise Refused(answer.get_json(force=True)["code"])
        return answer.get_json() if answer.data else None

    def press(self, person: Person, path: str, **form: Any) -> TestResponse:
        """A button in somebody's browser."""
        answer = self.browsers[person].post(path, data=form)
        assert answer.status_code < 500, answer.text
        if answer.status_code == 303 and "/sign-in" in answer.headers["Location"]:
            raise Refused("sign-in-needed")
        return answer

    def page(self, person: Person | None, path: str) -> TestResponse:
        browser = self.app.test_client() if person is None else self.browsers[person]
        return browser.get(path)

    def words(self, about: str) -> str:
        """Words that nobody said before."""
        self.said += 1
        return f"{about} {self.said}"

    # --- Acts ---

    def post(self, key: Key, board: str) -> int:
        made = self.ask(key, "POST", "ideas", {"board": board, "title": self.words("Wish"), "body": ""})
        return int(made["id"])

    def vote(self, key: Key, idea: Idea, *, on: bool) -> int:
        said = self.ask(key, "PUT" if on else "DELETE", f"ideas/{self.ids[idea]}/vote")
        assert (said["idea_id"], said["voted"]) == (self.ids[idea], on)
        return int(said["vote_count"])

    def press_vote(self, person: Person, idea: Idea, root: Idea, *, on: bool) -> None:
        """Whoever wants to vote for a part is led to the whole."""
        answer = self.press(person, f"/ideas/{self.ids[idea]}/vote", on="1" if on else "0")
        if answer.status_code != 303:
            codes = {403: "suspended", 404: "not-found", 409: "voting-closed"}
            raise Refused(codes.get(answer.status_code, answer.status))
        found = re.match(r"/ideas/(\d+)", answer.headers["Location"])
        same("where the page leads", self.ids[root], found and int(found[1]))
        if root is not idea:
            raise Refused("merged")

    def follow(self, key: Key, idea: Idea) -> None:
        self.ask(key, "PUT", f"ideas/{self.ids[idea]}/follow")

    def comment(self, key: Key, idea: Idea, official: bool, reply_to: Comment | None) -> int:
        body = {"body": self.words("So I say."), "official": official}
        parent = {} if reply_to is None else {"parent_id": self.ids[reply_to]}
        return int(self.ask(key, "POST", f"ideas/{self.ids[idea]}/comments", body | parent)["id"])

    def delete(self, key: Key, comment: Comment) -> None:
        self.ask(key, "DELETE", f"comments/{self.ids[comment]}")

    def answer(self, key: Key, idea: Idea, stage: str, credits: list[dict[str, Any]]) -> int:
        body = {"status": stage, "reason": MOVES[stage][0], "text": WHY, "credits": credits}
        return int(self.ask(key, "POST", f"ideas/{self.ids[idea]}/answers", body)["id"])

    def undo(self, key: Key, given: Answer) -> None:
        self.ask(key, "POST", f"answers/{self.ids[given]}/undo")

    def merge(self, key: Key, idea: Idea, into: Idea) -> None:
        self.ask(key, "POST", f"ideas/{self.ids[idea]}/merge", {"into": self.ids[into], "text": WHY})

    def unmerge(self, key: Key, idea: Idea) -> None:
        self.ask(key, "POST", f"ideas/{self.ids[idea]}/unmerge", {"text": WHY})

    def block(self, key: Key, whom: Person, *, on: bool) -> None:
        path = f"people/{self.ids[whom]}/suspension"
        if on:
            self.ask(key, "PUT", path, {"reason": "They shout at everybody."})
        else:
            self.ask(key, "DELETE", path)

    def make_key(self, key: Key) -> tuple[int, str]:
        made = self.ask(key, "POST", "me/keys", {"name": "further", "scopes": list(api.SCOPES), "days": None})
        return int(made["id"]), made["key"]

    def make_key_in_browser(self, person: Person) -> tuple[int, str]:
        answer = self.press(person, "/profile/keys", name="own", scopes=list(api.SCOPES), days="0")
        if answer.status_code != 201:
            assert answer.status_code == 403, answer.text
            raise Refused("not-allowed")
        token = re.search(keys.PREFIX + r"[\w-]{20,}", answer.text)
        assert token, answer.text
        newest = sa.select(ApiKey.id).where(ApiKey.user_id == self.ids[person]).order_by(ApiKey.id.desc())
        key_id = db.session.scalars(newest).first()
        assert key_id is not None
        return key_id, token[0]

    def revoke(self, key: Key, which: Key) -> None:
        self.ask(key, "DELETE", f"me/keys/{self.ids[which]}")

    def sign_in(self, person: Person) -> None:
        self.browsers[person] = self.app.test_client()
        enter(self.browsers[person], db.session.get_one(User, self.ids[person]))

    def announce(self) -> None:
        announce()

    # --- What is to be seen ---

    def look(self, model: Model, reader: Person | None, key: Key | None) -> None:
        """What everybody sees in the lists and on one idea, and which ideas are backed by whoever asks."""
        for board in (PUBLIC, PRIVATE):
            here = [idea for idea in model.ideas if idea.board == board and idea.into is None]
            if not model.sees(reader, here[0]):
                assert self._code(key, f"ideas?board={board}") == "not-found"
                continue
            shown = {row["id"]: row for row in self.ask(key, "GET", f"ideas?board={board}&limit=100")["data"]}
            same("what is listed", sorted(self.ids[idea] for idea in here), sorted(shown))
            for idea in here:
                self._compare(model, idea, shown[self.ids[idea]])
        if reader is None:
            return
        numbers = ",".join(str(self.ids[idea]) for idea in model.ideas)
        backed = {self.ids[idea] for idea in model.ideas if reader in self._backers(model, idea)}
        same("which ideas they back", sorted(backed), self.ask(key, "GET", f"me/votes?ideas={numbers}")["data"])

    def _backers(self, model: Model, idea: Idea) -> set[Person]:
        return idea.votes if idea.into else model.backers(idea)

    def _code(self, key: Key | None, path: str) -> str:
        try:
            self.ask(key, "GET", path)
        except Refused as refused:
            return refused.code
        return ""

    def _compare(self, model: Model, idea: Idea, row: dict[str, Any]) -> None:
        given = idea.answers[-1] if idea.answers else None
        root = None if idea.into is None else self.ids[model.root(idea)]
        wanted = {
            "vote_count": len(model.backers(idea)),
            "comment_count": len(model.readable(idea)),
            "stage": idea.stage,
            "answer": given and (self.ids[given], given.news not in model.waiting),
            "merged_into": root,
        }
        answer = row["answer"]
        found = {
            **{name: row[name] for name in ("vote_count", "comment_count", "merged_into")},
            "stage": row["status"]["stage"],
            "answer": answer and (answer["id"], answer["announced_at"] is not None),
        }
        same(f"idea {row['id']}", wanted, found)

    def look_at(self, model: Model, idea: Idea, reader: Person | None, key: Key | None) -> None:
        """One idea with what is said on it, and where its page leads."""
        path = f"ideas/{self.ids[idea]}"
        if not model.sees(reader, idea):
            assert self._code(key, path) == self._code(key, f"{path}/comments") == "not-found"
            return
        row = self.ask(key, "GET", path)
        self._compare(model, idea, row)
        threads = self.ask(key, "GET", f"{path}/comments?limit=100")["data"]
        said = [each for thread in threads for each in (thread, *thread["replies"])]
        shown = {each["id"]: (each["author"]["id"], each["official"]) for each in said if not each["deleted"]}
        readable = {self.ids[each]: (self.ids[each.by], each.official) for each in model.readable(idea)}
        same("what is said", readable, shown)
        assert all(each["author"] is None and not each["body"] for each in said if each["deleted"])

    def look_at_page(self, model: Model, idea: Idea) -> None:
        """To whoever reads the public board: the page of the idea with its parts, or the way to where it went."""
        answer = self.page(None, f"/ideas/{self.ids[idea]}")
        if not model.sees(None, idea):
            assert answer.status_code == 404
            return
        assert answer.status_code == 301
        root = model.root(idea)
        where = answer.headers["Location"]
        assert where.startswith(f"/ideas/{self.ids[root]}-"), "where the page leads"
        if idea.into is not None:
            assert where.endswith(f"#merged-{self.ids[idea]}")
            return
        text = self.page(None, where).text
        for each in model.ideas:
            is_part = each is not idea and model.root(each) is idea
            assert (f'id="merged-{self.ids[each]}"' in text) == is_part, "which ideas are part of it"

    # --- Who was told ---

    def look_at_ledger(self, model: Model) -> None:
        """Whoever is owed word has one line for each channel, and nobody else has any."""
        db.session.rollback()
        wanted = Counter(self._line(told) for told in model.told)
        rows = db.session.execute(
            sa.select(
                *(Delivery.channel, Delivery.user_id, Delivery.news, OutboxEntry.subject),
                *(Delivery.state, Delivery.reason),
            ).join(OutboxEntry, OutboxEntry.id == Delivery.entry_id)
        ).all()
        for channel, state in (("inbox", "sent"), ("email", "pending")):
            found = Counter(
                (row.user_id, row.news, row.subject, "told" if row.state == state else row.reason)
                for row in rows
                if row.channel == channel
            )
            same(f"who was told by {channel}", wanted, found)
        waiting = sa.select(sa.func.count()).where(
            OutboxEntry.fanned_out_at.is_(None), OutboxEntry.cancelled_at.is_(None)
        )
        same("how much waits to be told", len(model.waiting), db.session.scalar(waiting))
        db.session.rollback()

    def _line(self, told: Told) -> tuple[int, str, str, str]:
        return self.ids[told.person], told.kind, f"idea:{self.ids[told.news.about]}", told.fate

    def look_at_inbox(self, model: Model, key: Key) -> None:
        mine = [told for told in model.told if told.person is key.of and told.stands_in_inbox]
        shown = self.ask(key, "GET", "me/inbox?limit=100")["data"]
        assert len(mine) <= 100
        wanted = Counter((told.kind, f"idea:{self.ids[told.news.about]}") for told in mine)
        same("what stands in the inbox", wanted, Counter((each["news"], each["subject"]) for each in shown))

    def breaches(self) -> list[str]:
        """What `ideas doctor` would say."""
        db.session.rollback()
        found = [f"{each.invariant}: {each.what} {each.where}" for check in rooms().checks.values() for each in check()]
        db.session.rollback()
        return found
