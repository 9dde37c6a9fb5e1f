"""Where an act leads to, and how the last one is taken back: what is done in passing, idea after idea.

A form that says where it stood (`next`) leads back there. What undoes it is kept in the session of whoever did it, as
the form that the page draws: the address and its fields. So undoing is an act like any other, with the same rules.
"""

from __future__ import annotations

from typing import NamedTuple

from flask import redirect, request, session
from flask.typing import ResponseReturnValue

from ideas.accounts import addresses

UNDO = "undo"


class Undo(NamedTuple):
    """A form that takes the last act back. fields: name and value of each. about: what it was, in words."""

    action: str
    fields: list[tuple[str, str]]
    about: str
    idea_id: int


def back_to(path: str, undo: Undo | None = None) -> ResponseReturnValue:
    """After a change: the page where the button stood if it said so, else `path`. Reloading it repeats nothing.

    `undo` is offered there, unless this took something back itself.
    """
    given = request.values.get("next")
    if given:
        session.pop(UNDO, None)
        if undo is not None and "undoing" not in request.form:
            session[UNDO] = list(undo)
    return redirect(addresses.local_path(given) if given else path, 303)


def undo_offered() -> Undo | None:
    kept = session.get(UNDO)
    return Undo(kept[0], [(name, value) for name, value in kept[1]], kept[2], kept[3]) if kept else None
