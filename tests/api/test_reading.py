"""What everybody, members and the team read: the exact shapes, and what stays unseen."""

import pytest

from ideas.boards.models import IdeaTag, Stage
from ideas.db import db
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    MembershipFactory,
    TagFactory,
    UserFactory,
    VoteFactory,
    charlie,
    status_of,
    team_member,
)


def test_a_board_reads_as_promised(ask):
    board = BoardFactory(slug="garden", name="Garden", about="Beds and tools")
    TagFactory(board=board, slug="seed", name="Seed")

    answer = ask().get("boards/garden")

    assert answer.json == {
        "id": board.id,
        "slug": "garden",
        "name": "Garden",
        "about": "Beds and tools",
        "visibility": "public",
        "promise": {"text": "We read everything on Mondays.", "answer_within_days": 14},
        "premoderation": "none",
        "embed_sites": [],
        "statuses": [
            {"id": status_of(board, stage).id, "slug": stage, "name": stage.capitalize(), "stage": stage}
            for stage in Stage
        ],
        "tags": ["seed"],
        "url": "http://localhost/boards/garden",
    }


def test_boards_are_listed_by_name_with_their_own_statuses(ask):
    second, first = BoardFactory(name="B"), BoardFactory(name="A")

    rows = ask().get("boards").json["data"]

    assert [row["id"] for row in rows] == [first.id, second.id]
    assert [row["statuses"][0]["id"] for row in rows] == [status_of(each, "open").id for each in (first, second)]


def test_an_idea_reads_as_promised(ask):
    mia = UserFactory(name="Mia")
    idea = IdeaFactory(author=mia, title="Book a bed", body="I *never* know.")
    VoteFactory(idea=idea)
    CommentFactory(idea=idea)

    body = ask().get(f"ideas/{idea.id}").json

    created_at = body.pop("created_at")
    assert created_at == idea.created_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert body == {
        "id": idea.id,
        "board": "board-" + body["board"].rpartition("-")[2],
        "title": "Book a bed",
        "body": "I *never* know.",
        "body_html": "<p>I <em>never</em> know.</p>\n",
        "author": {"id": mia.id, "name": "Mia"},
        "status": {"slug": "open", "name": "Open", "stage": "open"},
        "tags": [],
        "vote_count": 1,
        "comment_count": 1,
        "url": f"http://localhost/ideas/{idea.id}-book-a-bed",
        "merged_into": None,
        "not_solved": False,
        "source": {"kind": "site"},
        "answer": None,
        "people_told": {"owed": 0, "sent": 0, "pending": 0, "suppressed": 0, "failed": 0},
    }


def test_the_team_sees_where_an_idea_came_from_and_whether_it_is_hidden(ask):
    board = BoardFactory()
    idea = IdeaFactory(board=board, source_kind="import", source_id="23", hidden=True)

    body = ask(team_member(board)).get(f"ideas/{idea.id}").json

    assert body["source"] == {"kind": "import", "id": "23"}
    assert body["hidden"] is True


def test_others_do_not_see_the_id_of_the_source(ask):
    idea = IdeaFactory(source_kind="import", source_id="23")

    for who in (ask(), ask(charlie())):
        body = who.get(f"ideas/{idea.id}").json
        row = who.get("ideas").json["data"][0]

        assert body["source"] == row["source"] == {"kind": "import"}
        assert "hidden" not in body
        assert "hidden" not in row


def test_rows_of_a_list_are_ideas_without_who_was_told(ask):
    idea = IdeaFactory()

    whole = ask().get(f"ideas/{idea.id}").json
    row = ask().get("ideas").json["data"][0]

    assert row == {name: value for name, value in whole.items() if name != "people_told"}


def test_a_title_in_another_script_has_an_address_of_ascii(ask):
    idea = IdeaFactory(title="庭の予約")

    assert ask().get(f"ideas/{idea.id}").json["url"].isascii()


@pytest.fixture
def unseen():
    """Things that only the team, or members, may see: (address, who may see it)."""
    private = BoardFactory(private=True, slug="secret")
    board = BoardFactory()
    inside = IdeaFactory(board=private)
    member = UserFactory()
    MembershipFactory(board=private, user=member)
    hidden = IdeaFactory(board=board, hidden=True)
    team = team_member(board)
    return {
        "private board": ("boards/secret", member),
        "idea on a private board": (f"ideas/{inside.id}", member),
        "comment on a private board": (f"comments/{CommentFactory(idea=inside).id}", member),
        "comments of an idea on a private board": (f"ideas/{inside.id}/comments", member),
        "answers of an idea on a private board": (f"ideas/{inside.id}/answers", member),
        "hidden idea": (f"ideas/{hidden.id}", team),
        "comments of a hidden idea": (f"ideas/{hidden.id}/comments", team),
        "internal note": (f"comments/{CommentFactory(idea=IdeaFactory(board=board), internal=True).id}", team),
    }


@pytest.mark.parametrize(
    "what",
    [
        "private board",
        "idea on a private board",
        "comment on a private board",
        "comments of an idea on a private board",
        "answers of an idea on a private board",
        "hidden idea",
        "comments of a hidden idea",
        "internal note",
    ],
)
def test_hidden_and_missing_look_the_same(ask, unseen, what):
    path, insider = unseen[what]
    missing = path.replace("secret", "none") if "secret" in path else missing_path(path)

    assert ask(insider).get(path).status_code == 200
    for who in (ask(), ask(charlie())):
        unseen_one, missing_one = who.get(path), who.get(missing)

        assert unseen_one.status_code == missing_one.status_code == 404
        assert told(unseen_one) == told(missing_one)


def missing_path(path):
    parts = path.split("/")
    parts[1] = "2000000000"
    return "/".join(parts)


def told(answer):
    body = answer.get_json(force=True)
    return {name: value for name, value in body.items() if name not in ("instance", "request_id")}


def test_private_boards_are_in_no_list_of_others(ask):
    private = BoardFactory(private=True)
    IdeaFactory(board=private)
    member = UserFactory()
    MembershipFactory(board=private, user=member)

    for who in (ask(), ask(charlie())):
        assert who.get("boards").json["data"] == []
        assert who.get("ideas").json["data"] == []
    assert len(ask(member).get("boards").json["data"]) == 1
    assert len(ask(member).get("ideas").json["data"]) == 1


def test_unlisted_boards_are_read_by_whoever_knows_them(ask):
    board = BoardFactory(unlisted=True)
    idea = IdeaFactory(board=board)

    assert ask().get("boards").json["data"] == []
    assert ask().get("ideas").json["data"] == []
    assert ask().get(f"boards/{board.slug}").status_code == 200
    assert [row["id"] for row in ask().get(f"ideas?board={board.slug}").json["data"]] == [idea.id]


def test_lists_of_the_team_include_hidden_ideas(ask):
    board = BoardFactory()
    hidden, shown = IdeaFactory(board=board, hidden=True), IdeaFactory(board=board)

    team = ask(team_member(board)).get(f"ideas?board={board.slug}&sort=new").json["data"]
    others = ask(charlie()).get(f"ideas?board={board.slug}&sort=new").json["data"]

    assert {row["id"]: row["hidden"] for row in team} == {hidden.id: True, shown.id: False}
    assert [row["id"] for row in others] == [shown.id]


def test_a_suspended_person_reads_as_a_member_and_not_as_team(ask):
    board = BoardFactory()
    IdeaFactory(board=board, hidden=True)
    suspended = ask(team_member(board, suspended=True))

    assert suspended.get(f"boards/{board.slug}").status_code == 200
    assert suspended.get(f"ideas?board={board.slug}").json["data"] == []


def test_ideas_are_sorted_and_narrowed(ask):
    board = BoardFactory()
    tag = TagFactory(board=board, slug="seed")
    mia = UserFactory()
    old = IdeaFactory(board=board, author=mia, title="Compost heap", stage=Stage.PLANNED)
    new = IdeaFactory(board=board, title="Water butt")
    ask(mia).put(f"ideas/{old.id}/vote")
    CommentFactory(idea=new)
    db.session.add(IdeaTag(idea_id=old.id, tag_id=tag.id))
    here = f"ideas?board={board.slug}"

    def ids(question, who=None):
        return [row["id"] for row in ask(who).get(here + question).json["data"]]

    assert ids("&sort=top") == [old.id, new.id]
    assert ids("&sort=new") == [new.id, old.id]
    assert ids("&sort=discussed") == [new.id, old.id]
    assert ids("&sort=answered") == []
    assert ids("&sort=trending") == [old.id, new.id]
    assert ids("&stage=planned") == [old.id]
    assert ids("&status=planned") == [old.id]
    assert ids("&tag=seed") == [old.id]
    assert ids("&author=me", mia) == [old.id]
    assert ids("&voted=me", mia) == [old.id]
    assert ids("&voted=me", charlie()) == []


@pytest.mark.parametrize("question", ["author=me", "voted=me"])
def test_what_is_ones_own_needs_a_key(ask, question):
    assert ask().get(f"ideas?{question}").status_code == 401


@pytest.mark.parametrize(
    ("question", "pointer"),
    [
        ("sort=loudest", "/sort"),
        ("stage=done", "/stage"),
        ("author=7", "/author"),
        ("limit=0", "/limit"),
        ("limit=101", "/limit"),
        ("limit=many", "/limit"),
        ("cursor=forged", "/cursor"),
        ("sorted=top", "/sorted"),
        ("sort=top&sort=new", "/sort"),
        ("q=%00", "/q"),
        ("key=ab_sk_12345678", "/key"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused_with_the_place(ask, question, pointer):
    answer = ask().get(f"ideas?{question}")

    assert answer.status_code == 422
    assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == [pointer]


def test_nothing_is_asked_of_an_address_that_takes_no_question(ask):
    idea = IdeaFactory()

    assert ask().get(f"ideas/{idea.id}?access_token=ab_sk_12345678").status_code == 422


def test_a_board_that_is_not_there_is_not_an_empty_list(ask):
    assert ask().get("ideas?board=none").status_code == 404
