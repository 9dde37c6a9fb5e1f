"""The keys that a host publishes (JWKS, RFC 7517): fetched through the one door, kept for a while, few of them at all.

Kept by each process. Unknown names and hosts that are down cannot make us ask more often than ONCE_IN.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.exceptions import PyJWTError

from ideas import outgoing
from ideas.embed.errors import TokenRefused
from ideas.embed.models import Algorithm
from ideas.words import _

SECONDS = 5.0
BYTES_MOST = 64_000
KEYS_MOST = 20  # of one host that are looked at
HOSTS_MOST = 100
KEPT_FOR = 600.0  # seconds, from here on they are asked for again
STALE_FOR = 3600.0  # while the host is down, what it said last counts no longer than that
ONCE_IN = 60.0
RSA_BITS = range(2048, 8193)

Fetch = Callable[[str], bytes]


@dataclass
class _Kept:
    """What a host said last. by: kid → keys."""

    keys: list[tuple[str | None, Any]]
    said_at: float
    asked_at: float


_kept: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
_lock = threading.Lock()


def forget() -> None:
    """For tests, and when the setting of a board changes."""
    with _lock:
        _kept.clear()


def keys(address: str, algorithm: str, kid: str | None, *, clock: Callable[[], float] = time.monotonic) -> list[Any]:
    """The keys at `address` for `algorithm` that have the name `kid`; without a name the only one there is.

    Stands in no transaction. Raises TokenRefused when there is none, or the host cannot be asked.
    """
    now = clock()
    known = _known(address, algorithm)
    is_fresh = known is not None and now - known.said_at < KEPT_FOR
    found = _named(known, kid) if known else []
    if not (is_fresh and found) and (known is None or now - known.asked_at >= ONCE_IN):
        known = _ask(address, algorithm, known, now)
        found = _named(known, kid)
    if known is None or now - known.said_at > STALE_FOR:
        raise TokenRefused("keys-unreachable", _("The keys of the host cannot be read at the moment."))
    if not found:
        raise TokenRefused("unknown-key", _("The host publishes no key for this algorithm that the token names."))
    return found


def _known(address: str, algorithm: str) -> _Kept | None:
    with _lock:
        return _kept.get((address, algorithm))


def _named(kept: _Kept, kid: str | None) -> list[Any]:
    if kid is None:
        return [kept.keys[0][1]] if len(kept.keys) == 1 else []
    return [key for name, key in kept.keys if name == kid]


def _ask(address: str, algorithm: str, former: _Kept | None, now: float) -> _Kept:
    said_at, found = (former.said_at, former.keys) if former else (now - 2 * STALE_FOR, [])
    try:
        answer = outgoing.request("GET", address, rules=outgoing.rules(), seconds=SECONDS, most=BYTES_MOST)
        if answer.status == 200:
            said_at, found = now, read(answer.body, algorithm)
    except (outgoing.Refused, outgoing.Unreachable, ValueError):
        pass  # what it said before counts for a while
    kept = _Kept(found, said_at, now)
    with _lock:
        _kept[(address, algorithm)] = kept
        _kept.move_to_end((address, algorithm))
        while len(_kept) > HOSTS_MOST:
            _kept.popitem(last=False)
    return kept


def read(body: bytes, algorithm: str) -> list[tuple[str | None, Any]]:
    """Name and key of each that may verify `algorithm`, as a JWKS says them. Raises ValueError for what is none."""
    try:
        said = json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None
    rows = said.get("keys") if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise ValueError("no set of keys")
    return [
        (row["kid"] if isinstance(row.get("kid"), str) else None, key)
        for row in rows[:KEYS_MOST]
        if isinstance(row, dict) and _is_for(row, algorithm) and (key := _key(row, algorithm)) is not None
    ]


def _is_for(row: dict[str, Any], algorithm: str) -> bool:
    kind = {"kty": "RSA"} if algorithm == Algorithm.RS256 else {"kty": "OKP", "crv": "Ed25519"}
    operations = row.get("key_ops")
    return (
        all(row.get(name) == value for name, value in kind.items())
        and row.get("use", "sig") == "sig"
        and row.get("alg", algorithm) == algorithm
        and (operations is None or (isinstance(operations, list) and "verify" in operations))
        and "d" not in row  # a private key that is published is nobody's any more
    )


def _key(row: dict[str, Any], algorithm: str) -> Any:
    try:
        key = jwt.PyJWK(row, algorithm=algorithm).key
    except (PyJWTError, ValueError, TypeError, KeyError):
        return None
    if isinstance(key, RSAPublicKey):
        return key if key.key_size in RSA_BITS else None
    return key if isinstance(key, Ed25519PublicKey) else None
