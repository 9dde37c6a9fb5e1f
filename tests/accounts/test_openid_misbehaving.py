"""A provider that misbehaves signs nobody in: each time there is a page that says so, and nothing was made."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ideas.accounts import limits, openid_asking
from ideas.accounts.models import User, UserSession
from ideas.accounts.models_identities import Identity
from ideas.accounts.openid_refusals import NotBelieved
from ideas.db import db
from ideas.outgoing import Rules
from tests.accounts.arranging import a_person, who_is_in
from tests.accounts.openid_provider import (
    OpenIdProvider,
    half_hash,
    jwk,
    key,
    offer,
    openid_provider,
    piece,
    signed,
    through,
)

WELL_KNOWN = "/.well-known/openid-configuration"
HUGE = b'{"issuer": "' + b"x" * 300_000 + b'"}'
NOT_BELIEVED, OVER, DOWN, CLOCK = "cannot be relied on", "This sign-in is over", "does not answer", "The clocks differ"
UNPROVEN, CANCELLED = "does not say that your address is yours", "so nothing happened"

Misbehave = Callable[[OpenIdProvider], None]


def discovery(**said) -> Misbehave:
    """It says of itself what is given here; what is None it leaves out."""

    def misbehave(provider):
        def changed(found):
            return {name: value for name, value in {**found, **said}.items() if value is not None}

        provider.acts.discovery = changed

    return misbehave


def claims(**said) -> Misbehave:
    def misbehave(provider):
        def changed(found):
            return {name: value for name, value in {**found, **said}.items() if value is not None}

        provider.acts.claims = changed

    return misbehave


def later(name, seconds) -> Misbehave:
    def misbehave(provider):
        provider.acts.claims = lambda found: {**found, name: found["iat"] + seconds}

    return misbehave


def header(sign=signed, **said) -> Misbehave:
    def misbehave(provider):
        def changed(found):
            return {name: value for name, value in {**found, **said}.items() if value is not None}

        provider.acts.header, provider.acts.signed = changed, sign

    return misbehave


def answer(act, said) -> Misbehave:
    """It answers that question with something else: `said`, or what it makes of what it would have said."""

    def misbehave(provider):
        setattr(provider.acts, act, said if callable(said) else lambda _found: said)

    return misbehave


def ahead(path, reply) -> Misbehave:
    def misbehave(provider):
        provider.acts.ahead[path] = reply

    return misbehave


def back(change) -> Misbehave:
    def misbehave(provider):
        provider.acts.back = change

    return misbehave


def without(name):
    return lambda pairs: [pair for pair in pairs if pair[0] != name]


def but(name, value):
    return lambda pairs: [*without(name)(pairs), (name, value)]


def twice(name):
    return lambda pairs: [*pairs, *(pair for pair in pairs if pair[0] == name)]


def unsigned(said, payload) -> str:
    return f"{piece(json.dumps(said).encode())}.{piece(json.dumps(payload).encode())}."


def with_nonsense(said, payload) -> str:
    return unsigned(said, payload) + piece(b"nonsense")


def with_our_own_public_key(said, payload) -> str:
    """The provider's public key, which everybody has, taken for a secret."""
    text = unsigned(said, payload).rstrip(".")
    secret = key("first").public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return f"{text}.{piece(hmac.new(secret, text.encode(), hashlib.sha256).digest())}"


def by_another(said, payload) -> str:
    return signed(said, payload, "second")


def changed_afterwards(said, payload) -> str:
    head, _payload, signature = signed(said, payload).split(".")
    return f"{head}.{piece(json.dumps({**payload, 'sub': '1'}).encode())}.{signature}"


def with_names_twice(said, payload) -> str:
    """The last one is what most readers take; a careless check reads the first."""
    text = json.dumps(payload)[:-1] + ', "sub": "1"}'
    return signed(said, text.encode())


def with_head_twice(_said, payload) -> str:
    text = b'{"alg": "none", "kid": "first", "alg": "RS256"}'
    head, rest = piece(text), signed({}, payload).split(".")[1]
    return f"{head}.{rest}.{piece(b'x' * 256)}"


def encrypted(said, payload) -> str:
    return ".".join([*signed(said, payload).split("."), "x", "y"])


def short(said, payload) -> str:
    return signed(said, payload, "short", 1024)


def short_keys(_found):
    return {"keys": [jwk("short", 1024)]}


def shown_in_itself(said, payload) -> str:
    return signed(
        {**said, "jwk": jwk("second"), "kid": "second", "jku": "https://example.test/keys"}, payload, "second"
    )


def a_short_key(provider):
    provider.acts.keys, provider.acts.header, provider.acts.signed = (
        short_keys,
        lambda said: {**said, "kid": "short"},
        short,
    )


def other_in_userinfo(provider):
    provider.acts.claims = lambda found: {name: found[name] for name in found if name not in ("email", "name")}
    provider.acts.userinfo = lambda found: {**found, "sub": "another"}


def nobody_in_userinfo(provider):
    other_in_userinfo(provider)
    provider.acts.userinfo = lambda found: {"email": found["email"], "email_verified": True}


def token_as_userinfo(provider):
    other_in_userinfo(provider)
    provider.acts.userinfo = lambda found: signed({"alg": "RS256"}, found).encode()


def proof_of_another_answer(provider):
    """The ID token has an address without proof, userinfo a proof of some address: the two do not belong together."""
    provider.acts.claims = lambda found: {name: found[name] for name in found if name not in ("email_verified", "name")}
    provider.acts.userinfo = lambda found: {**found, "email": "olga@example.test", "email_verified": True}


def used_code(provider):
    """It takes the code for one that was used before."""
    provider.acts.back = lambda pairs: (provider.codes.clear(), pairs)[1]


def hashed_otherwise(provider):
    provider.acts.claims = lambda found: {**found, "at_hash": half_hash("another token")}


MISBEHAVIOURS: dict[str, tuple[Misbehave, str]] = {
    # What it says of itself
    "another issuer in discovery": (discovery(issuer="https://login.example.test"), NOT_BELIEVED),
    "almost the same issuer": (lambda p: discovery(issuer=f"{p.address}/")(p), NOT_BELIEVED),
    "no issuer": (discovery(issuer=None), NOT_BELIEVED),
    "discovery that is no JSON": (answer("discovery", b"<html>"), NOT_BELIEVED),
    "discovery that is a list": (answer("discovery", []), NOT_BELIEVED),
    "discovery with names twice": (
        answer("discovery", lambda found: json.dumps(found)[:-1].encode() + b', "issuer": "x", "issuer": "x"}'),
        NOT_BELIEVED,
    ),
    "discovery that leads elsewhere": (ahead(WELL_KNOWN, (302, {"Location": "/keys"}, b"")), NOT_BELIEVED),
    "huge discovery": (ahead(WELL_KNOWN, (200, {}, HUGE)), NOT_BELIEVED),
    "discovery that never comes": (ahead(WELL_KNOWN, None), DOWN),
    "discovery that fails": (ahead(WELL_KNOWN, (500, {}, b"")), DOWN),
    "a page to sign in that is a script": (discovery(authorization_endpoint="javascript:alert(1)"), NOT_BELIEVED),
    "a page to sign in that has a password": (discovery(authorization_endpoint="https://a:b@test/"), NOT_BELIEVED),
    "no page to sign in": (discovery(authorization_endpoint=None), NOT_BELIEVED),
    "tokens inside our network": (discovery(token_endpoint="http://10.0.0.1/token"), NOT_BELIEVED),
    "tokens of the machine's own data": (discovery(token_endpoint="http://169.254.169.254/latest"), NOT_BELIEVED),
    "keys inside our network": (discovery(jwks_uri="http://192.168.0.1/keys"), NOT_BELIEVED),
    "keys in a file": (discovery(jwks_uri="file:///etc/passwd"), NOT_BELIEVED),
    "no code flow": (discovery(response_types_supported=["id_token"]), NOT_BELIEVED),
    "no PKCE with hashes": (discovery(code_challenge_methods_supported=["plain"]), NOT_BELIEVED),
    "signatures with a shared secret": (discovery(id_token_signing_alg_values_supported=["HS256"]), NOT_BELIEVED),
    # What it sends back with the person
    "another provider's answer": (back(but("iss", "https://login.example.test")), NOT_BELIEVED),
    "no word of who it is": (back(without("iss")), NOT_BELIEVED),
    "two words of who it is": (back(twice("iss")), NOT_BELIEVED),
    "no state": (back(without("state")), OVER),
    "another state": (back(but("state", "x" * 43)), OVER),
    "two states": (back(twice("state")), OVER),
    "no code": (back(without("code")), NOT_BELIEVED),
    "two codes": (back(twice("code")), NOT_BELIEVED),
    "a code of 5,000 letters": (back(but("code", "x" * 5000)), NOT_BELIEVED),
    "a code that it made for nobody": (back(but("code", "another")), NOT_BELIEVED),
    "a code that was used before": (used_code, NOT_BELIEVED),
    "the person said no": (back(lambda pairs: [*without("code")(pairs), ("error", "access_denied")]), CANCELLED),
    "it cannot now": (back(lambda pairs: [*without("code")(pairs), ("error", "temporarily_unavailable")]), DOWN),
    "an error of its own": (back(lambda pairs: [*pairs, ("error", "<script>alert(1)</script>")]), NOT_BELIEVED),
    # What it answers for the code
    "tokens elsewhere": (ahead("/token", (307, {"Location": "/token2"}, b"")), NOT_BELIEVED),
    "tokens that never come": (ahead("/token", None), DOWN),
    "tokens that fail": (ahead("/token", (503, {}, b"")), DOWN),
    "huge tokens": (ahead("/token", (200, {}, HUGE)), NOT_BELIEVED),
    "tokens that are no JSON": (answer("token", b"id_token=x"), NOT_BELIEVED),
    "JSON without end": (answer("token", b'{"id_token":' + b"[" * 100_000), NOT_BELIEVED),
    "no ID token": (answer("token", lambda found: {**found, "id_token": None}), NOT_BELIEVED),
    "a number for a token": (answer("token", lambda found: {**found, "id_token": 7}), NOT_BELIEVED),
    "a token that is a word": (answer("token", lambda found: {**found, "id_token": "token"}), NOT_BELIEVED),
    "another kind of access": (answer("token", lambda found: {**found, "token_type": "mac"}), NOT_BELIEVED),
    # How its ID token is signed
    "signed by nobody": (header(unsigned, alg="none"), NOT_BELIEVED),
    "signed by nobody, and says so oddly": (header(with_nonsense, alg="nOnE"), NOT_BELIEVED),
    "signed by nobody, and says otherwise": (header(with_nonsense), NOT_BELIEVED),
    "signed with the public key as a secret": (header(with_our_own_public_key, alg="HS256"), NOT_BELIEVED),
    "signed in another way": (header(alg="RS512"), NOT_BELIEVED),
    "two ways to be signed": (header(with_head_twice), NOT_BELIEVED),
    "an unknown key": (header(kid="third"), NOT_BELIEVED),
    "a path for a key": (header(kid="../../dev/null"), NOT_BELIEVED),
    "a list of keys' names": (header(kid=["first"]), NOT_BELIEVED),
    "another key under a known name": (header(by_another), NOT_BELIEVED),
    "a key that it brings along": (header(shown_in_itself), NOT_BELIEVED),
    "changed after it was signed": (header(changed_afterwards), NOT_BELIEVED),
    "something that must be understood": (header(crit=["exp"]), NOT_BELIEVED),
    "a payload that is not encoded": (header(b64=False), NOT_BELIEVED),
    "a token for an API": (header(typ="at+jwt"), NOT_BELIEVED),
    "a token for signing out": (header(typ="logout+jwt"), NOT_BELIEVED),
    "an encrypted token": (header(encrypted), NOT_BELIEVED),
    "keys that are no list": (answer("keys", {"keys": {"first": {}}}), NOT_BELIEVED),
    "no keys": (answer("keys", {"keys": []}), NOT_BELIEVED),
    "keys that cannot be read": (answer("keys", {"keys": [jwk("first", n="!!!")]}), NOT_BELIEVED),
    "two keys of one name": (answer("keys", {"keys": [jwk("first"), jwk("second", kid="first")]}), NOT_BELIEVED),
    "a key for something else": (answer("keys", {"keys": [jwk("first", use="enc")]}), NOT_BELIEVED),
    "a key that is a secret": (answer("keys", {"keys": [{"kty": "oct", "kid": "first", "k": "eA"}]}), NOT_BELIEVED),
    "a key that is too short": (a_short_key, NOT_BELIEVED),
    # What its ID token says
    "another issuer": (claims(iss="https://login.example.test"), NOT_BELIEVED),
    "made for another site": (claims(aud="another"), NOT_BELIEVED),
    "made for nobody": (claims(aud=None), NOT_BELIEVED),
    "made for a list without us": (claims(aud=["another"]), NOT_BELIEVED),
    "made for us and others": (claims(aud=["answerback", "another"]), NOT_BELIEVED),
    "asked for by another site": (claims(azp="another"), NOT_BELIEVED),
    "over": (later("exp", -3600), CLOCK),
    "made tomorrow": (later("iat", 86_400), CLOCK),
    "not valid yet": (later("nbf", 3600), CLOCK),
    "without end": (claims(exp=None), NOT_BELIEVED),
    "an end in words": (claims(exp="tomorrow"), NOT_BELIEVED),
    "an end that is true": (claims(exp=True), NOT_BELIEVED),
    "an end beyond all time": (claims(exp=10**400), NOT_BELIEVED),
    "an end that is no number": (claims(exp=float("nan")), NOT_BELIEVED),
    "no time of making": (claims(iat=None), NOT_BELIEVED),
    "no nonce": (claims(nonce=None), NOT_BELIEVED),
    "another nonce": (claims(nonce="x" * 43), NOT_BELIEVED),
    "a list of nonces": (claims(nonce=["x"]), NOT_BELIEVED),
    "the hash of another token": (hashed_otherwise, NOT_BELIEVED),
    "names twice": (header(with_names_twice), NOT_BELIEVED),
    "claims that are a list": (answer("claims", lambda found: json.dumps([found]).encode()), NOT_BELIEVED),
    "nobody": (claims(sub=None), NOT_BELIEVED),
    "an empty name": (claims(sub=""), NOT_BELIEVED),
    "a blank name": (claims(sub="  "), NOT_BELIEVED),
    "a number for a name": (claims(sub=4711), NOT_BELIEVED),
    "a name of 1,000 letters": (claims(sub="x" * 1000), NOT_BELIEVED),
    "a name with a NUL": (claims(sub="4711\0"), NOT_BELIEVED),
    "a name in other letters": (claims(sub="４７１１"), NOT_BELIEVED),
    # What else it says of them
    "somebody else in userinfo": (other_in_userinfo, NOT_BELIEVED),
    "nobody in userinfo": (nobody_in_userinfo, NOT_BELIEVED),
    "a token as userinfo": (token_as_userinfo, NOT_BELIEVED),
    "an address without proof": (claims(email_verified=False), UNPROVEN),
    "an address with an empty proof": (claims(email_verified=None), UNPROVEN),
    "a proof in words": (claims(email_verified="true"), UNPROVEN),
    "a proof of another answer": (proof_of_another_answer, UNPROVEN),
    "an address that is none": (claims(email="mia@example.test\r\nBcc: olga@example.test"), UNPROVEN),
    "an address that is a list": (claims(email=["mia@example.test"]), UNPROVEN),
}  # fmt: skip


@pytest.fixture(scope="module")
def provider():
    with openid_provider() as provider:
        yield provider


def made():
    """How many people, sign-ins and accounts elsewhere there are."""
    db.session.rollback()
    return [db.session.scalar(sa.select(sa.func.count()).select_from(each)) for each in (User, UserSession, Identity)]


def test_a_provider_that_misbehaves_signs_nobody_in(app, provider, monkeypatch):
    """`mia@example.test` has a proven account here, and an honest provider would sign her in: see test_openid.py."""
    monkeypatch.setattr(limits, "OPENID", limits.OPENID._replace(per_network=1000))
    offer(app, provider.setting())
    a_person()
    before = made()

    wrong = {}
    for name, (misbehave, words) in MISBEHAVIOURS.items():
        openid_asking.forget()
        provider.be()
        misbehave(provider)
        hangs = None in provider.acts.ahead.values()
        monkeypatch.setattr(openid_asking, "SECONDS", 0.4 if hangs else 60.0)
        client = app.test_client()
        page = through(client, provider)
        if made() != before or who_is_in(client):
            wrong[name] = "made something"
        elif words not in page.text or page.status_code == 500 or 'href="/sign-in' not in page.text:
            wrong[name] = f"{page.status_code} {re.sub('<[^>]*>| +', ' ', page.text)[-600:]}"
        elif "<script>alert" in page.text:
            wrong[name] = "says what it was told"
    assert wrong == {}
    assert len(MISBEHAVIOURS) >= 100

    openid_asking.forget()
    provider.be()
    honest = app.test_client()
    assert through(honest, provider).status_code == 303
    assert who_is_in(honest) == "Mia"


def test_places_of_an_encrypted_provider_are_encrypted(provider):
    """Also where the settings let plain http through for others."""
    said = {**provider.discovery(), "issuer": "https://login.example.test"}
    setting = provider.setting(issuer=said["issuer"])
    places = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    said |= dict.fromkeys(places, "https://login.example.test/place")
    assert openid_asking.judged(setting, said, Rules(plain=True)).names_itself

    for place in places:
        with pytest.raises(NotBelieved):
            openid_asking.judged(setting, {**said, place: "http://login.example.test/place"}, Rules(plain=True))
