"""The team's list as a file: harmless to open, in the list's order, and enough to rank the ideas again without us."""

import csv
import io
import json
from datetime import timedelta

import pytest

from ideas.backlog import desk, files
from ideas.backlog.asking import Asked, Order
from ideas.db import db, utcnow
from tests.backlog.arranging import back, company, estimate, people, walk
from tests.boards.arranging import READERS, reader_of
from tests.boards.pages import browser_of
from tests.factories import BoardFactory, IdeaFactory, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def some(board, petra):
    """Ideas whose votes come from few companies or many, paying or not, and from people without one."""
    firms = [company("pro", revenue) for revenue in (0, 7_000, 90_000, None, 7_000)]
    for number in range(8):
        idea = IdeaFactory(board=board, created_at=utcnow() - timedelta(days=number))
        voters = [each for firm in firms[: number % 6] for each in people(1 + number * 3 % 7, firm)]
        back(idea, [*voters, *people(number * 5 % 4)])
        if number % 3 == 0:
            estimate(petra, idea, effort=1 + number)
    walk()


def often(words):
    return [int(number) for each in words.split() for number, times in [each.split("x")] for _ in range(int(times))]


def scores(row):
    """The scores of a line of the file, from its inputs alone."""
    alone = int(row["people_without_company"])
    votes = often(row["votes_by_company"])
    total = sum(votes) + alone
    weights = [min(each, max(1, total / 20)) for each in votes] + [1] * alone
    worth = float(row["impact"]) * float(row["confidence"]) / 100 / float(row["effort"]) if row["impact"] else 0
    return {
        "votes": total,
        "breadth": sum(weights) ** 2 / sum(each**2 for each in weights) if total else 0,
        "value": sum(often(row["revenue_by_company"])),
        "priority": int(row["reach"]) * worth,
    }


def read(app, person, query=""):
    answer = browser_of(app, person).get(f"/team/backlog/export.csv?{query}")
    assert answer.mimetype == "text/csv"
    return list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))


@pytest.mark.parametrize("order", [Order.VOTES, Order.BREADTH, Order.VALUE, Order.PRIORITY])
def test_ranks_are_made_again_from_the_file_alone(app, petra, some, order):
    found = read(app, petra, f"order={order}")

    again = sorted(found, key=lambda row: (round(scores(row)[order], 9), int(row["id"])), reverse=True)
    assert [row["place"] for row in again] == [str(place) for place in range(1, 9)]
    for row in found:
        for name, score in scores(row).items():
            assert float(row[name]) == pytest.approx(score)
    page = desk.lines(desk.open_for(petra), Asked(order=order), limit=50)
    assert [int(row["id"]) for row in found] == [line.id for line in page.rows]


def test_points_of_a_view_are_in_its_file(app, petra, some):
    browser = browser_of(app, petra)
    made = browser.post("/team/backlog/views/new", data={"name": "Points", "votes": "2", "breadth": "3", "once": "a"})
    number = made.headers["Location"].rpartition("/")[2]

    found = read(app, petra, f"view={number}")

    points = [2 * int(row["votes"]) + 3 * float(row["breadth"]) for row in found]
    assert points == pytest.approx([float(row["points"]) for row in found])
    assert points == sorted(points, reverse=True)


def test_lines_of_json_say_the_same(app, petra, some, monkeypatch):
    monkeypatch.setattr(files, "PIECE", 3)

    answer = browser_of(app, petra).get("/team/backlog/export.ndjson?order=breadth")

    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [str(line["id"]) for line in lines] == [row["id"] for row in read(app, petra, "order=breadth")]
    assert list(lines[0]) == list(files.COLUMNS)
    assert [line["place"] for line in lines] == list(range(1, 9))


def test_it_has_what_was_asked_for_and_no_more(app, board, petra, some):
    IdeaFactory(board=BoardFactory(), title="theirs")
    owned = IdeaFactory(board=board)
    owned.owner_id = petra.id
    db.session.commit()

    assert [row["id"] for row in read(app, petra, "owner=me")] == [str(owned.id)]
    assert "theirs" not in {row["title"] for row in read(app, petra)}


def test_no_cell_is_a_formula(app, board, petra):
    IdeaFactory(board=board, title="=1+1")

    assert [row["title"] for row in read(app, petra)] == ["'=1+1"]


@pytest.mark.parametrize("kind", READERS)
def test_the_file_is_for_those_who_answer(app, board, kind):
    answer = browser_of(app, reader_of(kind, board)).get("/team/backlog/export.csv")

    assert answer.status_code == (303 if kind == "visitor" else 200 if kind in ("team", "admin") else 404)


def test_there_is_no_file_of_another_kind(app, petra):
    assert browser_of(app, petra).get("/team/backlog/export.xls").status_code == 404
    assert browser_of(app, petra).get("/team/backlog/export.csv?young=soon").status_code == 422
