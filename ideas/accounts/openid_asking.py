"""What OpenID providers are asked: who they are, their keys, and who has just signed in there.

All of it goes through `outgoing`. What they say of themselves is remembered for an hour by each process; one that does
not answer is left alone for a moment, so that it does not hold up a thread for everybody who presses its button.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

from ideas import outgoing
from ideas.accounts.openid_refusals import NotBelieved, NotSignedIn, Why
from ideas.accounts.openid_tokens import Key, read_object
from ideas.db import utcnow
from ideas.setting_openid import Provider

SECONDS = 6.0  # for one question; somebody sits waiting
MOST = 200_000  # bytes of an answer; keys come with certificates
KEPT = timedelta(hours=1)
REST = timedelta(seconds=20)  # after it did not answer
ANEW = timedelta(minutes=1)  # keys are asked for before their time no more often than this
FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Metadata:
    """What a provider says of itself. names_itself: in what it sends back with people, too (RFC 9207)."""

    authorization: str
    token: str
    keys: str
    userinfo: str | None
    names_itself: bool
    secret_in_body: bool


@dataclass
class _Known:
    """What this process knows of one provider."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    metadata: Metadata | None = None
    metadata_at: datetime | None = None
    keys: tuple[Key, ...] | None = None
    keys_at: datetime | None = None
    asked_anew_at: datetime | None = None
    silent_at: datetime | None = None


_all: dict[Provider, _Known] = {}
_guard = threading.Lock()


def forget() -> None:
    """Know nothing of any provider any more."""
    with _guard:
        _all.clear()


def metadata(provider: Provider) -> Metadata:
    """What `provider` says of itself. Raises NotSignedIn. Stands in no transaction, as all here."""
    known = _known(provider)
    with known.lock:  # who waits for it finds an answer, or that there is none
        if known.metadata is None or not _within(KEPT, known.metadata_at):
            address = f"{provider.issuer.removesuffix('/')}/.well-known/openid-configuration"
            known.metadata = judged(provider, _ask(provider, "GET", address), outgoing.rules())
            known.metadata_at = utcnow()
        return known.metadata


def keys(provider: Provider, *, anew: bool = False) -> tuple[Key, ...]:
    """With what `provider` signs. anew: a token names a key that is not among those; at most once in ANEW."""
    where = metadata(provider).keys
    known = _known(provider)
    with known.lock:
        wanted = anew and not _within(ANEW, known.asked_anew_at)
        if known.keys is None or not _within(KEPT, known.keys_at) or wanted:
            if wanted:
                known.asked_anew_at = utcnow()
            said = _ask(provider, "GET", where).get("keys")
            if not isinstance(said, list):
                raise NotBelieved("keys that are no list")
            known.keys = tuple(each for each in said if isinstance(each, dict))
            known.keys_at = utcnow()
        return known.keys


def exchange(provider: Provider, *, code: str, verifier: str, back: str) -> Mapping[str, Any]:
    """The tokens for a code that somebody brought back."""
    where = metadata(provider)
    sent = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {"Content-Type": FORM}
    if provider.client_secret is None:
        sent["client_id"] = provider.client_id
    elif where.secret_in_body:
        sent |= {"client_id": provider.client_id, "client_secret": provider.client_secret}
    else:  # each is encoded before they are joined: RFC 6749, 2.3.1
        both = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        headers["Authorization"] = f"Basic {base64.b64encode(both.encode()).decode()}"
    return _ask(provider, "POST", where.token, body=urlencode(sent).encode(), headers=headers)


def userinfo(provider: Provider, access_token: str) -> Mapping[str, Any]:
    """What else the provider says of whoever has just signed in; nothing, where it has no such place."""
    where = metadata(provider).userinfo
    if where is None:
        return {}
    if not access_token.isascii() or not access_token.isprintable():
        raise NotBelieved("access_token")
    return _ask(provider, "GET", where, headers={"Authorization": f"Bearer {access_token}"})


def judged(provider: Provider, said: Mapping[str, Any], rules: outgoing.Rules) -> Metadata:
    """What a provider says of itself, if it may be believed."""
    if said.get("issuer") != provider.issuer:
        raise NotBelieved("calls itself something else")
    _require_among(said, "response_types_supported", "code")
    _require_among(said, "code_challenge_methods_supported", "S256")
    _require_among(said, "id_token_signing_alg_values_supported", provider.algorithm.value)
    # an https issuer's own places are https, also where the settings let plain http through for others
    strict = outgoing.Rules(rules.allowed, rules.plain and provider.issuer.startswith("http://"))
    methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    return Metadata(
        authorization=_place(said, "authorization_endpoint", strict),
        token=_place(said, "token_endpoint", strict),
        keys=_place(said, "jwks_uri", strict),
        userinfo=_place(said, "userinfo_endpoint", strict) if said.get("userinfo_endpoint") is not None else None,
        names_itself=said.get("authorization_response_iss_parameter_supported") is True,
        secret_in_body=isinstance(methods, list)
        and "client_secret_basic" not in methods
        and "client_secret_post" in methods,
    )


def _require_among(said: Mapping[str, Any], name: str, wanted: str) -> None:
    """What it does not say of itself is not held against it."""
    if name in said and (not isinstance(said[name], list) or wanted not in said[name]):
        raise NotBelieved(f"{name} has no {wanted}")


def _place(said: Mapping[str, Any], name: str, rules: outgoing.Rules) -> str:
    found = said.get(name)
    try:
        if not isinstance(found, str) or "#" in found:
            raise NotBelieved(name)
        outgoing.target(found, rules)
    except outgoing.Refused:
        raise NotBelieved(name) from None
    return found


def _known(provider: Provider) -> _Known:
    with _guard:
        return _all.setdefault(provider, _Known())


def _within(length: timedelta, since: datetime | None) -> bool:
    return since is not None and timedelta(0) <= utcnow() - since < length


def _ask(
    provider: Provider,
    method: str,
    address: str,
    *,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    known = _known(provider)
    if _within(REST, known.silent_at):
        raise NotSignedIn(Why.DOWN, "did not answer a moment ago")
    try:
        answer = outgoing.request(
            method,
            address,
            rules=outgoing.rules(),
            body=body,
            headers={"Accept": "application/json", **(headers or {})},
            seconds=SECONDS,
            most=MOST,
        )
    except outgoing.Refused:
        raise NotBelieved("an address that is not asked") from None
    except outgoing.Unreachable as error:
        known.silent_at = utcnow()
        raise NotSignedIn(Why.DOWN, str(error)) from None
    if answer.status == 429 or answer.status >= 500:
        known.silent_at = utcnow()
        raise NotSignedIn(Why.DOWN, f"answered {answer.status}")
    if answer.status != 200:
        raise NotBelieved(f"answered {answer.status}")
    return read_object(answer.body)
