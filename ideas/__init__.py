"""Answerback: an idea exchange that answers back. `create_app` is the one place that knows every room."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from config import Config

ROOT = Path(__file__).resolve().parent.parent


def create_app(config: Config) -> Flask:
    """The application with all its rooms, as `config` wants it."""
    from ideas import (
        accounts,
        api,
        backlog,
        boards,
        embed,
        health,
        http,
        insights,
        ledger,
        logs,
        looks,
        mail_doors,
        mailroom,
        mcp,
        metrics,
        moving,
        sharing,
        storage,
        webhooks,
    )
    from ideas.db import db
    from ideas.settings import Rooms

    logs.init(config)
    app = Flask(__name__, instance_path=str(config.instance_path))
    app.config.update(config.flask_settings())
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]

    app.extensions["answerback"] = Rooms()
    db.init_app(app)
    Migrate(app, db, directory=str(ROOT / "migrations"))
    metrics.init_app(app)
    http.init_app(app)
    looks.init_app(app)
    mailroom.init_app(app)
    mail_doors.init_app(app)
    storage.init_app(app)
    api.init_app(app)
    for room in (accounts, ledger, boards, insights, backlog, moving, sharing, webhooks, embed, mcp):
        room.init_app(app)
    health.init_app(app)
    return app
