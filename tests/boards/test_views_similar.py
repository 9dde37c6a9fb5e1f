"""Whoever types a new idea can back what is there instead; the team sees what a new idea may be the same as."""

from __future__ import annotations

import pytest

from ideas.boards import merging, queries
from ideas.db import unit_of_work
from tests.boards.pages import browser_of, seen
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, team_member

WHY = "Both ask for the same, so we answer them together."


@pytest.fixture
def shed(app):
    return IdeaFactory(title="A bicycle shed", body="")


def test_a_script_gets_what_is_alike_as_a_part_of_a_page(client, shed):
    part = client.get(f"/boards/{shed.board.slug}/similar?title=bicycl").text

    assert "<html" not in part
    assert "<mark>bicycle</mark>" in part
    assert f'action="/ideas/{shed.id}/vote"' in part
    assert "1 similar idea is here already." in part


@pytest.mark.parametrize("query", ["", "?title=", "?title=%20", "?title=quiet", "?title=%00", "?body=shed"])
def test_nothing_alike_is_nothing_shown(client, shed, query):
    answer = client.get(f"/boards/{shed.board.slug}/similar{query}")

    assert (answer.status_code, answer.text.strip()) == (200, "")


def test_the_form_shows_what_is_alike_without_scripts(app, shed):
    address = f"/boards/{shed.board.slug}/new"
    mias = browser_of(app, UserFactory())

    begun = mias.get(f"{address}?title=bicycle+shed").text
    previewed = mias.post(address, data={"title": "Sheds for bicycles", "body": "Dry.", "preview": "1"}).text
    refused = mias.post(address, data={"title": "Sheds for bicycles " * 10, "body": "Dry."})
    other = mias.get(f"{address}?title=A+quiet+garden").text

    assert "Is it one of these?" in seen(begun)
    assert "Is it one of these?" in seen(previewed)
    assert "Is it one of these?" in seen(refused.text)
    assert refused.status_code == 422
    assert "Is it one of these?" not in seen(other)


def test_the_title_belongs_to_its_form_though_it_stands_before_it(client, shed):
    page = client.get(f"/boards/{shed.board.slug}/new?title=bicycle").text
    field = page[page.index('name="title"') - 300 : page.index('name="title"') + 200]

    assert 'form="idea-form"' in field
    assert page.index('name="title"') < page.index("data-vote") < page.index('id="idea-form"')


def test_what_is_alike_never_stands_in_the_way_of_posting(app, shed):
    posted = browser_of(app, UserFactory()).post(
        f"/boards/{shed.board.slug}/new", data={"title": "A bicycle shed", "body": ""}
    )

    assert posted.status_code == 303


def test_backing_it_in_place_leads_to_the_idea_without_scripts(app, shed):
    mia = UserFactory()
    mias = browser_of(app, mia)

    voted = mias.post(f"/ideas/{shed.id}/vote", data={"on": "1", "next": f"/ideas/{shed.id}-a-bicycle-shed"})
    again = mias.get(f"/boards/{shed.board.slug}/similar?title=bicycle").text

    assert voted.location == f"/ideas/{shed.id}-a-bicycle-shed"
    assert 'aria-pressed="true"' in again
    assert "Backed. You hear what becomes of it" in seen(again)


def test_a_merged_title_says_under_what_it_is_now(client, shed):
    roof = IdeaFactory(board=shed.board, title="A roof for wheels", body="")
    petra = team_member(shed.board)
    with unit_of_work():
        merging.merge(petra, queries.get_idea(petra, shed.id), queries.get_idea(petra, roof.id), text=WHY)

    part = seen(client.get(f"/boards/{shed.board.slug}/similar?title=bicycle+shed").text)

    assert "A roof for wheels" in part
    assert "also said as “A bicycle shed”" in part


def test_a_private_board_says_nothing_to_others(client):
    idea = IdeaFactory(board=BoardFactory(visibility="private"), title="A bicycle shed")

    assert client.get(f"/boards/{idea.board.slug}/similar?title=bicycle").status_code == 404


# --- Searching ---


def test_found_words_are_marked_in_the_list(client, shed):
    IdeaFactory(board=shed.board, title="A garden", body="Word. " * 60 + "With a <shed> & a pond.")

    page = client.get(f"/boards/{shed.board.slug}?q=sheds").text

    assert "A bicycle <mark>shed</mark>" in page
    assert "&lt;<mark>shed</mark>&gt; &amp; a pond" in page
    assert "Best match" in seen(page)


def test_a_search_that_finds_nothing_says_what_comes_closest_and_offers_to_post(client, shed):
    page = seen(client.get(f"/boards/{shed.board.slug}?q=bicycle+racks").text)

    assert "Nothing here says all of this." in page
    assert "A bicycle shed" in page
    assert "Post “bicycle racks” as a new idea" in page


def test_a_search_is_narrowed_to_one_author(client, shed):
    other = IdeaFactory(board=shed.board, title="Another shed", body="")

    page = client.get(f"/boards/{shed.board.slug}?q=shed&author={shed.author_id}").text
    nobody = client.get(f"/boards/{shed.board.slug}?q=shed&author=nonsense").text

    assert "bicycle" in seen(page)
    assert other.title not in seen(page)
    assert "Another" in seen(nobody)


def test_another_order_of_what_was_found_is_kept_in_the_address(client, shed):
    top = IdeaFactory(board=shed.board, title="Where we put the tools: a shed, a loft, or a cellar", body="")
    VoteFactory(idea=top)

    best = seen(client.get(f"/boards/{shed.board.slug}?q=shed").text)
    most = client.get(f"/boards/{shed.board.slug}?q=shed&sort=top").text

    assert best.index("A bicycle") < best.index("Where we put")
    assert seen(most).index("Where we put") < seen(most).index("A bicycle")
    assert 'name="sort" value="top"' in most


# --- The team ---


def test_the_team_sees_what_an_idea_may_be_the_same_as(app, shed):
    again = IdeaFactory(board=shed.board, title="Sheds for bicycles", body="")
    petras = browser_of(app, team_member(shed.board))

    page = petras.get(f"/ideas/{again.id}/similar").text
    part = petras.get(f"/ideas/{again.id}/similar", headers={"X-Requested-With": "fetch"}).text
    queue = petras.get(f"/boards/{shed.board.slug}/needs-an-answer?idea={again.id}").text

    for shown in (page, part):
        assert f"/ideas/{again.id}/merge?into={shed.id}" in shown
    assert "<html" not in part
    assert f'name="into" value="{shed.id}" checked' in queue
    assert f'data-beside="/ideas/{again.id}/similar"' in petras.get(f"/ideas/{again.id}-sheds-for-bicycles").text


def test_what_is_not_much_alike_is_not_the_teams_business(app, shed):
    other = IdeaFactory(board=shed.board, title="A rota for the greenhouse by the shed", body="")
    petras = browser_of(app, team_member(shed.board))

    assert "Nothing here is much like it." in seen(petras.get(f"/ideas/{other.id}/similar").text)


@pytest.mark.parametrize("who", ["visitor", "member"])
def test_others_do_not_see_what_an_idea_may_be_the_same_as(app, shed, who):
    browser = browser_of(app, UserFactory() if who == "member" else None)

    answer = browser.get(f"/ideas/{shed.id}/similar")

    assert answer.status_code in (302, 303, 401, 403)
