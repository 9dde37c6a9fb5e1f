"""The ledger: who is owed word of what, by which channel, and what became of it.

Owns: delivery, digest, preference, mute, mail_words, worker_beat. Emits: nothing. Stands on: accounts and the ground.
It knows people and subjects, never ideas: rooms above hand it a `Notice` for each kind of event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages, the templates of its mail, what it checks."""
    from jinja2 import StrictUndefined

    from ideas import api, rounds, settings
    from ideas.ledger import (  # noqa: F401 two of them add to views.bp
        api_choosing,
        api_inbox,
        api_wording,
        beats,
        checker,
        erasing,
        exporting,
        figures,
        preferences,
        views,
        views_choosing,
        views_reports,
        views_wording,
    )

    with app.app_context():
        rooms = settings.rooms()
    # a mail with a hole in it is worse than one that is found out before it is sent
    rooms.templates = app.jinja_env.overlay(undefined=StrictUndefined)
    rooms.checks |= checker.CHECKS
    rooms.figures += [figures.figures, beats.figures, lambda: rounds.figures(rooms.rounds)]
    rooms.sweeps.append(beats.sweep)
    rooms.exporters.append(exporting)
    rooms.erasers.append(erasing.erase)
    rooms.new_hours.append(preferences.new_hours)
    rooms.take_report = views_reports.take
    rooms.mail_takers[preferences.STOPS] = views_reports.stop
    app.register_blueprint(views.bp)
    for part in (api_choosing, api_inbox, api_wording):
        api.api.register_blueprint(part.blueprint)
    app.context_processor(views.frame)
