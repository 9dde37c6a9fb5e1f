"""Secrets that grow from the site's own key and a seed which the database keeps.

Whoever reads the database alone can sign nothing, and whoever has such a secret learns nothing of the key.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

from ideas import settings


def fresh_seed(purpose: str) -> str:
    """A seed for the present key of the site."""
    return f"{_mark(purpose, settings.current().secret_keys[-1])}.{secrets.token_urlsafe(24)}"


def secret(purpose: str, seed: str) -> bytes | None:
    """The 32 bytes that grow from `seed`; None when the site no longer has the key with which it was made."""
    mark, _dot, _rest = seed.partition(".")
    for key in settings.current().secret_keys:
        if _mark(purpose, key) == mark:
            return hmac.digest(key.encode(), f"{purpose} secret {seed}".encode(), hashlib.sha256)
    return None


def _mark(purpose: str, key: str) -> str:
    """Tells apart keys of the site, and says nothing of them."""
    return hashlib.sha256(f"{purpose} mark {key}".encode()).hexdigest()[:12]
