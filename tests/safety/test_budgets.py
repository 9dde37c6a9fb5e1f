"""Limits hold whatever one changes about oneself, and nobody keeps others out by using them up."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import limits
from ideas.accounts.models import Attempt
from ideas.api_limits import ADDRESS_PER_MINUTE
from ideas.boards.models import Comment, Idea
from ideas.db import db
from tests.accounts.arranging import PASSWORD, a_person, last_link_to, sign_in, who_is_in
from tests.api.asking import bearer
from tests.boards.pages import browser_of
from tests.factories import BoardFactory, IdeaFactory, UserFactory

MIA = "mia@example.test"
HERE = "192.0.2.1"

# Ways to say the same address, which must count as the same.
SPELLINGS = [
    *("MIA@EXAMPLE.TEST", "Mia@Example.test", "mia@EXAMPLE.TEST", "  mia@example.test  ", "\tmia@example.test"),
    *("mia+1@example.test", "mia+2@example.test", "mia+@example.test", "mia+a+b@example.test", "MIA+X@example.test"),
    *(
        "mia@example.test.",
        "mia@example.test\u3002",
        "mia@ｅｘａｍｐｌｅ.test",
        "mia@example\uff0etest",
        "mia@exa\u00admple.test",
    ),
]

# What a client may say of itself, which must count for nothing.
CLAIMS = [
    *({name: "203.0.113.9"} for name in ("X-Forwarded-For", "X-Real-IP", "X-Client-IP", "True-Client-IP", "Via")),
    *({name: "203.0.113.9"} for name in ("CF-Connecting-IP", "X-Remote-Addr", "X-Originating-IP", "Client-IP")),
    {"X-Forwarded-For": "203.0.113.9, 203.0.113.8"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-For": "::1"},
    {"Forwarded": "for=203.0.113.9;proto=https"},
    {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "443"},
    {"User-Agent": "somebody else"},
    {"Accept-Language": "fr"},
    {"X-Requested-With": "fetch"},
    {"Cookie": "session=nonsense"},
    {"X-HTTP-Method-Override": "GET"},
    {"X-Request-Id": "another-request"},
]

FORMS = {
    "/sign-in": ({"password": "wrong words here"}, limits.SIGN_IN, 422),
    "/sign-in/link": ({}, limits.MAIL, 303),
    "/reset": ({}, limits.MAIL, 303),
    "/sign-up": ({"name": "Mia", "password": PASSWORD}, limits.MAIL, 303),
}


def send(app, path, email=MIA, *, address=HERE, client=None, **options):
    client = client or app.test_client()
    typed, _limit, _done = FORMS[path]
    return client.post(path, data={"email": email, **typed}, environ_base={"REMOTE_ADDR": address}, **options)


def use_up(app, path, **options):
    _typed, limit, done = FORMS[path]
    answers = [send(app, path, **options).status_code for _ in range(limit.per_person)]
    assert answers == [done] * limit.per_person
    assert send(app, path, **options).status_code == 429


# --- No way around ---


@pytest.mark.parametrize("path", FORMS)
def test_another_spelling_of_an_address_has_no_other_budget(app, path):
    a_person(password=PASSWORD)
    use_up(app, path)

    for spelling in SPELLINGS:
        answer = send(app, path, spelling)

        # refused as too often, or as no address at all and then nothing was tried
        assert answer.status_code == 429 or "not an e-mail address" in answer.text, spelling


@pytest.mark.parametrize("path", FORMS)
def test_saying_to_be_somebody_else_opens_no_other_budget(app, path):
    a_person(password=PASSWORD)
    use_up(app, path)

    for claim in CLAIMS:
        assert send(app, path, headers=claim).status_code == 429, claim


@pytest.mark.parametrize("path", FORMS)
def test_an_address_elsewhere_in_the_household_opens_no_other_budget(app, path):
    a_person(password=PASSWORD)
    use_up(app, path, address="2001:db8:1:2::1")

    for address in ("2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff", "2001:DB8:1:2::1", "2001:db8:1:2::1%eth0"):
        assert send(app, path, address=address).status_code == 429, address
    assert send(app, path, address="2001:db8:1:3::1").status_code == FORMS[path][2]


def test_an_address_in_the_new_style_is_the_old_one(app):
    use_up(app, "/sign-in", address=HERE)

    assert send(app, "/sign-in", address=f"::ffff:{HERE}").status_code == 429


def test_links_have_one_budget_however_they_are_asked_for(app):
    a_person()
    for path in ("/sign-in/link", "/reset", "/sign-up", "/sign-in/link", "/reset"):
        assert send(app, path).status_code == 303

    assert {send(app, path).status_code for path in ("/sign-in/link", "/reset", "/sign-up")} == {429}


def test_one_network_writes_to_no_more_people_than_its_own_limit(app):
    answers = [send(app, "/sign-up", f"a{number}@example.test").status_code for number in range(52)]

    assert answers == [303] * limits.MAIL.per_network + [429] * 2


def test_many_networks_together_guess_no_more_than_the_address_bears(app):
    a_person(password=PASSWORD)
    addresses = [f"198.51.100.{number}" for number in range(60)]

    answers = [send(app, "/sign-in", address=address).status_code for address in addresses]

    assert answers == [422] * limits.SIGN_IN.from_everywhere + [429] * (60 - limits.SIGN_IN.from_everywhere)


def test_what_a_proxy_says_counts_only_as_far_as_it_is_trusted(make_app):
    app = make_app(TRUSTED_PROXIES="1")

    def through_a_proxy(says, real):
        return send(app, "/sign-in", address="10.0.0.1", headers={"X-Forwarded-For": f"{says}, {real}"}).status_code

    with app.app_context():
        answers = [through_a_proxy(f"203.0.113.{number}", HERE) for number in range(12)]
        assert answers == [422] * 10 + [429] * 2
        assert through_a_proxy("203.0.113.1", "192.0.2.2") == 422


def test_a_person_says_no_more_by_program_than_by_hand(make_app):
    app = make_app(NEW_ACCOUNT_HOURS="24", NEW_ACCOUNT_IDEAS="2", NEW_ACCOUNT_COMMENTS="2")
    with app.app_context():
        BoardFactory(slug="garden")
        idea = IdeaFactory()
        mia = UserFactory()
        browser, program, headers = browser_of(app, mia), app.test_client(), bearer(mia)
        words = {"title": "A shed for bicycles", "body": "It rains on them."}

        for number in range(4):
            said = {"title": f"{words['title']} {number}", "body": words["body"]}
            if number % 2:
                browser.post("/boards/garden/ideas", data=said)
                browser.post(f"/ideas/{idea.id}/comments", data={"body": f"Said {number}."})
            else:
                program.post("/api/v1/ideas", json={"board": "garden", **said}, headers=headers)
                program.post(f"/api/v1/ideas/{idea.id}/comments", json={"body": f"Said {number}."}, headers=headers)

        assert db.session.scalar(sa.select(sa.func.count()).where(Idea.author_id == mia.id)) == 2
        assert db.session.scalar(sa.select(sa.func.count()).where(Comment.author_id == mia.id)) == 2


def test_the_api_counts_visitors_whatever_they_say(make_app):
    app = make_app(RATE_LIMITS="on")
    with app.app_context():

        def ask(path="/api/v1/boards", method="GET", address=HERE, **headers):
            made = {name.replace("_", "-"): value for name, value in headers.items()}
            there = {"REMOTE_ADDR": address}
            return app.test_client().open(path, method=method, headers=made, environ_base=there).status_code

        assert {ask() for _ in range(ADDRESS_PER_MINUTE)} == {200}
        for claim in CLAIMS:
            assert ask(**{name.replace("-", "_"): value for name, value in claim.items()}) == 429, claim
        for token in ("Bearer ab_sk_nothing", "Bearer", "Basic bWlhOm1pYQ==", "bearer ab_pk_nothing"):
            assert ask(Authorization=token) == 429, token
        assert ask(method="HEAD") == 429
        for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert ask(method=method) in (405, 429), method
        for path in ("/api/v1/ideas", "/api/v1/boards?limit=1", "/api/v1/boards?key=ab_sk_x", "/api/v1/ideas/1"):
            assert ask(path) == 429, path
        for path in (
            "//api/v1/boards",
            "/api//v1/boards",
            "/API/v1/boards",
            "/api/v1/../v1/boards",
            "/%61pi/v1/boards",
        ):
            assert ask(path) != 200, path
        assert ask(address=f"::ffff:{HERE}") == 429
        assert ask(address="192.0.2.2") == 200


# --- Nobody is kept out ---


def strangers_use_up_everything(app, networks):
    """Everything that can be asked in her name from there, until nothing can."""
    for address in networks:
        for path in FORMS:
            while send(app, path, address=address).status_code != 429:
                pass


def test_one_stranger_does_not_keep_anybody_out(app):
    a_person(password=PASSWORD)
    strangers_use_up_everything(app, ["198.51.100.1"])

    mia = app.test_client()
    assert send(app, "/sign-in/link", client=mia).status_code == 303
    assert mia.post(last_link_to(MIA)).status_code == 303
    assert who_is_in(mia) == "Mia"
    assert sign_in(app.test_client()).status_code == 303


def test_those_who_use_up_her_passwords_leave_her_the_link_and_the_other_way_round(app):
    a_person(password=PASSWORD)
    for number in range(60):
        send(app, "/sign-in", address=f"198.51.100.{number}")
    by_link = app.test_client()

    assert sign_in(app.test_client()).status_code == 429
    assert send(app, "/sign-in/link", client=by_link).status_code == 303
    assert by_link.post(last_link_to(MIA)).status_code == 303

    db.session.execute(sa.delete(Attempt))
    db.session.commit()
    for number in range(60):
        send(app, "/reset", address=f"198.51.100.{number}")
    assert send(app, "/sign-in/link").status_code == 429
    assert sign_in(app.test_client()).status_code == 303


@pytest.mark.parametrize("left", ["signed out", "signed out elsewhere"])
def test_however_many_strangers_there_are_she_comes_in_where_she_was_before(app, client, left):
    a_person(password=PASSWORD)
    sign_in(client)
    if left == "signed out":
        client.post("/sign-out")
    else:
        other = app.test_client()
        sign_in(other)
        other.post("/profile/sessions/revoke-others")
    strangers_use_up_everything(app, [HERE, "127.0.0.1", *(f"198.51.100.{number}" for number in range(8))])

    assert sign_in(app.test_client()).status_code == 429, "a browser that nobody knows is one of the strangers"
    assert sign_in(client).status_code == 303
    assert who_is_in(client) == "Mia"
    client.post("/sign-out")
    assert send(app, "/sign-in/link", client=client).status_code == 303
    assert client.post(last_link_to(MIA)).status_code == 303


def test_a_browser_that_is_known_guesses_no_more_than_others(app, client):
    a_person(password=PASSWORD)
    sign_in(client)
    client.post("/sign-out")

    answers = [sign_in(client, password="wrong words here").status_code for _ in range(12)]

    assert answers == [422] * 10 + [429] * 2


def test_being_known_for_oneself_opens_nothing_about_others(app, client):
    a_person(password=PASSWORD)
    a_person("eve@example.test", "Eve", password=PASSWORD)
    sign_in(client, "eve@example.test")
    client.post("/sign-out")

    answers = [sign_in(client, MIA, password="wrong words here").status_code for _ in range(12)]

    assert answers == [422] * 10 + [429] * 2


def test_the_mark_of_a_known_browser_names_nobody(app, client):
    a_person(password=PASSWORD)
    sign_in(client)
    client.post("/sign-out")

    with client.session_transaction() as cookie:
        assert set(cookie) <= {"known", "_permanent", "_flashes"}
        assert len(cookie["known"]) == 1
        assert "mia" not in cookie["known"][0]
        assert cookie["known"][0] not in {limits._of_person(MIA, "known"), limits._person(MIA)}


def test_a_budget_comes_back(app, clock):
    a_person(password=PASSWORD)
    strangers_use_up_everything(app, [f"198.51.100.{number}" for number in range(8)])
    assert sign_in(app.test_client()).status_code == 429

    clock.shift(timedelta(minutes=15))

    assert sign_in(app.test_client()).status_code == 303
