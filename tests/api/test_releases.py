"""Releases by the API: the same acts, the same words, the same refusals as on the pages."""

import pytest

from ideas.boards.models import Stage
from ideas.boards.models_releases import ReleaseFollow
from tests.boards.arranging import count
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

DONE = "It is there since this morning, under Plan, for everybody who asked for it."


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def begun(asking, *ideas, **more):
    answer = asking.post("releases", {"board": "garden", "title": "The spring release", **more})
    assert answer.status_code == 201
    for idea in ideas:
        assert asking.ask("PUT", f"releases/{answer.json['id']}/ideas/{idea.id}", {"text": DONE}).status_code == 200
    return answer.json["id"]


def test_a_program_writes_a_release_and_publishes_it(ask, board, petra):
    idea = IdeaFactory(board=board, title="Book a bed")
    said = CommentFactory(idea=idea, author=UserFactory(name="Ole", shown_as_backer=True))
    team = ask(petra)
    release_id = begun(team, body="**New**")
    line = {"reason": "partly", "text": DONE, "credits": [{"kind": "comment", "id": said.id, "how": "Your rota."}]}

    put = team.ask("PUT", f"releases/{release_id}/ideas/{idea.id}", line).json
    published = team.post(f"releases/{release_id}/publish").json

    assert (put["published_at"], put["ideas"][0]["answer_id"], put["ideas"][0]["ships"]) == (None, None, True)
    (shipped,) = published["ideas"]
    assert shipped["status"]["stage"] == Stage.SHIPPED
    assert shipped["thanks"] == [
        {"kind": "comment", "id": said.id, "person": {"id": said.author_id, "name": "Ole"}, "how": "Your rota."}
    ]
    assert ask().get(f"releases/{release_id}").json == published
    assert ask().get("releases").json["data"] == [published]
    assert ask().get(f"ideas/{idea.id}").json["answer"]["id"] == shipped["answer_id"]


def test_a_draft_is_the_teams_alone(ask, board, petra):
    release_id = begun(ask(petra))

    assert ask().get(f"releases/{release_id}").status_code == 404
    assert ask().get("releases?state=draft").json["data"] == []
    assert [each["id"] for each in ask(petra).get("releases?state=draft").json["data"]] == [release_id]


def test_an_idea_that_cannot_be_answered_is_named_and_nothing_is_published(ask, board, petra):
    fine, waiting = IdeaFactory(board=board), IdeaFactory(board=board, title="A pergola")
    team = ask(petra)
    release_id = begun(team, fine, waiting)
    team.post(f"ideas/{waiting.id}/answers", {"status": "planned", "reason": "committed", "text": DONE})

    refused = team.post(f"releases/{release_id}/publish")

    assert (refused.status_code, refused.json["code"]) == (409, "cannot-ship")
    assert "A pergola" in refused.json["detail"]
    assert ask().get(f"ideas/{fine.id}").json["status"]["stage"] == Stage.OPEN


def test_it_is_taken_back_before_anybody_is_told(ask, board, petra):
    idea = IdeaFactory(board=board)
    team = ask(petra)
    release_id = begun(team, idea)
    team.post(f"releases/{release_id}/publish")

    undone = team.post(f"releases/{release_id}/undo").json

    assert (undone["published_at"], undone["ideas"][0]["status"]["stage"]) == (None, Stage.OPEN)
    assert ask().get(f"releases/{release_id}").status_code == 404


def test_its_words_change_and_a_stale_change_is_refused(ask, board, petra):
    team = ask(petra)
    release_id = begun(team)
    tag = team.get(f"releases/{release_id}").headers["ETag"]

    first = team.ask("PATCH", f"releases/{release_id}", {"title": "Spring"}, headers={"If-Match": tag})
    second = team.ask("PATCH", f"releases/{release_id}", {"title": "Autumn"}, headers={"If-Match": tag})

    assert first.json["title"] == "Spring"
    assert second.status_code == 412
    assert team.ask("PATCH", f"releases/{release_id}", {"title": ""}).status_code == 422


def test_a_draft_loses_an_idea_and_is_thrown_away(ask, board, petra):
    idea, team = IdeaFactory(board=board), ask(petra)
    release_id = begun(team, idea)

    assert team.ask("DELETE", f"releases/{release_id}/ideas/{idea.id}").status_code == 204
    assert team.get(f"releases/{release_id}").json["ideas"] == []
    assert team.ask("DELETE", f"releases/{release_id}").status_code == 204
    assert team.get(f"releases/{release_id}").status_code == 404


def test_a_person_hears_of_releases_and_no_more(ask, board):
    mia = ask(UserFactory())

    for _ in range(2):
        assert mia.ask("PUT", "boards/garden/releases/follow").status_code == 204
    assert count(ReleaseFollow) == 1
    assert mia.ask("DELETE", "boards/garden/releases/follow").status_code == 204
    assert count(ReleaseFollow) == 0


def test_charlie_neither_writes_nor_publishes(ask, board, petra):
    idea = IdeaFactory(board=board)
    release_id = begun(ask(petra), idea)
    charlie = ask(UserFactory())

    assert charlie.post("releases", {"board": "garden", "title": "Mine"}).status_code == 403
    assert charlie.post(f"releases/{release_id}/publish").status_code == 404
    ask(petra).post(f"releases/{release_id}/publish")
    assert charlie.post(f"releases/{release_id}/undo").status_code == 403
