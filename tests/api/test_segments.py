"""Segments as JSON."""

import pytest

from tests.backlog.arranging import back, company, people, walk
from tests.factories import BoardFactory, IdeaFactory, charlie, team_member

QUESTION = {
    "match": "all",
    "conditions": [
        {"about": "plan", "is": "is", "value": ["enterprise"]},
        {"about": "monthly_revenue", "is": "at_least", "value": 100},
    ],
}


@pytest.fixture
def petra(app):
    return team_member(BoardFactory(slug="garden"), name="Petra")


def test_a_segment_is_kept_asked_changed_and_removed(ask, petra):
    idea = IdeaFactory(board_id=1)
    back(idea, [*people(3, company("enterprise", 900)), *people(2, company("enterprise", 9))])
    asking = ask(petra)

    kept = asking.post("segments", {"name": "Large", "question": QUESTION})
    walk()
    segment_id = kept.get_json()["id"]
    found = asking.get(f"segments/{segment_id}").get_json()
    listed = asking.get("segments").get_json()["data"]

    assert kept.status_code == 201
    assert (found["slug"], found["question"], found["people"], found["companies"]) == ("large", QUESTION, 3, 1)
    assert listed == [found]
    assert [row["reach"] for row in asking.get("backlog?segment=large&order=reach").get_json()["data"]] == [3]
    assert len(asking.get("people?segment=large").get_json()["data"]) == 3
    assert len(asking.get("companies?segment=large").get_json()["data"]) == 1
    scores = asking.get(f"ideas/{idea.id}/scores?segment=large").get_json()
    assert scores["segments"] == [{"segment": "large", "name": "Large", "votes": 3}]
    assert (scores["priority"]["segment"], scores["priority"]["reach"]) == ("large", 3)
    changed = asking.patch(f"segments/{segment_id}", {"name": "Largest"}).get_json()
    assert (changed["name"], changed["slug"], changed["question"]) == ("Largest", "large", QUESTION)
    assert asking.delete(f"segments/{segment_id}").status_code == 204
    assert asking.get(f"segments/{segment_id}").status_code == 404


def test_what_is_wrong_is_named_with_its_place(ask, petra):
    conditions = [QUESTION["conditions"][0], {"about": "renews_on", "is": "within_days", "value": "soon"}]

    answer = ask(petra).post("segments", {"name": "Large", "question": {"conditions": conditions}})

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.get_json()["errors"]] == ["/question/conditions/1/value"]


def test_a_segment_in_use_is_refused_and_named(ask, petra):
    asking = ask(petra)
    segment_id = asking.post("segments", {"name": "Large", "question": QUESTION}).get_json()["id"]
    asking.post("backlog/views", {"name": "Mornings", "asked": {"segment": "large"}})

    answer = asking.delete(f"segments/{segment_id}")

    assert answer.status_code == 409
    assert "“Mornings”" in answer.get_json()["detail"]


def test_segments_are_none_of_charlies_business(ask, petra):
    segment_id = ask(petra).post("segments", {"name": "Large", "question": QUESTION}).get_json()["id"]
    other = ask(charlie())

    assert other.get("segments").status_code == 404
    assert other.get(f"segments/{segment_id}").status_code == 404
    assert other.post("segments", {"name": "Mine", "question": QUESTION}).status_code == 404
    assert other.delete(f"segments/{segment_id}").status_code == 404
