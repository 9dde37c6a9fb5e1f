"""The team's desk as JSON."""

import pytest

from tests.backlog.arranging import SAID, back, company, people, walk
from tests.factories import BoardFactory, IdeaFactory, TagFactory, charlie, team_member


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def idea(board):
    made = IdeaFactory(board=board)
    back(made, [*people(30, company("enterprise", 900)), *people(10)])
    return made


def test_the_scores_of_an_idea_come_with_all_that_goes_into_them(ask, board, idea):
    found = ask(team_member(board)).get(f"ideas/{idea.id}/scores").get_json()

    assert found["votes"] == 40
    breadth = found["breadth"]
    assert breadth["weight_most"] == 2
    assert breadth["score"] == pytest.approx(12**2 / 14)
    assert breadth["score"] == pytest.approx(breadth["weight"] ** 2 / breadth["weight_squared"])
    assert [(each["votes"], each["weight"], each["monthly_revenue"]) for each in breadth["companies"]] == [(30, 2, 900)]
    assert breadth["people_without_company"] == 10
    assert found["value"] == {"score": 900, "currency": "EUR", "companies": 1, "companies_without_revenue": 0}
    assert found["priority"] == {"score": None, "reach": 40, "segment": None, "estimate": None}


def test_an_estimate_is_put_and_removed(ask, board, idea):
    petra = team_member(board, name="Petra")

    said = ask(petra).put(f"ideas/{idea.id}/estimate", SAID).get_json()
    removed = ask(petra).delete(f"ideas/{idea.id}/estimate")

    assert said["priority"]["score"] == 40 * 2 * 0.5 / 4
    assert said["priority"]["estimate"]["by"]["name"] == "Petra"
    assert removed.status_code == 204
    assert ask(petra).get(f"ideas/{idea.id}/scores").get_json()["priority"]["score"] is None


def test_scores_are_none_of_charlies_business(ask, idea):
    for answer in (
        ask(charlie()).get(f"ideas/{idea.id}/scores"),
        ask(charlie()).put(f"ideas/{idea.id}/estimate", SAID),
        ask(charlie()).delete(f"ideas/{idea.id}/estimate"),
    ):
        assert answer.status_code == 403


def test_a_day_for_the_answer_is_set_listed_and_taken_away(ask, board, idea):
    petra, other = ask(team_member(board)), IdeaFactory(board=board)
    petra.put(f"ideas/{other.id}/due", {"due_on": "2999-12-05"})

    said = petra.put(f"ideas/{idea.id}/due", {"due_on": "2999-12-04"}).get_json()
    listed = petra.get("backlog?order=due&limit=1").get_json()
    after = petra.get(listed["next"].partition("/api/v1/")[2]).get_json()
    soon = petra.get("backlog?due=30").get_json()["data"]
    past = petra.put(f"ideas/{idea.id}/due", {"due_on": "2020-01-01"})
    petra.put(f"ideas/{idea.id}/due", {"due_on": None})

    assert said == {"idea_id": idea.id, "due_on": "2999-12-04"}
    assert [(line["id"], line["due_on"]) for line in listed["data"]] == [(idea.id, "2999-12-04")]
    assert [line["id"] for line in after["data"]] == [other.id]
    assert soon == []
    assert [line["pointer"] for line in past.get_json(force=True)["errors"]] == ["/due_on"]
    assert [line["id"] for line in petra.get("backlog?order=due").get_json()["data"]] == [other.id]
    assert ask(charlie()).put(f"ideas/{idea.id}/due", {"due_on": None}).status_code == 403


def test_a_number_that_cannot_be_is_refused_with_its_field(ask, board, idea):
    answer = ask(team_member(board)).put(f"ideas/{idea.id}/estimate", {**SAID, "confidence": 0})

    assert answer.status_code == 422
    assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == ["/confidence"]


def test_the_backlog_is_listed_by_any_score_and_narrowed_by_anything(ask, board, idea):
    petra = team_member(board)
    broad = IdeaFactory(board=board)
    back(broad, people(12))
    walk()

    by_votes = ask(petra).get("backlog").get_json()["data"]
    by_breadth = ask(petra).get("backlog?order=breadth").get_json()["data"]
    narrowed = ask(petra).get("backlog?plan=enterprise&young=3").get_json()["data"]

    assert [line["id"] for line in by_votes] == [idea.id, broad.id]
    assert [line["id"] for line in by_breadth] == [broad.id, idea.id]
    assert [line["id"] for line in narrowed] == [idea.id]
    assert (narrowed[0]["vote_count"], narrowed[0]["value"], narrowed[0]["companies"]) == (40, 900, 1)


def test_the_backlog_is_paged(ask, board):
    for _ in range(5):
        IdeaFactory(board=board)

    pages = ask(team_member(board)).all_pages("backlog?order=new&limit=2")

    assert [len(each) for each in pages] == [2, 2, 1]


def test_the_backlog_is_none_of_charlies_business(ask, idea):
    assert ask(charlie()).get("backlog").status_code == 404


def test_what_cannot_be_asked_is_refused_with_its_field(ask, board):
    answer = ask(team_member(board)).get("backlog?order=loudest")

    assert answer.status_code == 422


def test_a_view_is_kept_asked_changed_and_removed(ask, board, idea):
    petra = team_member(board)
    broad = IdeaFactory(board=board)
    back(broad, people(12))
    walk()
    words = {"name": "Broad", "asked": {"stage": "open"}, "columns": ["points"], "weights": {"breadth": 1, "votes": 0}}

    kept = ask(petra).post("backlog/views", words)
    view_id = kept.get_json()["id"]
    listed = ask(petra).get(f"backlog?view={view_id}").get_json()["data"]
    by_votes = ask(petra).get(f"backlog?view={view_id}&order=votes").get_json()["data"]
    changed = ask(petra).patch(f"backlog/views/{view_id}", {"shared": True}).get_json()
    views = ask(petra).get("backlog/views").get_json()["data"]

    assert (kept.status_code, kept.get_json()["weights"]) == (201, {"breadth": 1})
    assert [(line["id"], line["points"]) for line in listed] == [
        (broad.id, 12),
        (idea.id, pytest.approx(12**2 / 14)),
    ]
    assert [line["id"] for line in by_votes] == [idea.id, broad.id]
    assert (changed["shared"], changed["asked"]) == (True, {"stage": "open"})
    assert [view["id"] for view in views] == [view_id]
    assert ask(petra).delete(f"backlog/views/{view_id}").status_code == 204
    assert ask(petra).get(f"backlog/views/{view_id}").status_code == 404


def test_a_view_is_none_of_charlies_business(ask, board):
    view_id = ask(team_member(board)).post("backlog/views", {"name": "Ours", "shared": True}).get_json()["id"]

    assert ask(charlie()).get(f"backlog/views/{view_id}").status_code == 404
    assert ask(charlie()).post("backlog/views", {"name": "Mine"}).status_code == 404
    assert ask(team_member(board)).delete(f"backlog/views/{view_id}").status_code == 403


def test_the_team_sorts_an_idea_and_says_whose_it_is(ask, board, idea):
    petra = team_member(board, name="Petra")
    TagFactory(board=board, slug="seed")

    tagged = ask(petra).put(f"ideas/{idea.id}/tags", {"tags": ["seed"]})
    owned = ask(petra).put(f"ideas/{idea.id}/owner", {"owner": petra.id})
    freed = ask(petra).put(f"ideas/{idea.id}/owner", {"owner": None})
    unknown = ask(petra).put(f"ideas/{idea.id}/tags", {"tags": ["nothing"]})
    outsider = ask(petra).put(f"ideas/{idea.id}/owner", {"owner": charlie().id})

    assert tagged.get_json() == {"idea_id": idea.id, "tags": ["seed"]}
    assert owned.get_json()["owner"] == {"id": petra.id, "name": "Petra"}
    assert freed.get_json()["owner"] is None
    assert (unknown.status_code, outsider.status_code) == (422, 422)
