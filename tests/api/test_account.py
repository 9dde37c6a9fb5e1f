"""One's own account by program: profile, browsers, keys."""

from datetime import timedelta

import sqlalchemy as sa

from ideas.accounts import sessions
from ideas.accounts.models import ApiKey, AuditEntry
from ideas.db import db, unit_of_work, utcnow
from ideas.repeats import IdempotencyKey
from tests.api.asking import Asking
from tests.factories import BoardFactory, CompanyFactory, UserFactory, team_member

ALL = {"keys:write", "ideas:read", "account:write"}


def asking_with(ask, token):
    plain = ask()
    return Asking(plain.client, plain.document, {"Authorization": f"Bearer {token}"})


def test_a_key_says_whose_it_is_and_what_it_may(ask):
    mia = UserFactory(name="Mia", company=CompanyFactory(name="Riverside"))

    me = ask(mia, "ideas:read").get("me").json

    assert (me["id"], me["name"], me["email"], me["role"]) == (mia.id, "Mia", mia.email, "member")
    assert (me["company"]["name"], me["scopes"], me["suspended"]) == ("Riverside", ["ideas:read"], False)


def test_a_profile_is_changed_in_part(ask):
    mia = ask(UserFactory(name="Mia"))

    changed = mia.patch("me", {"timezone": "Europe/Berlin", "shown_as_backer": True})
    again = mia.patch("me", {"timezone": None, "name": "Mia M."}).json

    assert (changed.json["name"], changed.json["timezone"], changed.json["shown_as_backer"]) == (
        "Mia",
        "Europe/Berlin",
        True,
    )
    assert (again["name"], again["timezone"], again["shown_as_backer"]) == ("Mia M.", None, True)
    for body, pointer in (
        ({"name": " "}, "/name"),
        ({"timezone": "Mars"}, "/timezone"),
        ({"locale": "xx-?"}, "/locale"),
    ):
        wrong = mia.patch("me", body)
        assert [line["pointer"] for line in wrong.get_json(force=True)["errors"]] == [pointer]


def test_browsers_are_listed_and_signed_out(ask):
    mia, ole = UserFactory(), UserFactory()
    db.session.commit()
    with unit_of_work():
        for person in (mia, mia, mia, ole):
            sessions.open_for(person, browser="Mozilla/5.0 (X11; Linux) Firefox/1", network_address="192.0.2.7")
    asking = ask(mia)

    listed = asking.get("me/sessions").json["data"]

    assert [(each["browser"], each["address"]) for each in listed] == [("Firefox, Linux", "192.0.2.7")] * 3
    assert ask(ole).delete(f"me/sessions/{listed[0]['id']}").status_code == 404
    assert asking.delete(f"me/sessions/{listed[0]['id']}").status_code == 204
    assert asking.delete(f"me/sessions/{listed[0]['id']}").status_code == 404
    assert len(asking.get("me/sessions").json["data"]) == 2
    assert asking.delete("me/sessions").status_code == 204
    assert asking.get("me/sessions").json["data"] == []
    assert len(ask(ole).get("me/sessions").json["data"]) == 1


def test_a_key_makes_keys_that_may_no_more_than_itself(ask):
    mia = ask(UserFactory(), *ALL)

    made = mia.post("me/keys", {"name": "The till", "scopes": ["ideas:read"], "days": 7})
    beyond = mia.post("me/keys", {"name": "The till", "scopes": ["ideas:read", "votes:write"]})

    assert made.status_code == 201
    till = asking_with(ask, made.json["key"])
    assert till.get("me").json["scopes"] == ["ideas:read"]
    assert till.get("me/keys").status_code == 403
    assert [line["pointer"] for line in beyond.get_json(force=True)["errors"]] == ["/scopes/1"]
    listed = mia.get("me/keys").json["data"]
    assert [(each["name"], each["is_this"], each["made_with"]) for each in listed] == [
        ("The till", False, listed[1]["id"]),
        ("test", True, None),
    ]
    assert made.json["key"] not in mia.get("me/keys").text


def test_a_key_that_ends_makes_none_that_outlives_it(ask):
    mia = ask(UserFactory(), *ALL)
    soon = utcnow().replace(microsecond=0) + timedelta(days=3)
    db.session.execute(sa.update(ApiKey).values(expires_at=soon))
    db.session.commit()

    ends = [
        mia.post("me/keys", {"name": "The till", "scopes": ["ideas:read"], "days": days}).json["expires_at"]
        for days in (1, 7, None)
    ]

    said = soon.isoformat().replace("+00:00", "Z")
    assert ends[1:] == [said, said]
    assert ends[0] < said


def test_keys_end_with_the_key_that_made_them(ask):
    mia = ask(UserFactory(), *ALL)
    first = mia.post("me/keys", {"name": "First", "scopes": sorted(ALL)})
    second = asking_with(ask, first.json["key"]).post("me/keys", {"name": "Second", "scopes": ["ideas:read"]})
    other = mia.post("me/keys", {"name": "Other", "scopes": ["ideas:read"]})

    assert mia.delete(f"me/keys/{first.json['id']}").status_code == 204

    works = [asking_with(ask, each.json["key"]).get("me").status_code for each in (first, second, other)]
    assert works == [401, 401, 200]
    told = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "key.revoked")).one()
    assert told.details["with_it"] == [second.json["id"]]


def test_a_rotated_key_works_beside_the_new_one_for_the_overlap(ask, clock):
    mia = ask(UserFactory(), *ALL)
    till = mia.post("me/keys", {"name": "The till", "scopes": ["ideas:read"]}).json

    new = mia.post(f"me/keys/{till['id']}/rotate", {"overlap_minutes": 60})

    assert (new.status_code, new.json["name"], new.json["expires_at"]) == (201, "The till", till["expires_at"])
    former, latter = (asking_with(ask, each) for each in (till["key"], new.json["key"]))
    assert (former.get("me").status_code, latter.get("me").status_code) == (200, 200)
    clock.shift(timedelta(minutes=61))
    assert (former.get("me").status_code, latter.get("me").status_code) == (401, 200)


def test_a_key_rotates_itself_but_none_that_may_more(ask):
    person = UserFactory()
    strong, weak = ask(person, *ALL), ask(person, "keys:write", "ideas:read")
    numbers = {each["is_this"]: each["id"] for each in weak.get("me/keys").json["data"]}

    itself = weak.post(f"me/keys/{numbers[True]}/rotate", {"overlap_minutes": 0})
    refused = strong.client.post(
        f"/api/v1/me/keys/{numbers[False]}/rotate",
        headers={"Authorization": f"Bearer {itself.json['key']}"},
        json={},
    )

    assert itself.status_code == 201
    assert weak.get("me").status_code == 401
    assert (refused.status_code, refused.get_json(force=True)["code"]) == (403, "beyond-key")
    assert strong.get("me").status_code == 200


def test_a_secret_is_kept_nowhere_and_not_said_again(ask):
    mia, named = ask(UserFactory(), *ALL), {"Idempotency-Key": "one"}

    first, again = (
        mia.post("me/keys", {"name": "The till", "scopes": ["ideas:read"]}, headers=named) for _ in range(2)
    )

    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (201, 201, "true")
    assert again.json == {**first.json, "key": None}
    assert first.json["key"] not in str(db.session.scalars(sa.select(IdempotencyKey.answer)).one())
    assert len(mia.get("me/keys").json["data"]) == 2


def test_nor_is_the_secret_of_an_endpoint(ask):
    petra, named = ask(team_member(BoardFactory())), {"Idempotency-Key": "one"}
    words = {"address": "https://tools.example.org/hooks", "kinds": ["idea.answered"]}

    first, again = (petra.post("webhooks", words, headers=named).json for _ in range(2))
    anew, repeated = (petra.post(f"webhooks/{first['id']}/secret", headers=named).json for _ in range(2))

    assert (again["secret"], repeated["secret"]) == (None, None)
    kept = str(db.session.scalars(sa.select(IdempotencyKey.answer)).all())
    assert first["secret"].startswith("whsec_")
    assert not {each for each in (first["secret"], anew["secret"]) if each in kept}


def test_the_examples_are_taken(ask, document):
    mia = ask(UserFactory())
    for path, method in (("/api/v1/me", "patch"), ("/api/v1/me/keys", "post"), ("/api/v1/me/inbox/read", "post")):
        body = document["paths"][path][method]["requestBody"]["content"]["application/json"]["example"]
        assert mia.ask(method.upper(), path, body).status_code in (200, 201, 204)
