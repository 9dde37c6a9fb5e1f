"""A cache in front of the site that many people share, and that keeps all it may (RFC 9111). Its clock stands still."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from werkzeug.datastructures import EnvironHeaders, Headers, ResponseCacheControl
from werkzeug.http import parse_cache_control_header, parse_set_header
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

# What may be kept although nothing says for how long: RFC 9110, 15.1.
BY_GUESS = {200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501}


@dataclass
class Kept:
    """An answer, and the headers of the request that got it."""

    status: int
    headers: Headers
    body: bytes
    asked: Mapping[str, str | None]  # the headers that Vary names


@dataclass
class SharedCache:
    """WSGI, around the site's own. Nothing that is kept grows old, so whatever may be given to others is."""

    site: Any
    kept: dict[str, list[Kept]] = field(default_factory=dict)
    hits: int = 0

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "GET":
            return list(self.site(environ, start_response))
        asked = EnvironHeaders(environ)
        key = f"{environ['PATH_INFO']}?{environ.get('QUERY_STRING', '')}"
        for kept in self.kept.get(key, []):
            if all(asked.get(name) == value for name, value in kept.asked.items()):
                self.hits += 1
                return Response(kept.body, kept.status, kept.headers)(environ, start_response)
        body, status, headers = run_wsgi_app(self.site, environ, buffered=True)
        content = b"".join(body)
        code = int(status.split()[0])
        if may_keep(asked, code, headers):
            names = parse_set_header(headers.get("Vary"))
            kept = Kept(code, headers, content, {name: asked.get(name) for name in names})
            self.kept.setdefault(key, []).append(kept)
        start_response(status, list(headers))
        return [content]


def may_keep(asked: Mapping[str, str] | Headers, status: int, headers: Headers) -> bool:
    """Whether an answer may be kept and given to others without asking again: RFC 9111, 3 and 4."""
    wanted = parse_cache_control_header(headers.get("Cache-Control"), cls=ResponseCacheControl)
    if "no-store" in asked.get("Cache-Control", "") or "Range" in asked or "*" in parse_set_header(headers.get("Vary")):
        return False
    if wanted.no_store or wanted.private is not None or wanted.no_cache is not None:
        return False
    if "Authorization" in asked and not (wanted.public or wanted.must_revalidate or wanted.s_maxage is not None):
        return False
    age = wanted.s_maxage if wanted.s_maxage is not None else wanted.max_age
    if age is not None:
        return age > 0
    return bool(wanted.public) or "Expires" in headers or status in BY_GUESS  # Set-Cookie forbids nothing: 7.3
