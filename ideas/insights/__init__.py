"""Insights: how well the loop is closed, counted from what the other rooms wrote down.

Owns no table and writes nothing. Emits nothing. Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages and its part of the API."""
    from ideas.api import api
    from ideas.insights import api as insights_api
    from ideas.insights import views, views_dashboard

    app.register_blueprint(views.bp)
    app.register_blueprint(views_dashboard.bp)
    api.register_blueprint(insights_api.blueprint)
