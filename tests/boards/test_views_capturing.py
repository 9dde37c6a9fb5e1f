"""The bookmark and the page on which what it took is noted: found ideas, a new one, and what stays out of addresses."""

from __future__ import annotations

import html
import re

import pytest
import sqlalchemy as sa

from ideas.accounts.models import User
from ideas.boards import posting, queries
from ideas.boards.models import Idea
from ideas.boards.models_evidence import Evidence, VoteOnBehalf
from ideas.db import db, unit_of_work
from tests.boards.arranging import count
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, UserFactory, team_member

TAKEN = {
    "words": "My bicycle stands in the rain.",
    "title": "A roof for bicycles, please",
    "link": "https://forum.example/3",
}


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def nadia(board):
    return team_member(board, name="Nadia Berg")


@pytest.fixture
def idea_id(board):
    author = UserFactory()
    with unit_of_work():
        where = queries.get_board(author, "garden")
        return posting.submit(author, where, title="A roof for the bicycles", body="It rains.").id


def send(app, nadia, act, **more):
    said = {"board": "garden", "kind": "page", "who": "", **TAKEN, "act": act, **more}
    return browser_of(app, nadia).post("/team/evidence/capture", data=said)


def test_what_was_taken_becomes_evidence_for_an_idea_that_is_like_it(app, nadia, idea_id):
    found = send(app, nadia, "find")
    assert in_order(found.text, "Which idea?", "A roof for the bicycles · 0 votes", "A new idea, with this title")
    unchosen = send(app, nadia, "keep")
    assert (unchosen.status_code, "Choose the idea it speaks for" in seen(unchosen.text)) == (422, True)

    kept = send(app, nadia, "keep", idea=str(idea_id))

    assert kept.headers["Location"] == f"/ideas/{idea_id}/evidence"
    db.session.rollback()
    noted = db.session.scalars(sa.select(Evidence)).one()
    assert (noted.idea_id, noted.kind, noted.words, noted.link) == (idea_id, "page", TAKEN["words"], TAKEN["link"])


def test_or_for_a_new_idea_that_came_in_on_somebody_s_behalf(app, nadia, board):
    sent = {"idea": "new", "who": "vera@example.org", "vote": "y"}

    kept = [send(app, nadia, "keep", once="the same form", **sent) for _ in range(2)]

    assert [answer.status_code for answer in kept] == [303, 303]
    db.session.rollback()
    idea = db.session.scalars(sa.select(Idea)).one()
    assert (idea.title, idea.source_kind, idea.author_id) == (TAKEN["title"], "on_behalf", nadia.id)
    asked = db.session.scalars(sa.select(VoteOnBehalf)).one()
    assert db.session.get_one(User, asked.user_id).email == "vera@example.org"


def test_the_bookmark_sends_nothing_to_a_server_before_one_says_so(app, nadia):
    page = browser_of(app, nadia).get("/team/evidence/bookmarklet").text

    (code,) = {html.unescape(each) for each in re.findall(r'href="(javascript:[^"]+)"', page)}

    assert code.startswith('javascript:void open("http://localhost/team/evidence/capture#"+')
    assert "?" not in code
    assert "fetch" not in code


def test_it_is_for_teams_alone(app, nadia, board):
    browser = browser_of(app, UserFactory())

    assert browser.get("/team/evidence/capture").status_code == 404
    assert browser.get("/team/evidence/bookmarklet").status_code == 404
    assert browser.post("/team/evidence/capture", data={**TAKEN, "act": "keep"}).status_code == 404
    assert count(Evidence) == 0
