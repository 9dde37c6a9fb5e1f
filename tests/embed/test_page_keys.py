"""Keys that stand in public pages: what they open, on which pages, and how they are made."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from ideas import api
from ideas.accounts.models import AuditEntry
from ideas.boards import queries
from ideas.boards.models import Board
from ideas.db import db, unit_of_work
from ideas.embed import confining, publishable
from ideas.embed.models import PublishableKey
from ideas.errors import Conflict, NotFound
from tests.api.asking import Asking
from tests.api.test_keys import OPERATIONS, a_site, send
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory

SITE = "https://www.example.org"
PREFLIGHT = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}


def key_of(board):
    db.session.commit()
    with unit_of_work():
        return publishable.make(None, db.session.get_one(Board, board.id)).token


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", embed_sites=[SITE])


@pytest.fixture
def page(app, document):
    """Asks as a page does that has a key: `page(token)("ideas?board=garden")`."""

    def with_key(token, origin=SITE, client=None):
        headers = {"Authorization": f"Bearer {token}", **({"Origin": origin} if origin else {})}
        return Asking(client or app.test_client(), document, headers)

    return with_key


def test_a_key_opens_what_visitors_see_of_its_board_and_nothing_else(ask, page, begin):
    site = begin(a_site, ask)
    garden, other = queries.get_board(None, "garden").board, BoardFactory(slug="other", embed_sites=[SITE])
    garden.embed_sites = [SITE]
    own, foreign = key_of(garden), key_of(other)
    narrowed = {"list_ideas": "ideas?board=garden", "search": "search?q=bed&board=garden"}

    for name, (method, path, body, scope, open_to_nobody) in OPERATIONS.items():
        if name in narrowed:
            verb, asked = "GET", narrowed[name]
            here, elsewhere = page(own).ask(verb, asked), page(foreign).ask(verb, asked)
        else:
            here, elsewhere = send(page(own), site, name), send(page(foreign), site, name)
        if name in confining.READING:
            assert open_to_nobody, name
            assert (here.status_code, elsewhere.status_code) == (200, 404), (name, here.text, elsewhere.text)
        elif name in confining.TAKING_PART:
            assert here.status_code in (401, 422), (name, method, path, body, scope, here.text)
            assert elsewhere.status_code in (401, 404, 422), (name, elsewhere.text)
        else:
            for answer in (here, elsewhere):
                assert (answer.status_code, answer.json["code"]) == (403, "beyond-board"), (name, answer.text)
    assert page(own).get("ideas").json["errors"][0]["pointer"] == "/board"
    assert page(own).put(f"ideas/{site['names']['idea']}/vote").json["code"] == "sign-in-needed"


def test_what_visitors_may_not_see_a_key_does_not_show(page, board):
    hidden = IdeaFactory(board=board, hidden=True)
    private = BoardFactory(slug="keys", private=True, embed_sites=[SITE])
    VoteFactory(idea=IdeaFactory(board=board, title="A shed"), user=UserFactory(name="Zqbacker"))
    garden, keys = page(key_of(board)), page(key_of(private))

    assert keys.get("boards/keys").status_code == keys.get("ideas?board=keys").status_code == 404
    assert garden.get(f"ideas/{hidden.id}").status_code == 404
    listed = garden.get("ideas?board=garden")
    assert [each["title"] for each in listed.json["data"]] == ["A shed"]
    assert "Zqbacker" not in listed.text


def test_the_answer_is_for_pages_of_the_list_letter_by_letter(page, board):
    IdeaFactory(board=board)
    key = key_of(board)

    answer = page(key).get("ideas?board=garden")

    assert answer.headers["Access-Control-Allow-Origin"] == SITE
    assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers
    assert {"origin", "authorization"} <= {each.lower() for each in answer.vary}
    assert answer.headers["Cache-Control"].startswith("public")
    assert page(key).get("ideas?board=garden", headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304
    # what is refused for another reason is still read by the page
    assert page(key).get("ideas?board=no").headers["Access-Control-Allow-Origin"] == SITE
    for wrong in (
        *("http://www.example.org", "https://example.org", f"{SITE}:444", f"{SITE}.evil.example", "null", "*"),
        *("https://WWW.example.org", f"{SITE}/", f"{SITE} ", "https://evil.example", f"https://evil.example {SITE}"),
    ):
        refused = page(key, wrong).get("ideas?board=garden")
        assert (refused.status_code, refused.json["code"]) == (403, "origin-not-listed"), wrong
        assert "Access-Control-Allow-Origin" not in refused.headers
        assert "Origin" in refused.vary
    # pages of our own, and what is no page at all, read what is public anyway
    assert page(key, None).get("ideas?board=garden").status_code == 200
    assert page(key, "http://localhost").get("ideas?board=garden").status_code == 200


def test_no_page_reads_what_is_asked_without_a_key_for_pages(ask, page, board, app):
    secret = ask(UserFactory())

    for asking in (ask(), secret):
        answer = asking.get("ideas?board=garden", headers={"Origin": SITE})
        assert answer.status_code == 200
        assert not [name for name, _value in answer.headers if name.startswith("Access-Control")]
    # a key that works no more says so to pages of any list, which have to get another
    unknown = "ab_pk_" + "x" * 43
    assert page(unknown).get("ideas?board=garden").headers["Access-Control-Allow-Origin"] == SITE
    refused = page(unknown, "https://evil.example").get("ideas?board=garden")
    assert (refused.status_code, "Access-Control-Allow-Origin" in refused.headers) == (401, False)


def test_a_browser_that_asks_first_is_answered_for_sites_of_any_list(client, board):
    path = "/api/v1/ideas/7/vote"

    allowed = client.options(path, headers={"Origin": SITE, **PREFLIGHT})

    assert (allowed.status_code, allowed.data) == (204, b"")
    assert allowed.headers["Access-Control-Allow-Origin"] == SITE
    assert {"PUT", "DELETE"} <= set(allowed.headers["Access-Control-Allow-Methods"].split(", "))
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in allowed.headers
    for origin in ("https://evil.example", "null", f"{SITE}:444", ""):
        refused = client.options(path, headers={"Origin": origin, **PREFLIGHT})
        assert not [name for name, _value in refused.headers if name.startswith("Access-Control")], origin
        assert "Origin" in refused.vary
    # pages of the site itself ask nobody, and other addresses are for nobody's pages
    assert "Access-Control-Allow-Origin" not in client.options("/", headers={"Origin": SITE, **PREFLIGHT}).headers


def test_readers_of_one_page_do_not_use_up_what_others_have(make_app):
    app = make_app(RATE_LIMITS="on")
    with app.app_context():
        key = key_of(BoardFactory(slug="garden", embed_sites=[SITE]))
        left = []
        for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
            asking = Asking(app.test_client(), json.loads(api.openapi()), {"Authorization": f"Bearer {key}"})
            asking.client.environ_base["REMOTE_ADDR"] = address
            left.append(int(asking.get("boards/garden").headers["X-RateLimit-Remaining"]))

    assert left == [599, 598, 599]


def test_administrators_make_and_revoke_keys(app, ask, page, board):
    ada, mia = UserFactory(admin=True), UserFactory()
    db.session.commit()
    browser, path = browser_of(app, ada), "/manage/boards/garden/embed"

    assert "Make a key first" in seen(browser.get(path).text)
    saved = browser.post(path, data={"sites": f"{SITE}\nhttp://localhost:3000/"})
    made = browser.post(f"{path}/keys", follow_redirects=True)

    token = db.session.scalars(sa.select(PublishableKey.token)).one()
    assert saved.status_code == 303
    assert f"data-key=&#34;{token}&#34;" in made.text
    assert ask().get("boards/garden").json["embed_sites"] == [SITE, "http://localhost:3000"]
    wrong = browser.post(path, data={"sites": "nonsense"})
    assert (wrong.status_code, "Write each site like" in wrong.text, "nonsense" in wrong.text) == (422, True, True)
    of_api = ask(ada).post("boards/garden/embed/keys").json
    assert [each["id"] for each in ask(ada).get("boards/garden/embed/keys").json["data"]] == [of_api["id"], 1]
    assert page(of_api["key"]).get("boards/garden").status_code == 200
    assert ask(ada).delete(f"boards/garden/embed/keys/{of_api['id']}").status_code == 204
    assert page(of_api["key"]).get("boards/garden").status_code == 401
    assert browser.post(f"{path}/keys/1/revoke").status_code == 303
    assert page(token).get("boards/garden").status_code == 401
    assert browser.post(f"{path}/keys/1/revoke").status_code == 404
    acts = db.session.scalars(sa.select(AuditEntry.act).where(AuditEntry.act.startswith("page_key")).order_by("id"))
    assert list(acts) == ["page_key.made", "page_key.made", "page_key.revoked", "page_key.revoked"]
    for method, address in (("GET", path), ("POST", f"{path}/keys"), ("POST", f"{path}/keys/1/revoke")):
        assert browser_of(app, mia).open(address, method=method).status_code == 404
    other = BoardFactory(slug="other")
    db.session.commit()
    with pytest.raises(NotFound), unit_of_work():
        publishable.revoke(ada, other, 2)
    with unit_of_work():
        for _each in range(publishable.MOST):
            publishable.make(ada, other)
    with pytest.raises(Conflict), unit_of_work():
        publishable.make(ada, other)
