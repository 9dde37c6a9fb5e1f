"""What the description promises of what may be sent, beyond its shape. bench.schema asks the rest."""

import re

import pytest

from config import Config
from ideas import api_repeats, serving
from ideas.problems import NameMalformed
from tests.api.test_description import operations
from tests.boards.pages import LONG_ENOUGH
from tests.factories import BoardFactory, IdeaFactory, team_member


def test_an_id_that_no_database_holds_is_not_there_whatever_is_asked_of_it(ask):
    petra = ask(team_member(BoardFactory()))

    for number in (2**31, 2**31 + 7, 10**10, 0):
        for method in ("GET", "PATCH", "DELETE"):
            assert petra.ask(method, f"snippets/{number}").status_code == 404
    assert petra.put("snippets/1").status_code == 405


def test_a_whole_number_may_have_a_point(ask):
    petra = team_member(board := BoardFactory())
    idea = IdeaFactory(board=board)

    assert ask(petra).put(f"ideas/{idea.id}/owner", {"owner": float(petra.id)}).status_code == 200
    assert ask(petra).put(f"ideas/{idea.id}/owner", {"owner": petra.id + 0.5}).status_code == 422


def test_what_any_body_may_be_refused_for_is_described(document):
    for name, (method, path, operation) in operations(document).items():
        described = set(operation["responses"])
        assert ("requestBody" in operation) <= ({"400", "413", "415", "422"} <= described), name
        assert ("{" in path) <= ("404" in described), name
        assert (method != "get") <= ({"409", "422"} <= described), name
        assert ("409" in described) == (method != "get" or name in ("preview_merge", "get_scores")), name


def test_texts_that_are_needed_are_described_as_needed(document):
    schemas = document["components"]["schemas"]
    for schema, field in (("IdeaPosted", "title"), ("IdeaEdit", "title"), ("MeEdit", "name"), ("BoardEdit", "slug")):
        assert schemas[schema]["properties"][field]["minLength"] == 1


@pytest.mark.parametrize("part", ["name", "text"])
def test_a_snippet_is_never_emptied(ask, part):
    petra = ask(team_member(BoardFactory()))
    number = petra.post("snippets", {"name": "Wanted", "text": "It is wanted."}).json["id"]

    answer = petra.patch(f"snippets/{number}", {part: "  "})

    assert answer.status_code == 422
    assert answer.get_json(force=True)["errors"][0]["pointer"] == f"/{part}"


def test_the_name_of_a_request_is_described_as_it_is_taken(document):
    described = api_repeats.PARAMETER["schema"]["pattern"]

    for given in ("a", "a" * 255, "a" * 256, '"a"', '"' + "b" * 255 + '"', '"', '""', 'a"b', "a b", "a\\b", "é", ""):
        try:
            api_repeats._key(given)
        except NameMalformed:
            assert not re.fullmatch(described, given), given
        else:
            assert re.fullmatch(described, given), given


def test_a_hundred_ids_may_be_asked_about_at_once(ask):
    asking = ask(team_member(BoardFactory()))

    assert asking.get("me/votes?ideas=" + ",".join(["2147483647"] * 100)).status_code == 200
    assert asking.get("me/votes?ideas=" + ",".join(["1"] * 101)).status_code == 422
    assert asking.get("me/votes?ideas=1,,2").status_code == 422


def test_a_long_question_reaches_the_site():
    settings = serving.gunicorn_settings(Config.from_env({"SECRET_KEY": LONG_ENOUGH}))

    assert settings["limit_request_line"] == 8190
