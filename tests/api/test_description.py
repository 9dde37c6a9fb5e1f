"""The description of the API is true: valid, complete, and every example in it is what happens."""

import json

import pytest
from openapi_spec_validator import validate

from ideas import api_docs, problems
from ideas.errors import DomainError
from tests.api.asking import check_shape, operation_at, resolved
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    TagFactory,
    UserFactory,
    team_member,
)

METHODS = ("get", "post", "put", "patch", "delete")


def operations(document):
    return {
        operation["operationId"]: (method, path, operation)
        for path, item in document["paths"].items()
        for method, operation in item.items()
        if method in METHODS
    }


def json_of(content):
    return content.get("content", {}).get("application/json", {})


def test_the_description_is_valid_openapi(document):
    validate(document)

    assert document["openapi"].startswith("3.1.")
    assert document["servers"] == [{"url": "http://localhost"}]


def test_every_part_is_introduced(document):
    introduced = {tag["name"] for tag in document["tags"] if tag["description"]}

    assert {
        tag for _method, _path, operation in operations(document).values() for tag in operation["tags"]
    } == introduced


def test_everybody_may_read_the_description(ask, document):
    assert ask().get("openapi.json").json == document


OF_FILES = {"post_picture", "send_import", "put_logo"}  # what is sent is no JSON


def test_every_operation_says_what_it_does_and_shows_it(document):
    for name, (method, _path, operation) in operations(document).items():
        assert operation["summary"], name
        answers = [resolved(document, each) for code, each in operation["responses"].items() if code.startswith("2")]
        assert len(answers) == 1, name
        if name not in ("openapi", "export") and "content" in answers[0]:
            assert "example" in json_of(answers[0]), name
        if "requestBody" in operation and name not in OF_FILES:
            assert "example" in json_of(operation["requestBody"]), name
        assert ("requestBody" in operation) <= (method in ("post", "put", "patch"))


def test_every_example_has_the_shape_it_shows(document):
    for name, (_method, _path, operation) in operations(document).items():
        shown = [resolved(document, each) for each in operation["responses"].values()]
        for content in [*shown, operation.get("requestBody", {})]:
            part = json_of(content)
            if "example" in part:
                check_shape(document, part["schema"], part["example"])
        assert name


def test_every_field_of_an_answer_is_always_there_or_said_to_be_for_some(document):
    some = {"errors", "undone_at", "hidden", "people_told", "id of Source", "on_behalf_count", "email of Customer"}
    some |= {"name of Condition", "value of Condition", "shortened"}
    some |= {f"{field} of Weights" for field in document["components"]["schemas"]["Weights"]["properties"]}
    for name, schema in document["components"]["schemas"].items():
        if schema.get("additionalProperties") is False:
            continue  # what comes in
        for field in schema["properties"]:
            assert field in schema.get("required", ()) or field in some or f"{field} of {name}" in some


TESTED_ELSEWHERE = (
    ["moderation"],
    ["boards"],
    ["solved"],
    ["notifications"],
    ["people"],
    ["evidence"],
    ["moving"],
    ["keeping"],
    ["account"],
    ["administration"],
    ["site"],
    ["mail_words"],
    ["inbox"],
    ["webhooks"],
)  # in the files of those names


def sendable(document):
    return {
        name: (method, path, json_of(operation["requestBody"])["example"])
        for name, (method, path, operation) in operations(document).items()
        if json_of(operation.get("requestBody", {})) and operation["tags"] not in TESTED_ELSEWHERE
    }


@pytest.mark.parametrize(
    "name",
    [
        *("post_idea", "edit_idea", "add_comment", "edit_comment", "answer_idea", "correct_answer"),
        *("merge_idea", "unmerge_idea", "put_estimate", "keep_view", "edit_view", "put_tags", "put_owner"),
        "put_due",
        *("draft_release", "edit_release", "put_release_idea", "keep_snippet", "edit_snippet"),
        *("make_segment", "edit_segment"),
        "preview_answer",
        "make_feed",
    ],
)
def test_every_example_that_may_be_sent_is_taken(ask, document, name):
    """The garden of the examples, with other ids."""
    board = BoardFactory(slug="garden")
    TagFactory(board=board, slug="seed")
    petra = team_member(board, name="Petra")
    idea = IdeaFactory(board=board, author=petra)
    comment = CommentFactory(idea=idea, author=petra)
    asking = ask(petra)
    examples = sendable(document)
    assert set(examples) == {
        "post_idea",
        "edit_idea",
        "add_comment",
        "make_feed",
        "edit_comment",
        "answer_idea",
        "correct_answer",
        "merge_idea",
        "unmerge_idea",
        "put_estimate",
        "keep_view",
        "edit_view",
        "put_tags",
        "put_owner",
        "put_due",
        "draft_release",
        "edit_release",
        "put_release_idea",
        "keep_snippet",
        "edit_snippet",
        "make_segment",
        "edit_segment",
        "preview_answer",
    }
    ids = {"idea_id": idea.id, "comment_id": comment.id}
    for each in ("answer_idea", "preview_answer"):
        examples[each][2]["credits"][1]["id"] = comment.id
    if name == "correct_answer":
        given = asking.post(f"ideas/{idea.id}/answers", examples["answer_idea"][2])
        ids["answer_id"] = given.json["id"]

    if name == "edit_view":
        ids["view_id"] = asking.post("backlog/views", examples["keep_view"][2]).json["id"]
    if name == "edit_snippet":
        ids["snippet_id"] = asking.post("snippets", examples["keep_snippet"][2]).json["id"]
    if name == "edit_segment":
        ids["segment_id"] = asking.post("segments", examples["make_segment"][2]).json["id"]
    if name in ("edit_release", "put_release_idea"):
        ids["release_id"] = asking.post("releases", examples["draft_release"][2]).json["id"]
    if name in ("merge_idea", "unmerge_idea"):
        into = IdeaFactory(board=board, author=petra)
        examples["merge_idea"][2]["into"] = into.id
    if name == "unmerge_idea":
        asking.post(f"ideas/{idea.id}/merge", examples["merge_idea"][2])

    method, path, body = examples[name]
    answer = asking.ask(method.upper(), path.format(**ids), body)

    assert answer.status_code in (200, 201), answer.text
    shown = operation_at(document, method.upper(), path.format(**ids))["responses"][str(answer.status_code)]
    assert set(json_of(shown)["example"]) - {"hidden", "on_behalf_count"} == set(answer.json) - {
        "hidden",
        "on_behalf_count",
    }


# --- For people ---


def test_the_page_shows_every_operation_and_loads_nothing_from_elsewhere(app, client, document):
    answer = client.get("/api/docs")

    assert answer.status_code == 200
    assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
    for name, (method, path, operation) in operations(document).items():
        assert f'id="{name}"' in answer.text
        assert path in answer.text
        assert operation["summary"] in answer.text
        assert method.upper() in answer.text
    for part in ("<style", " style=", "onclick", "//cdn"):
        assert part not in answer.text


def test_the_page_says_what_may_stand_in_a_field(document):
    sections = api_docs.sections(document)
    (posted,) = [each for each in sections["ideas"] if each.id == "post_idea"]
    fields = {field.name: field for field in posted.body}

    assert (fields["title"].kind, fields["title"].required) == ("string, at most 120", True)
    assert (fields["tags"].kind, fields["tags"].required) == ("list of string, at most 40, at most 10", False)
    assert json.loads(posted.body_example)["board"] == "garden"
    (answered,) = [each for each in sections["answers"] if each.id == "answer_idea"]
    assert {"credits", "credits[].kind", "credits[].id", "credits[].how"} <= {field.name for field in answered.body}
    (listed,) = [each for each in sections["ideas"] if each.id == "list_ideas"]
    assert {field.name: field.default for field in listed.parameters}["limit"] == "20"


def kinds(top):
    return [kind for below in top.__subclasses__() for kind in (below, *kinds(below))]


def test_every_problem_has_a_page(app, client):
    named = {kind.code for kind in kinds(DomainError) if kind.__module__.startswith("ideas.")}

    assert named <= set(problems.all_problems())
    for code, problem in problems.all_problems().items():
        page = client.get(f"/problems/{code}")
        assert page.status_code == 200
        assert f"<code>{code}</code>" in page.text
        assert problem.title.endswith((".", "?"))
        assert f'href="/problems/{code}"' in client.get("/problems").text


def test_the_page_of_a_problem_says_what_the_error_says_of_itself(client):
    page = client.get("/problems/voting-closed")

    assert "it takes no votes any more" in page.text


@pytest.mark.parametrize("code", ["none", "http-", "http-1", "http-99999", "404", "x" * 3000])
def test_a_problem_that_does_not_exist_has_no_page(client, code):
    assert client.get(f"/problems/{code}").status_code == 404


def test_statuses_without_a_word_of_ours_have_a_page_too(client):
    assert "Unavailable For Legal Reasons" in client.get("/problems/http-451").text


def test_every_answer_names_a_problem_that_has_a_page(ask, client):
    mia = ask(UserFactory())
    for answer in (
        ask().put("ideas/1/vote"),
        mia.put("ideas/1/vote"),
        mia.ask("POST", "ideas", data="{", content_type="application/json"),
        mia.ask("POST", "ideas", data="{}", content_type="text/plain"),
        mia.post("ideas", {}),
        mia.ask("PUT", "boards"),
        ask().get("boards", headers={"Authorization": "Bearer none"}),
        ask(UserFactory(), "ideas:read").put("ideas/1/vote"),
    ):
        page = client.get(answer.get_json(force=True)["type"].removeprefix("http://localhost"))
        assert page.status_code == 200
