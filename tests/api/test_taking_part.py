"""Posting, voting, commenting over the API: what is done, what is refused, and who may not."""

import pytest

from ideas.boards.models import Comment, Idea, Stage
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
    team_member,
)


def code(answer):
    return answer.get_json(force=True)["code"]


def pointers(answer):
    assert answer.status_code == 422
    return [line["pointer"] for line in answer.get_json(force=True)["errors"]]


# --- Ideas ---


def test_an_idea_is_posted_and_found(ask):
    board, mia = BoardFactory(slug="garden"), UserFactory(name="Mia")
    TagFactory(board=board, slug="seed")

    answer = ask(mia).post(
        "ideas", {"board": "garden", "title": " Book  a bed ", "body": "I **never** know.", "tags": ["seed"]}
    )

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"http://localhost/api/v1/ideas/{answer.json['id']}"
    assert answer.json["title"] == "Book a bed"
    assert answer.json["body_html"] == "<p>I <strong>never</strong> know.</p>\n"
    assert answer.json["author"] == {"id": mia.id, "name": "Mia"}
    assert answer.json["tags"] == ["seed"]
    assert answer.json["source"] == {"kind": "api"}
    found = ask().get(f"ideas/{answer.json['id']}").json
    assert found == answer.json
    assert [row["id"] for row in ask().get("ideas?q=book%20bed").json["data"]] == [found["id"]]
    assert ask().get("ideas?q=compost").json["data"] == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"title": "Book a bed"}, ["/board"]),
        ({"board": "garden"}, ["/title"]),
        ({"board": "garden", "title": "   "}, ["/title"]),
        ({"board": "garden", "title": "x" * 121}, ["/title"]),
        ({"board": "garden", "title": "x", "body": "x" * 20_001}, ["/body"]),
        ({"board": "garden", "title": "x", "tags": ["none"]}, ["/tags"]),
        ({"board": "garden", "title": "x", "tags": "seed"}, ["/tags"]),
        ({"board": "garden", "title": "x", "titel": "y"}, ["/titel"]),
        ({"board": "garden", "title": 7}, ["/title"]),
    ],
)
def test_an_idea_that_cannot_be_is_refused_with_the_place(ask, body, wrong):
    BoardFactory(slug="garden")

    assert pointers(ask(UserFactory()).post("ideas", body)) == wrong

    assert db.session.query(Idea).count() == 0


def test_nobody_posts_where_they_may_not_look(ask):
    private, member = BoardFactory(slug="secret", private=True), UserFactory()
    MembershipFactory(board=private, user=member)
    new = {"board": "secret", "title": "Book a bed"}

    assert ask(member).post("ideas", new).status_code == 201
    assert ask(charlie()).post("ideas", new).status_code == 404


def test_the_author_edits_with_a_merge_patch(ask):
    mia = UserFactory()
    idea = IdeaFactory(author=mia, title="Book a bed", body="I never know.")

    answer = ask(mia).patch(f"ideas/{idea.id}", {"title": "Book a bed for a season"})

    assert answer.json["title"] == "Book a bed for a season"
    assert answer.json["body"] == "I never know."


def test_a_merge_patch_may_say_that_it_is_one(ask):
    mia = UserFactory()
    idea = IdeaFactory(author=mia)

    answer = ask(mia).ask(
        "PATCH", f"ideas/{idea.id}", data='{"title": "New"}', content_type="application/merge-patch+json"
    )

    assert answer.json["title"] == "New"


def test_only_the_author_edits(ask):
    board, mia = BoardFactory(), UserFactory()
    idea = IdeaFactory(board=board, author=mia)

    for other in (charlie(), team_member(board)):
        assert code(ask(other).patch(f"ideas/{idea.id}", {"title": "Mine now"})) == "not-allowed"
    assert ask(mia).patch(f"ideas/{idea.id}", {"title": "Still mine"}).status_code == 200


def test_an_edit_rests_on_what_was_read(ask):
    mia = UserFactory()
    idea = IdeaFactory(author=mia)
    read = ask(mia).get(f"ideas/{idea.id}").headers["ETag"]

    first = ask(mia).patch(f"ideas/{idea.id}", {"title": "First"}, headers={"If-Match": read})
    second = ask(mia).patch(f"ideas/{idea.id}", {"title": "Second"}, headers={"If-Match": read})
    third = ask(mia).patch(f"ideas/{idea.id}", {"title": "Third"}, headers={"If-Match": "not a tag"})

    assert first.status_code == 200
    assert second.status_code == third.status_code == 412
    assert code(second) == "outdated"
    now = ask(mia).get(f"ideas/{idea.id}")
    assert now.json["title"] == "First"
    assert first.headers["ETag"] == now.headers["ETag"] != read
    VoteFactory(idea=idea)
    assert ask(mia).get(f"ideas/{idea.id}").headers["ETag"] != now.headers["ETag"]
    rested = {"If-Match": now.headers["ETag"]}  # a vote more is no edit
    assert ask(mia).patch(f"ideas/{idea.id}", {"body": "Now."}, headers=rested).status_code == 200
    assert ask(mia).patch(f"ideas/{idea.id}", {"title": "Any"}, headers={"If-Match": "*"}).status_code == 200


def test_a_tag_is_refused_where_it_would_go_unheard(ask):
    idea, mia = IdeaFactory(), ask(UserFactory())

    answer = mia.ask("PUT", f"ideas/{idea.id}/vote", headers={"If-Match": '"old"'})

    assert (answer.status_code, code(answer)) == (400, "if-match-not-understood")
    assert mia.get(f"ideas/{idea.id}").json["vote_count"] == 0


# --- Votes ---


def test_voting_says_how_many_do(ask):
    idea, mia = IdeaFactory(), UserFactory()
    VoteFactory(idea=idea)

    for _ in range(2):
        answer = ask(mia).put(f"ideas/{idea.id}/vote")

        assert answer.json == {"idea_id": idea.id, "voted": True, "vote_count": 2}


def test_taking_a_vote_back_says_how_many_are_left(ask):
    idea, mia = IdeaFactory(), UserFactory()
    VoteFactory(idea=idea, user=mia)

    for _ in range(2):
        answer = ask(mia).delete(f"ideas/{idea.id}/vote")

        assert answer.json == {"idea_id": idea.id, "voted": False, "vote_count": 0}


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
def test_final_ideas_take_no_votes(ask, method):
    board = BoardFactory()
    open_one, final = IdeaFactory(board=board), IdeaFactory(board=board, stage=Stage.SHIPPED)
    mia = ask(UserFactory())

    assert mia.ask(method, f"ideas/{open_one.id}/vote").status_code == 200
    refused = mia.ask(method, f"ideas/{final.id}/vote")

    assert refused.status_code == 409
    assert code(refused) == "voting-closed"


def test_one_asks_for_ones_own_votes_apart_from_the_ideas(ask):
    mia = UserFactory()
    mine, other = IdeaFactory(), IdeaFactory()
    VoteFactory(idea=mine, user=mia)
    VoteFactory(idea=other)

    answer = ask(mia).get(f"me/votes?ideas={other.id},{mine.id},2000000000")

    assert answer.json == {"data": [mine.id]}


@pytest.mark.parametrize("ideas", ["", "a", "1,,2", "1;2", "-1", "1.5", "99999999999", ",".join("1" * 101), "٣"])
def test_own_votes_are_asked_for_by_ids(ask, ideas):
    assert pointers(ask(UserFactory()).get("me/votes", query_string={"ideas": ideas})) == ["/ideas"]


# --- Comments ---


def test_a_comment_is_said_and_read(ask):
    idea, ole = IdeaFactory(), UserFactory(name="Ole")

    answer = ask(ole).post(f"ideas/{idea.id}/comments", {"body": "A *rota* would do."})

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"http://localhost/api/v1/comments/{answer.json['id']}"
    assert answer.json == {
        "id": answer.json["id"],
        "idea_id": idea.id,
        "parent_id": None,
        "author": {"id": ole.id, "name": "Ole"},
        "body": "A *rota* would do.",
        "body_html": "<p>A <em>rota</em> would do.</p>\n",
        "official": False,
        "internal": False,
        "created_at": answer.json["created_at"],
        "edited_at": None,
        "deleted": False,
        "hidden": False,
    }
    assert ask().get(f"comments/{answer.json['id']}").json == answer.json
    assert ask().get(f"ideas/{idea.id}").json["comment_count"] == 1


def test_replies_stand_with_what_they_reply_to(ask):
    idea = IdeaFactory()
    first, second = CommentFactory(idea=idea), CommentFactory(idea=idea)
    reply = ask(UserFactory()).post(f"ideas/{idea.id}/comments", {"body": "Yes.", "parent_id": first.id}).json

    rows = ask().get(f"ideas/{idea.id}/comments").json["data"]

    assert [row["id"] for row in rows] == [first.id, second.id]
    assert [inner["id"] for inner in rows[0]["replies"]] == [reply["id"]]
    assert rows[1]["replies"] == []


@pytest.mark.parametrize("parent", [2_000_000_000, 2**31, 2**63 - 1, -1, "first", 1.5, True])
def test_a_reply_to_nothing_is_refused(ask, parent):
    idea = IdeaFactory()

    assert pointers(ask(UserFactory()).post(f"ideas/{idea.id}/comments", {"body": "Yes.", "parent_id": parent})) == [
        "/parent_id"
    ]


@pytest.mark.parametrize("voice", ["official", "internal"])
def test_only_the_team_speaks_as_the_team(ask, voice):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    said = {"body": "We look into it.", voice: True}

    assert ask(team_member(board)).post(f"ideas/{idea.id}/comments", said).json[voice] is True
    assert code(ask(charlie()).post(f"ideas/{idea.id}/comments", said)) == "not-allowed"


def test_notes_of_the_team_are_listed_for_the_team_alone(ask):
    board = BoardFactory()
    idea = IdeaFactory(board=board)
    CommentFactory(idea=idea, internal=True)

    assert len(ask(team_member(board)).get(f"ideas/{idea.id}/comments").json["data"]) == 1
    for other in (ask(), ask(charlie())):
        assert other.get(f"ideas/{idea.id}/comments").json["data"] == []


def test_only_its_author_edits_and_deletes_a_comment(ask):
    ole = UserFactory()
    comment = CommentFactory(author=ole)

    assert code(ask(charlie()).patch(f"comments/{comment.id}", {"body": "No."})) == "not-allowed"
    assert code(ask(charlie()).delete(f"comments/{comment.id}")) == "not-allowed"
    edited = ask(ole).patch(f"comments/{comment.id}", {"body": "Rather so."})
    deleted = ask(ole).delete(f"comments/{comment.id}")

    assert edited.json["body"] == "Rather so."
    assert edited.json["edited_at"] is not None
    assert deleted.status_code == 204


def test_the_words_of_a_deleted_or_hidden_comment_are_nowhere(ask):
    ole, idea = UserFactory(name="Ole"), IdeaFactory()
    gone = CommentFactory(idea=idea, author=ole, body="canary deleted")
    CommentFactory(idea=idea, parent_id=gone.id)
    hidden = CommentFactory(idea=idea, body="canary hidden")
    CommentFactory(idea=idea, parent_id=hidden.id)
    ask(ole).delete(f"comments/{gone.id}")
    db.session.get_one(Comment, hidden.id).hidden_at = hidden.created_at

    answer = ask().get(f"ideas/{idea.id}/comments")

    assert "canary" not in answer.text
    assert "Ole" not in answer.text
    assert [row["deleted"] or row["hidden"] for row in answer.json["data"]] == [True, True]


# --- Nobody becomes more than they are ---


OURS = (
    *("id", "author", "author_id", "owner_id", "status", "status_id", "board_id", "vote_count", "hidden", "hidden_at"),
    *("source", "source_kind", "source_id", "created_at", "body_html", "merged_into"),
)


@pytest.mark.parametrize("act", ["post", "patch"])
def test_what_an_idea_is_given_by_us_cannot_be_sent(ask, act):
    mia = UserFactory()
    idea = IdeaFactory(author=mia, board=BoardFactory(slug="garden"))
    before = ask().get(f"ideas/{idea.id}").json
    asking = ask(mia)

    for extra in OURS:
        sent = {"title": "New words", extra: 1}
        if act == "post":
            answer = asking.post("ideas", {**sent, "board": "garden"})
        else:
            answer = asking.patch(f"ideas/{idea.id}", sent)

        assert pointers(answer) == [f"/{extra}"]
    assert ask().get(f"ideas/{idea.id}").json == before


def test_what_a_comment_is_given_by_us_cannot_be_sent(ask):
    mia = UserFactory()
    comment = CommentFactory(author=mia)
    asking = ask(mia)

    for extra in ("id", "author_id", "idea_id", "is_official", "hidden_at", "created_at", "body_html"):
        said = asking.post(f"ideas/{comment.idea_id}/comments", {"body": "So.", extra: 1})
        edited = asking.patch(f"comments/{comment.id}", {"body": "So.", extra: 1})

        assert pointers(said) == pointers(edited) == [f"/{extra}"]
