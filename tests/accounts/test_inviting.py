"""Administrators invite people to a role on the whole site, by mail."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa
from marshmallow import ValidationError

from ideas.accounts import inviting, people, tidying
from ideas.accounts.models import SiteRole, UnfinishedAct, User
from ideas.accounts.models_invitations import RoleInvitation
from ideas.db import db
from ideas.errors import NotAllowed, NotFound
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_admin,
    committed,
    enter,
    last_link_to,
    letters_to,
    sign_in,
    sign_up,
    who_is_in,
)

pytestmark = pytest.mark.usefixtures("app")


def invited(actor, email="mia@example.test", role=SiteRole.TEAM):
    committed(inviting.invite, actor, email=email, role=role)
    return re.search(r"/roles/([\w-]+)", letters_to(email)[-1].text)[1]


def test_whoever_has_the_address_holds_the_role_once_they_accept():
    petra, mia = an_admin(), a_person()
    token = invited(petra)

    assert inviting.look_at(token).role == "team"
    committed(inviting.accept, mia, token)

    assert db.session.get(User, mia.id, populate_existing=True).site_role == SiteRole.TEAM
    with pytest.raises(NotFound):
        committed(inviting.accept, mia, token)


def test_the_link_alone_gives_nobody_a_role_and_is_not_used_up_by_trying():
    petra, mia, ole = an_admin(), a_person(), a_person("ole@example.test", "Ole")
    token = invited(petra)

    with pytest.raises(NotAllowed):
        committed(inviting.accept, ole, token)
    db.session.rollback()

    assert ole.site_role == SiteRole.MEMBER
    assert committed(inviting.accept, mia, token) == SiteRole.TEAM


def test_an_invitation_ends_when_it_is_withdrawn_replaced_or_its_sender_is_no_administrator():
    petra, paul = an_admin(), an_admin("paul@example.test", "Paul")
    first, second = invited(petra), invited(petra)
    with pytest.raises(NotFound):
        inviting.look_at(first)
    committed(inviting.withdraw, paul, inviting.open_ones(petra)[0].id)
    with pytest.raises(NotFound):
        inviting.look_at(second)
    third = invited(petra)
    committed(people.set_role, paul, petra, SiteRole.MEMBER)
    with pytest.raises(NotFound):
        inviting.look_at(third)


def test_what_makes_no_sense_is_refused_at_its_field():
    petra = an_admin()

    for words, field in (
        ({"email": "nobody", "role": SiteRole.TEAM}, "email"),
        ({"email": "mia@example.test", "role": SiteRole.MEMBER}, "role"),
        ({"email": petra.email, "role": SiteRole.TEAM}, "email"),
    ):
        with pytest.raises(ValidationError) as refused:
            committed(inviting.invite, petra, **words)
        assert set(refused.value.messages_dict) == {field}
        db.session.rollback()
    with pytest.raises(NotFound):
        committed(inviting.invite, a_person(), email="x@example.test", role=SiteRole.ADMIN)


def test_an_administrator_invites_on_a_page_and_the_link_asks_before_it_gives(app):
    petra, mia = an_admin(), a_person()
    ours, theirs = app.test_client(), app.test_client()
    enter(ours, petra)
    enter(theirs, mia)

    refused = ours.post("/manage/invitations", data={"email": "nobody", "role": "team"})
    sent = ours.post("/manage/invitations", data={"email": "mia@example.test", "role": "admin"})
    link = re.search(r"/roles/[\w-]+", letters_to("mia@example.test")[-1].text)[0]
    read = theirs.get(link)

    assert (refused.status_code, sent.status_code) == (422, 303)
    assert "mia@example.test" in ours.get("/manage/invitations").text
    assert "As an administrator you" in read.text
    assert db.session.query(RoleInvitation).one().accepted_at is None
    assert app.test_client().post(link).location.startswith("/sign-in")
    accepted = theirs.post(link)
    assert (accepted.status_code, accepted.location) == (303, "/manage/boards")
    assert theirs.get(accepted.location).status_code == 200
    assert db.session.get(User, mia.id, populate_existing=True).is_admin
    assert theirs.get(link).status_code == 404


def test_whoever_has_to_sign_in_first_is_in_with_the_new_role_and_no_secret_was_kept_meanwhile(app):
    mia = a_person(password=PASSWORD)
    token = invited(an_admin())
    phone, desk = app.test_client(), app.test_client()
    sign_in(phone)

    desk.post(f"/roles/{token}")
    kept = db.session.query(UnfinishedAct).one()
    assert kept.kind == "role"
    assert token not in str(kept.details)
    db.session.rollback()
    went_to = sign_in(desk).location

    assert went_to == "/"
    assert who_is_in(desk) == "Mia"
    assert db.session.get(User, mia.id, populate_existing=True).site_role == SiteRole.TEAM
    assert who_is_in(phone) is None  # no browser keeps former rights


def test_somebody_without_an_account_is_invited_where_sign_up_is_closed(make_app):
    app = make_app(SIGNUP_OPEN="0")
    with app.app_context():
        token = invited(an_admin())
        client = app.test_client()
        sent = client.post(f"/roles/{token}", headers={"Referer": f"http://localhost/roles/{token}"})
        assert token not in sent.location

        sign_up(client)
        link = last_link_to("mia@example.test")
        went_to = client.post(link).location

        assert went_to == "/"
        assert who_is_in(client) == "Mia"
        assert db.session.scalars(sa.select(User.site_role).where(User.email == "mia@example.test")).one() == "team"


def test_one_address_is_not_written_to_without_end(app, client):
    enter(client, an_admin())

    answers = [client.post("/manage/invitations", data={"email": "mia@example.test", "role": "team"}) for _ in range(6)]

    assert [answer.status_code for answer in answers] == [303] * 5 + [429]
    assert len(letters_to("mia@example.test")) == 5


def test_invitations_end_with_a_restore_and_are_forgotten_when_they_are_long_over(clock):
    petra = an_admin()
    token = invited(petra)
    assert db.session.query(RoleInvitation).one().token_hash != token
    committed(tidying.after_restore)
    with pytest.raises(NotFound):
        inviting.look_at(token)

    again = invited(petra)
    clock.shift(inviting.LASTS + timedelta(seconds=1))
    with pytest.raises(NotFound):
        inviting.look_at(again)
    clock.shift(tidying.INVITATIONS)
    committed(tidying.sweep)

    assert db.session.query(RoleInvitation).count() == 0
