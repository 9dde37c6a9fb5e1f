"""Sharing: what of boards is read elsewhere, in feed readers, in calendars and on other sites.

Owns: private_feed. Emits nothing. Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: feeds, calendars, frames, what is shown beside links, and what it keeps of people."""
    from ideas import settings
    from ideas.api import api
    from ideas.sharing import api as sharing_api
    from ideas.sharing import erasing, exporting, views_feeds, views_frames, views_links, views_private

    with app.app_context():
        rooms = settings.rooms()
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    for page in (views_feeds, views_private, views_frames, views_links):
        app.register_blueprint(page.bp)
    api.register_blueprint(sharing_api.blueprint)
