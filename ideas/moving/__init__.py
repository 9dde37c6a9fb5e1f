"""Moving: everything of other systems comes in, and everything of this site goes out.

Owns: imported, import, import_piece. Emits nothing: an import tells nobody.
Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages, its part of the API, its round, what it exports and forgets of a person."""
    from datetime import timedelta

    from ideas import settings
    from ideas.api import api
    from ideas.moving import about_people, running, views
    from ideas.moving import api as moving_api
    from ideas.rounds import Round

    with app.app_context():
        rooms = settings.rooms()
    rooms.exporters.append(about_people)
    rooms.erasers.append(about_people.erase)
    rooms.rounds[running.ROUND] = Round(timedelta(minutes=5), running.go_on)
    app.register_blueprint(views.bp)
    api.register_blueprint(moving_api.blueprint)
