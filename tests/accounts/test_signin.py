"""Signing in with a password, being signed in, and ending it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.exc import OperationalError

from ideas.accounts import limits, people, sessions, signin
from ideas.accounts.models import SiteRole, User, UserSession
from ideas.db import db
from ideas.errors import SignInNeeded
from tests.accounts.arranging import PASSWORD, a_person, committed, enter, letters_to, sign_in, who_is_in


def cookie_token(client):
    with client.session_transaction() as cookie:
        return cookie.get("_user_id")


def test_who_knows_the_password_is_in(client):
    a_person(password=PASSWORD)

    answer = sign_in(client, next="/boards/garden")

    assert answer.status_code == 303
    assert answer.location == "/boards/garden"
    assert who_is_in(client) == "Mia"


@pytest.mark.parametrize("email", ["MIA@example.test", " mia@EXAMPLE.test "])
def test_an_address_is_known_however_it_is_typed(client, email):
    a_person(password=PASSWORD)

    sign_in(client, email)

    assert who_is_in(client) == "Mia"


def test_a_wrong_password_is_refused_and_the_address_is_kept(client):
    a_person(password=PASSWORD)

    answer = sign_in(client, password="five words in a row")

    assert answer.status_code == 422
    assert "do not belong together" in answer.text
    assert 'value="mia@example.test"' in answer.text
    assert "five words" not in answer.text
    assert who_is_in(client) is None


@pytest.mark.parametrize("values", [{"verified_at": None, "is_imported": True}, {}])
def test_somebody_without_a_password_is_not_let_in_by_an_empty_one(client, values):
    a_person(**values)

    assert sign_in(client, password="").status_code == 422
    assert sign_in(client, password="None").status_code == 422


def test_ten_tries_in_a_quarter_of_an_hour_for_known_and_unknown(app, clock):
    a_person(password=PASSWORD)

    for email in ("mia@example.test", "nobody@example.test"):
        answers = [sign_in(app.test_client(), email, password="wrong words here") for _ in range(12)]
        assert [answer.status_code for answer in answers] == [422] * 10 + [429] * 2
        assert int(answers[-1].headers["Retry-After"]) == 900

    assert sign_in(app.test_client()).status_code == 429
    clock.shift(timedelta(minutes=15))
    assert sign_in(app.test_client()).status_code == 303


def test_signing_in_well_is_not_counted_as_a_try(app):
    a_person(password=PASSWORD)

    assert [sign_in(app.test_client()).status_code for _ in range(12)] == [303] * 12


def test_one_network_has_a_limit_too(app):
    for number in range(limits.SIGN_IN.per_network):
        committed(limits.spend, limits.SIGN_IN, network="2001:db8:1:2::", email=f"{number}@example.test")

    def from_address(address):
        client = app.test_client()
        typed = {"email": "mia@example.test", "password": "wrong words here"}
        return client.post("/sign-in", data=typed, environ_base={"REMOTE_ADDR": address}).status_code

    assert from_address("2001:db8:1:2:ffff::9") == 429
    assert from_address("2001:db8:1:3::9") == 422


def test_the_secret_in_the_cookie_is_new_with_every_sign_in(client):
    """Session fixation: a secret planted before signing in is worth nothing afterwards."""
    a_person(password=PASSWORD)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = "planted"
        cookie["planted"] = "by somebody else"

    sign_in(client)
    first = cookie_token(client)
    sign_in(client)
    second = cookie_token(client)

    assert len({"planted", first, second}) == 3
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
    assert [row.token_hash for row in db.session.scalars(sa.select(UserSession))] != []
    assert sessions.find(first) is None
    assert sessions.find(second) is not None


def test_a_browser_that_changes_hands_forgets_the_one_before(client):
    a_person(password=PASSWORD)
    a_person("ole@example.test", "Ole", password=PASSWORD)
    sign_in(client)
    former = cookie_token(client)

    sign_in(client, "ole@example.test")

    assert who_is_in(client) == "Ole"
    assert sessions.find(former) is None


def test_the_database_does_not_hold_the_secret(client):
    a_person(password=PASSWORD)
    sign_in(client)

    (row,) = db.session.scalars(sa.select(UserSession))
    assert cookie_token(client) not in (row.token_hash, row.browser, row.address)


def test_signing_out_ends_it_on_the_server_too(app, client):
    a_person(password=PASSWORD)
    sign_in(client)
    kept = client.get_cookie("session").value

    answer = client.post("/sign-out")

    assert answer.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert who_is_in(client) is None
    thief = app.test_client()
    thief.set_cookie("session", kept)
    assert who_is_in(thief) is None


def test_looking_at_sign_out_does_nothing(client):
    a_person(password=PASSWORD)
    sign_in(client)

    assert client.get("/sign-out").status_code == 405
    assert who_is_in(client) == "Mia"


def test_a_sign_in_ends_after_session_days_however_busy(make_app, clock):
    app = make_app(SESSION_DAYS="20")
    with app.app_context():
        client = app.test_client()
        a_person(password=PASSWORD)
        sign_in(client)
        token = cookie_token(client)
        for _ in range(2):
            clock.shift(timedelta(days=9))
            assert who_is_in(client) == "Mia"

        clock.shift(timedelta(days=3))

        assert sessions.find(token) is None
        assert who_is_in(client) is None


def test_a_browser_not_seen_for_two_weeks_is_signed_out(client, clock):
    a_person(password=PASSWORD)
    sign_in(client)
    token = cookie_token(client)
    clock.shift(timedelta(days=13))
    assert who_is_in(client) == "Mia"

    clock.shift(timedelta(days=14, minutes=1))

    assert sessions.find(token) is None
    assert who_is_in(client) is None


def test_a_visit_is_noted_at_most_every_five_minutes(client, clock):
    def last_seen():
        return db.session.scalar(sa.select(UserSession.last_seen_at))

    a_person(password=PASSWORD)
    sign_in(client)
    at_first = last_seen()

    clock.shift(timedelta(minutes=4))
    client.get("/profile")
    assert last_seen() == at_first
    clock.shift(timedelta(minutes=2))
    client.get("/profile")
    assert last_seen() == at_first + timedelta(minutes=6)


def test_of_many_requests_at_once_one_notes_the_visit(client, clock):
    a_person(password=PASSWORD)
    sign_in(client)
    (row,) = db.session.scalars(sa.select(UserSession))
    clock.shift(timedelta(minutes=6))

    committed(sessions.seen, row.id)
    first = db.session.scalar(sa.select(UserSession.last_seen_at))
    clock.shift(timedelta(seconds=5))
    committed(sessions.seen, row.id)

    assert db.session.scalar(sa.select(UserSession.last_seen_at)) == first


def test_a_suspended_person_is_signed_out_may_read_again_and_nothing_more(client):
    mia = a_person(password=PASSWORD)
    sign_in(client)

    committed(people.suspend, None, mia, reason="spam on every board")

    assert who_is_in(client) is None
    sign_in(client)
    assert who_is_in(client) == "Mia"
    made = client.post("/profile/keys", data={"name": "a script", "scopes": ["ideas:read"], "days": "30"})
    assert made.status_code == 403


def test_a_changed_role_ends_the_sign_ins_before(client):
    mia = a_person(password=PASSWORD)
    sign_in(client)

    committed(people.set_role, None, mia, SiteRole.TEAM)

    assert who_is_in(client) is None


def test_asking_who_is_in_costs_one_query(app, client):
    a_person(password=PASSWORD)
    sign_in(client)
    token = cookie_token(client)
    asked = []
    sa.event.listen(db.engine, "before_cursor_execute", lambda *event: asked.append(event[2]))

    with app.test_request_context():
        from flask import session

        session["_user_id"] = token
        assert signin.member().name == "Mia"
        assert signin.reader() is signin.member()
        assert signin.session_id() is not None

    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_a_visitor_is_nobody(app):
    with app.test_request_context():
        assert signin.reader() is None
        with pytest.raises(SignInNeeded):
            signin.member()


def test_outside_a_request_nobody_is_in(app):
    assert signin.reader() is None


def test_a_page_that_needs_somebody_sends_to_sign_in_and_back(client):
    answer = client.get("/profile?tab=1")

    assert answer.status_code == 303
    assert answer.location == "/sign-in?next=/profile?tab%3D1"
    a_person(password=PASSWORD)
    page = client.get(answer.location)
    assert 'value="/profile?tab=1"' in page.text
    assert sign_in(client, next="/profile?tab=1").location == "/profile?tab=1"


@pytest.mark.parametrize(
    "target", ["//evil.test", "https://evil.test", "/\\evil.test", "\t//evil.test", "javascript:alert(1)"]
)
def test_signing_in_leads_nowhere_else(client, target):
    a_person(password=PASSWORD)

    assert sign_in(client, next=target).location == "/"
    assert client.get("/sign-in", query_string={"next": target}).location == "/"
    assert client.get("/sign-up", query_string={"next": target}).location == "/"


HOST_HEADERS = [
    {"Host": "evil.test"},
    {"Host": "evil.test:80"},
    {"Host": "localhost@evil.test"},
    {"Host": "localhost.evil.test"},
    {"Host": "localhost:80@evil.test"},
    {"Host": "localhost, evil.test"},
    {"Host": "localhost:evil"},
    {"Host": ""},
    {"X-Forwarded-Host": "evil.test"},
    {"Forwarded": "host=evil.test"},
    {"X-Host": "evil.test"},
    {"X-Forwarded-Server": "evil.test", "X-Original-Host": "evil.test", "X-Forwarded-Proto": "https"},
]


@pytest.mark.parametrize("path", ["/sign-up", "/sign-in/link", "/reset"])
@pytest.mark.parametrize("headers", HOST_HEADERS, ids=lambda headers: repr(headers))
def test_a_forged_host_does_not_get_into_a_link(client, path, headers):
    a_person()

    answer = client.post(path, data={"name": "Mia", "email": "mia@example.test", "password": PASSWORD}, headers=headers)

    assert answer.status_code in (303, 400)
    for letter in letters_to("mia@example.test"):
        assert "evil" not in letter.text + letter.html
        assert "http://localhost/" in letter.text
    assert "evil" not in answer.headers.get("Location", "")


STATE_CHANGES = [
    "/sign-up",
    "/sign-in",
    "/sign-in/link",
    "/sign-in/with/acme",
    "/sign-in/second",
    "/sign-in/second/begin",
    "/sign-in/second/passkey",
    "/sign-in/recovery",
    "/sign-in/passkey",
    "/sign-in/passkey/begin",
    "/sign-out",
    "/reset",
    "/profile",
    "/profile/sessions/1/revoke",
    "/profile/sessions/revoke-others",
    "/profile/identities/1/remove",
    "/profile/identities/with/acme",
    "/profile/signing-in/app",
    "/profile/signing-in/app/remove",
    "/profile/signing-in/codes",
    "/profile/signing-in/codes/file",
    "/profile/signing-in/passkeys",
    "/profile/signing-in/passkeys/begin",
    "/profile/signing-in/passkeys/1/remove",
    "/profile/keys",
    "/profile/keys/1/revoke",
    "/profile/confirm",
    "/profile/data/export",
    "/profile/erase",
    "/manage/signing-in",
    "/manage/signing-in/drop",
    "/manage/people/1/take-away-factor",
    "/manage/people/1/erase",
    "/manage/people/1/suspend",
    "/manage/people/1/unsuspend",
    "/manage/people/1/role",
    "/manage/people/1/belonging",
    "/manage/people/import",
    "/manage/invitations",
    "/manage/invitations/1/withdraw",
    "/manage/companies",
    "/manage/companies/1",
    "/manage/companies/import",
    "/verify/token",
    "/link/token",
    "/roles/token",
    "/reset/token",
    "/setup/token",
]


def test_every_form_of_this_room_is_among_those_tested(app):
    rules = {
        rule.rule.replace("<token>", "token")
        .replace("<int:person_id>", "1")
        .replace("<int:session_id>", "1")
        .replace("<int:key_id>", "1")
        .replace("<int:passkey_id>", "1")
        .replace("<int:company_id>", "1")
        .replace("<int:invitation_id>", "1")
        .replace("<int:identity_id>", "1")
        .replace("<slug>", "acme")
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("accounts.") and "POST" in (rule.methods or ())
    }

    assert rules == set(STATE_CHANGES)


@pytest.mark.parametrize("path", STATE_CHANGES)
def test_a_form_without_its_token_is_refused(app, client, path):
    mia = a_person(password=PASSWORD, site_role="admin")
    enter(client, mia)
    app.config["WTF_CSRF_ENABLED"] = True

    answer = client.post(path, data={"email": "mia@example.test", "password": PASSWORD, "name": "Eve", "role": "admin"})

    assert answer.status_code == 400
    assert "came from elsewhere" in answer.text


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.test"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_a_form_from_another_site_is_refused(client, headers):
    a_person(password=PASSWORD)

    answer = client.post("/sign-in", data={"email": "mia@example.test", "password": PASSWORD}, headers=headers)

    assert answer.status_code == 403
    assert who_is_in(client) is None


def test_a_password_kept_the_old_way_is_kept_todays_way_after_signing_in(client):
    mia = a_person()
    mia.password_hash = PasswordHasher(time_cost=1, memory_cost=8 * 1024, parallelism=1).hash(PASSWORD)
    db.session.commit()

    sign_in(client)

    assert "m=19456,t=2,p=1" in (db.session.get_one(User, mia.id, populate_existing=True).password_hash or "")
    assert who_is_in(client) == "Mia"


def test_who_is_in_has_no_business_on_the_sign_in_page(client):
    enter(client, a_person())

    assert client.get("/sign-in?next=/ideas/7").location == "/ideas/7"
    assert client.get("/sign-up").location == "/"


def test_pages_of_people_are_kept_by_nobody(client):
    enter(client, a_person())

    for path in ("/profile", "/profile/keys", "/sign-in", "/check-your-mail"):
        assert client.get(path).headers["Cache-Control"] == "private, no-store"


def test_the_frame_of_a_page_is_drawn_while_the_database_is_down(app, client, monkeypatch):
    enter(client, a_person())

    def down(token):
        raise OperationalError("SELECT", {}, Exception("the server is gone"))

    monkeypatch.setattr(sessions, "find", down)

    answer = client.get("/profile")

    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
