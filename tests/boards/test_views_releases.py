"""Releases as pages: what everybody reads, how the team writes one, publishes it and takes it back."""

from __future__ import annotations

import re

import pytest

from ideas.boards import queries, releases, releasing
from ideas.boards.models import Stage
from ideas.boards.models_releases import Release, ReleaseFollow
from ideas.boards.schemas_releases import ReleaseLine, ReleaseWords
from ideas.db import db, unit_of_work
from tests.boards.arranging import count, statements
from tests.boards.pages import answered, browser_of, in_order, seen
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, VoteFactory, team_member

DONE = "It is there since this morning, under Plan, for everybody who asked for it."


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden", name="Garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


@pytest.fixture
def team(app, petra):
    return browser_of(app, petra)


def draft(by, *ideas, title="The spring release", body="Spring is **here**.", credits=()):
    with unit_of_work():
        words = ReleaseWords().load({"title": title, "body": body})
        release_id = releasing.draft(by, queries.get_board(by, "garden"), words).id
    for idea in ideas:
        with unit_of_work():
            line = ReleaseLine().load({"text": DONE, "credits": list(credits)})
            releasing.put(by, releases.get(by, release_id), queries.get_idea(by, idea.id), line)
    return release_id


def publish(by, release_id):
    with unit_of_work():
        releasing.publish(by, releases.get(by, release_id))
    return release_id


def test_the_team_writes_a_release_takes_ideas_into_it_and_publishes_it(board, team):
    idea = IdeaFactory(board=board, title="Book a bed", stage=Stage.STARTED)
    said = CommentFactory(idea=idea, author=UserFactory(name="Ole", shown_as_backer=True))

    begun = team.post("/boards/garden/releases/new", data={"title": "Spring", "body": "**New**", "date": ""})
    draft_page = team.get(begun.location, follow_redirects=True)
    assert "Book a bed" in draft_page.text  # what is being made is offered
    path = re.search(rf'href="(/releases/\d+/ideas/{idea.id})"', draft_page.text)[1]
    line = {"reason": "partly", "text": DONE, "credit": f"comment-{said.id}", f"how-comment-{said.id}": "Your rota."}
    put = team.post(path, data=line)
    published = team.post(begun.location + "/publish", follow_redirects=True)

    assert put.status_code == 303
    page = seen(published.text)
    assert "The release is out" in page
    assert in_order(published.text, "Spring", "You asked, we did", "Book a bed", DONE, "Ole", "Your rota.")
    assert "Shipped" in seen(team.get(f"/ideas/{idea.id}", follow_redirects=True).text)


def test_a_line_that_is_too_short_is_shown_again_with_what_was_typed(board, petra, team):
    idea = IdeaFactory(board=board)
    release_id = draft(petra)

    answer = team.post(f"/releases/{release_id}/ideas/{idea.id}", data={"reason": "shipped", "text": "Done, really."})

    assert answer.status_code == 422
    assert "at least 40 characters" in seen(answer.text)
    assert "Done, really." in answer.text


def test_a_release_without_a_title_is_shown_again_with_what_was_typed(board, team):
    answer = team.post("/boards/garden/releases/new", data={"title": "", "body": "What I wrote"})

    assert answer.status_code == 422
    assert "What I wrote" in answer.text
    assert count(Release) == 0


def test_what_keeps_it_from_being_published_is_said_by_title(board, petra, team):
    idea = IdeaFactory(board=board, title="A pergola")
    release_id = draft(petra, idea)
    answered(petra, idea)

    answer = team.post(f"/releases/{release_id}/publish")

    assert answer.status_code == 409
    assert in_order(answer.text, "Nothing was published", "“A pergola” cannot be answered now")


def test_until_people_are_told_it_is_taken_back_with_one_button(board, petra, team):
    idea = IdeaFactory(board=board)
    release_id = publish(petra, draft(petra, idea))
    assert "Until then you may take it back" in seen(team.get(f"/releases/{release_id}", follow_redirects=True).text)

    page = seen(team.post(f"/releases/{release_id}/undo", follow_redirects=True).text)

    assert "Nobody was told" in page
    assert "draft" in page
    assert queries.get_idea(None, idea.id).idea.status.stage == Stage.OPEN


def test_pages_name_of_those_who_were_credited_only_who_agreed(client, board, petra):
    idea = IdeaFactory(board=board)
    people = [UserFactory(name="Ole", shown_as_backer=True), UserFactory(name="Shy Person", shown_as_backer=False)]
    credits = [
        {"kind": "comment", "id": CommentFactory(idea=idea, author=each).id, "how": f"It helped, {number}."}
        for number, each in enumerate(people)
    ]
    release_id = publish(petra, draft(petra, idea, credits=credits))

    for path in ("/releases", "/boards/garden/releases", f"/releases/{release_id}-the-spring-release"):
        page = client.get(path).text
        assert "Ole" in page
        assert "It helped, 0." in page
        assert "Shy Person" not in page
        assert "It helped, 1." not in page


def test_the_changelog_has_the_latest_first_and_goes_on(client, board, petra, monkeypatch):
    monkeypatch.setattr("ideas.boards.views_releases.A_PAGE", 2)
    for title in ("First", "Second", "Third"):
        publish(petra, draft(petra, title=title))

    page = client.get("/releases").text
    assert in_order(page, "Third", "Second")
    assert "First" not in seen(page)
    rest = re.search(r'href="(/releases\?cursor=[^"]+)"', page)[1]

    assert "First" in seen(client.get(rest).text)


def test_an_empty_changelog_says_what_will_be_here(client, board):
    assert "Nothing was released yet" in seen(client.get("/boards/garden/releases").text)


def test_drafts_stand_in_the_teams_changelog_alone(client, board, petra, team):
    draft(petra, title="The summer release")

    assert "The summer release" in seen(team.get("/releases").text)
    assert "The summer release" not in seen(client.get("/releases").text)
    assert "The summer release" not in seen(client.get("/boards/garden/releases").text)


def test_one_follows_the_releases_of_a_board_and_leaves_it_again(app, board):
    mia = browser_of(app, UserFactory())

    for on, word in (("1", "Stop following"), ("1", "Stop following"), ("0", "Hear of releases")):
        page = mia.post("/boards/garden/releases/follow", data={"on": on}, follow_redirects=True)
        assert word in seen(page.text)
    assert count(ReleaseFollow) == 0


def test_the_page_of_an_idea_leads_to_the_release_that_shipped_it(client, board, petra):
    idea, other = IdeaFactory(board=board), IdeaFactory(board=board)
    release_id = publish(petra, draft(petra, idea))
    answered(petra, other)

    link = f'href="/releases/{release_id}-the-spring-release"'
    assert link in client.get(f"/ideas/{idea.id}-{idea.slug}").text
    assert link not in client.get(f"/ideas/{other.id}-{other.slug}").text


def test_a_release_has_one_address(client, board, petra):
    release_id = publish(petra, draft(petra))

    for other in (f"/releases/{release_id}", f"/releases/{release_id}-something-else"):
        assert client.get(other).location == f"/releases/{release_id}-the-spring-release"
    assert client.get("/releases/999").status_code == 404


def test_the_page_before_publishing_says_how_many_people_hear(board, petra, team):
    idea = IdeaFactory(board=board)
    VoteFactory(idea=idea)
    db.session.add(ReleaseFollow(board_id=board.id, user_id=UserFactory().id))
    db.session.commit()
    release_id = draft(petra, idea)

    page = seen(team.get(f"/releases/{release_id}", follow_redirects=True).text)

    assert "3 people are told: 3 by e-mail, 0 in their inbox alone." in page


def test_a_changelog_costs_the_same_for_one_release_and_for_five(client, board, petra):
    def cost(path):
        client.get(path)
        with statements() as asked:
            assert client.get(path).status_code == 200
        return len(asked)

    publish(petra, draft(petra, IdeaFactory(board=board)))
    before = cost("/releases")
    for _ in range(4):
        publish(petra, draft(petra, IdeaFactory(board=board), IdeaFactory(board=board)))

    assert cost("/releases") == before
    assert before <= 6
