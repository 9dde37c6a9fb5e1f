"""MCP: assistants read the site, and where it is allowed take part, by a person's API key (Model Context Protocol).

Owns no table. Emits nothing of its own: its tools are services of the rooms below.
Stands on: insights, backlog, boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: one address, and the tools behind it."""
    from ideas.http import csrf
    from ideas.mcp import api_reading, api_writing, views  # noqa: F401 - they add to tools.TOOLS

    csrf.exempt(views.bp)  # a key is not sent by itself, as a cookie is
    app.register_blueprint(views.bp)
