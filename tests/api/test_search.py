"""Searching by the API, and asking for what is like an idea about to be posted."""

import pytest

from ideas.boards.models import IdeaTag, Stage
from ideas.db import db
from tests.factories import BoardFactory, IdeaFactory, TagFactory, UserFactory, VoteFactory, team_member


@pytest.fixture
def garden(app):
    return BoardFactory(slug="garden", name="Garden")


def found(ask, query, person=None):
    answer = ask(person).get(f"search?{query}")
    assert answer.status_code == 200, answer.text
    return [idea["title"] for idea in answer.json["data"]]


def test_a_search_finds_and_marks_words(ask, garden):
    IdeaFactory(board=garden, title="A <b>bicycle</b> shed", body="Dry bicycles & tools.")
    IdeaFactory(board=garden, title="A pond", body="")

    [idea] = ask().get("search?q=bicycles").json["data"]

    assert idea["title"] == "A <b>bicycle</b> shed"
    assert idea["highlights"] == {
        "title": "A &lt;b&gt;<mark>bicycle</mark>&lt;/b&gt; shed",
        "excerpt": "Dry <mark>bicycles</mark> &amp; tools.",
    }


def test_a_search_is_narrowed(ask, garden):
    mia = UserFactory()
    IdeaFactory(board=garden, title="A shed of mine", body="", author=mia)
    tagged = IdeaFactory(board=garden, title="A tagged shed", body="")
    db.session.add(IdeaTag(idea_id=tagged.id, tag_id=TagFactory(board=garden, slug="seed").id))
    IdeaFactory(board=garden, title="A planned shed", body="", stage=Stage.PLANNED)
    IdeaFactory(title="A shed elsewhere", body="")
    db.session.commit()

    assert len(found(ask, "q=shed")) == 4
    assert len(found(ask, "q=shed&board=garden")) == 3
    assert found(ask, "q=shed&tag=seed") == ["A tagged shed"]
    assert found(ask, "q=shed&stage=planned") == ["A planned shed"]
    assert found(ask, "q=shed&status=planned") == ["A planned shed"]
    assert found(ask, f"q=shed&author={mia.id}") == ["A shed of mine"]
    assert found(ask, "q=shed&author=me", mia) == ["A shed of mine"]
    assert found(ask, "q=shed+mine&author=me", UserFactory()) == []


def test_pages_of_a_search_are_the_whole_of_it_best_first(ask, garden):
    for number in range(7):
        IdeaFactory(board=garden, title="A shed" + " and more words" * number, body="")

    pages = ask().all_pages("search?q=shed&limit=3")

    ids = [idea["id"] for page in pages for idea in page]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len(set(ids)) == 7
    assert ids == [idea["id"] for idea in ask().get("search?q=shed&limit=100").json["data"]]
    assert pages[0][0]["title"] == "A shed"


def test_what_was_found_can_be_sorted_otherwise(ask, garden):
    for number in range(5):
        idea = IdeaFactory(board=garden, title=f"A shed number {number}", body="")
        for _ in range(number):
            VoteFactory(idea=idea)

    pages = ask().all_pages("search?q=shed&sort=top&limit=2")

    assert [idea["vote_count"] for page in pages for idea in page] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "q"),
        ("q=", "q"),
        ("q=" + "x" * 201, "q"),
        ("q=shed&author=nobody", "author"),
        ("q=shed&author=0", "author"),
        ("q=shed&author=99999999999", "author"),
        ("q=shed&stage=lost", "stage"),
        ("q=shed&cursor=nonsense", "cursor"),
    ],
)
def test_what_cannot_be_searched_is_refused_naming_the_field(ask, query, field):
    answer = ask().get(f"search?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{field}"


def test_hidden_ideas_are_found_by_the_team_alone(ask, garden):
    IdeaFactory(board=garden, title="A shed", hidden=True)

    assert found(ask, "q=shed") == found(ask, "q=shed", UserFactory()) == []
    assert found(ask, "q=shed", team_member(garden)) == ["A shed"]


def test_what_is_alike_has_the_promised_shape(ask, garden):
    idea = IdeaFactory(board=garden, title="A bicycle shed", body="")
    VoteFactory(idea=idea)

    answer = ask().get("similar?board=garden&title=bicycle+sheds")

    [row] = answer.json["data"]
    assert row.pop("score") > 0
    assert row == {
        "id": idea.id,
        "title": "A bicycle shed",
        "vote_count": 1,
        "status": {"slug": "open", "name": "Open", "stage": "open"},
        "said_as": None,
        "url": f"http://localhost/ideas/{idea.id}-a-bicycle-shed",
    }


def test_what_is_alike_can_be_kept_by_others_for_a_moment(ask, garden):
    IdeaFactory(board=garden, title="A bicycle shed", body="")
    first = ask().get("similar?board=garden&title=shed")
    second = ask().get("similar?board=garden&title=shed", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["Cache-Control"].startswith("public")
    assert second.status_code == 304


def test_the_text_may_be_asked_with_the_title(ask, garden):
    IdeaFactory(board=garden, title="Somewhere dry", body="My bicycle rusts in the rain, and its saddle is wet.")

    data = ask().get("similar?board=garden&title=Rust&body=My+bicycle+stands+in+the+rain,+saddle+wet").json["data"]

    assert [row["title"] for row in data] == ["Somewhere dry"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("title=shed", "board"),
        ("board=garden", "title"),
        ("board=garden&title=", "title"),
        ("board=garden&title=" + "x" * 301, "title"),
        ("board=garden&title=x&body=" + "x" * 4001, "body"),
        ("board=garden&title=x&colour=red", "colour"),
    ],
)
def test_what_cannot_be_compared_is_refused_naming_the_field(ask, garden, query, field):
    answer = ask().get(f"similar?{query}")

    assert answer.status_code == 422
    assert answer.json["errors"][0]["pointer"] == f"/{field}"


def test_a_private_board_is_as_if_it_were_not_there(ask):
    board = BoardFactory(visibility="private")
    IdeaFactory(board=board, title="A bicycle shed")

    assert ask().get(f"similar?board={board.slug}&title=shed").status_code == 404
    assert ask().get("search?q=shed").json["data"] == []
