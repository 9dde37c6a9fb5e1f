"""What cannot be taken back, or opens much, is done by whoever proved a moment ago who they are."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from ideas.accounts import inviting
from ideas.accounts.models import ApiKey, SiteRole, User
from ideas.accounts.sessions import FRESH
from ideas.db import db, unit_of_work
from ideas.embed.models import Host
from tests.accounts.arranging import PASSWORD, a_person, an_admin, enter, letters_to
from tests.factories import BoardFactory


def test_what_opens_much_asks_first_who_is_there(client, clock):
    petra, tom = an_admin(password=PASSWORD), a_person("tom@example.test", "Tom")
    BoardFactory(slug="garden")
    db.session.commit()
    enter(client, petra)
    posts = {
        "/profile/keys": {"name": "x", "scopes": ["roles:write"]},
        f"/manage/people/{tom.id}/role": {"role": "admin"},
        "/manage/invitations": {"email": "new@example.test", "role": "admin"},
        "/manage/signing-in/drop": {},
        "/manage/boards/garden/embed/secret": {},
    }
    clock.shift(FRESH + timedelta(seconds=1))

    for path, said in posts.items():
        assert client.post(path, data=said).location.startswith("/profile/confirm?next="), path
    assert db.session.scalars(sa.select(ApiKey)).all() == []
    assert db.session.scalars(sa.select(Host)).all() == []
    assert db.session.get_one(User, tom.id, populate_existing=True).site_role == SiteRole.MEMBER
    assert letters_to("new@example.test") == []

    enter(client, petra)
    assert client.post("/profile/keys", data=posts["/profile/keys"]).status_code == 201
    client.post(f"/manage/people/{tom.id}/role", data=posts[f"/manage/people/{tom.id}/role"])
    assert db.session.get_one(User, tom.id, populate_existing=True).site_role == SiteRole.ADMIN


def test_a_role_that_is_taken_makes_nobody_fresh(client, clock):
    petra, tom = an_admin(), a_person("tom@example.test", "Tom", password=PASSWORD)
    db.session.commit()
    enter(client, tom)
    clock.shift(FRESH + timedelta(seconds=1))
    with unit_of_work():
        inviting.invite(db.session.get_one(User, petra.id), email="tom@example.test", role=SiteRole.TEAM)
    (letter,) = letters_to("tom@example.test")
    token = letter.text.partition("/roles/")[2].split()[0]

    assert client.post(f"/roles/{token}").status_code == 303
    assert db.session.get_one(User, tom.id, populate_existing=True).site_role == SiteRole.TEAM
    assert client.get("/profile/signing-in/app").location.startswith("/profile/confirm")
