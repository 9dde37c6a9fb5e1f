"""The description of the API is true: valid, complete, and every example in it is what happens."""

import json
import shlex

import pytest
from openapi_spec_validator import validate

from ideas import api_described, problems
from ideas.db import db
from ideas.errors import DomainError
from tests.api.asking import check_shape, operation_at, resolved
from tests.boards.pages import browser_of
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
    ["suppressions"],
    ["embed"],
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


def test_the_pages_show_every_operation_and_load_nothing_from_elsewhere(app, client, document):
    overview = client.get("/api/docs")
    pages = {resource.tag: client.get(f"/api/docs/{resource.slug}") for resource in api_described.resources(document)}

    assert {answer.status_code for answer in pages.values()} == {200}
    for name, (method, path, operation) in operations(document).items():
        page = pages[operation["tags"][0]].text
        assert f'id="{name}"' in page
        assert f'data-method="{method.upper()}" data-path="{path}"' in page
        assert operation["summary"] in page
        assert f"#{name}" in overview.text
    for answer in (overview, *pages.values()):
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"]
        for part in ("<style", " style=", "onclick", "//cdn"):
            assert part not in answer.text
    assert client.get("/api/docs/nothing").status_code == 404


def test_an_operation_is_found_by_its_words(client):
    page = client.get("/api/docs?q=webhook+ROTATE")
    part = client.get("/api/docs?q=webhook+rotate", headers={"X-Requested-With": "fetch"})

    for answer in (page, part):
        assert '<a href="/api/docs/webhooks#rotate_webhook_secret">' in answer.text
        assert "#list_ideas" not in answer.text
    assert "<html" not in part.text
    assert "Nothing here says all of this." in client.get("/api/docs?q=zeppelin").text


def test_visitors_are_told_when_the_page_is_the_same(app, client):
    first = client.get("/api/docs/ideas")
    again = client.get("/api/docs/ideas", headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data) == (304, b"")
    assert first.headers["Cache-Control"] == "private, no-cache"

    mia = browser_of(app, UserFactory(name="Mia"))
    own = mia.get("/api/docs/ideas", headers={"If-None-Match": first.headers["ETag"]})
    assert "Mia" in own.text
    assert own.headers["Cache-Control"] == "private, no-store"
    assert "ETag" not in own.headers


def test_the_page_says_what_may_stand_in_a_field(document):
    described = {each.id: each for resource in api_described.resources(document) for each in resource.operations}
    fields = {field.name: field for field in described["post_idea"].body}

    assert (fields["title"].kind, fields["title"].required) == ("string, at most 120", True)
    assert (fields["tags"].kind, fields["tags"].required) == ("list of string, at most 40, at most 10", False)
    assert json.loads(described["post_idea"].body_example)["board"] == "garden"
    answered = {field.name for field in described["answer_idea"].body}
    assert {"credits", "credits[].kind", "credits[].id", "credits[].how"} <= answered
    listed = {field.name: field for field in described["list_ideas"].parameters}
    assert listed["limit"].default == "20"
    assert "trending" in listed["sort"].choices
    assert described["post_picture"].takes_file


def test_every_example_is_a_command_and_a_program(ask, document):
    """What is shown for curl is what the API takes; what is shown for Python compiles."""
    board = BoardFactory(slug="garden")
    asking = ask(team_member(board, admin=True))
    IdeaFactory(id=23, board=board)
    IdeaFactory(id=24, board=board)
    db.session.commit()

    for resource in api_described.resources(document):
        for each in resource.operations:
            compile(each.python, each.id, "exec")
            words = shlex.split(each.curl.replace("\\\n", ""))
            address = words[-1].removeprefix("http://localhost")
            assert words[0] == "curl"
            assert operation_at(document, each.method, address.partition("?")[0]) is not None, each.id
            assert ("Authorization: Bearer $KEY" in words) is not each.open_to_nobody
            if each.body_example:
                assert json.loads(words[words.index("--json") + 1]) == json.loads(each.body_example)
            if not each.writes:
                fine = (200, 404) if each.scopes else (200, 401, 404)  # keys of pages are others
                assert asking.get(address).status_code in fine, address


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
