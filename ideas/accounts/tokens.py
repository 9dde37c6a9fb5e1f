"""Secrets that stand for a person: handed out once, kept only as a hash."""

from __future__ import annotations

import hashlib
import secrets


def fresh() -> str:
    """A new secret of 256 bits, fit for an address."""
    return secrets.token_urlsafe(32)


def hashed(token: str) -> str:
    """How a secret is kept. It is long and random, so a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
