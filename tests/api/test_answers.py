"""The team's official words over the API, and what contributors and the team read of the telling."""

import pytest

from ideas.boards.models import Answer
from ideas.db import db, utcnow
from ideas.outbox import OutboxEntry
from tests.boards.arranging import announce
from tests.factories import (
    BoardFactory,
    CommentFactory,
    IdeaFactory,
    UserFactory,
    VoteFactory,
    charlie,
    team_member,
)

WHY = "We will build it in spring, because so many of you asked for it."
WORDS = {"status": "planned", "reason": "committed", "text": WHY}


def code(answer):
    return answer.get_json(force=True)["code"]


def pointers(answer):
    assert answer.status_code == 422
    return sorted(line["pointer"] for line in answer.get_json(force=True)["errors"])


def announced(answer_id):
    """As if the worker had begun to tell people."""
    entry_id = db.session.get_one(Answer, answer_id).entry_id
    db.session.get_one(OutboxEntry, entry_id).fanned_out_at = utcnow()


@pytest.fixture
def idea():
    return IdeaFactory(board=BoardFactory(slug="garden"), author=UserFactory(name="Mia"))


@pytest.fixture
def petra(idea):
    from ideas.boards.models import Board

    return team_member(db.session.get_one(Board, idea.board_id), name="Petra")


def test_an_answer_reads_as_promised(ask, idea, petra):
    ole = UserFactory(name="Ole")
    comment = CommentFactory(idea=idea, author=ole)
    sent = {
        "status": "planned",
        "reason": "committed",
        "text": WHY,
        "date": "2099-03-01",
        "review_by": None,
        "credits": [
            {"kind": "votes", "how": "Your votes moved it to the front."},
            {"kind": "comment", "id": comment.id, "how": "Your rota became the booking page."},
            {"kind": "author", "how": "Your idea is what we build."},
        ],
    }

    given = ask(petra).post(f"ideas/{idea.id}/answers", sent)

    assert given.status_code == 201
    assert given.headers["Location"] == f"http://localhost/api/v1/answers/{given.json['id']}"
    assert given.json == {
        "id": given.json["id"],
        "status": "planned",
        "reason": "committed",
        "text": WHY,
        "text_html": f"<p>{WHY}</p>\n",
        "date": "2099-03-01",
        "review_by": None,
        "by": {"id": petra.id, "name": "Petra", "role": "team"},
        "announced_at": None,
        "credits": [
            {"kind": "votes", "id": None, "person": None, "how": "Your votes moved it to the front."},
            {
                "kind": "comment",
                "id": comment.id,
                "person": {"id": ole.id, "name": "Ole"},
                "how": "Your rota became the booking page.",
            },
            {
                "kind": "author",
                "id": None,
                "person": {"id": idea.author_id, "name": "Mia"},
                "how": "Your idea is what we build.",
            },
        ],
    }
    read = ask().get(f"ideas/{idea.id}").json
    assert read["answer"] == given.json
    assert read["status"] == {"slug": "planned", "name": "Planned", "stage": "planned"}
    assert ask().get(f"answers/{given.json['id']}").json == given.json
    assert ask().get(f"ideas/{idea.id}/answers").json["data"] == [given.json]
    assert ask().get("ideas?sort=answered").json["data"][0]["answer"] == given.json


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"status": None}, ["/status"]),
        ({"status": "none"}, ["/status"]),
        ({"reason": "because"}, ["/reason"]),
        ({"reason": "shipped"}, ["/reason"]),
        ({"text": "Soon."}, ["/text"]),
        ({"date": "soon"}, ["/date"]),
        ({"status": "declined", "reason": "not_now"}, ["/review_by"]),
        ({"credits": [{"kind": "praise", "how": "It was shown."}]}, ["/credits/0/kind"]),
        ({"credits": [{"kind": "evidence", "how": "It was shown."}]}, ["/credits/0/id"]),
        ({"credits": [{"kind": "comment", "how": "It was said."}]}, ["/credits/0/id"]),
        ({"credits": [{"kind": "votes", "id": 7, "how": "It was voted."}]}, ["/credits/0/id"]),
        ({"credits": [{"kind": "comment", "id": 2_000_000_000, "how": "It was said."}]}, ["/credits/0/id"]),
        ({"credits": [{"kind": "votes", "how": "x"}]}, ["/credits/0/how"]),
        ({"credits": [{"kind": "votes", "how": "It was voted."}] * 2}, ["/credits"]),
        ({"announced_at": "2026-11-22T10:00:00Z"}, ["/announced_at"]),
        ({"by": 1}, ["/by"]),
        ({"credits": [{"kind": "votes", "how": "It was voted.", "person": 1}]}, ["/credits/0/person"]),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_with_the_place(ask, idea, petra, changes, wrong):
    answer = ask(petra).post(f"ideas/{idea.id}/answers", {**WORDS, **changes})

    assert pointers(answer) == wrong
    assert ask().get(f"ideas/{idea.id}").json["answer"] is None


def test_only_the_team_answers(ask, idea, petra):
    for other in (charlie(), team_member(BoardFactory()), UserFactory()):
        assert code(ask(other).post(f"ideas/{idea.id}/answers", WORDS)) == "not-allowed"
    assert ask(petra).post(f"ideas/{idea.id}/answers", WORDS).status_code == 201


def test_one_answer_at_a_time(ask, idea, petra):
    ask(petra).post(f"ideas/{idea.id}/answers", WORDS)

    assert code(ask(petra).post(f"ideas/{idea.id}/answers", WORDS)) == "answer-waiting"


def test_an_answer_is_corrected_with_a_merge_patch(ask, idea, petra):
    credited = {**WORDS, "date": "2099-03-01", "credits": [{"kind": "votes", "how": "Your votes moved it."}]}
    given = ask(petra).post(f"ideas/{idea.id}/answers", credited).json

    answer = ask(petra).patch(f"answers/{given['id']}", {"text": WHY + " Perhaps in May.", "date": None})

    assert answer.json == {
        **given,
        "text": WHY + " Perhaps in May.",
        "text_html": f"<p>{WHY} Perhaps in May.</p>\n",
        "date": None,
    }


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"text": "Soon."}, ["/text"]),
        ({"text": None}, ["/text"]),
        ({"reason": "shipped"}, ["/reason"]),
        ({"status": "shipped"}, ["/status"]),
        ({"credits": [{"kind": "author", "how": "It was yours."}] * 2}, ["/credits"]),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(ask, idea, petra, changes, wrong):
    given = ask(petra).post(f"ideas/{idea.id}/answers", WORDS).json

    assert pointers(ask(petra).patch(f"answers/{given['id']}", changes)) == wrong
    assert ask().get(f"answers/{given['id']}").json == given


def test_a_correction_rests_on_what_was_read(ask, idea, petra):
    given = ask(petra).post(f"ideas/{idea.id}/answers", WORDS).json
    path = f"answers/{given['id']}"
    read = ask(petra).get(path).headers["ETag"]

    first = ask(petra).patch(path, {"text": WHY + " First."}, headers={"If-Match": read})
    second = ask(petra).patch(path, {"text": WHY + " Second."}, headers={"If-Match": read})

    assert first.status_code == 200
    assert code(second) == "outdated"
    assert ask().get(path).json["text"] == WHY + " First."


def test_an_answer_is_undone_until_it_is_announced(ask, idea, petra):
    given = ask(petra).post(f"ideas/{idea.id}/answers", WORDS).json

    undone = ask(petra).post(f"answers/{given['id']}/undo")

    assert undone.json["undone_at"] is not None
    assert ask().get(f"ideas/{idea.id}").json["answer"] is None
    assert ask().get(f"answers/{given['id']}").status_code == 404
    assert ask().get(f"ideas/{idea.id}/answers").json["data"] == []
    assert len(ask(petra).get(f"ideas/{idea.id}/answers").json["data"]) == 1


@pytest.mark.parametrize("act", ["undo", "send-now"])
def test_an_announced_answer_is_neither_undone_nor_sent_again(ask, idea, petra, act):
    given = ask(petra).post(f"ideas/{idea.id}/answers", WORDS).json
    announced(given["id"])

    assert code(ask(petra).post(f"answers/{given['id']}/{act}")) == "already-announced"


@pytest.mark.parametrize("act", ["undo", "send-now"])
def test_only_the_team_undoes_and_sends(ask, idea, petra, act):
    given = ask(petra).post(f"ideas/{idea.id}/answers", WORDS).json

    assert code(ask(charlie()).post(f"answers/{given['id']}/{act}")) == "not-allowed"
    assert ask(petra).post(f"answers/{given['id']}/{act}").status_code == 200


# --- Receipts and deliveries ---


def test_a_receipt_reads_as_promised(ask, idea, petra):
    ole = UserFactory(name="Ole")
    vote = VoteFactory(idea=idea, user=ole)
    before = ask(ole).get("me/receipts").json["data"]
    ask(petra).post(
        f"ideas/{idea.id}/answers", {**WORDS, "credits": [{"kind": "votes", "how": "Your votes moved it."}]}
    )
    announce()

    after = ask(ole).get("me/receipts").json["data"]

    waiting = {
        "idea": {
            "id": idea.id,
            "title": idea.title,
            "url": f"http://localhost/ideas/{idea.id}-{idea.title.lower().replace(' ', '-')}",
        },
        "contribution": {
            "kind": "vote",
            "id": vote.id,
            "at": vote.cast_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "through": None,
        },
        "answer": None,
        "how_used": None,
        "told": [],
    }
    assert before == [waiting]
    (receipt,) = after
    assert receipt["answer"]["announced_at"] is not None
    assert receipt == {
        **waiting,
        "answer": {
            "status": "planned",
            "reason": "committed",
            "text": WHY,
            "announced_at": receipt["answer"]["announced_at"],
        },
        "how_used": "Your votes moved it.",
        "told": receipt["told"],
    }
    assert [(line["channel"], line["at"] is None) for line in receipt["told"]] == [("email", True), ("inbox", False)]


def test_receipts_are_ones_own(ask, idea):
    VoteFactory(idea=idea)

    assert ask(charlie()).get("me/receipts").json["data"] == []


def test_the_team_reads_who_was_told(ask, idea, petra):
    ole = UserFactory(name="Ole")
    VoteFactory(idea=idea, user=ole)
    ask(petra).post(f"ideas/{idea.id}/answers", WORDS)
    announce()

    rows = ask(petra).get(f"ideas/{idea.id}/deliveries").json["data"]

    oles = {row["channel"]: row for row in rows if row["person"] == {"id": ole.id, "name": "Ole"}}
    assert set(oles) == {"email", "inbox"}
    email = oles["email"]
    assert {name: email[name] for name in ("event", "path", "state", "reason", "attempts", "done_at")} == {
        "event": "answered",
        "path": "voter",
        "state": "pending",
        "reason": None,
        "attempts": 0,
        "done_at": None,
    }
    assert ole.email not in str(rows)


def test_how_many_were_told_is_on_the_idea(ask, idea, petra):
    VoteFactory(idea=idea)
    ask(petra).post(f"ideas/{idea.id}/answers", WORDS)
    announce()

    told = ask().get(f"ideas/{idea.id}").json["people_told"]

    assert told["owed"] == 2
    assert told["owed"] == sum(told[state] for state in ("sent", "pending", "suppressed", "failed"))


def test_nobody_else_reads_who_was_told(ask, idea, petra):
    for other in (charlie(), team_member(BoardFactory()), UserFactory()):
        assert code(ask(other).get(f"ideas/{idea.id}/deliveries")) == "not-allowed"
    assert ask(petra).get(f"ideas/{idea.id}/deliveries").status_code == 200
