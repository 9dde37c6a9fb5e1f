"""Embed: the widget on pages of other sites, what may be asked from there, and who is signed in on them.

Owns: publishable_key, embed_host, embed_identity, embed_spent, widget_session. Emits nothing.
Stands on: boards, ledger, accounts, the ground.
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
    from ideas.embed import (
        arriving,
        confining,
        erasing,
        exporting,
        publishable,
        sessions,
        sites,
        views,
        views_own,
        views_widget,
        views_window,
    )

    with app.app_context():
        rooms = settings.rooms()
    rooms.key_finders[publishable.PREFIX] = publishable.find
    rooms.key_finders[sessions.PREFIX] = sessions.find
    rooms.confine = confining.confine
    rooms.lists_origin = sites.lists
    rooms.sweeps += [sessions.sweep, arriving.sweep]
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    rooms.signed_out.append(sessions.end_all)
    views_window.init_app(app)
    for page in (views, views_own, views_widget, views_window):
        app.register_blueprint(page.bp)
    api.register_blueprint(embed_api.blueprint)
