from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import keys, signin
from ideas.accounts.models import ApiKey, AuditEntry
from ideas.db import db, utcnow
from ideas.errors import Conflict, NotAllowed, NotFound
from tests.accounts.arranging import a_person, committed, enter

pytestmark = pytest.mark.usefixtures("app")


def make(person, *scopes, **options):
    return committed(keys.make, person, "a script", scopes or ["ideas:read"], **options)


def kept() -> ApiKey:
    return db.session.scalars(sa.select(ApiKey).execution_options(populate_existing=True)).one()


def test_a_key_stands_for_its_person_and_its_scopes():
    mia = a_person()

    key = keys.find(make(mia, "votes:write", "ideas:read"))

    assert key is not None
    assert key.user.id == mia.id
    assert key.scopes == {"ideas:read", "votes:write"}


def test_a_key_is_kept_as_a_hash_and_told_by_its_first_letters():
    token = make(a_person())

    assert token.startswith("ab_sk_")
    assert len(token) > 40
    assert token not in repr(vars(kept()))
    assert token.startswith(kept().hint)


@pytest.mark.parametrize("token", ["", "ab_sk_", "ab_sk_nonsense", "nonsense", "ab_sk_\x00", "ab_sk_" + "ü" * 100])
def test_a_made_up_key_opens_nothing(token):
    make(a_person())

    assert keys.find(token) is None


def test_a_revoked_key_opens_nothing():
    mia = a_person()
    token = make(mia)

    committed(keys.revoke, mia, kept().id)

    assert keys.find(token) is None


def test_a_key_ends_when_it_was_said_to(clock):
    token = make(a_person(), expires_at=utcnow() + timedelta(days=30))

    clock.shift(timedelta(days=29))
    assert keys.find(token) is not None
    clock.shift(timedelta(days=1, seconds=1))
    assert keys.find(token) is None


def test_nobody_revokes_the_key_of_another():
    mia, charlie = a_person(), a_person("charlie@example.test", "Charlie")
    token = make(mia)

    with pytest.raises(NotFound):
        committed(keys.revoke, charlie, kept().id)

    assert keys.find(token) is not None


def test_a_suspended_person_makes_no_key():
    mia = a_person(suspended_at=utcnow())

    with pytest.raises(NotAllowed):
        make(mia)


def test_nobody_needs_more_than_fifty_keys(monkeypatch):
    monkeypatch.setattr(keys, "MOST", 2)
    mia = a_person()
    make(mia)
    make(mia)

    with pytest.raises(Conflict):
        make(mia)
    db.session.execute(sa.update(ApiKey).where(ApiKey.id == 1).values(expires_at=utcnow()))
    db.session.commit()
    make(mia)  # one that works no more does not count


def test_making_and_revoking_a_key_is_audited():
    mia = a_person()
    make(mia)
    committed(keys.revoke, mia, kept().id)

    acts = [(entry.act, entry.actor_id) for entry in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]
    assert acts == [("key.made", mia.id), ("key.revoked", mia.id)]


def test_finding_a_key_is_one_query():
    token = make(a_person())
    asked = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: asked.append(event[2]))

    key = keys.find(token)

    assert key is not None
    assert key.user.name == "Mia"
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_its_use_is_noted_at_most_once_a_minute(clock):
    token = make(a_person())

    signin.find_key(token)
    first = kept().last_used_at
    clock.shift(timedelta(seconds=50))
    signin.find_key(token)
    assert kept().last_used_at == first is not None
    clock.shift(timedelta(seconds=11))
    assert signin.find_key(token) is not None
    assert kept().last_used_at == first + timedelta(seconds=61)


def test_a_new_key_is_shown_once(app):
    client = app.test_client()
    enter(client, a_person())

    made = client.post("/profile/keys", data={"name": "Nightly", "scopes": ["ideas:read", "votes:write"], "days": "90"})
    token = made.text.partition('value="ab_sk_')[2].partition('"')[0]

    assert made.status_code == 201
    assert keys.find(f"ab_sk_{token}") is not None
    page = client.get("/profile/keys").text
    assert token not in page
    assert "Nightly" in page
    assert kept().hint in page


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": "", "scopes": ["ideas:read"]}, "Please fill this in"),
        ({"name": "Nightly"}, "Choose what the key is for"),
        ({"name": "Nightly", "scopes": ["everything"]}, "There is no scope “everything”"),
        ({"name": "Nightly", "scopes": ["ideas:read"], "days": "9000"}, "Choose one of the lengths"),
    ],
)
def test_a_key_that_makes_no_sense_is_refused_with_the_field_named(app, typed, said):
    client = app.test_client()
    enter(client, a_person())

    answer = client.post("/profile/keys", data={"days": "90", **typed})

    assert answer.status_code == 422
    assert said in answer.text
    assert typed["name"] in answer.text
    assert db.session.scalars(sa.select(ApiKey)).all() == []


def test_a_key_is_revoked_on_the_page_by_its_owner_alone(app):
    mia, charlie = a_person(), a_person("charlie@example.test", "Charlie")
    make(mia)
    hers, his = app.test_client(), app.test_client()
    enter(hers, mia)
    enter(his, charlie)
    path = f"/profile/keys/{kept().id}/revoke"

    assert his.post(path).status_code == 404
    assert kept().revoked_at is None
    assert hers.post(path).status_code == 303
    assert kept().revoked_at is not None
