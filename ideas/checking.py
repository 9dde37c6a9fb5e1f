"""What the checks of all rooms find: the same words for `ideas doctor`, for tests and for whoever reads them."""

from __future__ import annotations

from typing import NamedTuple


class Breach(NamedTuple):
    """Something that must not be: which invariant, what is wrong, and where ("delivery:7")."""

    invariant: str
    what: str
    where: str
