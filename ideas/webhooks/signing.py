"""Secrets and signatures by Standard Webhooks 1.0.0.

A secret is made of the site's own key and a seed that the database keeps: whoever reads the database alone can sign
nothing, and whoever has a secret learns nothing of the key.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from ideas import settings

PREFIX = "whsec_"


def fresh_seed() -> str:
    """A seed for the present key of the site."""
    return f"{_mark(settings.current().secret_keys[-1])}.{secrets.token_urlsafe(24)}"


def secret(seed: str) -> str | None:
    """The secret that grows from `seed`; None when the site no longer has the key with which it was made."""
    mark, _dot, _rest = seed.partition(".")
    for key in settings.current().secret_keys:
        if _mark(key) == mark:
            grown = hmac.digest(key.encode(), f"webhook secret {seed}".encode(), hashlib.sha256)
            return PREFIX + base64.b64encode(grown).decode("ascii")
    return None


def headers(name: str, at: datetime, body: bytes, keys: Sequence[str]) -> Mapping[str, str]:
    """What is sent along with `body` so that whoever has one of `keys` knows that it is from us, and not an old one."""
    seconds = int(at.timestamp())
    said = b".".join((name.encode(), str(seconds).encode(), body))
    signatures = (hmac.digest(base64.b64decode(key.removeprefix(PREFIX)), said, hashlib.sha256) for key in keys)
    return {
        "webhook-id": name,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(f"v1,{base64.b64encode(each).decode('ascii')}" for each in signatures),
    }


def _mark(key: str) -> str:
    """Tells apart keys of the site, and says nothing of them."""
    return hashlib.sha256(f"webhook mark {key}".encode()).hexdigest()[:12]
