"""Addresses of people (e-mail), of browsers (network), and of pages to go back to: what each may look like."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from urllib.parse import urlsplit

EMAIL_LONGEST = 254

# What browsers accept in <input type=email> (WHATWG HTML, "valid e-mail address"), but a host without a dot is a slip.
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_EMAIL = re.compile(rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@(?:{_LABEL}(?:\.{_LABEL})+|localhost)")

_UNSAFE_IN_PATH = re.compile(r"[\x00-\x20\x7f-\x9f\\\s\ufeff\u200b-\u200f\u2028-\u202e\u2060-\u2069]")


def email(text: str) -> str:
    """The one spelling of an e-mail address under which a person is known.

    Raises ValueError when `text` is none. Letters beyond ASCII are refused before the "@" and become "xn--" after it:
    what is stored is exactly what mail is sent to, so two addresses that look alike can never be one person. Refused is
    "=?" as well, which begins a word in a code of its own (RFC 2047): some programs decode it inside addresses, too.
    """
    local, at, host = text.strip().rpartition("@")
    try:
        host = host.encode("idna").decode("ascii") if host else ""
        local.encode("ascii")
    except UnicodeError:
        raise ValueError("not an e-mail address") from None
    address = f"{local}{at}{host}".lower()  # what `folded` makes of ASCII
    if len(address) > EMAIL_LONGEST or "=?" in address or not _EMAIL.fullmatch(address):
        raise ValueError("not an e-mail address")
    return address


def network(address: str | None) -> str:
    """Whom to count as one for limits: an IPv4 address, or the /64 of an IPv6 one, which is what one household gets."""
    try:
        ip = ip_address((address or "").partition("%")[0])
    except ValueError:
        return "unknown"
    if not isinstance(ip, IPv6Address):
        return str(ip)
    if ip.ipv4_mapped:
        return str(ip.ipv4_mapped)
    return str(IPv6Address(int(ip) >> 64 << 64))


def local_path(text: str | None) -> str:
    """`text` if it is the path of a page of this site, "/" otherwise: nobody is sent elsewhere from here.

    Browsers read "\\\\" as "/" and drop tabs and line ends (WHATWG URL), so those are not paths of ours.
    """
    if not text or len(text) > 2000 or _UNSAFE_IN_PATH.search(text):
        return "/"
    if not re.match(r"/(?![/\\])", text):
        return "/"
    try:
        parts = urlsplit(text)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else text
