"""A token by which a host says who somebody is: taken apart, verified, judged. Asks no database and no clock.

What a token says of itself decides nothing: the board's setting names the one algorithm, and keys come from where the
setting says. The very bytes whose signature was good are then read, strictly: a name given twice, a number that is
none, anything a second reader might read otherwise is refused. What merely describes somebody is tidied.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

import jwt
from jwt.exceptions import PyJWTError

from ideas.embed.errors import TokenRefused
from ideas.text import one_line
from ideas.words import _

LONGEST = 8_000  # characters of a token
LASTS_MOST = timedelta(hours=1)
LEEWAY = timedelta(seconds=60)  # clocks of two machines differ
WORD_MOST = 200
COMPANIES_MOST = 10
COMPANY_WORDS = {"name": 120, "plan": 40}  # what is kept of each
DEEPEST = 8
HEADERS = {"alg", "typ", "kid"}  # all that a header may say

_PART = re.compile(r"[A-Za-z0-9_-]+")
_UNFIT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(frozen=True)
class Expected:
    """What a token for one board must say."""

    algorithm: str
    issuer: str
    audience: str


@dataclass(frozen=True)
class Employer:
    """A company as the host knows it. What it did not say is missing; None clears."""

    id: str
    said: Mapping[str, Any]


@dataclass(frozen=True)
class Claims:
    """Who somebody is by the word of a host. name: the token's own, by which it is taken once."""

    issuer: str
    subject: str
    token_name: str
    expires_at: datetime
    name: str | None = None
    email: str | None = None
    email_verified: bool = False
    locale: str | None = None
    companies: tuple[Employer, ...] = ()
    says_companies: bool = False


def header_of(token: str) -> dict[str, Any]:
    """The header of a token, judged. Raises TokenRefused."""
    if len(token) > LONGEST:
        raise TokenRefused("malformed", _("The token is longer than %(most)s characters.", most=LONGEST))
    parts = token.split(".")
    if len(parts) != 3 or not all(map(_PART.fullmatch, parts)):
        raise TokenRefused("malformed", _("This is no signed token: three parts of base64url with dots between them."))
    header = _object(_decoded(parts[0]))
    _decoded(parts[2])
    if unknown := sorted(header.keys() - HEADERS):
        raise TokenRefused("header", _("The header of the token says “%(name)s”.", name=_shown(unknown[0])))
    if header.get("typ", "JWT") not in ("JWT", "jwt"):
        raise TokenRefused("header", _("The “typ” of the token must be JWT."))
    if "kid" in header and not (isinstance(header["kid"], str) and 0 < len(header["kid"]) <= WORD_MOST):
        raise TokenRefused("header", _("The “kid” of the token is none."))
    return header


def read(token: str, expected: Expected, keys: Callable[[str | None], list[Any]], *, now: datetime) -> Claims:
    """What the token says, if it is signed as expected and counts now. keys: gives those that a “kid” may name.

    Raises TokenRefused.
    """
    header = header_of(token)
    if header.get("alg") != expected.algorithm:
        raise TokenRefused(
            "algorithm", _("The board takes tokens by %(algorithm)s alone.", algorithm=expected.algorithm)
        )
    verifier = jwt.PyJWS(algorithms=[expected.algorithm])
    for key in keys(header.get("kid")):
        try:
            signed = verifier.decode(token, key, algorithms=[expected.algorithm])
        except (PyJWTError, ValueError, TypeError):
            continue
        return _judged(_object(signed), expected, now)
    raise TokenRefused("signature", _("The signature of the token is not by the key of this board."))


def _judged(said: dict[str, Any], expected: Expected, now: datetime) -> Claims:
    for name in ("iss", "aud", "sub", "jti", "iat", "exp"):
        if said.get(name) is None:
            raise TokenRefused("missing", _("The token lacks “%(name)s”.", name=name))
    if said["iss"] != expected.issuer:
        raise TokenRefused("issuer", _("The “iss” of the token must be %(issuer)s.", issuer=expected.issuer))
    if said["aud"] != expected.audience:
        raise TokenRefused("audience", _("The “aud” of the token must be %(audience)s.", audience=expected.audience))
    issued, expires = _moment(said, "iat"), _moment(said, "exp")
    if expires <= now - LEEWAY:
        raise TokenRefused("expired", _("The token has expired."))
    if expires - now > LASTS_MOST + LEEWAY or expires - issued > LASTS_MOST + LEEWAY:
        raise TokenRefused("too-long", _("The token must expire within an hour."))
    if issued > now + LEEWAY or ("nbf" in said and _moment(said, "nbf") > now + LEEWAY):
        raise TokenRefused("not-yet", _("The token is of a time that is still to come."))
    return Claims(
        issuer=expected.issuer,
        subject=_word(said, "sub"),
        token_name=_word(said, "jti"),
        expires_at=expires,
        name=_told(said, "name"),
        email=_told(said, "email"),
        email_verified=_truth(said, "email_verified"),
        locale=_told(said, "locale"),
        companies=tuple(_employers(said)),
        says_companies="companies" in said,
    )


def _employers(said: dict[str, Any]) -> list[Employer]:
    rows = said.get("companies") or []
    if not isinstance(rows, list) or len(rows) > COMPANIES_MOST:
        _refuse_form("companies")
    found = []
    for row in rows:
        if not isinstance(row, dict):
            _refuse_form("companies")
        words: dict[str, Any] = {name: _told(row, name, most) for name, most in COMPANY_WORDS.items() if name in row}
        if "mrr" in row:
            words |= _amount(row["mrr"])
        found.append(Employer(_word(row, "id"), words))
    return found


def _amount(value: Any) -> dict[str, Any]:
    """In whole cents; what no company pays is not said."""
    if value is None:
        return {"mrr": None}
    if type(value) not in (int, float):
        _refuse_form("mrr")
    return {"mrr": round(value)} if 0 <= value <= 10**15 else {}


def _moment(said: dict[str, Any], name: str) -> datetime:
    value = said[name]
    if type(value) is not int or not 0 < value < 2**33:
        _refuse_form(name)
    return datetime.fromtimestamp(value, UTC)


def _word(said: dict[str, Any], name: str) -> str:
    value = said.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= WORD_MOST or _UNFIT.search(value) or value != value.strip():
        _refuse_form(name)
    return value


def _told(said: dict[str, Any], name: str, most: int = WORD_MOST) -> str | None:
    """Words that describe and decide nothing, tidied: nobody stays outside for a blank too many."""
    value = said.get(name)
    if not isinstance(value, str | None):
        _refuse_form(name)
    return one_line(_UNFIT.sub(" ", value or ""))[:most].strip() or None


def _truth(said: dict[str, Any], name: str) -> bool:
    value = said.get(name, False)
    if not isinstance(value, bool):
        _refuse_form(name)
    return value


def _refuse_form(name: str) -> NoReturn:
    raise TokenRefused("form", _("What the token says as “%(name)s” has not the form that it must have.", name=name))


def _decoded(part: str) -> bytes:
    try:
        found = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except (binascii.Error, ValueError):
        found = b""
    # one spelling for the same bytes: otherwise there are several tokens of which one was signed
    if base64.urlsafe_b64encode(found).rstrip(b"=").decode("ascii") != part:
        raise TokenRefused("malformed", _("A part of the token is no base64url."))
    return found


def _object(data: bytes) -> dict[str, Any]:
    try:
        found = json.loads(data.decode(), object_pairs_hook=_once, parse_constant=_refuse)
        if isinstance(found, dict) and _depth(found) <= DEEPEST:
            return found
    except (ValueError, RecursionError):
        pass
    raise TokenRefused("malformed", _("A part of the token is no JSON object, or gives a name twice."))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _value in pairs}) < len(pairs):
        raise ValueError("a name was given twice")
    return dict(pairs)


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0)


def _shown(text: str) -> str:
    return text[:40].encode("unicode_escape").decode("ascii")
