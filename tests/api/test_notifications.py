"""What one hears of, by program."""

from ideas.db import db, unit_of_work
from ideas.ledger import preferences
from tests.factories import IdeaFactory, UserFactory


def test_everything_chosen_is_read_and_written(ask):
    mia = UserFactory()
    before = ask(mia).get("me/notifications").json
    assert before["mail"] is True
    assert {kind["email"] for kind in before["kinds"]} == {None}

    after = ask(mia).put(
        "me/notifications",
        {
            "kinds": [{"kind": "moved", "email": "weekly"}, {"kind": "shipped", "inbox": "off"}],
            "digest_hour": 18,
            "quiet_from": 22,
            "quiet_to": 7,
            "gathers": False,
        },
    )

    assert after.status_code == 200
    kinds = {kind["kind"]: (kind["email"], kind["inbox"]) for kind in after.json["kinds"]}
    assert (kinds["moved"], kinds["shipped"], kinds["planned"]) == (("weekly", None), (None, "off"), (None, None))
    assert (after.json["digest_hour"], after.json["quiet_from"], after.json["gathers"]) == (18, 22, False)
    assert ask(mia).get("me/notifications").json == after.json


def test_its_example_is_taken(ask):
    described = ask(None).get("openapi.json").json["paths"]["/api/v1/me/notifications"]["put"]
    example = described["requestBody"]["content"]["application/json"]["example"]

    assert ask(UserFactory()).put("me/notifications", example).status_code == 200


def test_what_is_left_out_stays(ask):
    mia = UserFactory()
    ask(mia).put("me/notifications", {"kinds": [{"kind": "moved", "email": "daily"}], "digest_hour": 18})

    after = ask(mia).put("me/notifications", {"kinds": [{"kind": "moved", "inbox": "off"}], "digest_weekday": 4}).json

    assert next(kind for kind in after["kinds"] if kind["kind"] == "moved")["email"] == "daily"
    assert (after["digest_hour"], after["digest_weekday"]) == (18, 4)


def test_all_mail_stops_and_begins_again(ask):
    mia = UserFactory()

    assert ask(mia).put("me/notifications", {"mail": False}).json["mail"] is False
    assert ask(mia).put("me/notifications", {"mail": True}).json["mail"] is True


def test_bad_choices_are_refused_by_name(ask):
    mia = UserFactory()
    for body, pointer in (
        ({"digest_hour": 24}, "/digest_hour"),
        ({"quiet_from": 22}, "/quiet_to"),
        ({"kinds": [{"kind": "moved", "email": "loud"}]}, "/kinds/0/email"),
        ({"timezone": "UTC"}, "/timezone"),
    ):
        answer = ask(mia).put("me/notifications", body)
        assert answer.status_code == 422
        assert [line["pointer"] for line in answer.json["errors"]] == [pointer]


def test_an_idea_is_muted_and_heard_of_again(ask):
    mia, idea = UserFactory(), IdeaFactory()

    assert ask(mia).put(f"ideas/{idea.id}/mute").status_code == 204
    assert ask(mia).put(f"ideas/{idea.id}/mute").status_code == 204

    (muted,) = ask(mia).get("me/notifications").json["muted"]
    assert (muted["subject"], muted["title"]) == (idea.subject, idea.title)
    assert ask(mia).delete(f"ideas/{idea.id}/mute").status_code == 204
    assert preferences.muted_by(mia) == []


def test_what_one_may_not_see_is_not_muted_and_may_be_let_go(ask):
    mia, hidden = UserFactory(), IdeaFactory(board__visibility="private")
    assert ask(mia).put(f"ideas/{hidden.id}/mute").status_code == 404
    with unit_of_work():
        preferences.mute(db.session.merge(mia), hidden.subject)
    assert ask(mia).get("me/notifications").json["muted"] == [{"subject": hidden.subject, "title": None, "url": None}]

    assert ask(mia).delete(f"ideas/{hidden.id}/mute").status_code == 204
    assert preferences.muted_by(mia) == []
