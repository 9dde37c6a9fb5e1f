"""Backlog: the team's ranked list of ideas, with scores that explain themselves, and for whom an idea matters.

Owns: backlog_rank, backlog_plan, backlog_company, backlog_segment, backlog_walk, backlog_double, backlog_view,
estimate. Emits nothing.
Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages, its part of the API, its rounds, what it exports and forgets of a person."""
    from datetime import timedelta

    from ideas import settings
    from ideas.api import api
    from ideas.backlog import api as backlog_api
    from ideas.backlog import (
        api_customers,
        api_segments,
        checks,
        doubles,
        erasing,
        exporting,
        ranking,
        views,
        views_choosing,
        views_customers,
        views_desk,
        views_keeping,
        views_segments,
    )
    from ideas.rounds import Round

    with app.app_context():
        rooms = settings.rooms()
    rooms.checks |= checks.CHECKS
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    rooms.rounds["backlog.count"] = Round(timedelta(minutes=1), ranking.refresh)
    rooms.rounds["backlog.doubles"] = Round(timedelta(minutes=1), doubles.look)
    rooms.rounds["backlog.companies"] = Round(timedelta(minutes=5), ranking.refresh_companies)
    rooms.rounds["backlog.segments"] = Round(timedelta(minutes=1), ranking.refresh_segments)
    for page in (views, views_choosing, views_customers, views_desk, views_keeping, views_segments):
        app.register_blueprint(page.bp)
    for blueprint in (backlog_api.blueprint, api_customers.blueprint, api_segments.blueprint):
        api.register_blueprint(blueprint)
