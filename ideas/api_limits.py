"""How often one client may ask the API: counted by key, or by address for those without one."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

from flask import Flask, Response, current_app, g, request
from flask_limiter import ApplicationLimit, Limiter, RequestLimit

from ideas import http
from ideas.words import _

KEY_PER_MINUTE = 600
ADDRESS_PER_MINUTE = 60


def init_app(app: Flask, is_counted: Callable[[], bool]) -> None:
    """Count requests of which `is_counted` says so. What the key is must be read before this is called."""
    limiter = Limiter(
        _who,
        # a store that cannot be reached must not close the site: each process then counts for itself
        in_memory_fallback_enabled=True,
        swallow_errors=True,
        application_limits=[ApplicationLimit(_how_often, key_function=_who, exempt_when=lambda: not is_counted())],
        on_breach=_refuse,
    )
    limiter.init_app(app)
    app.extensions["answerback.limiter"] = limiter


def tell(answer: Response) -> None:
    """Say on the answer how much is left, in the words of the IETF draft and in the older ones."""
    limiter = current_app.extensions["answerback.limiter"]
    limit: RequestLimit | None = limiter.current_limit if limiter.enabled else None
    if limit is None:
        return
    left = max(0, limit.remaining)
    seconds = _seconds_until(limit.reset_at)
    name = "key" if g.get("api_key") else "address"
    answer.headers["RateLimit-Policy"] = f'"{name}";q={limit.limit.amount};w={limit.limit.get_expiry()}'
    answer.headers["RateLimit"] = f'"{name}";r={left};t={seconds}'
    answer.headers["X-RateLimit-Limit"] = str(limit.limit.amount)
    answer.headers["X-RateLimit-Remaining"] = str(left)
    answer.headers["X-RateLimit-Reset"] = str(limit.reset_at)


def _who() -> str:
    key = g.get("api_key")
    network = network_of(request.remote_addr or "")
    if key is None:
        return f"address:{network}"
    # everybody who reads a page sends its key: one of them must not use up what the others have
    return str(key.name) if key.user else f"{key.name}:{network}"


def _how_often() -> str:
    return f"{KEY_PER_MINUTE if g.get('api_key') else ADDRESS_PER_MINUTE} per minute"


def network_of(address: str) -> str:
    """Who an address stands for: itself, or for IPv6 the /64 that one household or machine has to itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or ip_network((found, 64), strict=False))


def _refuse(limit: RequestLimit) -> Response:
    seconds = _seconds_until(limit.reset_at)
    return http.problem(
        429,
        "too-many",
        _("That was more than %(most)s requests in a minute.", most=limit.limit.amount),
        headers={"Retry-After": str(seconds)},
    )


def _seconds_until(moment: float) -> int:
    return min(60, max(1, math.ceil(moment - time.time())))  # the windows are minutes
