"""What makes an ID token believable. Pure: what was said, the keys and the time come in as arguments.

Sources: OpenID Connect Core 1.0, 3.1.3.7; RFC 7515; RFC 8725 (best current practices for JSON Web Tokens).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.api_jws import PyJWS

from ideas.accounts.openid_refusals import NotBelieved, NotSignedIn, Why
from ideas.setting_openid import Algorithm, Provider

SKEW = timedelta(seconds=60)  # by which two clocks may differ
SUBJECT_LONGEST = 255  # OpenID Connect Core 1.0, 2
SHORTEST_RSA = 2048  # bits

_PIECE = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[\x20-\x7e]+")
# kty, crv, and the hash of which `at_hash` is the first half
_KINDS = {
    Algorithm.RS256: ("RSA", None, hashlib.sha256),
    Algorithm.PS256: ("RSA", None, hashlib.sha256),
    Algorithm.ES256: ("EC", "P-256", hashlib.sha256),
    Algorithm.EDDSA: ("OKP", "Ed25519", hashlib.sha512),
}

Key = dict[str, Any]


class UnknownKey(NotBelieved):
    """Signed with a key that is not among those we know: perhaps they have others by now."""


class Expected(NamedTuple):
    """What the token must have been made for."""

    nonce: str
    access_token: str | None
    now: datetime


def read_object(text: bytes | str) -> dict[str, Any]:
    """The JSON object in `text`. Raises NotBelieved for anything else, and where a name stands twice."""
    try:
        said = json.loads(text, object_pairs_hook=_once_each, parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise NotBelieved("said something that is no JSON") from None
    if not isinstance(said, dict):
        raise NotBelieved("said something that is no object")
    return said


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number")


def claims(token: str, provider: Provider, keys: Sequence[Key], expected: Expected) -> dict[str, Any]:
    """What `token` says, once everything about it is right. Raises NotSignedIn, UnknownKey among it."""
    header = _header(token, provider.algorithm)
    key = _key(header, keys, provider.algorithm)
    try:
        payload = PyJWS().decode_complete(token, key, algorithms=[provider.algorithm.value])["payload"]
    except (jwt.PyJWTError, ValueError, TypeError):
        raise NotBelieved("a signature that is not good") from None
    said = read_object(payload)
    _judge_parties(said, provider)
    _judge_times(said, expected.now)
    if not _is_same(said.get("nonce"), expected.nonce):
        raise NotBelieved("nonce")
    if "at_hash" in said and not _is_same(said["at_hash"], _half_hash(expected.access_token, provider.algorithm)):
        raise NotBelieved("at_hash")
    return said


def subject(said: dict[str, Any]) -> str:
    """Whom it is about, as the provider calls them. Raises NotBelieved for what is no name."""
    found = said.get("sub")
    if not isinstance(found, str) or not _SUBJECT.fullmatch(found) or not found.strip():
        raise NotBelieved("sub")
    if len(found) > SUBJECT_LONGEST:
        raise NotBelieved("a sub that is too long")
    return found


def proved_at(said: dict[str, Any]) -> datetime | None:
    """When the person last proved there who they are, if the provider says so. Raises NotBelieved for no moment."""
    if said.get("auth_time") is None:
        return None
    return datetime.fromtimestamp(max(0.0, min(_moment(said, "auth_time"), 2.0**33)), UTC)


def _header(token: str, algorithm: Algorithm) -> dict[str, Any]:
    pieces = token.split(".")
    if len(pieces) != 3 or not all(_PIECE.fullmatch(piece) for piece in pieces):
        raise NotBelieved("a token that is no signed one")
    try:
        text = base64.urlsafe_b64decode(pieces[0] + "=" * (-len(pieces[0]) % 4))
    except ValueError:
        raise NotBelieved("a token that is no signed one") from None
    header = read_object(text)
    if header.get("alg") != algorithm.value:
        raise NotBelieved("signed in another way than was agreed")
    if header.keys() & {"crit", "b64"}:
        raise NotBelieved("a header that demands what is not known here")
    kind = header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.upper() != "JWT":
        raise NotBelieved("a token of another kind")
    if not isinstance(header.get("kid", ""), str):
        raise NotBelieved("kid")
    return header


def _key(header: dict[str, Any], keys: Sequence[Key], algorithm: Algorithm) -> Any:
    """The one key that the header means; without a name, the only one that fits."""
    kid = header.get("kid")
    fitting = [each for each in keys if _fits(each, algorithm) and kid in (None, each.get("kid"))]
    if not fitting:
        raise UnknownKey("a key that is not known")
    if len(fitting) > 1:
        raise NotBelieved("several keys that fit")
    try:
        key = jwt.PyJWK(fitting[0], algorithm=algorithm.value).key
    except (jwt.PyJWTError, UnsupportedAlgorithm, ValueError, TypeError, KeyError):
        raise NotBelieved("a key that cannot be read") from None
    if isinstance(key, RSAPublicKey) and key.key_size < SHORTEST_RSA:
        raise NotBelieved("a key that is too short")
    return key


def _fits(key: Key, algorithm: Algorithm) -> bool:
    kind, curve, _hash = _KINDS[algorithm]
    return (
        key.get("kty") == kind
        and (curve is None or key.get("crv") == curve)
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm.value) == algorithm.value
        and "d" not in key  # a private key that somebody published signs nothing any more
    )


def _judge_parties(said: dict[str, Any], provider: Provider) -> None:
    if said.get("iss") != provider.issuer:
        raise NotBelieved("iss")
    audience = said.get("aud")
    named = [audience] if isinstance(audience, str) else audience
    if (
        not isinstance(named, list)
        or provider.client_id not in named
        or not all(isinstance(each, str) for each in named)
    ):
        raise NotBelieved("aud")
    if (len(named) > 1 or "azp" in said) and said.get("azp") != provider.client_id:
        raise NotBelieved("azp")


def _judge_times(said: dict[str, Any], now: datetime) -> None:
    at, skew = now.timestamp(), SKEW.total_seconds()
    ends, made, begins = _moment(said, "exp"), _moment(said, "iat"), _moment(said, "nbf", at)
    if made > at + skew or begins > at + skew:
        raise NotSignedIn(Why.CLOCK, "made in what is the future here")
    if ends <= at - skew:
        raise NotSignedIn(Why.CLOCK, "over already")


def _moment(said: dict[str, Any], name: str, otherwise: float | None = None) -> float:
    value = said.get(name, otherwise)
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= 1e12:
        raise NotBelieved(name)
    return float(value)


def _half_hash(text: str | None, algorithm: Algorithm) -> str:
    if text is None:
        raise NotBelieved("at_hash of nothing")
    digest = _KINDS[algorithm][2](text.encode()).digest()
    return unpadded(digest[: len(digest) // 2])


def unpadded(data: bytes) -> str:
    """base64url as all of this has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _is_same(said: object, expected: str) -> bool:
    return isinstance(said, str) and hmac.compare_digest(said.encode("utf-8", "surrogatepass"), expected.encode())
