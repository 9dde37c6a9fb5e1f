"""Signing in with an account elsewhere: who is whom, what is kept, and what a provider that is away costs."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from config import Config, ConfigError
from ideas.accounts import identities, limits, openid_asking
from ideas.accounts.errors import LastWayIn
from ideas.accounts.models import Attempt, AuditEntry, SiteRole, Ticket, User
from ideas.accounts.models_identities import Identity
from ideas.boards.models import Vote
from ideas.db import db, unit_of_work
from ideas.ledger import checker, doctoring
from ideas.setting_openid import For, Provider
from tests.accounts.arranging import (
    PASSWORD,
    a_person,
    an_app_of,
    an_imported_person,
    codes_of,
    committed,
    enter,
    letters_to,
    sign_in,
    who_is_in,
)
from tests.accounts.openid_provider import away, jwk, leads_to, offer, openid_provider, signed, through
from tests.factories import IdeaFactory

ENVIRON = {
    "SECRET_KEY": "x" * 32,
    "OPENID": "acme, partner",
    "OPENID_ACME_ISSUER": "https://login.acme.example",
    "OPENID_ACME_CLIENT_ID": "answerback",
    "OPENID_ACME_CLIENT_SECRET": "never shown",
    "OPENID_PARTNER_ISSUER": "https://partner.example/realms/staff/",
    "OPENID_PARTNER_CLIENT_ID": "ideas",
    "OPENID_PARTNER_NAME": "Partner & Sons",
    "OPENID_PARTNER_FOR": "team",
    "OPENID_PARTNER_DOMAINS": "Partner.example, sons.example",
    "OPENID_PARTNER_ALGORITHM": "ES256",
}


@pytest.fixture(scope="module")
def listening():
    with openid_provider() as provider:
        yield provider


@pytest.fixture
def provider(app, listening):
    """An honest provider that the site offers as Acme, where Mia is signed in."""
    listening.be()
    offer(app, listening.setting())
    return listening


def person(email="mia@example.test"):
    db.session.rollback()
    return db.session.scalar(sa.select(User).where(User.email == email))


def acts():
    db.session.rollback()
    return list(db.session.scalars(sa.select(AuditEntry.act).order_by(AuditEntry.id)))


def kept():
    db.session.rollback()
    return [(row.user_id, row.subject) for row in db.session.scalars(sa.select(Identity).order_by(Identity.id))]


def test_whoever_is_new_has_an_account_with_a_proven_address_and_goes_on(client, provider):
    answer = through(client, provider, next="/roadmap?view=date")

    assert (answer.status_code, answer.location) == (303, "/roadmap?view=date")
    assert "Welcome, Mia." in client.get("/").text
    mia = person()
    assert (mia.is_claimed, mia.password_hash, mia.company_id, mia.attributes) == (True, None, None, {})
    assert kept() == [(mia.id, "4711")]
    assert acts() == ["identity.linked"]
    (letter,) = letters_to("mia@example.test")
    assert letter.subject == "You can sign in at Answerback with Acme"
    assert "Acme" in client.get("/profile/signing-in").text
    assert checker.run_all()["roles, suspensions, keys and identities are audited"] == []


def test_nobody_is_called_by_their_address(app, provider):
    for number, said in enumerate(({}, {"preferred_username": "Mia.Jensen"}, {"name": "mia.jensen@example.test"})):
        provider.be(sub=str(number), email=f"mia.jensen@{number}.example")
        del provider.person["name"]
        provider.person |= said
        through(app.test_client(), provider)
        assert person(f"mia.jensen@{number}.example").name == "Somebody"
    provider.be(sub="nick", email="nick@example.test", preferred_username="Old Nick")
    del provider.person["name"]
    through(app.test_client(), provider)
    assert person("nick@example.test").name == "Old Nick"


def test_the_same_name_there_is_the_same_person_whatever_the_address(client, provider):
    through(client, provider)
    provider.be(email="mia.jensen@example.test", email_verified=False, name="Mia Jensen")

    through(client, provider)

    assert who_is_in(client) == "Mia"
    assert len(kept()) == 1
    assert person("mia.jensen@example.test") is None


def test_somebody_with_that_proven_address_is_linked_once_and_told(client, provider):
    mia = a_person(password=PASSWORD)

    through(client, provider)
    through(client, provider)

    assert kept() == [(mia.id, "4711")]
    assert acts() == ["identity.linked"]
    assert len(letters_to("mia@example.test")) == 1
    assert sign_in(client).status_code == 303  # the password works as before


def test_what_an_import_left_becomes_theirs(client, provider):
    imported = an_imported_person("mia@example.test")

    through(client, provider)

    assert who_is_in(client) == "Mia"
    assert kept() == [(imported.id, "4711")]


def test_an_address_that_was_given_to_somebody_else_there_brings_nobody_in(app, client, provider):
    through(client, provider)
    provider.be(sub="4712")

    answer = through(app.test_client(), provider)

    assert answer.status_code == 409
    assert "another account of Acme already" in answer.text
    assert len(kept()) == 1


def test_two_providers_know_the_same_person_by_their_own_names(app, client, listening):
    listening.be()
    with openid_provider() as other:
        offer(app, listening.setting(), other.setting("partner"))
        other.be(sub="4711", email="ole@example.test", name="Ole")

        through(client, listening)
        through(app.test_client(), other, "partner")
        other.be(sub="mia")
        through(app.test_client(), other, "partner")

        # the state that Acme was given says nothing to its neighbour
        back = listening.visit(away(client, "acme"))
        answer = client.get(back.replace("/acme/", "/partner/"))

    assert answer.status_code == 400
    mia, ole = person(), person("ole@example.test")
    assert kept() == [(mia.id, "4711"), (ole.id, "4711"), (mia.id, "mia")]


def test_what_was_begun_before_is_done(client, provider):
    idea = IdeaFactory()
    client.post(f"/ideas/{idea.id}/vote", data={"on": "1"})
    page = client.get("/sign-in")
    assert "Go on with Acme" in page.text
    assert "Go on with Acme" in client.get("/sign-up").text

    provider.acts.ahead["/token"] = (503, {}, b"")
    refused = through(client, provider)
    assert (refused.status_code, refused.headers["Retry-After"]) == (503, "20")
    assert "Your vote is kept" in refused.text
    openid_asking.forget()
    provider.be()
    through(client, provider)

    db.session.rollback()
    assert db.session.scalars(sa.select(Vote.user_id)).all() == [person().id]


def test_a_state_is_of_one_browser_and_works_once(app, client, provider):
    url = provider.visit(away(client))

    assert app.test_client().get(url).status_code == 400
    assert client.get(url).status_code == 303
    assert client.get(url).status_code == 400
    late = away(client)
    with unit_of_work():
        db.session.execute(sa.update(Ticket).values(expires_at=Ticket.created_at))
    assert client.get(provider.visit(late)).status_code == 400


def test_two_tabs_end_in_any_order(client, provider):
    first, second = away(client, next="/roadmap"), away(client, next="/releases")

    answers = [client.get(provider.visit(each)) for each in (second, first)]

    assert [answer.location for answer in answers] == ["/releases", "/roadmap"]
    assert who_is_in(client) == "Mia"


def test_a_provider_is_asked_about_itself_once_an_hour_and_for_new_keys_once_a_minute(app, client, provider, clock):
    def asked(path):
        return provider.asked.count(path)

    through(client, provider)
    through(client, provider)
    assert (asked("/.well-known/openid-configuration"), asked("/keys"), asked("/token")) == (1, 1, 2)

    # it changes its keys, and somebody else makes up names of keys
    provider.acts.keys = lambda _found: {"keys": [jwk("second")]}
    provider.acts.header = lambda said: {**said, "kid": "second"}
    provider.acts.signed = lambda said, claims: signed(said, claims, "second")
    assert through(client, provider).status_code == 303
    provider.acts.header = lambda said: {**said, "kid": "made up"}
    assert [through(client, provider).status_code for _ in range(3)] == [400] * 3
    assert asked("/keys") == 2
    clock.shift(timedelta(minutes=2))
    assert through(client, provider).status_code == 400
    assert asked("/keys") == 3

    clock.shift(openid_asking.KEPT)
    provider.be()
    assert through(client, provider).status_code == 303
    assert (asked("/.well-known/openid-configuration"), asked("/keys")) == (1, 1)


def test_one_that_does_not_answer_is_left_alone_for_a_moment(client, provider, clock):
    provider.acts.ahead["/.well-known/openid-configuration"] = (502, {}, b"")

    answers = [client.post("/sign-in/with/acme") for _ in range(5)]

    assert {answer.status_code for answer in answers} == {503}
    assert "Acme does not answer" in answers[0].text
    assert len(provider.asked) == 1
    (note,) = [note for note in doctoring.notes() if "Acme" in note]
    assert "OPENID_ACME_ISSUER" in note
    provider.be()
    clock.shift(openid_asking.REST)
    assert through(client, provider).status_code == 303


def test_who_may_come_in_by_it(app, client, provider):
    a_person("tom@example.test", "Tom", site_role=SiteRole.TEAM)
    offer(app, provider.setting(whom=For.TEAM))
    assert "For the team only" in client.get("/sign-in").text
    assert "Go on with" not in client.get("/sign-up").text
    assert "is for the team" in through(client, provider).text
    provider.be(sub="tom", email="tom@example.test")
    assert through(client, provider).status_code == 303

    offer(app, provider.setting(domains=frozenset({"acme.example"})))
    provider.be()
    assert "yours is none of them" in through(app.test_client(), provider).text
    provider.be(email="mia@acme.example")
    assert through(app.test_client(), provider).status_code == 303
    # one that says nothing of proofs brings in whom it knows, and nobody else
    provider.be(email="mia@acme.example")
    del provider.person["email_verified"]
    assert through(app.test_client(), provider).status_code == 303
    provider.person["email"] = "mia@other.example"
    assert "yours is none of them" in through(app.test_client(), provider).text
    provider.person |= {"sub": "stranger", "email": "sue@acme.example"}
    assert "does not say that your address is yours" in through(app.test_client(), provider).text
    browser = app.test_client()
    enter(browser, a_person("olga@example.test", "Olga"))
    for email, status in (("olga@other.example", 403), ("olga@acme.example", 303)):
        provider.person |= {"sub": "olga", "email": email}
        there = leads_to(browser.post("/profile/identities/with/acme"))
        assert browser.get(provider.visit(there)).status_code == status

    offer(app, provider.setting(), signup_open=False)
    provider.be(sub="new", email="new@example.test")
    assert "by invitation" in through(app.test_client(), provider).text
    assert person("new@example.test") is None
    assert client.post("/sign-in/with/nobody").status_code == 404


def test_going_there_is_limited_for_one_network_and_what_ends_well_is_not_counted(client, provider):
    through(client, provider)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 0
    for _ in range(limits.OPENID.per_network):
        committed(limits.spend, limits.OPENID, network="127.0.0.1")

    assert client.post("/sign-in/with/acme").status_code == 429


def test_people_add_an_account_elsewhere_and_take_it_away(app, client, provider):
    mia = a_person(password=PASSWORD)
    provider.be(email="private@example.test", email_verified=False)
    assert client.post("/profile/identities/with/acme").location.startswith("/sign-in")
    enter(client, mia)

    def add(browser):
        there = leads_to(browser.post("/profile/identities/with/acme"))
        return browser.get(provider.visit(there))

    assert add(client).location == "/profile/signing-in"
    assert kept() == [(mia.id, "4711")]
    assert who_is_in(client) == "Mia"
    olga = a_person("olga@example.test", "Olga")
    other = app.test_client()
    enter(other, olga)
    assert "belongs to another account here" in add(other).text
    # away as Mia, back as Olga: nothing is added to either
    provider.be(sub="4713")
    url = provider.visit(leads_to(client.post("/profile/identities/with/acme")))
    enter(client, olga)
    assert client.get(url).status_code == 400
    assert kept() == [(mia.id, "4711")]

    (identity_id,) = db.session.scalars(sa.select(Identity.id))
    assert other.post(f"/profile/identities/{identity_id}/remove").status_code == 404
    enter(client, mia)
    assert client.post(f"/profile/identities/{identity_id}/remove").status_code == 303
    assert kept() == []
    assert [letter.subject for letter in letters_to("mia@example.test")][-1:] == [
        "You no longer sign in at Answerback with Acme"
    ]
    assert acts() == ["identity.linked", "identity.removed"]


def test_whoever_has_a_second_factor_is_asked_for_it_here_too(client, provider):
    mia = a_person()
    an_app_of(mia)
    [code, *_more] = codes_of(mia)

    assert through(client, provider, next="/roadmap").location == "/sign-in/second"
    assert who_is_in(client) is None
    assert kept() == []  # who cannot give it has linked nothing
    client.post("/sign-in/recovery", data={"recovery": code})
    assert who_is_in(client) == "Mia"
    assert kept() == [(mia.id, "4711")]


def test_who_is_to_prove_it_once_more_was_asked_there_just_now(client, provider):
    through(client, provider)
    for auth_time in (None, 1):
        provider.acts.claims = lambda said, at=auth_time: {**said, "auth_time": at}
        assert "did not ask you again" in through(client, provider).text
    provider.acts.claims = lambda said: said
    assert through(client, provider).status_code == 303
    assert provider.told["max_age"] == "0"


def test_whoever_signed_in_long_ago_proves_it_first(client, provider, clock):
    through(client, provider)
    (identity_id,) = db.session.scalars(sa.select(Identity.id))
    clock.shift(timedelta(minutes=20))

    answers = [
        client.post(f"/profile/identities/{identity_id}/remove"),
        client.post("/profile/identities/with/acme"),
    ]

    assert {answer.location for answer in answers} == {"/profile/confirm?next=/profile/signing-in"}
    assert "Prove it with Acme" in client.get("/profile/confirm").text
    there = away(client, next="/profile/data")
    assert "prompt=login" in there
    assert client.get(provider.visit(there)).location == "/profile/data"
    assert client.post(f"/profile/identities/{identity_id}/remove").location == "/profile/signing-in"


def test_the_last_way_in_stays(app, client, provider):
    through(client, provider)
    mia = person()
    (identity_id,) = db.session.scalars(sa.select(Identity.id))
    with unit_of_work():
        db.session.execute(sa.update(User).values(mail_stopped="bounced"))  # a link would not reach her

    with pytest.raises(LastWayIn):
        committed(identities.remove, mia, identity_id)
    assert kept() == [(mia.id, "4711")]

    with unit_of_work():
        db.session.execute(sa.update(User).values(password_hash="x"))
    committed(identities.remove, person(), identity_id)
    assert kept() == []


def test_providers_are_read_from_the_environment_and_secrets_are_never_said(tmp_path):
    environ = ENVIRON | {"INSTANCE_PATH": str(tmp_path)}

    config = Config.from_env(environ)

    acme, partner = config.openid_providers
    assert (acme.slug, acme.name, acme.client_secret, acme.domains) == ("acme", "Acme", "never shown", frozenset())
    assert partner == Provider(
        *("partner", "https://partner.example/realms/staff/", "ideas", None, "Partner & Sons", None),
        *("openid email profile", For.TEAM, frozenset({"partner.example", "sons.example"}), partner.algorithm),
    )
    assert "never shown" not in repr(config)
    wrong = {
        "OPENID": ["acme,acme", "a b", "1st"],
        "OPENID_ACME_ISSUER": ["", "http://login.acme.example", "https://a@b.example", "https://a.example/?x", "acme"],
        "OPENID_ACME_CLIENT_ID": ["", "two words"],
        "OPENID_ACME_CLIENT_SECRET": ["never shown ü"],
        "OPENID_ACME_SCOPES": ["email profile"],
        "OPENID_PARTNER_FOR": ["nobody"],
        "OPENID_PARTNER_DOMAINS": ["partner"],
        "OPENID_PARTNER_ALGORITHM": ["none", "HS256"],
        "OPENID_PARTNER_ISSUER": ["https://login.acme.example"],
        "OPENID_ACME_ISUER": ["https://login.acme.example"],
        "OPENID_ACEM_NAME": ["Acme"],
    }
    for name, values in wrong.items():
        for value in values:
            with pytest.raises(ConfigError) as caught:
                Config.from_env(environ | {name: value})
            assert caught.value.problems[0].startswith(("OPENID ", f"{name} "))
            assert "never shown" not in str(caught.value)
