"""Addresses that mail comes back to: each says in itself what it is about, and nobody can make one up.

`reply@in.example.com` becomes `reply+r2.7.idea-9…@in.example.com`: what follows the “+” is a purpose and a few words,
and a signature of them. All in small letters and digits, because servers on the way may change capitals.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

from ideas import settings

SIGNED = 10  # bytes of the signature: to guess one takes 2^80 mails
REPORTS = "b"  # the purpose of addresses to which what becomes of a mail is reported
LOCAL_LONGEST = 64  # RFC 5321


class Reference(NamedTuple):
    """What an address of ours is about. purpose: a letter, which says who takes such mail."""

    purpose: str
    words: str


def address(purpose: str, words: str) -> str | None:
    """An address for mail about `words` (ASCII); None when no mail can come back to this site."""
    own = settings.current().mail_in_address
    return None if own is None else _made(own, purpose, words)


def for_reports(mail: str) -> str | None:
    """The address to which mail servers report what became of that mail of ours; None when none is read here.

    It goes on the envelope, where servers look for it (VERP), so that a report says itself which mail it is about.
    """
    own = settings.current().bounce_address
    return None if own is None else _made(own, REPORTS, mail)


def _made(own: str, purpose: str, words: str) -> str:
    local, _, host = own.partition("@")
    said = f"{purpose}{words}".encode("ascii")
    token = base64.b32encode(_signature(said, settings.current().secret_key) + said).decode().rstrip("=").lower()
    whole = f"{local}+{token}"
    if len(whole) > LOCAL_LONGEST:
        raise ValueError(f"“{words}” makes an address that is too long.")
    return f"{whole}@{host}"


def read(address: str) -> Reference | None:
    """What `address` is about; None when it is not one that this site made."""
    token = address.rpartition("@")[0].partition("+")[2].upper()
    try:
        content = base64.b32decode(token + "=" * (-len(token) % 8))
    except (binascii.Error, ValueError):
        return None
    signature, said = content[:SIGNED], content[SIGNED:]
    keys = settings.current().secret_keys
    if not said or not any(hmac.compare_digest(signature, _signature(said, key)) for key in keys):
        return None
    words = said.decode("ascii")
    return Reference(words[0], words[1:])


def _signature(said: bytes, key: str) -> bytes:
    return hmac.new(f"an address that mail comes back to: {key}".encode(), said, hashlib.sha256).digest()[:SIGNED]
