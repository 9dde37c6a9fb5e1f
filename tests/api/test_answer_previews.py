"""What an answer would do, asked before it is given."""

import pytest

from ideas.boards.models import Answer
from ideas.boards.models_left_out import LeftOut
from tests.boards.arranging import count
from tests.boards.test_leaving_out import WHY, WORDS, Garden


@pytest.fixture
def garden(app):
    return Garden()


def test_the_api_leaves_out_and_says_before_what_an_answer_would_do(ask, garden):
    words = {**WORDS, "left_out": [{"company": garden.testers.id, "reason": WHY}]}

    seen = ask(garden.petra).post(f"ideas/{garden.idea.id}/answers/preview", words)
    refused = ask(garden.petra).post(f"ideas/{garden.idea.id}/answers/preview", {**words, "text": "No."})
    both = {"person": garden.mia.id, "company": garden.testers.id, "reason": WHY}
    neither = ask(garden.petra).post(f"ideas/{garden.idea.id}/answers", {**words, "left_out": [both]})
    assert count(Answer) == 0
    given = ask(garden.petra).post(f"ideas/{garden.idea.id}/answers", words)

    found = seen.get_json()
    assert (found["people"], found["left_out"]) == (2, [{"code": "left_out", "people": 3}])
    assert {each["code"] for each in found["paths"]} == {"author", "voter"}
    assert found["earlier"] is None
    assert refused.status_code == neither.status_code == 422
    assert given.status_code == 201
    assert count(LeftOut) == 1
    assert ask(garden.mia).post(f"ideas/{garden.idea.id}/answers/preview", words).status_code == 403
