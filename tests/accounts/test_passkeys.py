"""Passkeys: added, signing in alone, as the second factor, removed; and devices that lie."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ideas.accounts import factors, passkeys, tidying
from ideas.accounts.errors import FactorThere, NoSuchFactor, PasskeyRefused
from ideas.accounts.models import AuditEntry, User
from ideas.accounts.models_factors import Passkey, PasskeyChallenge
from ideas.accounts.passkeys import Purpose
from ideas.db import db, unit_of_work
from tests.accounts.arranging import PASSWORD, a_person, an_app_of, committed, enter, letters_to, sign_in, who_is_in
from tests.accounts.authenticator import PRESENT, Device

PAGE = "/profile/signing-in"


def add(client, device, name="My phone"):
    options = client.post(f"{PAGE}/passkeys/begin").json
    return client.post(f"{PAGE}/passkeys", data={"credential": device.create(options), "name": name})


def come_in(client, device, **sent):
    options = client.post("/sign-in/passkey/begin").json
    return client.post("/sign-in/passkey", data={"credential": device.get(options), **sent})


def of_mia(client):
    """Mia, signed in, with a passkey."""
    mia = a_person(password=PASSWORD)
    enter(client, mia)
    device = Device()
    assert add(client, device).status_code == 201
    return mia, device


def test_a_passkey_is_added_by_its_name_with_recovery_codes_and_a_mail(client):
    mia, _device = of_mia(client)

    page = client.get(PAGE).text

    assert "My phone" in page
    assert "10 of 10 are left" in page
    assert db.session.get(User, mia.id, populate_existing=True).factor_since is not None
    assert "A passkey was added" in letters_to("mia@example.test")[-1].text
    assert db.session.scalars(sa.select(AuditEntry.act)).all() == ["factor.added"]
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PasskeyChallenge)) == 0
    assert add(client, Device(), "").location == PAGE, "further ones come without codes"


def test_a_passkey_alone_signs_in_and_knows_who_it_is(app, client):
    _mia, device = of_mia(client)
    browser = app.test_client()

    done = come_in(browser, device, next="/receipts")

    assert done.location == "/receipts"
    assert who_is_in(browser) == "Mia"
    assert ">Passkey<" in browser.get("/profile/sessions").text
    assert db.session.scalar(sa.select(Passkey.last_used_at)) is not None


def test_a_passkey_is_the_second_factor_after_a_password(app, client):
    _mia, device = of_mia(client)
    browser = app.test_client()
    device.flags = PRESENT  # a password came before: whoever holds it need not be known to it

    assert sign_in(browser, next="/inbox").location == "/sign-in/second"
    assert "Use my passkey" in browser.get("/sign-in/second").text
    options = browser.post("/sign-in/second/begin").json
    done = browser.post("/sign-in/second/passkey", data={"credential": device.get(options)})

    assert [each["id"] for each in options["allowCredentials"]] == [db.session.scalar(sa.select(Passkey.credential_id))]
    assert done.location == "/inbox"
    assert "Password and passkey" in browser.get("/profile/sessions").text


def _by_another(device):
    device.key = Device().key


LIES = {
    "another site": lambda device: setattr(device, "origin", "https://localhost.example.test"),
    "another port": lambda device: setattr(device, "origin", "http://localhost:81"),
    "another host": lambda device: setattr(device, "host", "example.test"),
    "nobody was there": lambda device: setattr(device, "flags", 0),
    "it did not know who held it": lambda device: setattr(device, "flags", PRESENT),
    "another key": _by_another,
    "an unknown one": lambda device: setattr(device, "id", b"unknown"),
    "a copy that counted less": lambda device: setattr(device, "count", 0),
    "somebody else's account": lambda device: setattr(device, "handle", b"person 4711"),
}


def test_a_device_that_lies_opens_nothing(app, client):
    _mia, device = of_mia(client)
    come_in(app.test_client(), device)
    come_in(app.test_client(), device)
    honest = dict(vars(device))

    for lie, tell in LIES.items():
        tell(device)
        browser = app.test_client()
        answer = come_in(browser, device)
        assert answer.location == "/sign-in", lie
        assert "does not open an account here" in browser.get("/sign-in").text, lie
        assert who_is_in(browser) is None, lie
        vars(device).update(honest)
    assert come_in(app.test_client(), device).location == "/"


@pytest.mark.parametrize("field", ["clientDataJSON", "authenticatorData", "signature"])
def test_answers_that_are_none_are_refused_in_words(app, client, field):
    _mia, device = of_mia(client)
    browser = app.test_client()
    whole = json.loads(device.get(browser.post("/sign-in/passkey/begin").json))
    bad = [{**whole, "response": {**whole["response"], field: value}} for value in ("", "a", "ü", "AAAA", None, 7, [])]
    texts = ["", "null", "[]", "7", "{}", "[" * 5000, '{"id": 7}', '{"id": "\\u0000", "response": {}}', "x" * 30_000]

    for text in [*map(json.dumps, bad), *texts]:
        browser.post("/sign-in/passkey/begin")
        assert browser.post("/sign-in/passkey", data={"credential": text}).status_code == 303
        assert who_is_in(browser) is None
        client.post(f"{PAGE}/passkeys/begin")
        assert client.post(f"{PAGE}/passkeys", data={"credential": text}).location == PAGE
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Passkey)) == 1


def test_a_challenge_is_for_one_browser_one_purpose_one_time_and_five_minutes(app, client, clock):
    _mia, device = of_mia(client)
    here, there = app.test_client(), app.test_client()

    def sent(browser, options, path="/sign-in/passkey"):
        return browser.post(path, data={"credential": device.get(options)}).location

    options = here.post("/sign-in/passkey/begin").json
    assert sent(there, options) == "/sign-in", "another browser"
    sign_in(there)
    there.post("/sign-in/second/begin")
    assert sent(there, options, "/sign-in/second/passkey") == "/sign-in/second", "another challenge"
    assert sent(there, there.post("/sign-in/second/begin").json) == "/sign-in", "another purpose"
    assert sent(here, options) == "/"
    again = app.test_client()
    options = again.post("/sign-in/passkey/begin").json
    kept = again.get_cookie("session").value
    assert sent(again, options) == "/"
    again.set_cookie("session", kept)
    assert sent(again, options) == "/sign-in", "a second time"
    late = app.test_client()
    options = late.post("/sign-in/passkey/begin").json
    clock.shift(timedelta(minutes=5, seconds=1))
    assert sent(late, options) == "/sign-in"
    committed(tidying.sweep)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(PasskeyChallenge)) == 0


def test_a_passkey_belongs_to_one_person_and_is_no_second_factor_of_another(app, client):
    _mia, device = of_mia(client)
    ole = a_person("ole@example.test", "Ole", password=PASSWORD)
    browser = app.test_client()
    enter(browser, ole)

    assert add(browser, device).location == PAGE
    assert "there already" in browser.get(PAGE).text
    add(browser, Device())
    other = app.test_client()
    sign_in(other, "ole@example.test")
    options = other.post("/sign-in/second/begin").json
    assert other.post("/sign-in/second/passkey", data={"credential": device.get(options)}).location == "/sign-in/second"
    assert who_is_in(other) is None
    with pytest.raises(NoSuchFactor):
        committed(factors.remove_passkey, ole, db.session.scalar(sa.select(sa.func.min(Passkey.id))))


def test_one_answer_counts_once_also_when_two_send_it(app, client):
    _mia, device = of_mia(client)
    challenge = b"c" * 32
    answer = device.get({"challenge": "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M"})

    assert committed(passkeys.use, challenge, answer).name == "Mia"
    with pytest.raises(PasskeyRefused):
        committed(passkeys.use, challenge, answer)


def test_a_removed_passkey_opens_nothing_and_the_app_is_asked_for_still(app, client, clock):
    mia, device = of_mia(client)
    an_app_of(mia)
    passkey_id = db.session.scalar(sa.select(Passkey.id))

    assert client.post(f"{PAGE}/passkeys/{passkey_id}/remove").location == PAGE

    assert come_in(app.test_client(), device).location == "/sign-in"
    assert db.session.get(User, mia.id, populate_existing=True).factor_since is not None
    assert "A passkey of your account" in letters_to("mia@example.test")[-1].text
    assert sign_in(app.test_client()).location == "/sign-in/second"
    assert factors.noted_as_they_are() == []
    with unit_of_work():
        factors.take_away(None, db.session.get_one(User, mia.id))
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Passkey)) == 0


def test_adding_and_removing_asks_first_whether_it_is_you(client, clock):
    _mia, device = of_mia(client)
    passkey_id = db.session.scalar(sa.select(Passkey.id))
    clock.shift(timedelta(minutes=16))

    for path in ("passkeys/begin", "passkeys", f"passkeys/{passkey_id}/remove"):
        assert client.post(f"{PAGE}/{path}").location.startswith("/profile/confirm"), path
    new = passkeys.new_from(b"c" * 32, device.create(_options()))
    with pytest.raises(FactorThere):
        committed(passkeys.add, db.session.scalars(sa.select(User)).one(), new, "again")


def _options():
    return {"challenge": "Y2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2M", "user": {"id": "AA"}}


def test_passkeys_are_offered_where_browsers_know_them(make_app):
    for url, possible in (
        ("http://localhost", True),
        ("https://ideas.example.org", True),
        ("http://ideas.example.org", False),
        ("https://192.0.2.7", False),
    ):
        with make_app(BASE_URL=url, TRUSTED_PROXIES="1").app_context():
            assert passkeys.are_possible() is possible, url


def test_a_challenge_of_one_purpose_is_none_of_another(client):
    mia, _device = of_mia(client)
    asked = committed(passkeys.ask, mia)

    for purpose, person in ((Purpose.SIGN_IN, None), (Purpose.ADD, mia), (Purpose.SECOND, None)):
        with pytest.raises(PasskeyRefused):
            committed(passkeys.take, purpose, asked.token, person)
    assert len(committed(passkeys.take, Purpose.SECOND, asked.token, mia)) >= 32
