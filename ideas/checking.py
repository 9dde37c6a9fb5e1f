"""What the checks of all rooms find, and the figures they give: the same words for whoever asks."""

from __future__ import annotations

from typing import NamedTuple


class Breach(NamedTuple):
    """Something that must not be: which invariant, what is wrong, and where ("delivery:7")."""

    invariant: str
    what: str
    where: str


class Figure(NamedTuple):
    """A number that a monitor watches; `labels` are pairs of name and value, the values of a fixed set."""

    name: str
    about: str
    value: float
    labels: tuple[tuple[str, str], ...] = ()
    only_grows: bool = False
