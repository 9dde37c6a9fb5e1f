"""How often one client may ask."""

import json

import pytest

from ideas import api
from ideas.api_limits import ADDRESS_PER_MINUTE, KEY_PER_MINUTE, network_of
from tests.api.asking import Asking, bearer
from tests.factories import UserFactory


@pytest.fixture
def limited(make_app):
    """An application that counts; its context stays around the test."""
    app = make_app(RATE_LIMITS="on")
    with app.app_context():
        yield app


@pytest.fixture
def asking(limited):
    document = json.loads(api.openapi())

    def make(person=None, address="192.0.2.1"):
        client = limited.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        return Asking(client, document, bearer(person) if person else {})

    return make


def spend(asking, times):
    return [asking.get("boards").status_code for _ in range(times)]


def test_every_answer_says_what_is_left(asking):
    answer = asking().get("boards")

    assert answer.headers["RateLimit-Policy"] == f'"address";q={ADDRESS_PER_MINUTE};w=60'
    assert answer.headers["RateLimit"].startswith(f'"address";r={ADDRESS_PER_MINUTE - 1};t=')
    assert answer.headers["X-RateLimit-Limit"] == str(ADDRESS_PER_MINUTE)
    assert answer.headers["X-RateLimit-Remaining"] == str(ADDRESS_PER_MINUTE - 1)
    assert int(answer.headers["X-RateLimit-Reset"]) > 1_700_000_000


def test_visitors_are_counted_by_address(asking):
    assert set(spend(asking(), ADDRESS_PER_MINUTE)) == {200}

    refused = asking().get("boards")

    assert refused.status_code == 429
    assert refused.get_json(force=True)["code"] == "too-many"
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit"].startswith('"address";r=0;')
    assert asking(address="192.0.2.2").get("boards").status_code == 200


def test_keys_are_counted_by_themselves(asking):
    mia, ole = asking(UserFactory()), asking(UserFactory())
    spend(asking(), ADDRESS_PER_MINUTE)

    answer = mia.get("boards")

    assert answer.status_code == 200
    assert answer.headers["RateLimit-Policy"] == f'"key";q={KEY_PER_MINUTE};w=60'
    assert ole.get("boards").headers["X-RateLimit-Remaining"] == str(KEY_PER_MINUTE - 1)


def test_guessing_keys_is_counted_by_address(asking):
    guesser = asking()
    guesser.headers["Authorization"] = "Bearer ab_sk_guessguessguess"

    assert set(spend(guesser, ADDRESS_PER_MINUTE)) == {401}

    assert guesser.get("boards").status_code == 429


def test_one_household_is_one_client(asking):
    spend(asking(address="2001:db8:1:2::1"), ADDRESS_PER_MINUTE)

    assert asking(address="2001:db8:1:2:ffff::9").get("boards").status_code == 429
    assert asking(address="2001:db8:1:3::1").get("boards").status_code == 200


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("unix:", "unix:"),
    ],
)
def test_an_address_stands_for_a_client(address, network):
    assert network_of(address) == network


def test_pages_are_not_counted_by_the_api(limited):
    client = limited.test_client()

    assert {client.get("/problems").status_code for _ in range(ADDRESS_PER_MINUTE + 5)} == {200}


def test_a_store_that_is_away_does_not_close_the_site(make_app, monkeypatch):
    app = make_app(RATE_LIMITS="on")
    limiter = app.extensions["answerback.limiter"]

    def away(*_args, **_options):
        raise ConnectionError

    monkeypatch.setattr(limiter.limiter, "hit", away)
    with app.app_context():
        assert app.test_client().get("/api/v1/boards").status_code == 200
