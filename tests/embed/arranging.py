"""A host on whose pages a board is shown: how it signs who somebody is, and what tests of this room arrange."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ideas.boards.models import Board
from ideas.db import db, unit_of_work, utcnow
from ideas.embed import hosts, publishable

SITE = "https://www.example.org"
ISSUER = "https://app.example.org"
SELF = "http://localhost"  # what tests call the site

_numbers = itertools.count(1)


def key_of(board: Board) -> str:
    """A new publishable key."""
    db.session.commit()
    with unit_of_work():
        return publishable.make(None, db.session.get_one(Board, board.id)).token


def set_up(board: Board, **said: Any) -> str:
    """The board takes signed identity; its secret."""
    db.session.commit()
    with unit_of_work():
        here = db.session.get_one(Board, board.id)
        hosts.change(None, here, {"issuer": ISSUER, **said})
        return hosts.rotate(None, here)


def claims(**said: Any) -> dict[str, Any]:
    """What a token says of Mia; None takes a claim away."""
    now = int(utcnow().timestamp())
    whole = {"iss": ISSUER, "aud": SELF, "sub": "u-1", "jti": f"t{next(_numbers)}", "iat": now, "exp": now + 300}
    return {name: value for name, value in {**whole, "name": "Mia", **said}.items() if value is not None}


def part(value: Any) -> str:
    """A part of a token: JSON of `value`, or the bytes as they are."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def signed(payload: Any, secret: str | bytes, header: Any = None, *, digest: str = "sha256") -> str:
    """A token made by hand, as no library would make it. header: what it says beside alg and typ, or bytes."""
    head = header if isinstance(header, bytes) else {"alg": "HS256", "typ": "JWT", **(header or {})}
    text = f"{part(head)}.{part(payload)}"
    key = secret.encode() if isinstance(secret, str) else secret
    return f"{text}.{part(hmac.digest(key, text.encode(), getattr(hashlib, digest)))}"


@contextmanager
def published(keys: list[dict[str, Any]]) -> Iterator[tuple[str, list[str]]]:
    """A host that publishes these keys, which may change; its address, and the paths it was asked for."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            said = json.dumps({"keys": keys}).encode()
            self.send_response(200 if keys else 503)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/keys", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
