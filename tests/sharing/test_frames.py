"""Frames for other sites: what they show, to whom, and on which sites."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from ideas.boards import boardkeeping, queries
from ideas.boards.models import Board
from ideas.boards.schemas import BoardEdit
from ideas.db import db, unit_of_work, utcnow
from ideas.sharing import frames
from tests.boards.arranging import statements
from tests.boards.pages import LONG_ENOUGH, answered, browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member
from tests.sharing.test_feeds import publish

SITE = "https://www.example.org"


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden", embed_sites=[SITE, "http://intranet.example:8080"])


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra Peters")


@pytest.fixture
def paths(board, petra):
    idea = IdeaFactory(board=board, title="A shed & a tap", author=UserFactory(name="Mia Maier"))
    VoteFactory(idea=idea, user=UserFactory(name="Ole Olsen", shown_as_backer=True))
    db.session.commit()
    answered(petra, idea, date=utcnow().date() + timedelta(days=9))
    publish(petra, IdeaFactory(board=board, title="A roof"))
    return {
        f"/embed/ideas/{idea.id}": ["1", "person wants this", "A shed & a tap", "Planned", LONG_ENOUGH, "Vote or say"],
        "/embed/boards/garden": ["Garden", "1", "A shed & a tap", "Say what you need"],
        "/embed/boards/garden/roadmap": ["Roadmap of Garden", "Planned", "A shed & a tap", "Shipped", "A roof"],
        "/embed/boards/garden/releases": ["Releases of Garden", "The spring release", "Spring is here", "A roof"],
    }


def test_frames_show_what_everybody_reads_and_name_nobody(app, client, paths, petra):
    for path, words in paths.items():
        page = client.get(path)

        assert page.status_code == 200, page.text
        text = seen(page.text)
        for word in words:
            assert word in text, (path, word, text)
        for name in ("Mia", "Ole", "Petra", "Maier", "Olsen", "Peters"):
            assert name not in page.text, (path, name)
        assert "<script" not in page.text
        assert "<form" not in page.text
        for link in re.findall(r'<a [^>]*href="([^"]*)"', page.text):
            assert link.startswith("http://localhost/"), link
            assert client.get(link).status_code == 200, link
        assert browser_of(app, petra).get(path).data == page.data


def test_a_frame_is_shown_by_the_sites_that_the_board_names_and_by_no_other(app, client, paths):
    for path in paths:
        page = client.get(path)

        policy = page.headers["Content-Security-Policy"]
        assert f"frame-ancestors {SITE} http://intranet.example:8080" in policy
        assert "script-src" not in policy
        assert "X-Frame-Options" not in page.headers
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"].startswith("public, max-age=")
        assert "Vary" not in page.headers
        assert client.get(path, headers={"If-None-Match": page.headers["ETag"]}).status_code == 304

    other = BoardFactory(slug="shut")
    assert "frame-ancestors 'none'" in client.get(f"/embed/boards/{other.slug}").headers["Content-Security-Policy"]


def test_what_a_visitor_may_not_read_is_in_no_frame(app, client, board, petra):
    closed = BoardFactory(slug="keys", private=True, embed_sites=[SITE])
    unseen = [
        IdeaFactory(board=closed),
        IdeaFactory(board=board, title="Unseen wish", hidden=True),
        IdeaFactory(board=board, title="Unseen wish", withdrawn=True),
    ]

    for browser in (client, browser_of(app, petra), browser_of(app, team_member(closed))):
        for idea in unseen:
            assert browser.get(f"/embed/ideas/{idea.id}").status_code == 404
        for part in ("", "/roadmap", "/releases"):
            assert browser.get(f"/embed/boards/keys{part}").status_code == 404
            assert "Unseen wish" not in browser.get(f"/embed/boards/garden{part}").text


def test_a_frame_costs_as_much_with_many_ideas(client, board, petra, paths):
    def cost(path):
        with statements() as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    before = {path: cost(path) for path in paths}
    for _each in range(frames.IDEAS_MOST + 2):
        answered(petra, IdeaFactory(board=board))

    assert {path: cost(path) for path in paths} == before
    assert max(before.values()) <= 10


def test_a_site_is_kept_as_browsers_name_it_and_nothing_else_is_taken():
    for typed, kept in (
        ("https://www.example.org", "https://www.example.org"),
        (" HTTPS://WWW.Example.org:443/ ", "https://www.example.org"),
        ("http://localhost:8080", "http://localhost:8080"),
        ("http://localhost:80", "http://localhost"),
    ):
        assert BoardEdit().load({"embed_sites": [typed, typed]}) == {"embed_sites": [kept]}

    for typed in (
        *("*", "https://*.example.org", "https://a.example/path", "example.org", "https://a.example 'self'", "null"),
        *(
            "https://a.example;script-src *",
            "https://user@a.example",
            "https://a..example",
            "javascript://a",
            "https://",
        ),
        *("data:", "https://ü.example", "https://a.example:", "https://a.example:1234567", "https://a.example\nx"),
    ):
        refused = BoardEdit().validate({"embed_sites": [SITE, typed]})
        assert "Write each site like" in refused["embed_sites"][1][0], typed


def test_administrators_say_which_sites_on_the_page_and_by_the_api(app, ask, board):
    ada = UserFactory(admin=True)
    browser = browser_of(app, ada)
    words = {"name": "Garden", "slug": "garden", "visibility": "public", "premoderation": "none"}

    refused = browser.post("/manage/boards/garden", data={**words, "embed_sites": "https://a.example\nnonsense"})
    saved = browser.post(
        "/manage/boards/garden", data={**words, "embed_sites": "https://a.example\r\n\r\nhttps://b.example/\n"}
    )

    assert refused.status_code == 422
    assert "Write each site like" in refused.text
    assert "https://a.example\nnonsense" in refused.text
    assert saved.status_code == 303
    db.session.rollback()
    assert db.session.get_one(Board, board.id).embed_sites == ["https://a.example", "https://b.example"]
    assert "https://a.example\nhttps://b.example" in browser.get("/manage/boards/garden").text

    changed = ask(ada).patch("boards/garden", {"embed_sites": [SITE]})
    assert changed.json["embed_sites"] == [SITE]
    assert ask(ada).patch("boards/garden", {"embed_sites": ["*"]}).status_code == 422
    assert (
        ask(ada).patch("boards/garden", {"embed_sites": [f"{SITE}:{port}" for port in range(1000, 1021)]}).status_code
        == 422
    )
    with unit_of_work():
        boardkeeping.edit(None, queries.get_board(None, "garden").board, {"embed_sites": []})
    assert ask().get("boards/garden").json["embed_sites"] == []
