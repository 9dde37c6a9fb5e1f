"""Boards: where ideas are posted, backed, discussed and answered.

Owns: board, membership, invitation, status, tag, idea, idea_tag, idea_rank, idea_term, revision, vote, comment,
mention, idea_follow, board_follow, answer, answer_version, credit, hiding, imported_person.
Emits: idea_received, commented, answered, answer_corrected, hidden. Stands on: accounts, ledger and the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages and API, what it wants told, how its acts are resumed, what it checks."""
    from importlib import import_module
    from importlib.util import find_spec

    from ideas import settings
    from ideas.api import api

    def part(name):
        return import_module(f"ideas.boards.{name}") if find_spec(f"ideas.boards.{name}") else None

    with app.app_context():
        rooms = settings.rooms()
    if find_spec("ideas.ledger.checker"):
        from ideas.boards import checks

        rooms.checks |= checks.CHECKS
    from ideas.boards import notices

    rooms.notices = {**rooms.notices, **notices.NOTICES}
    rooms.news = (*rooms.news, *notices.NEWS)
    if unfinished := part("unfinished"):
        rooms.resumers |= unfinished.RESUMERS
    for views in (part("views"), part("views_taking_part"), part("views_team"), part("views_manage")):
        if views:
            app.register_blueprint(views.bp)
    try:
        from ideas.boards import api as boards_api

        for blueprint in boards_api.blueprints:
            api.register_blueprint(blueprint)
    except ImportError as e:
        print("boards api not ready", e)
