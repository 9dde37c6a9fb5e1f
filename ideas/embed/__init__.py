"""Embed: the widget on pages of other sites, what may be asked from there, and who is signed in on them.

Owns: publishable_key. Emits nothing. Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: keys for pages, what they open, which sites may show a board, its pages, its part of the API."""
    from ideas import settings
    from ideas.api import api
    from ideas.embed import api as embed_api
    from ideas.embed import confining, publishable, sites, views, views_widget

    with app.app_context():
        rooms = settings.rooms()
    rooms.key_finders[publishable.PREFIX] = publishable.find
    rooms.confine = confining.confine
    rooms.lists_origin = sites.lists
    for page in (views, views_widget):
        app.register_blueprint(page.bp)
    api.register_blueprint(embed_api.blueprint)
