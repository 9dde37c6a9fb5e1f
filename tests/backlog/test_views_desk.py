"""The team's list as a page."""

import pytest

from tests.backlog.arranging import back, company, people, walk
from tests.boards.arranging import READERS, reader_of, statements
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.mark.parametrize("kind", READERS)
def test_the_list_is_for_those_who_answer(app, board, kind):
    answer = browser_of(app, reader_of(kind, board)).get("/team/backlog")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def test_votes_always_stand_beside_whatever_else_is_shown(app, board, petra):
    back(IdeaFactory(board=board, title="A shed"), people(3, company("pro", 190_000)))
    walk()

    page = browser_of(app, petra).get("/team/backlog?column=value&column=tags").text

    assert in_order(page, "Idea", "Votes", "Value", "Tags", "A shed", "3", "€1,900")
    assert "Breadth" not in seen(page).partition("A shed")[0].rpartition("Idea")[2]


def test_heads_lead_to_their_order_and_back(app, board, petra):
    IdeaFactory(board=board)
    walk()
    browser = browser_of(app, petra)

    usual = browser.get("/team/backlog?stage=open").text
    by_breadth = browser.get("/team/backlog?stage=open&order=breadth").text

    assert 'href="/team/backlog?stage=open&amp;order=breadth"' in usual
    assert 'aria-sort="descending"' in by_breadth
    assert 'href="/team/backlog?stage=open&amp;order=breadth&amp;backwards=1"' in by_breadth


def test_the_next_page_keeps_what_was_asked(app, board, petra, monkeypatch):
    from ideas.backlog import views_desk

    monkeypatch.setattr(views_desk, "ROWS", 1)
    for _ in range(2):
        IdeaFactory(board=board)

    page = browser_of(app, petra).get("/team/backlog?stage=open&column=tags").text

    assert 'href="/team/backlog?stage=open&amp;column=tags&amp;cursor=' in page


@pytest.mark.parametrize("query", ["young=soon", "old=0", "stage=nowhere", "order=loudest", "company=x", "owner=Petra"])
def test_what_cannot_be_asked_is_said_beside_its_field(app, board, petra, query):
    answer = browser_of(app, petra).get(f"/team/backlog?{query}")

    assert answer.status_code == 422
    assert f'href="#ask-{query.partition("=")[0]}"' in answer.text


def test_an_empty_list_says_so(app, petra):
    assert "No idea is like this" in browser_of(app, petra).get("/team/backlog?stage=shipped").text


def test_the_page_asks_as_much_for_fifty_ideas_as_for_one(app, board, petra):
    browser = browser_of(app, petra)

    def asked(path):
        with statements() as found:
            assert browser.get(path).status_code == 200
        return len(found)

    paths = ["/team/backlog", "/team/backlog?order=breadth&stage=open&young=9"]
    back(IdeaFactory(board=board), people(1))
    walk()
    few = [asked(path) for path in paths]
    for _ in range(20):
        back(IdeaFactory(board=board), people(1, company("pro", 1)))
    walk()

    assert [asked(path) for path in paths] == few
    assert few[0] <= 13
