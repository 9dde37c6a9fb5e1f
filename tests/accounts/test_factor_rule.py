"""The team must have a second factor: who of them has none is led to set one up, after some days of grace."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import factor_rule, factors, signin
from ideas.accounts.errors import LastFactor
from ideas.accounts.models import ApiKey, AuditEntry, SiteRole, User
from ideas.db import db
from ideas.errors import NotAllowed, NotFound
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_admin,
    an_app_of,
    codes_of,
    committed,
    enter,
    letters_to,
    sign_in,
)
from tests.api.asking import bearer
from tests.factories import BoardFactory, IdeaFactory, MembershipFactory

OWN = "/profile/signing-in"


def anew(person) -> User:
    return db.session.get_one(User, person.id, populate_existing=True)


def site():
    """An administrator with a factor; one of the site's team, one of a board's and a member without."""
    petra = an_admin()
    an_app_of(petra)
    tom = a_person("tom@example.test", "Tom", site_role=SiteRole.TEAM, password=PASSWORD)
    bea, mia = a_person("bea@example.test", "Bea"), a_person()
    board = BoardFactory(slug="garden")
    MembershipFactory(board=board, user=bea, team=True)
    IdeaFactory(board=board)
    db.session.commit()
    return anew(petra), tom, bea, mia


def leads_away(client, path="/boards/garden"):
    answer = client.get(path)
    return answer.status_code == 303 and answer.location == OWN


def test_an_administrator_asks_it_of_the_team_who_are_told_and_shown_where_they_are(client, clock):
    petra, *_others = site()
    [code, *_more] = codes_of(petra)
    enter(client, petra)
    client.post("/sign-in/recovery", data={"recovery": code})

    bad = [client.post("/manage/signing-in", data={"days": days}).status_code for days in ("", "-1", "91", "soon")]
    done = client.post("/manage/signing-in", data={"days": "7"})

    assert bad == [422] * 4
    assert done.status_code == 303
    page = client.get("/manage/signing-in").text
    assert "People who answer: 3. Without a second factor: 2." in page
    assert "Tom" in page
    assert "Bea" in page
    assert "In 7 days nothing else opens" in letters_to("bea@example.test")[-1].text
    assert letters_to("mia@example.test") == []
    entry = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.act == "factor_rule.set")).one()
    assert (entry.actor_id, entry.details) == (petra.id, {"days": 7})


def test_in_the_days_of_grace_each_page_says_so_and_afterwards_none_opens_but_ones_own(app, clock):
    petra, tom, bea, mia = site()
    browsers = {}
    for person in (tom, bea, mia):
        browsers[person.name] = app.test_client()
        enter(browsers[person.name], person)
    committed(factor_rule.require, petra, days=3)

    for name, browser in browsers.items():
        assert ("needs a second factor from" in browser.get("/boards/garden").text) is (name != "Mia")
    clock.shift(timedelta(days=3))

    for name in ("Tom", "Bea"):
        browser = browsers[name]
        for path in ("/", "/boards/garden", "/ideas/1", "/inbox", "/team/backlog"):
            assert leads_away(browser, path), path
        assert browser.post("/ideas/1/vote", data={"on": "1"}).location == OWN
        assert "needs a second factor" in browser.get(OWN).text
        assert browser.get("/profile").status_code == 200
        assert browser.get("/profile/data").status_code == 200
    assert not leads_away(browsers["Mia"])
    assert app.test_client().get("/boards/garden").status_code == 200

    an_app_of(tom)
    enter_again = app.test_client()
    sign_in(enter_again, "tom@example.test")
    assert not leads_away(browsers["Tom"], "/sign-in")


def test_nobody_gets_round_it_by_a_key_or_another_way_in(app, client, clock):
    petra, tom, _bea, _mia = site()
    enter(client, tom)
    committed(factor_rule.require, petra, days=0)

    for path in ("/profile/keys", "/profile/identities/with/acme", "/profile/identities/1/remove"):
        answer = client.post(path, data={"name": "Mine", "scopes": ["ideas:read"]})
        assert (answer.status_code, answer.location) == (303, OWN), path
    assert leads_away(client, "/profile/keys")
    assert db.session.scalars(sa.select(ApiKey)).all() == []
    assert {name for name in signin.WITHOUT_FACTOR if name not in app.view_functions} == set()


def test_who_must_have_one_is_led_on_as_soon_as_they_do(client, clock):
    petra, _tom, bea, _mia = site()
    enter(client, bea)
    committed(factor_rule.require, petra, days=0)
    assert leads_away(client)

    page = client.get(f"{OWN}/app").text
    from tests.accounts.test_factors import fields_of

    sealed, phone = fields_of(page)
    assert client.post(f"{OWN}/app", data={"sealed": sealed, "code": phone.shows()}).status_code == 201
    assert not leads_away(client)


def test_the_last_factor_stays_while_it_is_needed(app, clock):
    petra, _tom, _bea, mia = site()
    an_app_of(mia)
    committed(factor_rule.require, petra, days=30)

    with pytest.raises(LastFactor):
        committed(factors.remove_app, petra)
    committed(factors.remove_app, mia)
    committed(factor_rule.drop, anew(petra))
    committed(factors.remove_app, petra)
    assert factor_rule.needed_from() is None


def test_keys_go_on_working_and_what_was_begun_before_signing_in_waits(client, clock):
    petra, tom, _bea, _mia = site()
    key = bearer(tom, "ideas:read")
    committed(factor_rule.require, petra, days=0)
    client.post("/ideas/1/vote", data={"on": "1"})

    done = sign_in(client, "tom@example.test")

    assert client.get("/api/v1/ideas", headers=key).status_code == 200
    assert done.status_code == 303
    assert "one thing could not be done" in client.get(OWN).text


def test_only_administrators_say_it(app, clock):
    petra, tom, _bea, mia = site()

    for person in (tom, mia):
        for act in (factor_rule.standing, factor_rule.drop):
            with pytest.raises(NotFound):
                committed(act, anew(person))
        with pytest.raises(NotFound):
            committed(factor_rule.require, anew(person), days=1)
    committed(factors.take_away, None, petra)
    with pytest.raises(NotAllowed):
        committed(factor_rule.require, anew(petra), days=1)


def test_programs_read_and_say_it_too(client, clock):
    petra, tom, _bea, _mia = site()
    key = bearer(petra, "roles:write", "account:write")
    path = "/api/v1/second-factor-rule"

    done = client.put(path, json={"days": 14}, headers=key)
    seen = client.get(path, headers=key)
    own = client.get("/api/v1/me/second-factor", headers=key)
    gone = client.delete(path, headers=key)

    assert done.status_code == 200
    assert seen.json == done.json
    assert seen.json["lacking"] == 2
    assert own.json["recovery_codes_left"] == 10
    assert own.json["app"]["last_used_at"] is None
    assert gone.status_code == 204
    assert client.get(path, headers=key).json["needed_from"] is None
    assert client.get(path, headers=bearer(tom, "roles:write")).status_code == 404
    assert client.put(path, json={"days": 91}, headers=key).status_code == 422
