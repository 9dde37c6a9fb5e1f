"""What may be kept and by whom: the public part by anybody for a moment, the rest by nobody."""

import pytest

from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member

PUBLIC = [
    "boards",
    "boards/garden",
    "ideas",
    "ideas/{idea}",
    "ideas/{idea}/comments",
    "ideas/{idea}/answers",
    "comments/{comment}",
]
OWN = ["me/votes?ideas={idea}", "me/receipts"]


@pytest.fixture
def names():
    idea = IdeaFactory(board=BoardFactory(slug="garden"))
    return {"idea": idea.id, "comment": CommentFactory(idea=idea).id}


@pytest.mark.parametrize("path", [*PUBLIC, "openapi.json"])
def test_what_is_public_is_kept_for_a_moment(ask, names, path):
    answer = ask().get(path.format(**names))

    assert answer.headers["Cache-Control"].startswith("public, max-age=")
    assert answer.headers["ETag"]
    # what the team sees is at the same address: a cache must not give one for the other
    assert "Authorization" in answer.headers["Vary"]
    assert "Cookie" not in answer.headers["Vary"]
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", PUBLIC + OWN)
def test_what_is_asked_with_a_key_is_kept_by_nobody(ask, names, path):
    answer = ask(UserFactory()).get(path.format(**names))

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("path", PUBLIC)
@pytest.mark.parametrize("with_key", [False, True])
def test_what_has_not_changed_is_not_sent_again(ask, names, path, with_key):
    asking = ask(UserFactory() if with_key else None)
    tag = asking.get(path.format(**names)).headers["ETag"]

    again = asking.get(path.format(**names), headers={"If-None-Match": tag})
    other = asking.get(path.format(**names), headers={"If-None-Match": '"other"'})

    assert again.status_code == 304
    assert again.headers["ETag"] == tag
    assert other.status_code == 200


@pytest.mark.parametrize("path", ["ideas", "ideas/{idea}"])
def test_what_has_changed_is_sent_again_at_once(ask, names, path):
    tag = ask().get(path.format(**names)).headers["ETag"]

    ask(UserFactory()).put(f"ideas/{names['idea']}/vote")

    answer = ask().get(path.format(**names), headers={"If-None-Match": tag})
    assert answer.status_code == 200
    assert answer.headers["ETag"] != tag


def test_a_tag_of_the_team_opens_nothing_for_a_visitor(ask):
    board = BoardFactory()
    hidden = IdeaFactory(board=board, hidden=True)
    tag = ask(team_member(board)).get(f"ideas/{hidden.id}").headers["ETag"]

    assert ask().get(f"ideas/{hidden.id}", headers={"If-None-Match": tag}).status_code == 404


def test_the_head_of_an_answer_is_that_of_the_whole(ask, names):
    whole, head = ask().get("ideas"), ask().ask("HEAD", "ideas")

    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["ETag"] == whole.headers["ETag"]


def test_problems_are_kept_by_nobody(ask):
    assert ask().get("ideas/1").headers["Cache-Control"] == "private, no-store"


def test_whether_one_voted_is_in_no_answer_that_others_may_be_given(ask, names):
    mia = ask(UserFactory())
    mia.put(f"ideas/{names['idea']}/vote")

    for path in PUBLIC:
        assert mia.get(path.format(**names)).json == ask().get(path.format(**names)).json
