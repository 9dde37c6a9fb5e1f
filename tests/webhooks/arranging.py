"""Another system that takes webhooks, and what tests of this room arrange."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import sqlalchemy as sa
from flask import Flask
from standardwebhooks import Webhook

from ideas.accounts.models import User
from ideas.db import db, unit_of_work
from ideas.ledger import worker
from ideas.webhooks import endpoints
from ideas.webhooks.kinds import KINDS
from ideas.webhooks.models import WebhookDelivery

Reply = tuple[int, dict[str, str], bytes]


@dataclass
class Receiver:
    """Keeps what it is sent (headers, body), and answers as `reply` says for the path."""

    reply: Callable[[str], Reply] = lambda _path: (204, {}, b"")
    taken: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    address: str = ""

    @property
    def payloads(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _headers, body in self.taken]

    def verified(self, secret: str) -> list[dict[str, Any]]:
        """What came, as the public library takes it; raises where a signature is not good."""
        return [Webhook(secret).verify(body, headers) for headers, body in self.taken]


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A receiver on this machine."""
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.taken.append(({name.lower(): value for name, value in self.headers.items()}, body))
            status, headers, said = kept.reply(self.path)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(said)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    kept.address = f"http://127.0.0.1:{server.server_address[1]}/hook"
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def let_in(app: Flask) -> None:
    """This machine may be asked, over plain http."""
    config = app.config["ANSWERBACK"]
    app.config["ANSWERBACK"] = replace(config, outgoing_allow="127.0.0.1", outgoing_http=True)


def listen(
    owner: User, address: str, *kinds: str, with_emails: bool = False, board: str | None = None
) -> tuple[int, str]:
    """A new endpoint of `owner` for these kinds, or for all: its id and secret."""
    said = {"address": address, "description": "", "kinds": kinds or tuple(KINDS), "with_emails": with_emails}
    said["board"] = board
    db.session.commit()
    with unit_of_work():
        endpoint, secret = endpoints.add(db.session.get_one(User, owner.id), said)
        return endpoint.id, secret


def work(app: Flask) -> None:
    """Everything that is due is done."""
    db.session.commit()
    worker.run_once(app)
    db.session.expire_all()


def lines(endpoint_id: int | None = None) -> list[WebhookDelivery]:
    db.session.rollback()
    statement = sa.select(WebhookDelivery).order_by(WebhookDelivery.id)
    if endpoint_id is not None:
        statement = statement.where(WebhookDelivery.endpoint_id == endpoint_id)
    return list(db.session.scalars(statement.execution_options(populate_existing=True)))
