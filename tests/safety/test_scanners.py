"""Programs that open every link of a mail before its reader does use none of them up and change nothing at all."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import sqlalchemy as sa
from werkzeug.exceptions import MethodNotAllowed

from ideas.accounts import inviting
from ideas.accounts.models import SiteRole, User
from ideas.boards import boardkeeping, merging, queries
from ideas.boards.models import Idea
from ideas.db import db, unit_of_work
from ideas.ledger import worker
from tests.accounts.arranging import PASSWORD, enter
from tests.safety import crawling, world

TIMES = 100
FEWER = 20  # by those of whom it shows no more
NOTED = {"api_moving.export"}  # what was taken along is written down
PLAIN = 2  # to others of the same kind, and to pages that a link leads to without a secret in it

# The pages behind links with a secret: what is written to people leads to each of them.
SECRET = {
    "ledger.notifications_by_link",
    "accounts.link",
    "accounts.verify",
    "accounts.reset",
    "manage.invitation",
    "accounts.accept_role",
    "ledger.unsubscribe_page",
}
LINK = re.compile(r"https?://[^\s\"'<>]+")


@pytest.fixture
def made(app):
    """Everything that happens on a site, and every mail about it on its way."""
    made = world.make(app)
    worker.run_once(app)  # the answers are announced: what is about to be is not merged
    person = db.session.get_one(User, made.people["author"])
    admin = db.session.get_one(User, made.people["admin"])
    asked = made.browsers["asked"] = app.test_client()
    asked.post("/sign-in/link", data={"email": person.email})
    asked.post("/reset", data={"email": person.email})
    for email in (person.email, "new@example.test"):
        asked.post("/sign-up", data={"email": email, "name": "New", "password": PASSWORD})
    with unit_of_work():
        board = queries.get_board(admin, "garden")
        boardkeeping.invite(admin, board.board, email="olga@example.test")
        inviting.invite(admin, email="olga@example.test", role=SiteRole.TEAM)
        shed, tower = db.session.scalars(
            sa.select(Idea.id).where(
                Idea.board_id == board.board.id, Idea.title.in_(["A shed for bicycles", "A tower"])
            )
        )
        into, on = queries.get_idea(admin, shed), queries.get_idea(admin, tower)
        merging.merge(admin, on, into, text="Both are about where bicycles stand.")
    for _turn in range(3):
        worker.run_once(app)
    return made


def dump():
    """Every row of every table, but for when somebody was here last."""
    db.session.rollback()
    # now and then, that somebody was here; and where in the feed stands what happened before they asked
    noted = {"user_session.last_seen_at", "api_key.last_used_at", "private_feed.last_used_at", "change.place"}
    found = {}
    for table in db.metadata.sorted_tables:
        columns = [column for column in table.columns if f"{table.name}.{column.name}" not in noted]
        found[table.name] = sorted(map(repr, db.session.execute(sa.select(*columns)).all()))
    return found


def different(before, after):
    return {name: set(before[name]) ^ set(after[name]) for name in before if before[name] != after[name]}


def links_in(mails):
    """The path of every link, in words, markup and headers."""
    found = set()
    for mail in mails:
        parts = [str(part.get_content()) for part in mail.walk() if part.get_content_maintype() == "text"]
        for url in LINK.findall("\n".join([*parts, str(mail["List-Unsubscribe"])])):
            at = urlsplit(url.rstrip(".,;:)"))
            if at.netloc == "localhost":
                found.add(f"{at.path or '/'}?{at.query}" if at.query else at.path or "/")
    return sorted(found)


def page_of(app, path):
    """The endpoint that answers there when somebody follows the link."""
    try:
        return app.url_map.bind("localhost").match(path.partition("?")[0], method="GET")[0]
    except MethodNotAllowed:
        return "none"


def test_mails_lead_to_every_page_with_a_secret_and_to_nothing_that_is_not_read(app, made, mails):
    pages = {page_of(app, path) for path in links_in(mails())}

    assert pages >= SECRET
    assert pages >= {"boards.idea", "moderation.hidden", "accounts.ask_for_reset"}
    assert "none" not in pages
    with_a_secret = {
        rule.endpoint for rule in app.url_map.iter_rules() if "token" in rule.arguments and "GET" in rule.methods
    }
    # the first administrator's link is in no mail; what is asked days later has such a test beside it
    assert with_a_secret - SECRET == {
        *("accounts.set_up", "asking.solved_page", "silence.still_wanted_page", "evidence.behalf_page"),
        *(
            "private_feeds.read",
            "private_feeds.read_calendar",
        ),  # for feed readers: in no mail either, used up by nothing
    }


@pytest.mark.parametrize(
    ("who", "times"), [("a scanner", TIMES), ("the browser that asked", FEWER), ("its reader, signed in", FEWER)]
)
def test_however_many_visits_to_every_link_change_nothing(app, made, mails, database, who, times):
    if database.kind == "postgresql":  # what a page writes shows at once; what counts visits is the same code
        times = min(times, FEWER)
    links = links_in(mails())
    browser = made.browsers["asked"] if who == "the browser that asked" else app.test_client()
    if who == "its reader, signed in":
        enter(browser, db.session.get_one(User, made.people["author"]))
    first = {path: browser.get(path).status_code for path in links}
    before = dump()

    often = {page_of(app, path): path for path in links if page_of(app, path) in SECRET}  # one of each kind
    for path in links:
        for _ in range(times if path in often.values() else PLAIN):
            assert browser.get(path).status_code == first[path], path
            assert browser.head(path).status_code == first[path], path

    assert different(before, dump()) == {}
    assert {first[path] for path in links if page_of(app, path) in SECRET} == {200}


def test_afterwards_each_link_does_what_it_says(app, made, mails):
    by_page = {}
    for path in links_in(mails()):
        by_page.setdefault(page_of(app, path), []).append(path)
        for _ in range(TIMES // 20 if page_of(app, path) in SECRET else 1):
            app.test_client().get(path)
            app.test_client().head(path)

    elsewhere = {"name": "New", "password": PASSWORD}
    assert app.test_client().post(by_page["accounts.verify"][0], data=elsewhere).status_code == 303
    assert (
        app.test_client().post(by_page["accounts.reset"][0], data={"password": "five words in a row"}).status_code
        == 303
    )
    assert app.test_client().post(by_page["ledger.unsubscribe_page"][0]).status_code in (200, 303)
    # in another browser than the one that asked it explains, and is not used up either
    assert app.test_client().get(by_page["accounts.link"][0]).status_code in (200, 404)


@pytest.mark.sqlite  # whether a view takes HEAD for a form has nothing to do with the database
@pytest.mark.parametrize("role", ["visitor", "author", "admin"])
def test_asking_for_the_head_of_a_page_is_reading_it(app, made, role):
    """Programs ask with HEAD whether a page is there. A view that takes whatever is not GET for a form would act."""
    before, differing = dump(), []

    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in NOTED:
            continue
        for path in crawling.addresses(rule, made, "GET"):
            headers = made.headers[role] if path.startswith("/api/") else {}
            client = app.test_client() if path.startswith("/api/") else made.browsers[role]
            with client.get(path, headers=headers) as read, client.head(path, headers=headers) as asked:
                if (read.status_code, read.location) != (asked.status_code, asked.location) or asked.data:
                    differing.append((path, read.status_code, asked.status_code))

    assert differing == []
    assert different(before, dump()) == {}


def test_a_page_that_changes_something_when_it_is_read_would_be_found(app, made):
    before = dump()

    db.session.execute(sa.update(Idea).where(Idea.id == 1).values(title="Another title"))
    db.session.commit()

    assert set(different(before, dump())) == {"idea"}
