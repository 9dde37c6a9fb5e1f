"""The window in which somebody says on this site that a page of another one may act for them."""

from __future__ import annotations

import html
import json
import re
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa

from ideas.db import db
from ideas.embed.models import WidgetSession
from tests.accounts.arranging import PASSWORD, a_person
from tests.api.asking import Asking
from tests.boards.pages import browser_of, seen
from tests.embed.arranging import SITE
from tests.factories import BoardFactory, IdeaFactory, UserFactory, team_member

STATE = "s7ate_of-the-page"
OPENER = "Cross-Origin-Opener-Policy"


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", embed_sites=[SITE])


def path(**said):
    return "/embed/sign-in?" + urlencode({"board": "garden", "origin": SITE, "state": STATE, **said})


def test_whoever_is_signed_in_says_that_a_page_may_act_for_them(app, document, board):
    mia, idea = UserFactory(name="Mia <b>"), IdeaFactory(board=board)
    db.session.commit()
    browser = browser_of(app, mia)

    asked = browser.get(path())
    assert asked.headers[OPENER] == "unsafe-none"
    assert "Go on as Mia <b> on www.example.org?" in seen(asked.text)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(WidgetSession)) == 0
    done = browser.post("/embed/sign-in", data={"board": "garden", "origin": SITE, "state": STATE})

    assert done.headers[OPENER] == "unsafe-none"
    assert done.headers["Cache-Control"] == "private, no-store"
    assert "script-src 'self'" in done.headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*src=)", done.text)
    said = re.search(r'data-handed="([^"]*)" data-origin="([^"]*)"', done.text)
    handed = json.loads(html.unescape(said[1]))
    assert said[2] == SITE
    assert handed.pop("token").startswith("ab_wt_")
    assert handed.pop("expires_at").endswith("Z")
    person = {"id": mia.id, "name": "Mia <b>"}
    assert handed == {"type": "answerback:signed-in", "state": STATE, "person": person}
    token = json.loads(html.unescape(said[1]))["token"]
    headers = {"Authorization": f"Bearer {token}", "Origin": SITE}
    page = Asking(app.test_client(), document, headers)
    assert page.put(f"ideas/{idea.id}/vote").status_code == 200
    assert page.get("ideas?board=garden", headers={"Origin": "https://evil.example"}).status_code == 403


def test_a_visitor_signs_in_first_and_the_page_that_waits_is_not_lost_on_the_way(app, board):
    mia = a_person(password=PASSWORD)
    db.session.commit()
    browser = app.test_client()

    sent = browser.get(path())
    form = browser.get(sent.location)
    back = path()
    done = browser.post("/sign-in", data={"email": mia.email, "password": PASSWORD, "next": back})

    assert sent.status_code == 303
    for answer in (sent, form, done):
        assert answer.headers[OPENER] == "unsafe-none"
    assert done.location == back
    assert "Go on as" in seen(browser.get(done.location).text)
    assert browser.get("/").headers[OPENER] == "same-origin"
    # without a page that waits, nobody keeps hold of the window
    assert app.test_client().get("/sign-in").headers[OPENER] == "same-origin"


def test_nobody_is_asked_in_the_name_of_a_site_that_is_not_listed(app, board):
    mia, petra, private = UserFactory(), team_member(board), BoardFactory(slug="keys", private=True, embed_sites=[SITE])
    db.session.commit()
    browser = browser_of(app, mia)

    for origin in ("https://evil.example", f"{SITE}.evil.example", f"{SITE}:444", "http://www.example.org"):
        for who in (browser, app.test_client()):
            refused = who.get(path(origin=origin))
            assert (refused.status_code, "is told nothing" in refused.text) == (403, True), origin
        sent = browser.post("/embed/sign-in", data={"board": "garden", "origin": origin, "state": STATE})
        assert sent.status_code == 403
    wrongs = [{"origin": "javascript:alert(1)"}, {"origin": "*"}, {"state": "short"}, {"state": '"><script>'}]
    for wrong in (*wrongs, {"board": "A"}):
        assert browser.get(path(**wrong)).status_code == 422, wrong
    assert browser.get(path(board=private.slug)).status_code == 404
    assert browser.get("/embed/sign-in").status_code == 422
    of_the_team = browser_of(app, petra).get(path())
    assert (of_the_team.status_code, "never act for the team" in of_the_team.text) == (403, True)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(WidgetSession)) == 0
