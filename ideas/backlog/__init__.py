"""Backlog: the team's ranked list of ideas, with scores that explain themselves, and for whom an idea matters.

Owns no table yet and emits nothing. Stands on: boards, ledger, accounts, the ground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


def init_app(app: Flask) -> None:
    """Open the room: its pages, its part of the API, its rounds."""
