"""What a page's Content-Security-Policy lets through (CSP Level 3, §6.7), as far as the widget needs it. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import SplitResult, urlsplit

# What is needed, and which directives decide about it, the first that there is.
NEEDS = {
    "script": ("script-src-elem", "script-src", "default-src"),
    "connect": ("connect-src", "default-src"),
    "frame": ("frame-src", "child-src", "default-src"),
}
_HOST = re.compile(r"(?:([a-z][a-z0-9+.-]*)://)?(\*\.)?([a-z0-9.-]+)(?::(\d+|\*))?(/.*)?", re.IGNORECASE)
_USUAL = {"http": 80, "https": 443}


def parsed(policy: str) -> list[dict[str, list[str]]]:
    """The policies of one header, each as directive → sources; of a directive that stands twice the first counts."""
    found = []
    for one in policy.split(","):
        directives: dict[str, list[str]] = {}
        for part in one.split(";"):
            name, *sources = part.split() or [""]
            if name:
                directives.setdefault(name.lower(), sources)
        if directives:
            found.append(directives)
    return found


def stops(policy: Mapping[str, list[str]], need: str, address: str, *, page: str, nonce: str = "") -> str | None:
    """The directive that keeps a page at `page` from what it needs of `address`; None when it is let through.

    nonce: of the script's tag.
    """
    name = next((each for each in NEEDS[need] if each in policy), None)
    if name is None:
        return None
    sources = [each if each.startswith("'nonce-") else each.lower() for each in policy[name]]
    if need == "script":
        if nonce and f"'nonce-{nonce}'" in sources:
            return None
        if "'strict-dynamic'" in sources:  # then names of hosts are not looked at
            return name
    return None if any(_lets(source, address, page) for source in sources) else name


def _lets(source: str, address: str, page: str) -> bool:
    asked, here = urlsplit(address), urlsplit(page)
    if source == "'self'":
        return (asked.scheme, asked.hostname, _port(asked)) == (here.scheme, here.hostname, _port(here))
    if source == "*":
        return asked.scheme in ("http", "https")
    if source.endswith(":"):
        return _is_scheme(source[:-1], asked.scheme)
    found = _HOST.fullmatch(source)
    if found is None:
        return False
    scheme, any_below, host, port, path = found.groups()
    if not _is_scheme(scheme or here.scheme, asked.scheme):
        return False
    name = asked.hostname or ""
    if not (name.endswith(f".{host}") if any_below else name == host):
        return False
    if port != "*" and _port(asked) != (int(port) if port else _USUAL.get(asked.scheme)):
        return False
    return path in (None, "/") or (asked.path.startswith(path) if path.endswith("/") else asked.path == path)


def _is_scheme(wanted: str, given: str) -> bool:
    return wanted == given or (wanted == "http" and given == "https")


def _port(parts: SplitResult) -> int | None:
    return parts.port or _USUAL.get(parts.scheme)
