"""Lists that are kept: each has an address, a name and points of its own; shared with all who answer, or one's own."""

import pytest

from ideas.backlog.models_views import BacklogView
from ideas.db import db
from tests.backlog.arranging import back, company, people, walk
from tests.boards.pages import browser_of, in_order, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, charlie, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def two(board):
    """many: five votes of one company. broad: three of three."""
    many, broad = IdeaFactory(board=board, title="Many"), IdeaFactory(board=board, title="Broad")
    back(many, people(5, company()))
    back(broad, [each for _ in range(3) for each in people(1, company())])
    walk()


def keep(app, person, query="", **fields):
    return browser_of(app, person).post(
        "/team/backlog/views/new", data={"name": "Mornings", "list": query, "once": "a", **fields}
    )


def the_view():
    db.session.rollback()
    return db.session.query(BacklogView).one()


def test_a_list_is_kept_as_it_is_asked_for(app, petra, two):
    answer = keep(app, petra, "stage=open&order=breadth&cursor=x&column=breadth&column=tags&plan=")

    assert answer.status_code == 303
    view = the_view()
    assert answer.headers["Location"] == f"/team/backlog/views/{view.id}"
    assert view.asked == {"stage": "open", "order": "breadth"}
    assert view.columns == ["breadth", "tags"]
    page = browser_of(app, petra).get(f"/team/backlog/views/{view.id}").text
    assert in_order(page, "Mornings", "Idea", "Votes", "Breadth", "Tags", "Broad", "Many")


def test_a_view_with_points_goes_by_them_and_says_how(app, petra, two):
    keep(app, petra, votes="1", breadth="3")
    browser = browser_of(app, petra)

    page = browser.get(f"/team/backlog/views/{the_view().id}").text
    turned = browser.get(f"/team/backlog/views/{the_view().id}?order=votes").text

    assert "Points = 1 × votes + 3 × breadth" in seen(page)
    # 3 + 3 × 3 against 5 + 3 × 1
    assert in_order(page, "Votes", "Points", "Broad", "3", "12", "Many", "5", "8")
    assert in_order(turned, "Many", "Broad")


def test_what_the_address_asks_stands_in_place_of_what_is_kept(app, petra, two):
    keep(app, petra, "q=Many")
    browser = browser_of(app, petra)
    path = f"/team/backlog/views/{the_view().id}"

    assert "Broad" not in seen(browser.get(path).text)
    assert "Broad" in seen(browser.get(f"{path}?order=breadth").text)


def test_a_shared_view_is_seen_by_all_who_answer_and_changed_by_its_owner(app, board, petra):
    keep(app, petra, shared="y")
    other, path = team_member(board), f"/team/backlog/views/{the_view().id}"

    assert "Mornings" in browser_of(app, other).get("/team/backlog").text
    assert browser_of(app, other).get(path).status_code == 200
    assert browser_of(app, other).get(f"{path}/edit").status_code == 403
    assert browser_of(app, other).post(f"{path}/remove").status_code == 403
    assert browser_of(app, UserFactory(admin=True)).get(f"{path}/edit").status_code == 200
    assert browser_of(app, charlie()).get(path).status_code == 404


def test_a_view_of_ones_own_is_nobody_elses(app, board, petra):
    keep(app, petra)
    other, path = UserFactory(admin=True), f"/team/backlog/views/{the_view().id}"

    assert "Mornings" not in browser_of(app, other).get("/team/backlog").text
    assert browser_of(app, other).get(path).status_code == 404
    assert browser_of(app, other).get(f"{path}/edit").status_code == 404


def test_a_view_is_changed_and_removed(app, petra):
    keep(app, petra, "stage=open", votes="2")
    browser, path = browser_of(app, petra), f"/team/backlog/views/{the_view().id}"

    form = browser.get(f"{path}/edit?stage=planned").text
    changed = browser.post(f"{path}/edit", data={"name": "Evenings", "list": "stage=planned", "votes": ""})

    assert 'value="stage=planned"' in form
    assert changed.status_code == 303
    assert (the_view().name, the_view().asked, the_view().weights) == ("Evenings", {"stage": "planned"}, {})
    assert browser.post(f"{path}/remove").status_code == 303
    assert db.session.query(BacklogView).count() == 0


@pytest.mark.parametrize(("field", "value"), [("name", " "), ("votes", "many"), ("breadth", "-1"), ("value", "nan")])
def test_what_cannot_be_kept_is_said_at_its_field(app, petra, field, value):
    answer = keep(app, petra, "stage=open", **{field: value})

    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert 'value="stage=open"' in answer.text
    assert db.session.query(BacklogView).count() == 0


def test_sent_twice_it_is_kept_once(app, petra):
    browser = browser_of(app, petra)
    for _ in range(2):
        browser.post("/team/backlog/views/new", data={"name": "Mornings", "once": "the same token"})

    assert db.session.query(BacklogView).count() == 1
