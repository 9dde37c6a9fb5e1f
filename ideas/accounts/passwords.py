"""Passwords: what is accepted, how one is kept, whether one is right. Slow on purpose; call it with no lock held."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from ideas.accounts import tokens
from ideas.errors import TooMany
from ideas.words import _

SHORTEST = 8
LONGEST = 200

# OWASP Password Storage Cheat Sheet: Argon2id with at least 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1, type=Type.ID)

# Each hash takes 19 MiB and a core: as many at once as a small machine bears, and nobody waits without end.
_at_once = BoundedSemaphore(4)
_PATIENCE = 10.0  # seconds

_COMMON_FILE = Path(__file__).with_name("common_passwords.txt")


def objection(password: str, *, about: str = "") -> str | None:
    """Why `password` will not do, in words for people; None when it will.

    about: what an attacker knows of the person, such as their address.
    """
    if len(password) < SHORTEST:
        return _("At least %(least)s characters, please. A few words in a row are easy to remember.", least=SHORTEST)
    if len(password) > LONGEST:
        return _("At most %(most)s characters fit.", most=LONGEST)
    if any(unicodedata.category(letter) in ("Cc", "Cs") for letter in password):
        return _("A password is made of letters, digits and signs that can be typed.")
    if is_common(password):
        return _("This is one of the first passwords that anybody would try. Choose another.")
    if about and _same(password) in {_same(about), _same(about.partition("@")[0])}:
        return _("This is your address. Choose something that is not known of you.")
    return None


def is_common(password: str) -> bool:
    """Is it, apart from digits and signs at its end, one of those that everybody tries first."""
    plain = _same(password)
    stem = re.sub(r"[\W\d_]+$", "", plain)
    return plain in _common() or stem in _common() or len(set(plain)) <= 2 or _is_run(plain)


def hashed(password: str) -> str:
    """How a password is kept. Raises TooMany when more is asked than the machine bears."""
    with _turn():
        return _hasher.hash(_normal(password))


def is_right(password: str, kept: str | None) -> bool:
    """Is `password` what `kept` was made of. Takes as long when nothing was kept: time tells nobody who exists."""
    with _turn():
        try:
            _hasher.verify(kept or _nobody(), _normal(password))
        except (VerificationError, InvalidHashError):
            return False
    return kept is not None


def is_outdated(kept: str) -> bool:
    """Was it made with other parameters than today's."""
    return _hasher.check_needs_rehash(kept)


@contextmanager
def _turn() -> Iterator[None]:
    if not _at_once.acquire(timeout=_PATIENCE):
        raise TooMany(_("Many people are signing in right now. Try again in a few seconds."), retry_after=5)
    try:
        yield
    finally:
        _at_once.release()


def _normal(password: str) -> bytes:
    # the same letters typed on two keyboards may be two sequences of code points
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _same(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()


def _is_run(text: str) -> bool:
    """abcdefgh, 87654321: each sign next to the one before."""
    steps = {ord(second) - ord(first) for first, second in pairwise(text)}
    return steps in ({1}, {-1})


@cache
def _nobody() -> str:
    return _hasher.hash(tokens.fresh())


@cache
def _common() -> frozenset[str]:
    lines = _COMMON_FILE.read_text("utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))
