"""Parts of addresses of the API that are no plain words."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter, IntegerConverter

ID_MOST = 2**31 - 1  # ids are the databases' plain integers


class Id(IntegerConverter):
    """An id in an address. What no database holds is not found, instead of an error of the database."""

    regex = "[1-9][0-9]{0,9}"

    def __init__(self, map: Any) -> None:
        super().__init__(map, min=1, max=ID_MOST)


class SlugPart(BaseConverter):
    """A slug in an address."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*"


class External(BaseConverter):
    """What another system calls something, in an address."""

    regex = r"(?!\.{1,2}(?:/|$))[^\s/\\\x00-\x1f\x7f]{1,80}"


CONVERTERS: dict[str, type[BaseConverter]] = {"id": Id, "slug": SlugPart, "external": External}
