"""Secrets and signatures by Standard Webhooks 1.0.0; see grown.py for what a secret is made of."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from ideas import grown

PREFIX = "whsec_"


def fresh_seed() -> str:
    """A seed for the present key of the site."""
    return grown.fresh_seed("webhook")


def secret(seed: str) -> str | None:
    """The secret that grows from `seed`; None when the site no longer has the key with which it was made."""
    found = grown.secret("webhook", seed)
    return None if found is None else PREFIX + base64.b64encode(found).decode("ascii")


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
