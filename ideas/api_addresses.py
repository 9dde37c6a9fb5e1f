"""Parts of addresses of the API that are no plain words."""

from __future__ import annotations

from typing import Any

from werkzeug.routing import BaseConverter, IntegerConverter

ID_MOST = 2**31 - 1  # ids are the databases' plain integers


def at_most(most: int) -> str:
    """An expression for the whole numbers from 1 to `most`, in digits."""
    digits = str(most)
    as_long = [
        f"{digits[:place]}[{int(place == 0)}-{int(digit) - 1}][0-9]{{{len(digits) - place - 1}}}"
        for place, digit in enumerate(digits)
        if int(digit) > int(place == 0)
    ]
    return "|".join([f"[1-9][0-9]{{0,{len(digits) - 2}}}", *as_long, digits])


class Id(IntegerConverter):
    """An id in an address. What no database holds is not found, instead of an error of the database.

    The expression itself ends at the greatest: of an address that a converter refuses, werkzeug says that it is there
    for other methods.
    """

    regex = f"(?:{at_most(ID_MOST)})"

    def __init__(self, map: Any) -> None:
        super().__init__(map, min=1, max=ID_MOST)


class SlugPart(BaseConverter):
    """A slug in an address."""

    regex = "[a-z0-9]+(?:-[a-z0-9]+)*"


class External(BaseConverter):
    """What another system calls something, in an address."""

    regex = r"(?!\.{1,2}(?:/|$))[^\s/\\\x00-\x1f\x7f]{1,80}"


CONVERTERS: dict[str, type[BaseConverter]] = {"id": Id, "slug": SlugPart, "external": External}
