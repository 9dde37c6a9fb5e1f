"""What programs send: anything odd is refused with its place named, and nothing is ever our fault."""

import json
from typing import Any

import pytest
import sqlalchemy as sa

from ideas.boards.models import Comment, Idea
from ideas.db import db
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

DEEP = 20


def errors(answer):
    assert answer.status_code == 422, answer.text
    return [line["pointer"] for line in answer.get_json(force=True)["errors"]]


def raw(asking, body, content_type="application/json", path="ideas"):
    return asking.ask("POST", path, data=body, content_type=content_type)


@pytest.fixture
def mia(ask):
    BoardFactory(slug="garden")
    return ask(UserFactory())


GOOD = {"board": "garden", "title": "Book a bed"}


def test_good_json_is_taken(mia):
    assert raw(mia, json.dumps(GOOD)).status_code == 201
    assert raw(mia, json.dumps(GOOD), "application/json; charset=utf-8").status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "",
        "application",
    ],
)
def test_only_json_is_taken(mia, content_type):
    answer = raw(mia, json.dumps(GOOD), content_type)

    assert answer.status_code == 415
    assert answer.get_json(force=True)["code"] == "unsupported-media-type"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"title": "x",}',
        b"{'title': 'x'}",
        b'{"title": NaN}',
        b'{"title": Infinity}',
        b'{"title": "\xff"}',
        '{"title": "x"}'.encode("utf-16"),
        b'\xef\xbb\xbf{"title": "x"}',
        b'{"title": "line\nbreak"}',
        b'{"title": "\x00"}',
    ],
)
def test_what_is_no_json_is_told_apart(mia, body):
    answer = raw(mia, body)

    assert answer.status_code == 400
    assert answer.get_json(force=True)["code"] == "malformed-json"


@pytest.mark.parametrize("body", ["[]", '"text"', "7", "null", "true", "[{}]"])
def test_only_an_object_is_taken(mia, body):
    assert errors(raw(mia, body)) == [""]


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ('{"title": "a", "title": "b", "board": "garden"}', ""),
        ('{"title": "nul \\u0000", "board": "garden"}', "/title"),
        ('{"title": "lone \\ud800", "board": "garden"}', "/title"),
        ('{"title": "bell \\u0007", "board": "garden"}', "/title"),
        ('{"title": "delete \\u007f", "board": "garden"}', "/title"),
        ('{"title": "x", "body": "nul \\u0000", "board": "garden"}', "/body"),
        ('{"title": "x", "board": "nul \\u0000"}', "/board"),
        ('{"title": "x", "board": "garden", "tags": ["ok", "nul \\u0000"]}', "/tags/1"),
        ('{"title": "x", "board": "garden", "nul \\u0000": 1}', "/nul \\x00"),
        ('{"title": "x", "board": "garden", "lone \\udfff": 1}', "/lone \\udfff"),
        (f'{{"title": {10**30}, "board": "garden"}}', "/title"),
        (f'{{"title": {"9" * 5000}, "board": "garden"}}', "/title"),
        ('{"title": 1e999, "board": "garden"}', "/title"),
        ('{"title": "x", "board": "garden", "a~b/c": 1}', "/a~0b~1c"),
    ],
)
def test_odd_json_is_refused_with_its_place(mia, body, place):
    assert errors(raw(mia, body)) == [place]

    assert db.session.scalar(sa.select(sa.func.count()).select_from(Idea)) == 0


def test_a_name_given_twice_is_named_where_it_stands(ask):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    body = '{"status": "planned", "credits": [{"kind": "votes", "how": "one way", "how": "another"}]}'

    answer = raw(ask(team_member(board)), body, path=f"ideas/{idea.id}/answers")

    assert errors(answer) == ["/credits/0"]


@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}")])
@pytest.mark.parametrize("depth", [DEEP, 50, 2_000, 100_000])
def test_deep_json_is_refused(mia, opened, closed, depth):
    inner = opened * depth + "1" + closed * depth

    answer = raw(mia, f'{{"title": {inner}}}')

    assert answer.status_code == 422
    (line,) = answer.get_json(force=True)["errors"]
    assert line["detail"] == "This is nested more than 20 deep."
    assert line["pointer"] in ("/title", "")  # too deep even to be read, it has no place


def test_nesting_as_deep_as_is_taken_is_judged_by_what_it_says(mia):
    answer = raw(mia, f'{{"title": {"[" * (DEEP - 1)}1{"]" * (DEEP - 1)}}}')

    assert answer.status_code == 422
    assert "deep" not in answer.text


def test_text_at_the_edge_of_what_is_taken(mia):
    fits = json.dumps({**GOOD, "body": "x" * 20_000})

    assert raw(mia, fits).status_code == 201


def test_more_than_a_mebibyte_is_too_large(mia):
    answer = raw(mia, json.dumps({**GOOD, "body": "x" * 1024 * 1024}))

    assert answer.status_code == 413
    assert answer.get_json(force=True)["code"] == "too-large"


ODD_VALUES: list[Any] = [
    None,
    True,
    0,
    -1,
    1.5,
    2**31,
    2**63 - 1,
    2**63,
    10**30,
    "",
    " ",
    "x" * 30_000,
    "\u0000",
    "\u202e",
    "e\u0301" * 100,
    "💥",
    "'; DROP TABLE idea; --",
    "%s %(x)s {} {{7*7}}",
    [],
    [[]],
    {},
    {"id": 1},
]


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_no_value_of_any_field_is_our_fault(ask, value):
    """Asking fails the test for any 5xx and for any answer that is not as described."""
    board = BoardFactory(slug="garden")
    team = team_member(board)
    idea, other = IdeaFactory(board=board, author=team), IdeaFactory(board=board)
    comment = CommentFactory(idea=idea, author=team)
    asking = ask(team)
    answer = {"status": "planned", "reason": "committed", "text": "We will build it in spring, with the money we have."}
    given = asking.post(f"ideas/{other.id}/answers", answer).json
    credit = {"kind": "comment", "id": comment.id, "how": "Your rota became the page."}
    bodies = [
        ("POST", "ideas", {"board": "garden", "title": "Book a bed", "body": "", "tags": []}),
        ("PATCH", f"ideas/{idea.id}", {"title": "Book a bed", "body": "", "tags": []}),
        ("POST", f"ideas/{idea.id}/comments", {"body": "x", "parent_id": None, "official": False, "internal": False}),
        ("PATCH", f"comments/{comment.id}", {"body": "x"}),
        ("POST", f"ideas/{idea.id}/answers", {**answer, "date": None, "review_by": None, "credits": []}),
        (
            "PATCH",
            f"answers/{given['id']}",
            {**{k: v for k, v in answer.items() if k != "status"}, "date": None, "credits": []},
        ),
    ]
    for method, path, body in bodies:
        for name in body:
            asking.ask(method, path, {**body, name: value})
    for name in credit:
        asking.post(f"ideas/{idea.id}/answers", {**answer, "credits": [{**credit, name: value}]})


@pytest.mark.parametrize("value", ODD_VALUES, ids=repr)
def test_no_question_is_our_fault(ask, value):
    BoardFactory(slug="garden")
    idea = IdeaFactory()
    asking = ask(UserFactory())
    text = str(value)
    for name in ("board", "sort", "stage", "status", "tag", "q", "author", "voted", "limit", "cursor"):
        asking.get("ideas", query_string={name: text})
    for name in ("limit", "cursor"):
        asking.get("me/receipts", query_string={name: text})
        asking.get(f"ideas/{idea.id}/comments", query_string={name: text})
    asking.get("me/votes", query_string={"ideas": text})


@pytest.mark.parametrize("path", ["ideas/{}", "ideas/{}/vote", "comments/{}", "answers/{}", "ideas/{}/comments"])
def test_an_odd_id_is_not_found(ask, path):
    IdeaFactory()
    asking = ask(UserFactory())
    method = "PUT" if path.endswith("vote") else "GET"
    odd = ["0", "-1", "01", "1.0", "2147483648", str(2**63), str(10**30), "9" * 5000, "x", "٣", "%00", "1%00"]

    for place in odd:
        assert asking.ask(method, path.format(place)).status_code == 404, place


def test_an_odd_slug_is_not_found(ask):
    BoardFactory(slug="garden")

    for slug in ("GARDEN", "gar_den", "-garden", "%00", "garden%20", "x" * 5000, "庭"):
        assert ask().get(f"boards/{slug}").status_code == 404, slug


def test_what_is_stored_is_what_is_shown(ask):
    idea, ole = IdeaFactory(), UserFactory()
    odd = "a‮b <script>alert(1)</script> & “q” 'q' \\ %00 💥 ﷺ e\u0301"

    said = ask(ole).post(f"ideas/{idea.id}/comments", {"body": odd})

    assert said.json["body"] == "a‮b <script>alert(1)</script> & “q” 'q' \\ %00 💥 ﷺ é"
    assert "<script" not in said.json["body_html"]
    assert db.session.get_one(Comment, said.json["id"]).body == said.json["body"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_method_that_is_not_there_names_those_that_are(ask, method):
    for path in ("similar", "me/votes", "me/receipts", "openapi.json"):
        answer = ask().ask(method, path)

        assert answer.status_code == 405
        assert "GET" in answer.headers["Allow"]
        assert answer.get_json(force=True)["code"] == "method-not-allowed"


def test_what_is_not_there_is_a_problem_too(ask):
    assert ask().get("none").get_json(force=True)["code"] == "not-found"


def test_numbers_and_truth_come_as_json_has_them(ask):
    """What forms say in words is a number or true here, wherever it stands."""
    board = BoardFactory(slug="garden")
    idea = IdeaFactory(board=board)
    comment = CommentFactory(idea=idea)
    petra = ask(team_member(board))
    words = {"body": "A rota would do.", "parent_id": str(comment.id), "official": "true", "internal": 0}
    credits = [{"kind": "votes", "how": "They moved it."}, {"kind": "comment", "id": "1", "how": "It became this."}]

    assert errors(petra.post(f"ideas/{idea.id}/comments", words)) == ["/parent_id", "/official", "/internal"]
    assert errors(petra.post(f"ideas/{idea.id}/answers", {"credits": credits, "date": True}))[0] == "/credits/1/id"
    said = {**words, "parent_id": comment.id, "official": False, "internal": False}
    assert petra.post(f"ideas/{idea.id}/comments", said).status_code == 201


def test_each_fault_has_a_code_of_its_own(ask):
    mia = ask(UserFactory())
    BoardFactory(slug="garden")

    def codes(method, path, said):
        return {each["pointer"]: each["code"] for each in mia.ask(method, path, said).get_json(force=True)["errors"]}

    assert codes("POST", "ideas", {"board": "garden", "titel": "x"}) == {
        "/title": "required",
        "/titel": "unknown-field",
    }
    assert codes("POST", "ideas", {"board": "garden", "title": "x" * 500, "body": 7, "tags": ["seed", 1]}) == {
        "/title": "too-long",
        "/body": "wrong-type",
        "/tags/1": "wrong-type",
    }
    assert codes("GET", "ideas?limit=0&wrong=1", None) == {"/limit": "out-of-range", "/wrong": "unknown-field"}
