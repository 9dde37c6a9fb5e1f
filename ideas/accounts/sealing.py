"""Secrets that have to be read again, kept so that whoever reads the database alone reads none of them.

They are sealed with a key made of SECRET_KEY. What a former key sealed is opened as long as that key is among
SECRET_KEY_FALLBACKS.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import timedelta
from typing import NamedTuple

from cryptography.fernet import Fernet, InvalidToken

from ideas import settings


class Opened(NamedTuple):
    """What was sealed. by_former: with a key that the site no longer seals with."""

    text: str
    by_former: bool


def seal(purpose: str, text: str) -> str:
    """`text`, to be opened for the same purpose only."""
    return _box(settings.current().secret_key, purpose).encrypt(text.encode()).decode("ascii")


def unseal(purpose: str, sealed: str, *, within: timedelta | None = None) -> Opened | None:
    """What was sealed for `purpose`, at most `within` ago; None when it was not, or the key is gone."""
    if not sealed.isascii():
        return None
    present, *former = reversed(settings.current().secret_keys)
    seconds = None if within is None else int(within.total_seconds())
    for key in (present, *former):
        try:
            text = _box(key, purpose).decrypt(sealed.encode("ascii"), ttl=seconds).decode()
        except InvalidToken:
            continue
        return Opened(text, by_former=key != present)
    return None


def _box(key: str, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hmac.digest(key.encode(), f"sealed {purpose}".encode(), hashlib.sha256)))
