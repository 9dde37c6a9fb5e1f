"""Webhooks: other systems are told what happens, as people are.

Owns: webhook_endpoint, webhook_message, webhook_delivery, webhook_attempt. Emits nothing.
Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: what it hears, what it does beside the worker, its pages, its part of the API."""
    from datetime import timedelta

    from ideas import outgoing, settings
    from ideas.api import api
    from ideas.rounds import Round
    from ideas.webhooks import api as webhooks_api
    from ideas.webhooks import api_docs, checks, erasing, exporting, forgetting, recording, views
    from ideas.webhooks.courier import Courier

    with app.app_context():
        rooms = settings.rooms()
    rooms.hearers.append(recording.hear)
    rooms.announced.append(recording.announced)
    rooms.beside.append(lambda: Courier(outgoing.rules()))
    rooms.rounds["webhooks.failed"] = Round(timedelta(minutes=1), recording.find_failed)
    rooms.rounds["webhooks.forget"] = Round(timedelta(hours=6), forgetting.forget)
    rooms.checks |= checks.CHECKS
    rooms.figures.append(checks.figures)
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    app.register_blueprint(views.bp)
    api.register_blueprint(webhooks_api.blueprint)
    api_docs.describe(api.spec)
