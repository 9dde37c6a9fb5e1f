"""Pointing out, hiding, appeals and the queue over the API, with the very bodies that the description shows."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from ideas.boards import api_examples as examples
from ideas.boards import moderating
from ideas.boards.models import Comment
from ideas.boards.models_moderating import Hiding
from ideas.db import db, unit_of_work
from tests.factories import BoardFactory, CommentFactory, IdeaFactory, UserFactory, team_member


def code(answer):
    return answer.get_json(force=True)["code"]


@pytest.fixture
def board(app):
    return BoardFactory(slug="garden")


@pytest.fixture
def mia(app):
    return UserFactory(name="Mia")


@pytest.fixture
def idea(board, mia):
    return IdeaFactory(board=board, author=mia)


@pytest.fixture
def team(ask, board):
    return ask(team_member(board, name="Petra"))


def hiding_id():
    return db.session.scalars(sa.select(Hiding.id).order_by(Hiding.id.desc())).first()


def test_what_is_pointed_out_is_in_the_queue_until_it_is_dismissed(ask, team, idea):
    comment = CommentFactory(idea=idea)
    ole = ask(UserFactory(name="Ole"))

    for path in (f"ideas/{idea.id}", f"comments/{comment.id}"):
        for _again in range(2):
            answer = ole.post(f"{path}/flags", examples.NEW_FLAG)
            assert (answer.status_code, answer.json) == (201, examples.FLAGGED)

    waiting = team.get("boards/garden/moderation").json["pointed_out"]
    assert [(each["idea_id"], each["comment_id"], len(each["flags"])) for each in waiting] == [
        (idea.id, None, 1),
        (idea.id, comment.id, 1),
    ]
    assert waiting[0]["flags"][0]["by"]["name"] == "Ole"
    assert team.post(f"ideas/{idea.id}/flags/dismiss").status_code == 204
    assert team.post(f"comments/{comment.id}/flags/dismiss").status_code == 204
    assert team.get("boards/garden/moderation").json["pointed_out"] == []


@pytest.mark.parametrize(
    ("body", "wrong"),
    [({}, ["/reason"]), ({"reason": "boring"}, ["/reason"]), ({"reason": "other"}, ["/words"])],
)
def test_a_flag_that_says_nothing_is_refused_with_the_place(ask, idea, body, wrong):
    answer = ask(UserFactory()).post(f"ideas/{idea.id}/flags", body)

    assert answer.status_code == 422
    assert [line["pointer"] for line in answer.get_json(force=True)["errors"]] == wrong


def test_hidden_appealed_refused(ask, team, idea, mia):
    author = ask(mia)
    assert team.post(f"ideas/{idea.id}/hide", examples.HIDE).status_code == 204
    assert ask().get(f"ideas/{idea.id}").status_code == 404
    number = hiding_id()
    assert author.get(f"hidings/{number}").json["reason"] == examples.HIDE["reason"]

    asked = author.post(f"hidings/{number}/appeal", examples.NEW_APPEAL)
    again = author.post(f"hidings/{number}/appeal", examples.NEW_APPEAL)
    assert (asked.status_code, again.status_code, code(again)) == (201, 409, "appeal-closed")
    assert [row["id"] for row in team.get("boards/garden/moderation").json["appeals"]] == [number]
    kept = team.post(f"hidings/{number}/keep", examples.APPEAL_REPLY)

    assert kept.json["appeal"]["reply"] == examples.APPEAL_REPLY["reply"]
    assert author.get(f"hidings/{number}").json == kept.json
    assert code(team.post(f"hidings/{number}/keep", examples.APPEAL_REPLY)) == "changed-meanwhile"


def test_a_comment_is_hidden_and_restored(ask, team, idea):
    comment = CommentFactory(idea=idea)

    assert team.post(f"comments/{comment.id}/hide", examples.HIDE).status_code == 204
    assert ask().get(f"comments/{comment.id}").status_code == 404
    assert team.post(f"comments/{comment.id}/restore").status_code == 204
    assert ask().get(f"comments/{comment.id}").status_code == 200


def test_what_was_hidden_says_so_and_no_more(ask, team, idea):
    comment = CommentFactory(idea=idea, body="Something rude.")
    elsewhere = IdeaFactory(board=idea.board, title="Zebra crossing", body="Stripes everywhere.")
    team.post(f"comments/{comment.id}/hide", examples.HIDE)
    team.post(f"ideas/{elsewhere.id}/hide", examples.HIDE)

    for path in (f"comments/{comment.id}", f"ideas/{elsewhere.id}", f"ideas/{elsewhere.id}/comments"):
        for asking in (ask(), ask(UserFactory())):
            answer = asking.get(path)

            assert (answer.status_code, code(answer)) == (404, "hidden-by-team"), path
            for word in ("rude", "Zebra", "Stripes", examples.HIDE["reason"]):
                assert word not in answer.text, path
    assert ask().client.get("/problems/hidden-by-team").status_code == 200


def test_what_is_held_is_let_through_or_refused(ask, team, idea):
    comments = CommentFactory.create_batch(2, idea=idea)
    with unit_of_work():
        for comment in comments:
            moderating.hold(idea, db.session.get_one(Comment, comment.id), ["trap"])
    first, second = team.get("boards/garden/moderation").json["held"]
    assert (first["held"], first["signals"]) == (True, ["trap"])

    assert team.post(f"comments/{first['comment_id']}/restore").status_code == 204
    refused = team.post(f"hidings/{second['id']}/refuse", examples.HIDE)

    assert (refused.json["held"], refused.json["reason"]) == (False, examples.HIDE["reason"])
    assert ask().get(f"comments/{first['comment_id']}").status_code == 200
    assert team.get("boards/garden/moderation").json["held"] == []


def test_an_idea_that_is_restored_is_there_again(ask, team, idea):
    team.post(f"ideas/{idea.id}/hide", examples.HIDE)

    assert team.post(f"ideas/{idea.id}/restore").status_code == 204
    assert ask().get(f"ideas/{idea.id}").status_code == 200


def test_what_the_team_reads_first_is_a_setting_and_the_queue_is_worked_through(ask, team, board, idea):
    BoardFactory(slug="roof")
    admin, mia = ask(UserFactory(admin=True)), ask(UserFactory())
    assert team.patch("boards/garden", examples.BOARD_EDIT).status_code == 404

    changed = admin.patch("boards/garden", {"premoderation": "everything", "promise": {"text": "On Mondays."}})
    posted = [mia.post("ideas", {"board": "garden", "title": f"A wish of mine, number {n}"}).json["id"] for n in (1, 2)]
    held = team.get("moderation").json["held"]
    approved = team.post(f"ideas/{posted[0]}/restore")
    sent_back = team.post(f"hidings/{held[1]['id']}/refuse", examples.HIDE)

    assert (changed.json["premoderation"], changed.json["promise"]["text"]) == ("everything", "On Mondays.")
    assert changed.json["promise"]["answer_within_days"] == board.answer_within_days
    assert [each["idea_id"] for each in held] == posted
    assert (approved.status_code, ask().get(f"ideas/{posted[0]}").status_code) == (204, 200)
    assert (sent_back.json["held"], ask().get(f"ideas/{posted[1]}").status_code) == (False, 404)
    assert team.get("moderation").json["held"] == []
    assert mia.get(f"hidings/{held[1]['id']}").json["reason"] == examples.HIDE["reason"]
    assert admin.patch("boards/garden", {"slug": "roof"}).status_code == 409
    wrong = admin.patch("boards/garden", {"name": "", "promise": {"answer_within_days": 0}})
    assert [each["pointer"] for each in wrong.json["errors"]] == ["/promise/answer_within_days"]
