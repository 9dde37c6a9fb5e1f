"""Merging over the API: the same rules as on the pages, and what readers see of it."""

import pytest

from ideas.boards.models import Board
from ideas.db import db, utcnow
from ideas.outbox import OutboxEntry
from tests.factories import BoardFactory, IdeaFactory, UserFactory, VoteFactory, charlie, team_member

WHY = "Both ask for a dry place, so they are one."


@pytest.fixture
def shed():
    return IdeaFactory(board=BoardFactory(slug="garden"), title="A shed")


@pytest.fixture
def board(shed):
    return db.session.get_one(Board, shed.board_id)


@pytest.fixture
def roof(board):
    return IdeaFactory(board=board, title="A roof")


@pytest.fixture
def petra(board):
    return team_member(board, name="Petra")


def code(answer):
    return answer.status_code, answer.get_json(force=True)["code"]


def test_two_ideas_become_one_and_two_again(ask, shed, roof, petra):
    ana = UserFactory()
    VoteFactory(idea=shed, user=ana)
    VoteFactory(idea=roof, user=ana)
    asking = ask(petra)

    made = asking.post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})

    assert made.status_code == 201
    assert made.headers["Location"].endswith(f"/api/v1/ideas/{shed.id}/merges")
    assert (made.json["idea"]["id"], made.json["into"]["title"], made.json["by"]["name"]) == (
        shed.id,
        "A roof",
        "Petra",
    )
    assert ask().get(f"ideas/{shed.id}").json["merged_into"] == roof.id
    assert ask().get(f"ideas/{roof.id}").json["vote_count"] == 1
    assert [row["id"] for row in ask().get("ideas?board=garden").json["data"]] == [roof.id]
    assert ask(ana).get(f"me/votes?ideas={roof.id}").json == {"data": [roof.id]}
    assert [row["text"] for row in ask().get(f"ideas/{roof.id}/merges").json["data"]] == [WHY]

    ended = asking.post(f"ideas/{shed.id}/unmerge", {"text": ""})

    assert (ended.status_code, ended.json["ended"]["by"]["name"]) == (200, "Petra")
    assert ask().get(f"ideas/{shed.id}").json["merged_into"] is None
    assert ask().get(f"ideas/{roof.id}/merges").json["data"] == []  # nobody was ever told of it
    assert len(asking.get(f"ideas/{roof.id}/merges").json["data"]) == 1


def test_acts_on_a_merged_idea_name_the_other(ask, shed, roof, petra):
    asking = ask(petra)
    asking.post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})
    ana = ask(UserFactory())

    for answer in (
        ana.ask("PUT", f"ideas/{shed.id}/vote"),
        ana.ask("DELETE", f"ideas/{shed.id}/vote"),
        ana.post(f"ideas/{shed.id}/comments", {"body": "Mine leaks."}),
        asking.post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY}),
        asking.post(
            f"ideas/{shed.id}/answers",
            {"status": "planned", "reason": "committed", "text": "We build it in spring, as you asked."},
        ),
    ):
        assert code(answer) == (409, "merged")
        assert f"idea {roof.id}" in answer.get_json(force=True)["detail"]


def test_only_the_team_merges_and_nobody_finds_out_what_they_may_not_see(ask, shed, roof, petra):
    secret = IdeaFactory(board=BoardFactory(private=True))

    assert code(ask(charlie()).post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})) == (403, "not-allowed")
    for into in (secret.id, 999_999):
        answer = ask(petra).post(f"ideas/{shed.id}/merge", {"into": into, "text": WHY})
        assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == ["/into"]
        assert "no such idea" in answer.text


@pytest.mark.parametrize(
    ("body", "pointer"),
    [({"text": WHY}, "/into"), ({"into": 0, "text": WHY}, "/into"), ({"text": "No."}, "/text")],
)
def test_what_is_wrong_is_named(ask, shed, roof, petra, body, pointer):
    body = {"into": roof.id, **body} if pointer == "/text" else body

    answer = ask(petra).post(f"ideas/{shed.id}/merge", body)

    assert answer.status_code == 422
    assert pointer in [line["pointer"] for line in answer.get_json(force=True)["errors"]]


def test_what_a_merge_would_do_is_seen_before(ask, shed, roof, petra):
    ana, ole = UserFactory(), UserFactory()
    for voter, idea in ((ana, shed), (ana, roof), (ole, shed)):
        VoteFactory(idea=idea, user=voter)

    seen = ask(petra).get(f"ideas/{shed.id}/merge/preview?into={roof.id}").json

    assert (seen["idea"]["id"], seen["into"]["id"], seen["vote_count"]) == (shed.id, roof.id, 2)
    # both authors and the voters of the losing side
    told = seen["told"]
    assert told["email"] + told["inbox"] == 4
    assert told["paths"] == [{"path": "author", "people": 2}, {"path": "voter", "people": 2}]
    assert ask().get(f"ideas/{shed.id}").json["merged_into"] is None


def test_what_cannot_be_merged_has_no_preview(ask, shed, roof, petra):
    secret = IdeaFactory(board=BoardFactory(private=True))
    asking = ask(petra)

    for into in (shed.id, IdeaFactory().id, secret.id, 999_999):
        answer = asking.get(f"ideas/{shed.id}/merge/preview?into={into}")
        assert (answer.status_code, [line["pointer"] for line in answer.get_json(force=True)["errors"]]) == (
            422,
            ["/into"],
        )
    assert code(ask(charlie()).get(f"ideas/{shed.id}/merge/preview?into={roof.id}")) == (403, "not-allowed")
    asking.post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})
    assert code(asking.get(f"ideas/{shed.id}/merge/preview?into={roof.id}")) == (409, "merged")
    assert asking.get(f"ideas/{roof.id}/merge/preview?into={shed.id}").status_code == 422


def test_taking_apart_what_was_announced_needs_a_text(ask, shed, roof, petra):
    asking = ask(petra)
    asking.post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})
    db.session.query(OutboxEntry).update({"fanned_out_at": utcnow()})
    db.session.commit()

    assert asking.post(f"ideas/{shed.id}/unmerge", {}).status_code == 422
    assert asking.post(f"ideas/{shed.id}/unmerge", {"text": WHY}).json["ended"]["text"] == WHY
    assert code(asking.post(f"ideas/{shed.id}/unmerge", {"text": WHY})) == (409, "not-merged")
    assert len(ask().get(f"ideas/{roof.id}/merges").json["data"]) == 1


def test_receipts_say_through_which_idea(ask, shed, roof, petra):
    ana = UserFactory()
    VoteFactory(idea=shed, user=ana)
    ask(petra).post(f"ideas/{shed.id}/merge", {"into": roof.id, "text": WHY})

    [receipt] = ask(ana).get("me/receipts").json["data"]

    assert (receipt["idea"]["id"], receipt["contribution"]["through"]) == (roof.id, shed.id)
